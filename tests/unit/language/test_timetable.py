"""Office hours in words."""

from __future__ import annotations

from datetime import datetime, time, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from clouddesk.language.timetable import ALL_DAYS, WORKING_DAYS, Change, read_timetable, read_weekly, says_stop_only

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)  # a Wednesday, 13:00 in Berlin
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CASES: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("timetables.yml").read_text())


def in_words(change: Change) -> str:
    if change.moment:
        return f"{change.power} {change.moment.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%d %H:%M}"
    first, last = NAMES[change.days[0]], NAMES[change.days[-1]]
    assert change.days == tuple(range(change.days[0], change.days[-1] + 1)), "these cases have no gaps"
    return f"{change.power} {first if first == last else f'{first}-{last}'} {change.at:%H:%M}"


@pytest.mark.parametrize("words", CASES)
def test_words_mean_these_times(words: str) -> None:
    assert [in_words(item) for item in read_timetable(words, now=NOW, timezone="Europe/Berlin")] == CASES[words]


def test_named_days_may_have_gaps() -> None:
    (change,) = read_timetable("stop it tuesdays and thursdays at 6pm", now=NOW)
    assert change == Change("stop", (1, 3), time(18))


@pytest.mark.parametrize("words", ["stop-only, never start it", "but don't start it again", "and it stays off"])
def test_some_never_want_it_to_start_by_itself(words: str) -> None:
    assert says_stop_only(words)


@pytest.mark.parametrize("words", ["stop it every night at 7", "start it every morning at 8", "don't stop it"])
def test_other_words_do_not_forbid_the_start(words: str) -> None:
    assert not says_stop_only(words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("every morning at 9", (ALL_DAYS, time(9))),
        ("mondays at 8:15", ((0,), time(8, 15))),
        ("every weekday at 5pm", (WORKING_DAYS, time(17))),
        ("every evening", (ALL_DAYS, time(19))),
        ("tomorrow at 9", None),
        ("monday at 9", None),
    ],
)
def test_what_recurs_is_told_from_what_is_once(words: str, expected: object) -> None:
    assert read_weekly(words) == expected


def test_days_may_be_left_out() -> None:
    (change,) = read_timetable("stop it at 7 every night except fridays", now=NOW)
    assert change == Change("stop", (0, 1, 2, 3, 5, 6), time(19))


def test_a_stop_that_is_refused_does_not_forbid_the_start() -> None:
    assert not says_stop_only("don't switch it off every night")
