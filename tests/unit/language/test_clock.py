"""Ends in words become moments in the person's zone. It is Wednesday, 18 November 2026, half past three in Berlin."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clouddesk.language.clock import resolve_until, starts_later

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 14, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("until friday 5pm", "2026-11-20 17:00"),
        ("until friday at 5", "2026-11-20 17:00"),
        ("till fri noon", "2026-11-20 12:00"),
        ("by friday", "2026-11-20 18:00"),
        ("until wednesday", "2026-11-25 18:00"),
        ("until next wednesday", "2026-11-25 18:00"),
        ("next week tuesday", "2026-11-24 18:00"),
        ("until eod friday", "2026-11-20 18:00"),
        ("for today", "2026-11-18 18:00"),
        ("tonight", "2026-11-18 23:59"),
        ("until 17:00", "2026-11-18 17:00"),
        ("until 9:00", "2026-11-19 09:00"),
        ("until 6", "2026-11-18 18:00"),
        ("till 10", "2026-11-18 22:00"),
        ("until noon", "2026-11-19 12:00"),
        ("till midnight", "2026-11-19 00:00"),
        ("till tomorrow 10am", "2026-11-19 10:00"),
        ("tomorrow 6 in the evening", "2026-11-19 18:00"),
        ("until tomorrow evening", "2026-11-19 21:00"),
        ("overnight", "2026-11-19 09:00"),
        ("over the weekend", "2026-11-22 23:59"),
        ("for the rest of the week", "2026-11-20 18:00"),
        ("till end of next week", "2026-11-27 18:00"),
        ("until the end of the month", "2026-11-30 23:59"),
        ("until quarter end", "2026-12-31 23:59"),
        ("till the 20th", "2026-11-20 18:00"),
        ("until the 3rd", "2026-12-03 18:00"),
        ("until march 3", "2027-03-03 18:00"),
        ("until 30.11.", "2026-11-30 18:00"),
        ("until 2026-12-24", "2026-12-24 18:00"),
        ("until christmas", "2026-12-24 23:59"),
        ("in 3 hours", "2026-11-18 18:30"),
        ("until 2300 tonight", "2026-11-18 23:00"),
        ("friday 1700", "2026-11-20 17:00"),
        ("until half past nine tonight", "2026-11-18 21:30"),
        ("until quarter to six", "2026-11-18 17:45"),
        ("until 10 to 5", "2026-11-18 16:50"),
        ("until 15.12", "2026-12-15 18:00"),
        ("unitl frdiay 5pm", "2026-11-20 17:00"),
        ("until monday week", "2026-11-30 18:00"),
        ("until wednesday week", "2026-11-25 18:00"),
        ("till a week on friday at noon", "2026-11-27 12:00"),
        ("until two weeks from friday", "2026-12-04 18:00"),
        ("until tomorrow week", "2026-11-26 18:00"),
        ("until saturday fortnight", "2026-12-05 18:00"),
        ("until next week tuesday", "2026-11-24 18:00"),
        ("from monday to wednesday", "2026-11-25 18:00"),
        ("wed to sat", "2026-11-21 18:00"),
        ("mon-thu", "2026-11-26 18:00"),
        ("from tomorrow till friday", "2026-11-20 18:00"),
        ("from tomorrow until friday 5pm", "2026-11-20 17:00"),
        ("between tuesday and thursday", "2026-11-26 18:00"),
        ("from friday 9am to 5pm", "2026-11-20 17:00"),
        ("tomorrow from 9 to 5", "2026-11-19 17:00"),
        ("friday 10am - 4pm", "2026-11-20 16:00"),
        ("from 9am to 5pm", "2026-11-18 17:00"),
        ("from 9am to 3pm", "2026-11-19 15:00"),
        ("from 9am to 5pm tomorrow", "2026-11-19 17:00"),
        ("from 10pm to 6am", "2026-11-19 06:00"),
        ("from friday morning through sunday", "2026-11-22 23:59"),
        ("from the 28th to the 3rd", "2026-12-03 18:00"),
        ("from 28 december to 3 january", "2027-01-03 18:00"),
        ("from the 20th until the end of the month", "2026-11-30 23:59"),
        ("until ten to five", "2026-11-18 16:50"),
    ],
)
def test_words_mean_a_moment_in_the_persons_zone(words: str, end: str) -> None:
    resolved = resolve_until(words, now=NOW, timezone="Europe/Berlin")
    assert resolved is not None
    assert resolved.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M") == end


@pytest.mark.parametrize(
    "until",
    [
        *(
            "from monday to wednesday",
            "tomorrow till noon",
            "mon-thu",
            "friday from 9 to 5",
            "between friday and sunday",
        ),
        *("from 9am to 5pm tomorrow", "from 5pm till midnight", "monday through friday"),
    ],
)
def test_a_beginning_that_lies_ahead_is_noticed(until: str) -> None:
    assert starts_later(until, "a vm", now=NOW, timezone="Europe/Berlin")


@pytest.mark.parametrize(
    "until",
    [
        *("until monday", "until monday week", "over the weekend", "from wednesday to friday", "from today to friday"),
        *("from 9am to 5pm", "until ten to five", "from the deadline to friday"),
    ],
)
def test_an_end_alone_and_a_span_under_way_begin_at_once(until: str) -> None:
    assert not starts_later(until, "a vm", now=NOW, timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "is_later"),
    [
        ("a vm starting tomorrow for 2 days", True),
        ("a vm from monday for 2 days", True),
        ("a vm from next week", True),
        ("a box for friday", True),
        ("2 vms, one for a training on friday", True),
        ("a vm for today's demo, then one for next wednesday", True),
        ("a vm on wednesday", False),
        ("2 vms until 5pm on friday", False),
        ("a vm until noon on friday", False),
        ("2 vms till 6pm on friday", False),
        ("a vm that ends on friday", False),
        ("2 vms, release them on friday", False),
        ("a vm until noon on friday, for the talk on thursday", True),
        ("a vm from the snapshot for 2 days", False),
        ("a vm for 2 days", False),
        ("scale from 5 to 10", False),
    ],
)
def test_a_beginning_without_an_end_is_noticed_in_the_message(text: str, is_later: bool) -> None:
    assert starts_later(None, text, now=NOW, timezone="Europe/Berlin") is is_later


@given(
    st.permutations(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
    st.sampled_from(["from {} to {}", "{} till {}", "between {} and {}", "{}-{}"]),
    st.integers(min_value=0, max_value=60 * 24 * 30),
)
def test_a_span_of_days_ends_on_its_second_day_within_two_weeks(days: list[str], form: str, minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    resolved = resolve_until(form.format(*days[:2]), now=now, timezone="Europe/Berlin")
    assert resolved is not None
    assert resolved.astimezone(BERLIN).strftime("%A").lower() == days[1]
    assert now < resolved < now + timedelta(days=14)


@pytest.mark.parametrize("words", ["until the deadline", "until the cows come home", "", "until 31st february"])
def test_what_no_calendar_knows_is_none(words: str) -> None:
    assert resolve_until(words, now=NOW, timezone="Europe/Berlin") is None


def test_an_unknown_zone_counts_as_utc() -> None:
    resolved = resolve_until("until 17:00", now=NOW, timezone="Mars/Olympus")
    assert resolved == datetime(2026, 11, 18, 17, tzinfo=timezone.utc)


@given(
    st.sampled_from(
        ["until 6", "until friday", "tonight", "for today", "till monday noon", "until the 31st", "until midnight"]
    ),
    st.integers(min_value=0, max_value=60 * 24 * 400),
)
def test_an_end_always_lies_ahead(words: str, minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    resolved = resolve_until(words, now=now, timezone="America/New_York")
    assert resolved is None or now < resolved < now + timedelta(days=63)
