"""What the simulated Amazon charges for lives written down by hand, against sums worked out by hand."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from clouddesk.sandbox.aws_charges import prices_of
from clouddesk.sandbox.aws_cost_explorer import MOST_GROUPS, BadQuestion, get_cost_and_usage
from clouddesk.sandbox.aws_lives import Life

HOUR = 3600.0
RESERVATION = "clouddesk-reservation"


def at(day: int, hour: float = 0.0, month: int = 10) -> float:
    return datetime(2026, month, day, tzinfo=timezone.utc).timestamp() + hour * HOUR


def life(id_: str = "i-1", reservation: str = "r-1", **changes: Any) -> Life:
    """Ten hours of a m5.large with a disk of 73 GB, of which it ran in the first four and the last one."""
    tags = {RESERVATION: reservation, "clouddesk-installation": "inst"}
    facts: dict[str, Any] = {
        "region": "us-east-1",
        "size": "m5.large",
        "begun_at": at(5),
        "ended_at": at(5, 10),
        "runs": [[at(5), at(5, 4)], [at(5, 9), at(5, 10)]],
        "tags": tags,
        "disks": [{"gb": 73.0, "tags": tags}],
        **changes,
    }
    return Life(id_, **facts)


def ask(*lives: Life, now: float = at(20, month=11), has_tags: bool = True, **question: Any) -> dict[str, Any]:
    asked = {
        "TimePeriod": {"Start": "2026-10-01", "End": "2026-11-01"},
        "Granularity": "MONTHLY",
        "Metrics": ["UnblendedCost", "UsageQuantity"],
        "GroupBy": [{"Type": "TAG", "Key": RESERVATION}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
        **question,
    }
    return get_cost_and_usage(asked, lives, has_tags=has_tags, now=now)


def sums(answer: dict[str, Any]) -> dict[tuple[str, ...], float]:
    return {
        tuple(group["Keys"]): float(group["Metrics"]["UnblendedCost"]["Amount"])
        for result in answer["ResultsByTime"]
        for group in result["Groups"]
    }


def test_hours_that_it_ran_and_the_disk_all_the_time_and_the_address_without_a_tag() -> None:
    assert (prices_of("us-east-1").hourly_usd["m5.large"], prices_of("us-east-1").disk_gb_month_usd) == (0.096, 0.08)
    assert sums(ask(life())) == {
        (f"{RESERVATION}$r-1", "BoxUsage:m5.large"): pytest.approx(5 * 0.096),
        (f"{RESERVATION}$r-1", "EBS:VolumeUsage.gp3"): pytest.approx(73 * 10 / 744 * 0.08),
        (f"{RESERVATION}$", "PublicIPv4:InUseAddress"): pytest.approx(5 * 0.005),
    }


def test_a_life_over_two_months_is_charged_to_each_by_its_own_hours() -> None:
    both = life(begun_at=at(31, 20), ended_at=at(1, 6, month=11), runs=[[at(31, 20), at(1, 6, month=11)]])
    november = {"Start": "2026-11-01", "End": "2026-12-01"}
    first, second = sums(ask(both)), sums(ask(both, TimePeriod=november))
    box, disk = (f"{RESERVATION}$r-1", "BoxUsage:m5.large"), (f"{RESERVATION}$r-1", "EBS:VolumeUsage.gp3")
    assert (first[box], second[box]) == (pytest.approx(4 * 0.096), pytest.approx(6 * 0.096))
    assert (first[disk], second[disk]) == (pytest.approx(73 * 4 / 744 * 0.08), pytest.approx(73 * 6 / 720 * 0.08))


def test_tags_that_are_not_activated_are_empty_and_match_nothing() -> None:
    assert {keys[0] for keys in sums(ask(life(), has_tags=False))} == {f"{RESERVATION}$"}
    wanted = {"Tags": {"Key": RESERVATION, "Values": ["r-1"]}}
    assert sums(ask(life(), Filter=wanted, has_tags=False)) == {}
    assert len(sums(ask(life(), life("i-2", "r-2"), Filter=wanted))) == 2


def test_filters_by_service_and_kind_of_record() -> None:
    service = {"Dimensions": {"Key": "SERVICE", "Values": ["EC2 - Other"]}}
    taxes = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Tax"]}}}
    assert list(sums(ask(life(), Filter={"And": [service, taxes]}))) == [(f"{RESERVATION}$r-1", "EBS:VolumeUsage.gp3")]


def test_pages_hold_all_groups_once() -> None:
    lives = [life(f"i-{number}", f"r-{number:03}") for number in range(70)]
    found: dict[tuple[str, ...], float] = {}
    answer, pages = ask(*lives), 1
    found.update(sums(answer))
    assert len(found) == MOST_GROUPS
    while answer.get("NextPageToken"):
        answer, pages = ask(*lives, NextPageToken=answer["NextPageToken"]), pages + 1
        found.update(sums(answer))
    assert (len(found), pages) == (141, 2)
    assert found[f"{RESERVATION}$", "PublicIPv4:InUseAddress"] == pytest.approx(70 * 5 * 0.005)


def test_days_have_each_their_own_and_are_estimated_until_the_month_is_over_for_some_days() -> None:
    answer = ask(
        life(), now=at(20), Granularity="DAILY", TimePeriod={"Start": "2026-10-04", "End": "2026-10-07"}, GroupBy=[]
    )
    costs = [float(result["Total"]["UnblendedCost"]["Amount"]) for result in answer["ResultsByTime"]]
    assert [cost > 0 for cost in costs] == [False, True, False]
    assert all(result["Estimated"] for result in answer["ResultsByTime"])


@pytest.mark.parametrize(
    "question",
    [
        {"TimePeriod": {"Start": "2026-10-01", "End": "2026-10-01"}},
        {"TimePeriod": {"Start": "2026-12-01", "End": "2026-12-02"}},
        {"TimePeriod": {"Start": "2024-01-01", "End": "2026-12-02"}},
        {"TimePeriod": {}},
        {"Granularity": "WEEKLY"},
        {"Metrics": []},
        {"GroupBy": [{"Type": "DIMENSION", "Key": "COLOUR"}]},
        {"Filter": {"And": [{"Tags": {"Key": "a", "Values": ["b"]}}]}},
        {"NextPageToken": "bm9uc2Vuc2U="},
    ],
)
def test_what_amazon_refuses_is_refused(question: dict[str, Any]) -> None:
    with pytest.raises(BadQuestion):
        ask(life(), **question)
