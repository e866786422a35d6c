"""From a quote that was said yes to, to the order that its workflow carries out. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from clouddesk.fallbacks import BillsStopped, archived_hourly_price_usd, fallbacks, stopped_hourly_price_usd
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.blueprint import Software
from clouddesk.model.credentials import credential_ref
from clouddesk.model.node import SSH, NodeOrder
from clouddesk.model.order import ReservationOrder
from clouddesk.model.ports import Catalog
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER
from clouddesk.providers import PROVIDERS


def make_order(
    actor: Actor,
    quote: Quote,
    *,
    name: str,
    conversation: str,
    installation: str,
    limits: Limits,
    catalog: Catalog,
    bills_stopped_machines: BillsStopped,
    public_keys: Sequence[str] = (),
    software: Software | None = None,
    now: datetime,
) -> ReservationOrder:
    """The reservation of the quote for the actor. ``name``: claimed for it already.

    ``software``: what the machines get. Simulated ones stay bare: nothing answers there.
    """
    offer = quote.offer
    stopped_hourly = stopped_hourly_price_usd(
        offer,
        disk_gb=quote.disk_gb,
        machine_usd=quote.machine_hourly_price_usd,
        is_billed_stopped=bills_stopped_machines(offer.provider),
    )
    archived_hourly = archived_hourly_price_usd(
        offer.provider, offer.region, disk_gb=quote.disk_gb, further_gb=quote.disk_gb - offer.disk_gb
    )
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
            openings=(SSH, *quote.openings),
            public_keys=tuple(key for key in public_keys if key.startswith(PROVIDERS[offer.provider].key_kinds)),
        ),
        # What is left of it, where its end was said as a time: a yes may take a while.
        lease_seconds=math.ceil((quote.ends_at - now).total_seconds()) if quote.request.until else quote.lease_seconds,
        max_lease_seconds=limits.max_lease_seconds,
        warning_seconds=limits.warning_seconds,
        hourly_price_usd=quote.hourly_price_usd,
        stopped_hourly_price_usd=stopped_hourly * len(quote.nodes),
        archived_hourly_price_usd=None if archived_hourly is None else archived_hourly * len(quote.nodes),
        created_at=now,
        is_simulated=quote.is_simulated,
        ends_at=quote.ends_at if quote.request.until else None,
        fallbacks=fallbacks(
            actor,
            quote,
            most=limits.fallbacks,
            catalog=catalog,
            bills_stopped_machines=bills_stopped_machines,
        ),
        dearer_percent=limits.failover_dearer_percent,
        configuration=None if quote.is_simulated else software,
        more_software=() if quote.request.kind == CLUSTER else quote.request.software[1:],
    )
