"""Durations in every spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clouddesk.language.durations import find_durations, parse_duration


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("8hrs", 480),
        ("8 h", 480),
        ("48h", 2880),
        ("90m", 90),
        ("30 min", 30),
        ("an hour and a half", 90),
        ("two and a half hours", 150),
        ("half an hour", 30),
        ("three quarters of an hour", 45),
        ("a quarter of an hour", 15),
        ("1h30", 90),
        ("1h30m", 90),
        ("1 day 12 hours", 2160),
        ("an hour and ten minutes", 70),
        ("half a day", 720),
        ("2 days", 2880),
        ("2.5 days", 3600),
        ("a day and a half", 2160),
        ("a week", 10080),
        ("a fortnight", 20160),
        ("another fortnight", 20160),
        ("two weeks", 20160),
        ("a month", 43200),
        ("2 more hours", 120),
        ("4 extra days", 5760),
        ("a couple of hours", 120),
        ("1,000 hours", 60000),
        ("20 hour", 1200),
        ("2 to 3 hours", 120),
    ],
)
def test_duration_has_its_minutes(words: str, minutes: int) -> None:
    assert parse_duration(words) == minutes


@pytest.mark.parametrize("words", ["", "8 cores", "t3.medium", "ubuntu-22.04", "m5.large", "tomorrow"])
def test_what_is_no_duration_gives_none(words: str) -> None:
    assert parse_duration(words) is None


@given(
    st.integers(min_value=1, max_value=500),
    st.sampled_from([("h", 60), (" hours", 60), ("d", 1440), (" weeks", 10080)]),
)
def test_number_times_unit(number: int, unit: tuple[str, int]) -> None:
    assert parse_duration(f"{number}{unit[0]}") == number * unit[1]


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    for found in find_durations(text):
        assert 0 <= found.start < found.end <= len(text.lower())
