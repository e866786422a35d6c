"""Moments as a person says them, in the person's own zone and by the clock of their country."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timezone
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_WITHIN_DAYS = 6
"""So near, the name of the weekday is enough."""


_TWELVE_HOURS = frozenset(("en-US", "en-CA", "en-AU", "en-NZ", "en-IN", "en-PH", "hi-IN", "ko-KR", "zh-TW"))
"""Locales that chats offer where a time of day is written "8:05 pm"; elsewhere it is "20:05"."""


class Reader(Protocol):
    """Who reads a time: where they are, and their language and country ("" where nobody knows)."""

    @property
    def timezone(self) -> str: ...

    @property
    def locale(self) -> str: ...


@dataclass(frozen=True)
class Whereabouts:
    """A Reader of whom nothing else is known."""

    timezone: str = "UTC"
    locale: str = ""


def local_time(moment: datetime, reader: Reader, now: datetime) -> str:
    """ "today 17:00", "tomorrow 9:00 am", "Friday 17:00", "Fri 4 Dec 17:00", "Mon 4 Jan 2027 17:00"; UTC says so."""
    zone = zone_of(reader.timezone)
    there, today = moment.astimezone(zone), now.astimezone(zone).date()
    clock = time_of_day(there, reader.locale) + (" UTC" if zone.key == "UTC" else "")
    days = (there.date() - today).days
    if days == 0:
        return f"today {clock}"
    if days == 1:
        return f"tomorrow {clock}"
    if 1 < days < _WITHIN_DAYS:
        return f"{there:%A} {clock}"
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there:%a} {there.day} {there:%b}{year} {clock}"


def time_of_day(there: datetime | time, locale: str) -> str:
    """ "09:00"; "9:00 am" where that is written."""
    if locale in _TWELVE_HOURS:
        return f"{there.hour % 12 or 12}:{there:%M} {'am' if there.hour < 12 else 'pm'}"
    return f"{there:%H:%M}"


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(timezone.utc)


def zone_of(timezone: str) -> ZoneInfo:
    """The zone with this name; UTC for a name that nobody knows."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
