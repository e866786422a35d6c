"""Moments as a person says them, in the person's own zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_WITHIN_DAYS = 6
"""So near, the name of the weekday is enough."""


def local_time(moment: datetime, timezone: str, now: datetime) -> str:
    """ "today 17:00", "tomorrow 09:00", "Friday 17:00", "Fri 4 Dec 17:00", "Mon 4 Jan 2027 17:00"; UTC says so."""
    zone = zone_of(timezone)
    there, today = moment.astimezone(zone), now.astimezone(zone).date()
    clock = f"{there:%H:%M}" + (" UTC" if zone.key == "UTC" else "")
    days = (there.date() - today).days
    if days == 0:
        return f"today {clock}"
    if days == 1:
        return f"tomorrow {clock}"
    if 1 < days < _WITHIN_DAYS:
        return f"{there:%A} {clock}"
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there:%a} {there.day} {there:%b}{year} {clock}"


def zone_of(timezone: str) -> ZoneInfo:
    """The zone with this name; UTC for a name that nobody knows."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
