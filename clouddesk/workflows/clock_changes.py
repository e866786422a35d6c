"""Days on which the clock is changed at a weekly time: it is left out on the one, and comes twice on the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from clouddesk.model.timer import Weekly

AHEAD = timedelta(days=3653)
"""Longer than any lease."""


@dataclass(frozen=True)
class OddDay:
    """``moment``, aware, is when it is due: the first one after the gap, or the first of the two."""

    day: date
    moment: datetime
    is_doubled: bool


def odd_days(weekly: Weekly, zone: ZoneInfo, *, since: date) -> Iterator[OddDay]:
    """Those in the next ten years, in order."""
    for offset in range(AHEAD.days):
        day = since + timedelta(days=offset)
        if day.weekday() not in weekly.days:
            continue
        first = datetime.combine(day, time(weekly.hour, weekly.minute), zone)
        second = first.replace(fold=1)
        if first.utcoffset() == second.utcoffset():
            continue
        instant = first.astimezone(timezone.utc)
        is_doubled = instant.astimezone(zone).time() == first.time()
        yield OddDay(day, instant if is_doubled else _end_of_gap(second, zone), is_doubled)


def _end_of_gap(second: datetime, zone: ZoneInfo) -> datetime:
    """``second``: in the gap, read by the clock of after it, which is before the change."""
    moment = second.astimezone(timezone.utc)
    while moment.astimezone(zone).utcoffset() != second.utcoffset():
        moment += timedelta(minutes=1)
    return moment
