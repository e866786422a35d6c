"""The meter of a reservation: what it had cost at the moments at which its price by the hour changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MOST_READINGS = 200
"""Of one reservation; a lease of months that is stopped every night stays below."""


@dataclass(frozen=True)
class Reading:
    """Up to ``at`` it had cost ``cost_usd``, and ``saved_usd`` less than if none of its machines had been stopped.

    Between two readings both grew evenly, as the price changed at neither side of the other.
    """

    at: datetime
    cost_usd: float
    saved_usd: float = 0.0


def with_reading(readings: Sequence[Reading], reading: Reading) -> tuple[Reading, ...]:
    """The same with one more. Of too many the one goes whose neighbours are nearest to each other.

    No money is lost with it: what was spent between its neighbours only counts as spent evenly there.
    """
    kept = [*readings, reading]
    if len(kept) > MOST_READINGS:
        places = range(1, len(kept) - 1)
        del kept[min(places, key=lambda place: kept[place + 1].at - kept[place - 1].at)]
    return tuple(kept)
