"""A small price list and reservations to choose from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.model.offer import Offer, Requirements
from clouddesk.model.reservation import Reservation
from tests.builders import NOW, a_reservation

__all__ = ["NOW"]


def offer(provider: str, size: str, vcpus: int, memory_gb: float, price: float | None, disk_gb: float = 0.0) -> Offer:
    return Offer(
        provider=provider,
        region="us-east-1" if provider == "aws" else "nyc3",
        size=size,
        vcpus=vcpus,
        memory_gb=memory_gb,
        disk_gb=disk_gb,
        hourly_price_usd=price,
        source="test",
        as_of=NOW,
        disk_price_usd_gb_month=0.08 if provider == "aws" else None,
    )


class ListCatalog:
    """The port's contract over a plain list, by brute force."""

    def __init__(self, offers: list[Offer]) -> None:
        self.offers = offers

    def cheapest(self, requirements: Requirements, *, limit: int = 10) -> list[Offer]:
        fitting = []
        for item in self.offers:
            price = item.machine_hourly_price_usd(max(requirements.storage_gb, item.disk_gb))
            cap = requirements.max_hourly_price_usd
            if (
                price is not None
                and (cap is None or price <= cap)
                and item.vcpus >= requirements.vcpus
                and item.memory_gb >= requirements.memory_gb
                and (not requirements.providers or item.provider in requirements.providers)
                and (not requirements.size_names or item.size in requirements.size_names)
            ):
                fitting.append((price, item))
        return [item for _, item in sorted(fitting, key=lambda pair: pair[0])][:limit]

    def nearest(self, requirements: Requirements, *, limit: int = 3) -> list[Offer]:
        return sorted(self.offers, key=lambda item: -item.memory_gb)[:limit]

    def clouds(self) -> tuple[str, ...]:
        return tuple(sorted({item.provider for item in self.offers}))

    def regions(self, provider: str) -> list[str]:
        return sorted({item.region for item in self.offers if item.provider == provider})


@pytest.fixture
def catalog() -> ListCatalog:
    return ListCatalog(
        [
            offer("aws", "t3.micro", 2, 1, 0.0104),
            offer("aws", "t3.medium", 2, 4, 0.0416),
            offer("aws", "m5.xlarge", 4, 16, 0.192),
            offer("aws", "r5.24xlarge", 96, 768, 6.048),
            offer("aws", "mystery.huge", 128, 2000, None),
            offer("digitalocean", "s-2vcpu-4gb", 2, 4, 0.03571, disk_gb=80),
            offer("digitalocean", "s-4vcpu-16gb-amd", 4, 16, 0.125, disk_gb=200),
        ]
    )


@pytest.fixture
def reservation() -> Reservation:
    return a_reservation(expires_at=NOW)


@pytest.fixture
def three_reservations(reservation: Reservation) -> list[Reservation]:
    return [
        reservation,
        replace(reservation, id="r-00000002", name="spark-2", region="us-east-1"),
        replace(
            reservation, id="r-00000003", name="etl-nightly", software=None, provider="digitalocean", region="fra1"
        ),
    ]
