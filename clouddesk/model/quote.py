"""Quotes: chosen offers with the total, waiting for a yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clouddesk.model.node import NodePlan, Opening
from clouddesk.model.offer import Offer, Requirements
from clouddesk.model.request import ResourceRequest


@dataclass(frozen=True)
class Elsewhere:
    """What the whole request would cost on another cloud."""

    offer: Offer
    hourly_price_usd: float
    """For all machines with disks and addresses."""
    has_access: bool
    """False: the person would have to give credentials for it first."""


@dataclass(frozen=True)
class Quote:
    """A price for a whole lease, with everything that a yes would do.

    ``defaults`` names the fields of the request that the person did not say and that were filled in, so that the
    card can show them as changeable. ``hourly_price_usd`` and ``total_price_usd`` are for all machines with disks and
    public addresses, in US dollars before tax.
    """

    id: str
    workspace_id: str
    user_id: str
    request: ResourceRequest
    defaults: tuple[str, ...]
    offer: Offer
    runner_up: Offer | None
    nodes: tuple[NodePlan, ...]
    os: str
    disk_gb: float
    lease_seconds: int
    machine_hourly_price_usd: float
    """One machine, disk and address included."""
    hourly_price_usd: float
    total_price_usd: float
    runner_up_hourly_price_usd: float | None
    created_at: datetime
    expires_at: datetime
    ends_at: datetime
    """When the lease would end if it began now."""
    name: str
    is_simulated: bool
    habits: tuple[str, ...] = ()
    """The fields that were filled in with what the person used last."""
    team: tuple[str, ...] = ()
    """The fields that were filled in with the team's defaults."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """The best of each other cloud, cheapest first; empty when the person named the clouds themselves."""
    used: ResourceRequest | None = None
    """The request with the habits, to be remembered as the new one with the yes."""
    requirements: Requirements | None = None
    """What the offer was chosen by, for another one when there are none of it left."""

    openings: tuple[Opening, ...] = ()
    """What is let in from outside besides SSH."""

    @property
    def reservation_id(self) -> str:
        """Made from the quote's own id, so that a repeated yes meets the same reservation."""
        return "r-" + self.id.removeprefix("q-")

    @property
    def software(self) -> str | None:
        return self.request.software[0] if self.request.software else None
