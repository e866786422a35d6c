"""Amounts of dollars in words."""

from __future__ import annotations

import pytest

from clouddesk.language.money import hourly, money, rate


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "$0.00"),
        (0.00001, "$0.0001"),
        (0.0065, "$0.0065"),
        (0.05, "$0.05"),
        (0.052, "$0.052"),
        (0.09999, "$0.10"),
        (0.12, "$0.12"),
        (1234.5, "$1,234.50"),
    ],
)
def test_small_sums_do_not_hide_in_the_cents(usd: float, text: str) -> None:
    assert money(usd) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "$0"),
        (0.00001, "less than $0.0001"),
        (0.0104, "$0.0104"),
        (0.1, "$0.10"),
        (0.192, "$0.192"),
        (1.234, "$1.23"),
        (1234.5, "$1,234.50"),
    ],
)
def test_rate_keeps_the_digits_that_matter(usd: float, text: str) -> None:
    assert rate(usd) == text
    assert hourly(usd) == f"{text}/h"


def test_unknown_price_is_never_zero() -> None:
    assert hourly(None) == "price unknown"
