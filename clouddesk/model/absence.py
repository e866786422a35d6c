"""Absences: a person is away for a while, and has been asked once what is to become of what still runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLD = "told"
"""By the person."""
STATUS = "status"
"""By their status in the chat."""

STOP_NOW = "away_stop_now"
STOP_LATER = "away_stop_later"
"""When the absence begins."""
KEEP = "away_keep"
CHOOSE = "away_choose"
AWAY_CHOICES = (STOP_NOW, STOP_LATER, KEEP, CHOOSE)
NOTHING = "away_nothing"
"""Nothing of theirs ran, so that nothing was asked."""

OPEN_ENDED = timedelta(days=120)
"""So long an absence counts whose end nobody knows."""


@dataclass(frozen=True)
class Absence:
    """From ``since`` on; ``until`` is None while nobody knows when they are back."""

    id: str
    since: datetime
    until: datetime | None
    source: str
    asked_at: datetime
    answer: str = ""
    """One of AWAY_CHOICES or NOTHING; "" while they have not said."""
    stopping: tuple[str, ...] = ()
    """The reservations that are to be stopped when it begins."""

    @property
    def ends_at(self) -> datetime:
        """When it is over, as far as anybody knows."""
        return self.until or self.since + OPEN_ENDED

    def overlaps(self, since: datetime, until: datetime | None) -> bool:
        """Whether the other one is this one, told again or told otherwise."""
        return since < self.ends_at and self.since < (until or since + OPEN_ENDED)
