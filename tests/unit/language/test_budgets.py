"""Sums for all of the time."""

from __future__ import annotations

import pytest

from clouddesk.language import budgets


@pytest.mark.parametrize(
    ("text", "is_budget"),
    [
        ("less than 1 dollar in total", True),
        ("budget 10 dollars, a week", True),
        ("at most 50 cents", False),
        ("a budget of 2 dollars per hour", False),
        ("10 dollars in all, not hourly", False),
        ("16 cores in total, at most 2 dollars", False),
        ("$5 altogether for 2 vms", True),
    ],
)
def test_a_sum_for_all_of_the_time_is_no_price_of_an_hour(text: str, is_budget: bool) -> None:
    assert budgets.is_budget(text) == is_budget
