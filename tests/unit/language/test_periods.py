"""Periods of reports: the words, and from when to when they mean, in the person's own zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.language.periods import find_period, find_step, no_such_date, steps, this_month
from clouddesk.language.spoken_dates import unread

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=timezone.utc)


def days(text: str, *, now: datetime = MONDAY, zone: str = "Europe/Berlin") -> tuple[str, str] | None:
    """The first day, and the one after the last."""
    found = find_period(text, now=now, timezone=zone)
    if found is None:
        return None
    assert (found.since.hour, found.until.hour) == (0, 0)
    return f"{found.since:%Y-%m-%d}", f"{found.until:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("what did i spend this month", "2026-11-01", "2026-12-01"),
        ("month to date please", "2026-11-01", "2026-12-01"),
        ("how much since the first of the month", "2026-11-01", "2026-11-24"),
        ("spark in october?", "2026-10-01", "2026-11-01"),
        ("for dec", "2025-12-01", "2026-01-01"),
        ("october 2025", "2025-10-01", "2025-11-01"),
        ("2026-10", "2026-10-01", "2026-11-01"),
        ("october and november", "2026-10-01", "2026-12-01"),
        ("what did we pay in may", "2026-05-01", "2026-06-01"),
        ("costs last week", "2026-11-16", "2026-11-23"),
        ("this week so far", "2026-11-23", "2026-11-30"),
        ("last month", "2026-10-01", "2026-11-01"),
        ("yesterday", "2026-11-22", "2026-11-23"),
        ("today", "2026-11-23", "2026-11-24"),
        ("over the long weekend", "2026-11-21", "2026-11-23"),
        ("on tuesday", "2026-11-17", "2026-11-18"),
        ("last monday", "2026-11-16", "2026-11-17"),
        ("since monday", "2026-11-23", "2026-11-24"),
        ("since october", "2026-10-01", "2026-11-24"),
        ("since 5 october", "2026-10-05", "2026-11-24"),
        ("on october 5th", "2026-10-05", "2026-10-06"),
        ("on the 12th", "2026-11-12", "2026-11-13"),
        ("on the 30th", "2026-10-30", "2026-10-31"),
        ("2 weeks ago", "2026-11-09", "2026-11-10"),
        ("the last 7 days", "2026-11-17", "2026-11-24"),
        ("the last 3 months", "2026-08-24", "2026-11-24"),
        ("from 1 october to 15 november", "2026-10-01", "2026-11-16"),
        ("between monday and wednesday", "2026-11-16", "2026-11-19"),
        ("in q3", "2026-07-01", "2026-10-01"),
        ("q4 2025", "2025-10-01", "2026-01-01"),
        ("last quarter", "2026-07-01", "2026-10-01"),
        ("this year with azure", "2026-01-01", "2027-01-01"),
        ("in total", "2025-10-19", "2026-11-24"),
        ("what did we spend from may to july", "2026-05-01", "2026-08-01"),
        ("between march and may", "2026-03-01", "2026-06-01"),
        ("since may", "2026-05-01", "2026-11-24"),
        ("from november to may", "2025-11-01", "2026-06-01"),
        ("between october and now", "2026-10-01", "2026-11-24"),
        ("from 5 october up to now please", "2026-10-05", "2026-11-24"),
        ("this year vs last year", "2026-01-01", "2027-01-01"),
        ("is it more this month than last month", "2026-11-01", "2026-12-01"),
        ("in 2025", "2025-01-01", "2026-01-01"),
        ("between 10 and 20 october", "2026-10-10", "2026-10-21"),
        ("from 10 to 20 october", "2026-10-10", "2026-10-21"),
        ("10-20 october 2025", "2025-10-10", "2025-10-21"),
        ("october 10 to 20", "2026-10-10", "2026-10-21"),
        ("between the 10th and the 20th of october", "2026-10-10", "2026-10-21"),
        ("between 10 and 30 november", "2026-11-10", "2026-12-01"),
        ("between 10 and 20 december", "2025-12-10", "2025-12-21"),
        ("from october 10 to 15 november", "2026-10-10", "2026-11-16"),
        ("2026-10-05 to 2026-10-10", "2026-10-05", "2026-10-11"),
        ("monday to wednesday", "2026-11-16", "2026-11-19"),
        ("before october", "2025-10-19", "2026-10-01"),
        ("until yesterday", "2025-10-19", "2026-11-23"),
        ("up to the end of october", "2025-10-19", "2026-11-01"),
        ("this month until yesterday", "2026-11-01", "2026-11-23"),
        ("since 5 october until 10 october", "2026-10-05", "2026-10-11"),
        ("since monday until yesterday", "2026-11-16", "2026-11-23"),
        ("after october", "2026-11-01", "2026-11-24"),
        ("after 5 october", "2026-10-06", "2026-11-24"),
        ("the day before yesterday", "2026-11-21", "2026-11-22"),
        ("two months ago", "2026-09-01", "2026-10-01"),
        ("a month ago", "2026-10-01", "2026-11-01"),
        ("since two months ago", "2026-09-23", "2026-11-24"),
        ("the first half of october", "2026-10-01", "2026-10-16"),
        ("the second half of october 2025", "2025-10-16", "2025-11-01"),
        ("second half of last month", "2026-10-16", "2026-11-01"),
        ("the first half of november", "2026-11-01", "2026-11-16"),
        ("first half of the year", "2026-01-01", "2026-07-01"),
        ("the first week of october", "2026-10-01", "2026-10-08"),
        ("the last week of october", "2026-10-25", "2026-11-01"),
        ("the first 10 days of october", "2026-10-01", "2026-10-11"),
        ("the last 30 days", "2026-10-25", "2026-11-24"),
        ("the past 2 weeks", "2026-11-10", "2026-11-24"),
        ("in october 2025", "2025-10-01", "2025-11-01"),
    ],
)
def test_words_mean_whole_days(text: str, since: str, until: str) -> None:
    assert days(text) == (since, until)


@pytest.mark.parametrize(
    "text",
    [
        "who spent most",
        "may i see the costs",
        "what does spark-1 cost",
        "what did mon-1 cost",
        "what does spark-1 cost up to now",
        "what has spark-1 been up to",
        "2026-13",
        "2026-00",
        "",
    ],
)
def test_what_names_no_period_is_none(text: str) -> None:
    assert days(text) is None


@pytest.mark.parametrize(
    ("text", "wrong"), [("costs of 2026-13", "2026-13"), ("on 2026-02-31", "2026-02-31"), ("2026-10", None)]
)
def test_what_is_written_as_a_date_and_is_none_is_known(text: str, wrong: str | None) -> None:
    assert no_such_date(text) == wrong


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what did we spend in early october", "early october"),
        ("costs in mid-october", "mid-october"),
        ("end of october", "end of october"),
        ("on 10 and 20 october", "10 and 20 october"),
        ("on mondays in october", "mondays"),
        ("every monday", "every monday"),
        ("october without the weekends", "without the weekends"),
        ("around 10 october", "around 10 october"),
        ("the week of october 5", "week of october"),
        ("the last days of october", "last days of october"),
        ("what will we spend by friday", "by friday"),
        *((text, None) for text in ("october", "since the beginning of october", "until the end of october", "")),
        *((text, None) for text in ("between the start of october and the end of november", "last week", "per week")),
        *((text, None) for text in ("what will it be by the end of the month", "the first half of october")),
        *((text, None) for text in ("everything except spark in october", "costs of mid-1", "machines of last week")),
    ],
)
def test_what_stays_unread_around_a_date_is_known(text: str, words: str | None) -> None:
    assert unread(text, today=MONDAY.date()) == words


def test_the_last_day_is_one_of_24_hours() -> None:
    found = find_period("in the past day", now=MONDAY)
    assert found is not None
    assert (found.since, found.until) == (MONDAY - timedelta(hours=24), MONDAY)


def test_hours_are_counted_from_now() -> None:
    found = find_period("in the last 12 hours", now=MONDAY)
    assert found is not None
    assert (found.since, found.until) == (MONDAY - timedelta(hours=12), MONDAY)


def test_a_day_begins_where_the_person_is() -> None:
    late = datetime(2026, 10, 31, 23, 30, tzinfo=timezone.utc)
    assert this_month(now=late, timezone="Europe/Berlin").words == "this month"
    assert this_month(now=late, timezone="Europe/Berlin").since.isoformat() == "2026-11-01T00:00:00+01:00"
    assert this_month(now=late, timezone="America/New_York").since.isoformat() == "2026-10-01T00:00:00-04:00"


def test_a_month_with_the_change_of_the_clocks_is_as_long_as_it_is() -> None:
    found = find_period("october", now=MONDAY, timezone="Europe/Berlin")
    assert found is not None
    assert found.until.astimezone(timezone.utc) - found.since.astimezone(timezone.utc) == timedelta(days=31, hours=1)


def test_what_came_before_is_of_the_same_kind() -> None:
    found = find_period("this month", now=MONDAY)
    assert found is not None
    assert (f"{found.earlier_since:%Y-%m-%d}", found.earlier_words) == ("2026-10-01", "October")


SAYINGS = (
    "half of first until before after a the - "
    "since from to last this month week monday october 31 feb 2026 q1 the 30th of year and yesterday 400 days ago "
    "between 0 2026-02-31 2026-13 2025 now vs weekend past couple of in total may 12"
)
WORDS = st.lists(st.sampled_from(SAYINGS.split()), max_size=7)


@settings(max_examples=300, deadline=None)
@given(WORDS, st.integers(-30_000, 30_000), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_whatever_is_said_a_period_begins_before_it_ends(words: list[str], hours: int, zone: str) -> None:
    found = find_period(" ".join(words), now=MONDAY + timedelta(hours=hours), timezone=zone)
    if found is not None:
        assert found.since < found.until
        assert found.earlier_since is None or found.earlier_since < found.since
        assert found.words


@pytest.mark.parametrize(
    ("text", "step", "begins"),
    [
        ("our daily costs last week", "day", ["11-16", "11-17", "11-18", "11-19", "11-20", "11-21", "11-22"]),
        ("spend by week since 28 october", "week", ["10-28", "11-02", "11-09", "11-16", "11-23"]),
        ("month by month since 5 october", "month", ["10-05", "11-01"]),
        ("every day this year", "month", [f"{month:02}-01" for month in range(1, 13)]),
        ("the trend of the last 3 months", "week", ["08-24", "08-31", "09-07"]),
    ],
)
def test_a_period_is_cut_where_the_person_has_days_weeks_and_months(text: str, step: str, begins: list[str]) -> None:
    period = find_period(text, now=MONDAY, timezone="Europe/Berlin")
    assert period is not None
    assert find_step(text, period) == step
    assert [f"{moment:%m-%d}" for moment in steps(period, step)][: len(begins)] == begins
    assert all(moment.hour == 0 for moment in steps(period, step))


@pytest.mark.parametrize(
    "text", ["costs last week", "spend by team last month", "today's trend", "per person this month"]
)
def test_what_does_not_ask_for_the_course_of_time_is_not_cut(text: str) -> None:
    period = find_period(text, now=MONDAY) or this_month(now=MONDAY)
    assert find_step(text, period) is None
