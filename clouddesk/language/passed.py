"""Ends that today had and that are over: "for the afternoon", said at ten in the evening."""

from __future__ import annotations

from datetime import datetime

from clouddesk.language.clock import resolve_until
from clouddesk.language.localtime import zone_of


def passed_today(words: str, *, now: datetime, timezone: str = "UTC") -> datetime | None:
    """When it was, by the clock of ``timezone``; None where the words name no time of today, or one that comes yet."""
    if resolve_until(words, now=now, timezone=timezone) is not None:
        return None
    local = now.astimezone(zone_of(timezone))
    end = resolve_until(words, now=local.replace(hour=0, minute=0, second=0, microsecond=0), timezone=timezone)
    if end is None:
        return None
    end = end.astimezone(local.tzinfo)
    return end if end.date() == local.date() and end <= local else None
