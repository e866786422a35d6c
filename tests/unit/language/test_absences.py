"""When somebody says that they are away, and what only sounds like it. It is Wednesday 4 March 2026, 13:00."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from clouddesk.language.absences import Away, read_absence, says_back
from clouddesk.language.holidays import place_chosen

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)
BERLIN = ZoneInfo("Europe/Berlin")
FORM = "%a %d %b %H:%M"
THEN = "Wed 04 Mar 13:00"


def shown(away: Away | None) -> tuple[str, str | None] | None:
    if away is None:
        return None
    until = away.until.astimezone(BERLIN).strftime(FORM) if away.until else None
    return away.since.astimezone(BERLIN).strftime(FORM), until


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("I'm off next week", "Mon 09 Mar 00:00", "Mon 16 Mar 00:00"),
        ("hey, I’m off next week!", "Mon 09 Mar 00:00", "Mon 16 Mar 00:00"),
        ("on vacation from friday till the 12th", "Fri 06 Mar 00:00", "Fri 13 Mar 00:00"),
        ("ooo until monday", THEN, "Mon 09 Mar 09:00"),
        ("I'm out sick until wednesday", THEN, "Wed 11 Mar 09:00"),
        ("I'm out of office", THEN, None),
        ("i am on holiday for two weeks", THEN, "Wed 18 Mar 13:00"),
        ("I'm away for 10 days from friday", "Fri 06 Mar 00:00", "Mon 16 Mar 00:00"),
        ("I'm on pto from 9 march for two weeks", "Mon 09 Mar 00:00", "Mon 23 Mar 00:00"),
        ("i'm off on friday", "Fri 06 Mar 00:00", "Sat 07 Mar 00:00"),
        ("i'm off thursday and friday", "Thu 05 Mar 00:00", "Sat 07 Mar 00:00"),
        ("I'm taking next week off", "Mon 09 Mar 00:00", "Mon 16 Mar 00:00"),
        ("vacation 9-20 march", "Mon 09 Mar 00:00", "Sat 21 Mar 00:00"),
        ("I'm away march 9 to 20", "Mon 09 Mar 00:00", "Sat 21 Mar 00:00"),
        ("I'm away 28 december to 3 january", "Mon 28 Dec 00:00", "Mon 04 Jan 00:00"),
        ("my vacation starts friday", "Fri 06 Mar 00:00", None),
        ("I'm going on vacation tomorrow", "Thu 05 Mar 00:00", None),
        ("I'm on parental leave from june on", "Mon 01 Jun 00:00", None),
        ("i'm on leave in june", "Mon 01 Jun 00:00", "Wed 01 Jul 00:00"),
        ("I won't be in until monday", THEN, "Mon 09 Mar 09:00"),
        ("I'll be back on monday", THEN, "Mon 09 Mar 09:00"),
        ("I'm away this weekend", "Sat 07 Mar 00:00", "Mon 09 Mar 00:00"),
        ("i'm off the rest of the week", THEN, "Mon 09 Mar 00:00"),
        ("I'm on vacation until 2026-03-20", THEN, "Fri 20 Mar 09:00"),
        ("i'm gone until april", THEN, "Wed 01 Apr 09:00"),
    ],
)
def test_an_absence_is_from_then_until_the_return(text: str, since: str, until: str | None) -> None:
    assert shown(read_absence(text, now=NOW, timezone="Europe/Berlin")) == (since, until)


@pytest.mark.parametrize(
    "text",
    [
        "turn off next week",
        "turn etl off next week",
        "off next week",
        "stop next week",
        "i'm off",
        "i'm off now",
        "i'm off at 6",
        "i'm off to lunch",
        "i'm off next week?",
        "am i off next week?",
        "i'm out of memory",
        "i'm out of credits until monday",
        "i'm away for two hours",
        "i'm away from my desk",
        "when i'm off next week stop etl",
        "i'm off next week, stop etl please",
        "i'm not off next week",
        "leave until friday",
        "keep it until monday",
        "i need it until monday",
        "etl is off until monday",
        "i have 2 machines off",
        "i'm here until friday",
        "i'll be back in 5 minutes",
        "i'm sick of this",
        "my holidays",
        "until monday",
        "next week",
        "",
    ],
)
def test_what_only_sounds_like_it_is_none(text: str) -> None:
    assert read_absence(text, now=NOW, timezone="Europe/Berlin") is None


@pytest.mark.parametrize(
    ("text", "is_back"),
    [
        ("I'm back!", True),
        ("hi, i'm back from my vacation", True),
        ("back at work", True),
        ("i'm not going on vacation after all", True),
        ("my vacation is cancelled", True),
        ("bring it back", False),
        ("i'm back on monday", False),
        ("give it back", False),
        ("i'm back, start etl", False),
    ],
)
def test_a_return_is_told_from_giving_back(text: str, is_back: bool) -> None:
    assert says_back(text) is is_back


def test_a_day_begins_where_the_person_is_also_on_the_day_that_the_clock_changes() -> None:
    (since, until) = shown(read_absence("i'm off 29 march", now=NOW, timezone="Europe/Berlin")) or ("", "")
    assert (since, until) == ("Sun 29 Mar 00:00", "Mon 30 Mar 00:00")
    away = read_absence("i'm off 29 march", now=NOW, timezone="Europe/Berlin")
    assert away is not None
    assert away.until is not None
    assert away.until - away.since == timedelta(hours=23)


@pytest.mark.parametrize(
    "text",
    [
        "i'm ooo" + " 2 weeks" * 36,
        "i'm back" + " from my x" * 25 + "!?",
        "i'm back" + " from my x" * 4000 + "!?",
        "use " + "a " * 4000 + "holidays?",
        "i'm off for " + "a " * 140,
        "hi " * 5000,
    ],
    ids=lambda text: text[:20],
)
def test_no_words_keep_it_busy(text: str) -> None:
    began = time.process_time()
    assert read_absence(text, now=NOW) is None
    assert not says_back(text)
    place_chosen(text)
    assert time.process_time() - began < 0.02


def test_who_says_more_than_that_they_are_back_says_something_else() -> None:
    assert says_back("I'm back from my trip to " + "x" * 200)
    assert not says_back("I'm back from my trip to " + "x" * 300)
    assert place_chosen("use the holidays of bavaria") is not None
    assert place_chosen("use the holidays of " + "b" * 200) is None
