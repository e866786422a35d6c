"""Orders: what was agreed with the yes to a quote."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from clouddesk.model.blueprint import Software
from clouddesk.model.fallback import Fallback
from clouddesk.model.node import NodeOrder


@dataclass(frozen=True)
class ReservationOrder:
    """Everything that was agreed with the yes; the input of the reservation's workflow. No secret in it."""

    reservation_id: str
    name: str
    workspace_id: str
    owner: str
    conversation: str
    kind: str
    software: str | None
    provider: str
    vcpus: int
    memory_gb: float
    credential_ref: str
    nodes: NodeOrder
    lease_seconds: int
    max_lease_seconds: int
    warning_seconds: tuple[int, ...]
    """How long before the end to warn, longest first."""
    hourly_price_usd: float
    stopped_hourly_price_usd: float
    created_at: datetime
    is_simulated: bool
    archived_hourly_price_usd: float | None = None
    """What the images of all machines cost by the hour; None where its cloud keeps none."""
    ends_at: datetime | None = None
    """The end, when it was said as a time ("until 23:30") and not as a length."""
    least_nodes: int = 1
    """With fewer than these it cannot go on when not all come up."""
    fallbacks: tuple[Fallback, ...] = ()
    """What to take, in this order, where the cloud has none of the machines left; cheapest first."""
    dearer_percent: float = 0.0
    """A fallback that costs more than this above what was said yes to needs another yes."""
    configuration: Software | None = None
    """What is put on the machines, as its blueprint was at the time of the order; None: they stay bare."""
    more_software: tuple[str, ...] = ()
    """What single machines are for besides ``software``."""
    is_unpriced: bool = False
    """Of what was adopted: nobody knows what all of it costs, and ``hourly_price_usd`` is what is known."""

    def at(self, fallback: Fallback, *, rest: tuple[Fallback, ...]) -> ReservationOrder:
        """The same machines elsewhere; ``rest`` are the fallbacks that are left then."""
        return replace(
            self,
            provider=fallback.provider,
            credential_ref=fallback.credential_ref,
            vcpus=fallback.vcpus,
            memory_gb=fallback.memory_gb,
            nodes=replace(
                self.nodes,
                region=fallback.region,
                size=fallback.size,
                os=fallback.os,
                disk_gb=fallback.disk_gb,
                architecture=fallback.architecture,
                spot=fallback.spot,
            ),
            hourly_price_usd=fallback.hourly_price_usd,
            stopped_hourly_price_usd=fallback.stopped_hourly_price_usd,
            archived_hourly_price_usd=fallback.archived_hourly_price_usd,
            fallbacks=rest,
        )
