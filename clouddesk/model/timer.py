"""Timers: what is to happen to machines, or to be said to a person, at a time; once or each week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

STOP = "stop"
START = "start"
REMIND = "remind"
LAPSE = "lapse"
"""The time of a request for an approval is over; ``note`` holds its id and what it was for."""
POWERS = (STOP, START)

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
WORKING_DAYS = (0, 1, 2, 3, 4)
WEEKEND = (5, 6)


@dataclass(frozen=True)
class Weekly:
    """The same time by the clock on some days of the week; Monday is 0."""

    days: tuple[int, ...]
    hour: int
    minute: int = 0


@dataclass(frozen=True)
class Timer:
    """One thing that happens by itself: ``weekly`` again and again, or once ``at`` a moment.

    A new timer takes the place of the one with its ``id``.
    """

    id: str
    what: str
    """STOP, START or REMIND."""
    workspace_id: str
    by: str
    """The user id of whoever wants it."""
    conversation: str
    timezone: str
    """The person's: what ``weekly`` is by, whatever summer does to the clock."""
    at: datetime | None = None
    weekly: Weekly | None = None
    reservation_id: str = ""
    """Empty for a reminder of everything that runs."""
    note: str = ""
    """What a reminder is for, in the person's words."""
    before_end_seconds: int | None = None
    """Of a reminder that goes with the lease: it moves when the end does."""
    is_by_admin: bool = False
    owners_before: int = 0
    """How many owners its reservation had had when this was set, before the one of then."""
    holidays: str = ""
    """Whose public holidays a weekly start leaves out, as "DE-BY"; "" where it leaves out none."""


def power_id(reservation_id: str, power: str, *, is_once: bool) -> str:
    """Each reservation has one timer of each kind."""
    return f"power-{reservation_id}-{power}" + ("-once" if is_once else "")


def power_ids(reservation_id: str) -> tuple[str, ...]:
    """All that a reservation can have, the weekly ones first."""
    return tuple(
        power_id(reservation_id, power, is_once=is_once) for is_once in (False, True) for power in (START, STOP)
    )
