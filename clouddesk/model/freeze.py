"""Freezes: times in which nobody of a workspace gets new machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Freeze:
    """No new machines in the workspace until then; those that run go on."""

    workspace_id: str
    by: str
    """The user id of the admin who wanted it."""
    since: datetime
    until: datetime | None = None
    """None: until somebody lifts it."""
    reason: str = ""
    """In the admin's words."""

    def holds(self, now: datetime) -> bool:
        """Whether it is not over."""
        return self.until is None or now < self.until
