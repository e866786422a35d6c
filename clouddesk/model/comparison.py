"""Price comparisons: what the same machines cost on each cloud, or the cheapest offers of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clouddesk.model.offer import Offer, Requirements
from clouddesk.model.quote import Quote


@dataclass(frozen=True)
class PriceLine:
    """One offer at the price of the whole request: all machines with disks and public addresses, in US dollars."""

    offer: Offer
    disk_gb: float
    hourly_price_usd: float
    total_price_usd: float
    """For the whole lease."""
    has_access: bool
    """False: the person would have to give credentials for the cloud first."""
    on_demand_hourly_price_usd: float | None
    spot_hourly_price_usd: float | None
    """One of the two is the price of the offer itself; the other is the cheapest of that kind, None when unknown."""
    gives_up: dict[str, Any] = field(default_factory=dict)
    """What of the request it does not meet, by field: the cloud has nothing that meets it all."""

    @property
    def fits(self) -> bool:
        return not self.gives_up


@dataclass(frozen=True)
class PriceComparison:
    """The lines that fit, cheapest first, then the nearest of the clouds where nothing fits."""

    lines: tuple[PriceLine, ...]
    count: int
    lease_seconds: int
    requirements: Requirements
    os: str
    defaults: tuple[str, ...]
    """The fields of the request that were filled in by the product."""
    usual: tuple[str, ...]
    """Those that were filled in with what the person used last or the team takes."""
    absent: tuple[str, ...]
    """The clouds that sell no such thing at all: not in that place, or not with that system."""
    is_simulated: bool
    unpriced: tuple[str, ...] = ()
    """The clouds whose prices nobody knows here: whether they sell it is not told."""
    quote: Quote | None = None
    """The cheapest that the person can have, not kept for a yes. Its request is the one to repeat for it."""

    @property
    def is_by_cloud(self) -> bool:
        """Whether each line is another cloud."""
        providers = [line.offer.provider for line in self.lines]
        return len(set(providers)) == len(providers)
