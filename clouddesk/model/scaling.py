"""Scaling: another number of machines for a reservation that runs."""

from __future__ import annotations

from dataclasses import dataclass

from clouddesk.model.reservation import Reservation


@dataclass(frozen=True)
class Scale:
    """What was said yes to: ``count`` machines where there are ``before``."""

    count: int
    before: int
    role: str
    """The part of the machines that come or leave."""
    hourly_price_usd: float
    """Of each machine that comes."""
    stopped_hourly_price_usd: float
    archived_hourly_price_usd: float | None = None

    @property
    def is_growth(self) -> bool:
        return self.count > self.before


@dataclass(frozen=True)
class ScaleQuote:
    """What it would cost, waiting for a yes."""

    reservation: Reservation
    scale: Scale
    hourly_price_usd: float
    """Of all machines, afterwards."""
    difference_usd: float
    """How much more (less than 0: less) it costs until the end of the lease."""
