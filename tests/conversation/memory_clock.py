"""The time of tests, set by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

START = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)  # a Wednesday


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)
