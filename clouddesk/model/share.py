"""Shares: what colleagues of the same workspace may do with somebody's machines, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

USE = "use"
"""See it, how to reach it, what it costs."""
EXTEND = "extend"
"""Lengthen its lease besides."""
MANAGE = "manage"
"""Stop, start and reboot it besides."""
LEVELS = (USE, EXTEND, MANAGE)
"""Each allows what those before it do."""


@dataclass(frozen=True)
class Share:
    """One person's part in a reservation of somebody else's."""

    user_id: str
    """Of the reservation's workspace."""
    allowed: str
    """One of LEVELS."""
    until: datetime | None = None
    """None: as long as the reservation lasts."""

    def is_open(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until

    def allows(self, level: str) -> bool:
        """Whether this much is allowed, for as long as it is open."""
        return LEVELS.index(self.allowed) >= LEVELS.index(level)
