"""What tests of failover share: other clouds, and what could be had there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clouddesk.model.errors import NoCapacity
from clouddesk.model.fallback import Fallback
from clouddesk.model.order import ReservationOrder
from tests.workflows.cloud import FakeCloud
from tests.workflows.conftest import Bench

PRICE = 3600.0
"""Of the bench's order, an hour."""


def fallback(provider: str = "other", *, dearer_percent: float = 5.0, **changes: Any) -> Fallback:
    made = Fallback(
        provider=provider,
        credential_ref=f"people/local/ann/{provider}",
        region="west-1",
        size="medium",
        os="ubuntu-24.04",
        architecture="x86_64",
        spot=False,
        disk_gb=25.0,
        vcpus=4,
        memory_gb=8.0,
        hourly_price_usd=PRICE * (1 + dearer_percent / 100),
        stopped_hourly_price_usd=PRICE / 2,
    )
    return replace(made, **changes)


def empty(cloud: FakeCloud) -> FakeCloud:
    """It has no machine left."""
    cloud.create_at_most, cloud.broken["create_nodes"] = 0, NoCapacity(cloud.name)
    return cloud


async def nowhere_left(bench: Bench) -> ReservationOrder:
    """Neither the first cloud nor a second has any left; a third has, for a quarter more."""
    empty(bench.cloud)
    bench.other_clouds |= {"other": empty(FakeCloud(name="other")), "third": FakeCloud(name="third")}
    offers = (fallback(), fallback("third", dearer_percent=25.0))
    return await bench.reserve(fallbacks=offers, dearer_percent=10.0)
