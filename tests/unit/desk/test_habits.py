"""What a person used last, and what the team takes, for what was not said."""

from __future__ import annotations

from clouddesk.habits import LATEST, fill, keys_of
from clouddesk.limits import TeamDefaults
from clouddesk.model.request import CLUSTER, VM, ResourceRequest

NOBODY = TeamDefaults()


def test_what_was_said_wins_over_what_was_used_last_and_that_over_the_team():
    last = ResourceRequest(os="debian-12", region="frankfurt", duration_seconds=3600)
    team = TeamDefaults(os="rocky-9", region="us-east-1")

    filled = fill(ResourceRequest(region="new york"), same=last, latest=last, team=team)

    assert (filled.request.region, filled.request.os, filled.request.duration_seconds) == (
        "new york",
        "debian-12",
        3600,
    )
    assert (filled.habits, filled.team) == (("os", "duration_seconds"), ())
    assert fill(ResourceRequest(), same=None, latest=None, team=team).team == ("os", "region")


def test_of_another_thing_only_the_region_is_taken_over():
    last = ResourceRequest(os="debian-12", region="frankfurt", duration_seconds=3600, count=7, providers=("aws",))

    filled = fill(ResourceRequest(kind=CLUSTER, software=("spark",)), same=None, latest=last, team=NOBODY)

    assert filled.request == ResourceRequest(kind=CLUSTER, software=("spark",), region="frankfurt")


def test_size_number_cloud_and_price_never_come_from_last_time():
    last = ResourceRequest(count=7, memory_gb=512, providers=("aws",), max_hourly_price_usd=9, spot=True, name="etl")

    assert fill(ResourceRequest(), same=last, latest=last, team=NOBODY).request == ResourceRequest()


def test_an_end_that_was_said_is_no_length_and_a_place_that_was_ruled_out_no_default():
    last = ResourceRequest(region="frankfurt", duration_seconds=3600)
    request = ResourceRequest(until="until friday", excluded_regions=("frankfurt",))

    assert fill(request, same=last, latest=last, team=TeamDefaults(region="frankfurt")).request == request


def test_what_is_remembered_has_the_habits_but_neither_the_teams_defaults_nor_a_name():
    last = ResourceRequest(os="debian-12")
    filled = fill(ResourceRequest(name="etl"), same=last, latest=last, team=TeamDefaults(region="frankfurt"))

    assert filled.used() == ResourceRequest(os="debian-12")


def test_a_request_is_remembered_as_the_latest_by_kind_and_by_software():
    assert keys_of(ResourceRequest(kind=CLUSTER, software=("spark",))) == [LATEST, CLUSTER, "cluster/spark"]
    assert keys_of(ResourceRequest()) == [LATEST, VM]
