"""The weekly digest: who is told, what, and that they are told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.language.periods import Period, find_period
from clouddesk.model.costs import CostAccount
from clouddesk.model.meter import Reading
from clouddesk.model.notice import DIGEST, TEAM_DIGEST
from clouddesk.model.team_channel import TeamChannel
from clouddesk.workflows.digest import DigestWork
from clouddesk.workflows.digesting import digests
from connectors.notices import Wording
from tests.builders import a_reservation

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
WORK = DigestWork("Europe/Berlin", MONDAY)


def week() -> Period:
    found = find_period("last week", now=MONDAY, timezone=WORK.timezone)
    assert found is not None
    return found


def spent(owner: str, usd: float, *, days_ago: int) -> CostAccount:
    """Within an hour, and at rest since."""
    begin = MONDAY - timedelta(days=days_ago)
    end = begin + timedelta(hours=1)
    readings = (Reading(begin, 0.0), Reading(end, usd))
    view = a_reservation(owner=owner, readings=readings, accrued_at=end, created_at=begin, state="ended", ended_at=end)
    return CostAccount.of(replace(view, id=f"r-{owner}{days_ago}"))


def test_everybody_who_spent_something_is_told_once_and_the_admins_of_all() -> None:
    accounts = [
        spent("ann", 4.0, days_ago=3),
        spent("ann", 2.0, days_ago=9),
        spent("ben", 30.0, days_ago=2),
        spent("cid", 99.0, days_ago=0),
        spent("cid", 88.0, days_ago=20),
    ]
    told = digests("local", accounts, week(), WORK)
    assert [(item.user_id, item.is_for_admins, item.values["cost"], item.values["earlier"]) for item in told] == [
        ("ann", False, "$4.00", "$2.00"),
        ("ben", False, "$30.00", "$0.00"),
        ("", True, "$34.00", "$2.00"),
    ]
    later = digests("local", accounts, week(), replace(WORK, now=MONDAY + timedelta(hours=3)))
    assert [item.id for item in later] == [item.id for item in told], "a repeated one is the same"


def test_where_nothing_was_spent_nobody_is_told() -> None:
    assert digests("local", [], week(), WORK) == []
    assert digests("local", [spent("ann", 4.0, days_ago=30)], week(), WORK) == []


@pytest.mark.parametrize(("place", "words"), [(0, "*Your week* from 16 November on"), (1, "most of it ann's: $4.00")])
def test_it_is_told_in_words_without_gaps(place: int, words: str) -> None:
    notice = digests("local", [spent("ann", 4.0, days_ago=3)], week(), WORK)[place]
    text = Wording().render(notice, timezone_name="UTC").text
    assert notice.kind == DIGEST
    assert words in text
    assert "$4.00" in text
    assert "simulated" in text
    assert "  " not in text


@pytest.mark.parametrize("with_people", [False, True])
def test_a_channel_is_told_the_teams_sums_and_of_people_only_where_an_admin_wants_that(with_people: bool) -> None:
    accounts = [spent("ann", 4.0, days_ago=3), spent("ben", 30.0, days_ago=2)]
    channel = TeamChannel("C1", "boss", with_people=with_people)
    told = digests("local", accounts, week(), WORK, channel)[-1]
    assert (told.kind, told.conversation, told.is_for_admins) == (TEAM_DIGEST, "local:C1:-:boss", False)
    text = Wording().render(told, timezone_name="UTC").text
    assert "$34.00* by 2 people" in text
    assert "spark $34.00" in text
    assert ("ben $30.00" in text) is with_people
    assert ("ann" in text) is with_people


def test_a_channel_hears_nothing_of_a_week_in_which_nothing_was_spent() -> None:
    assert digests("local", [], week(), WORK, TeamChannel("C1", "boss")) == []
