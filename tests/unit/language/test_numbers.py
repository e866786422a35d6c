"""Numbers as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clouddesk.language.numbers import NUMBER, as_value, parse_number


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("5", 5),
        ("1,000", 1000),
        ("1.5", 1.5),
        (".5", 0.5),
        ("twelve", 12),
        ("twenty-four", 24),
        ("twenty four", 24),
        ("ninety-six", 96),
        ("a hundred", 100),
        ("two hundred", 200),
        ("a hundred and twenty", 120),
        ("a couple", 2),
        ("a couple of", 2),
        ("a pair of", 2),
        ("half a dozen", 6),
        ("a dozen", 12),
        ("two dozen", 24),
        ("a single", 1),
    ],
)
def test_number_words_have_their_value(words: str, value: float) -> None:
    assert re.fullmatch(NUMBER, words)
    assert parse_number(words) == value


@given(st.integers(min_value=0, max_value=10**6))
def test_digits_are_read_back(number: int) -> None:
    assert parse_number(str(number)) == number
    assert parse_number(f"{number:,}") == number


def test_whole_numbers_come_out_as_int() -> None:
    assert isinstance(as_value(8.0), int)
    assert as_value(0.5) == 0.5
