"""Parts of today that have passed; it is Wednesday 4 March 2026."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from clouddesk.language.passed import passed_today

BERLIN = ZoneInfo("Europe/Berlin")


def passed(words: str, hour: int) -> str | None:
    found = passed_today(words, now=datetime(2026, 3, 4, hour, 30, tzinfo=BERLIN), timezone="Europe/Berlin")
    return f"{found:%H:%M}" if found else None


@pytest.mark.parametrize(
    ("words", "hour", "end"),
    [
        ("for the afternoon", 22, "18:00"),
        ("this afternoon", 18, "18:00"),
        ("for the rest of the afternoon", 19, "18:00"),
        ("this morning", 13, "09:00"),
        ("for the evening", 23, "21:00"),
        ("until 6pm today", 20, "18:00"),
    ],
)
def test_what_today_had_is_over(words: str, hour: int, end: str) -> None:
    assert passed(words, hour) == end


@pytest.mark.parametrize(
    ("words", "hour"),
    [
        ("for the afternoon", 12),
        ("this evening", 20),
        ("until 6pm", 20),
        ("until tomorrow afternoon", 22),
        ("until the deadline", 22),
        ("until friday", 22),
        ("for today", 22),
        ("", 22),
    ],
)
def test_what_comes_yet_or_is_no_time_is_not(words: str, hour: int) -> None:
    assert passed(words, hour) is None
