"""From a quote that was said yes to, to the order that its workflow carries out. No I/O."""

from __future__ import annotations

from datetime import datetime

from clouddesk.model.actor import Actor
from clouddesk.model.credentials import credential_ref
from clouddesk.model.node import NodeOrder
from clouddesk.model.quote import Quote
from clouddesk.model.reservation import ReservationOrder
from clouddesk.settings import Limits


def make_order(
    actor: Actor,
    quote: Quote,
    *,
    name: str,
    conversation: str,
    installation: str,
    limits: Limits,
    bills_stopped_machines: bool,
    now: datetime,
) -> ReservationOrder:
    """The reservation of the quote for the actor. ``name``: claimed for it already."""
    offer = quote.offer
    if bills_stopped_machines:
        stopped_hourly = quote.machine_hourly_price_usd
    else:
        stopped_hourly = offer.stopped_hourly_price_usd(quote.disk_gb)
    return ReservationOrder(
        reservation_id=quote.reservation_id,
        name=name,
        workspace_id=actor.workspace_id,
        owner=actor.user_id,
        conversation=conversation,
        kind=quote.request.kind,
        software=quote.software,
        provider=offer.provider,
        vcpus=offer.vcpus,
        memory_gb=offer.memory_gb,
        credential_ref=credential_ref(actor.person, offer.provider),
        nodes=NodeOrder(
            installation=installation,
            reservation_id=quote.reservation_id,
            owner=str(actor.person),
            region=offer.region,
            size=offer.size,
            os=quote.os,
            nodes=quote.nodes,
            disk_gb=quote.disk_gb,
            name=name,
            architecture=offer.architecture,
            spot=offer.spot,
        ),
        lease_seconds=quote.lease_seconds,
        max_lease_seconds=limits.max_lease_seconds,
        warning_seconds=limits.warning_seconds,
        hourly_price_usd=quote.hourly_price_usd,
        stopped_hourly_price_usd=stopped_hourly * len(quote.nodes),
        created_at=now,
        is_simulated=quote.is_simulated,
        ends_at=quote.ends_at if quote.request.until else None,
    )
