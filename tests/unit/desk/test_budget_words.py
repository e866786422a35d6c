"""What budgets leave room for, in words."""

from __future__ import annotations

import pytest

from clouddesk.budget_words import room
from clouddesk.model.budget import HOUR, MACHINES, MONTH, TEAM, Finding


def over(measure: str, limit: float, committed: float, adds: float) -> Finding:
    return Finding(TEAM, measure, True, limit, 0.0, committed, adds, "2026-11" if measure == MONTH else "")


@pytest.mark.parametrize(
    ("findings", "wanted"),
    [
        ([over(MONTH, 20, 19.64, 1.16)], "$0.36 in November"),
        ([over(MACHINES, 10, 9, 3)], "1 machine"),
        ([over(MACHINES, 10, 8, 3), over(HOUR, 5, 4, 2)], "2 machines, $1.00 an hour for all that runs"),
        ([over(MONTH, 20, 20, 1)], ""),
        ([over(MONTH, 20, 25, 1)], ""),
        ([over(MONTH, 20, 10, 11), over(MACHINES, 3, 3, 1)], ""),
    ],
)
def test_room_is_what_stays_within_all_of_them(findings: list[Finding], wanted: str) -> None:
    assert room(findings) == wanted
