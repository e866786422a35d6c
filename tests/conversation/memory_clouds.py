"""Prices and accounts of clouds that live in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, SecretFields
from clouddesk.model.errors import UnknownRegion
from clouddesk.model.invalid import NoPrice
from clouddesk.model.offer import Offer, PriceList, Requirements
from tests.conversation.memory_clock import START


def offer(provider: str, region: str, size: str, vcpus: int, memory_gb: float, price: float) -> Offer:
    return Offer(
        provider=provider,
        region=region,
        size=size,
        vcpus=vcpus,
        memory_gb=memory_gb,
        disk_gb=0.0 if provider == "aws" else 80.0,
        hourly_price_usd=price,
        source="test",
        as_of=START,
        disk_price_usd_gb_month=0.08,
    )


OFFERS = (
    offer("digitalocean", "nyc1", "s-1vcpu-1gb", 1, 1, 0.00893),
    offer("digitalocean", "nyc1", "s-2vcpu-4gb", 2, 4, 0.03571),
    offer("digitalocean", "fra1", "s-4vcpu-16gb-amd", 4, 16, 0.125),
    offer("aws", "us-east-1", "t3.medium", 2, 4, 0.0416),
    offer("aws", "us-east-1", "m5.xlarge", 4, 16, 0.192),
    offer("aws", "eu-central-1", "m5.xlarge", 4, 16, 0.23),
    offer("aws", "us-east-1", "r5.24xlarge", 96, 768, 6.048),
    offer("vultr", "ewr", "vc2-4c-8gb", 4, 8, 0.055),  # a cloud that is not connected
)
REGIONS = {
    "frankfurt": ("eu-central-1", "fra1"),
    "new york": ("nyc1",),
    "europe": ("eu-central-1", "fra1"),
    "united states": ("us-east-1", "nyc1"),
}


class MemoryCatalog:
    """A short price list."""

    def __init__(self) -> None:
        self.offers = OFFERS

    def reprice(self, size: str, hourly_price_usd: float | None) -> None:
        self.offers = tuple(
            replace(item, hourly_price_usd=hourly_price_usd) if item.size == size else item for item in self.offers
        )

    def cheapest(self, requirements: Requirements, *, limit: int = 10) -> list[Offer]:
        regions = self._regions(requirements.region)
        cap = requirements.max_hourly_price_usd
        fitting = []
        for item in self.offers:
            price = item.machine_hourly_price_usd(max(requirements.storage_gb, item.disk_gb))
            if (
                price is not None
                and item.vcpus >= requirements.vcpus
                and item.memory_gb >= requirements.memory_gb
                and requirements.gpu_count == 0
                and item.spot == requirements.spot
                and (regions is None or item.region in regions)
                and not any(item.region in REGIONS.get(words, (words,)) for words in requirements.excluded_regions)
                and item.size not in requirements.excluded_sizes
                and (not requirements.providers or item.provider in requirements.providers)
                and (not requirements.size_names or item.size in requirements.size_names)
                and (cap is None or price <= cap)
            ):
                fitting.append((price, item))
        return [item for _, item in sorted(fitting, key=lambda pair: pair[0])][:limit]

    def nearest(self, requirements: Requirements, *, limit: int = 3) -> list[Offer]:
        return sorted(OFFERS, key=lambda item: -item.memory_gb)[:2]

    def clouds(self) -> tuple[str, ...]:
        return tuple(sorted({item.provider for item in OFFERS}))

    def lists(self) -> list[PriceList]:
        return [PriceList(name, "test", START, 1) for name in self.clouds()]

    def regions(self, provider: str) -> list[str]:
        return sorted({item.region for item in OFFERS if item.provider == provider})

    def replace(self, provider: str, offers: list[Offer]) -> None:
        raise NotImplementedError

    def _regions(self, words: str | None) -> tuple[str, ...] | None:
        if words in (None, "anywhere"):
            return None
        if words in REGIONS:
            return REGIONS[words]
        known = sorted({item.region for item in OFFERS})
        if words not in known:
            raise UnknownRegion(words, known)
        return (words,)


class MemoryAccounts:
    """Everybody is given simulated access at the first word."""

    providers = clouds = ("aws", "digitalocean")

    def __init__(self) -> None:
        self.infos: dict[Person, list[CredentialInfo]] = {}
        self.unpriced: set[str] = set()

    def titles(self) -> list[str]:
        return ["AWS", "DigitalOcean"]

    async def welcome(self, person: Person) -> tuple[CredentialInfo, ...]:
        if person in self.infos:
            return ()
        self.infos[person] = [
            CredentialInfo(name, f"sandbox-{name}", START, START, is_simulated=True) for name in self.providers
        ]
        return tuple(self.infos[person])

    async def list(self, person: Person) -> list[CredentialInfo]:
        return list(self.infos.get(person, []))

    async def add(
        self, person: Person, provider: str, fields: SecretFields, *, only_account_id: str = ""
    ) -> CredentialInfo:
        info = CredentialInfo(provider, f"account of {person.user_id}", START, START)
        self.infos[person] = [*(item for item in self.infos.get(person, ()) if item.provider != provider), info]
        return info

    async def remove(self, person: Person, provider: str) -> bool:
        own = self.infos.get(person, [])
        self.infos[person] = [info for info in own if info.provider != provider]
        return len(own) > len(self.infos[person])

    async def refresh_offers(self, catalog: object) -> tuple[str, ...]:
        """Nothing is old."""
        return ()

    def opens_later(self, provider: str) -> bool:
        return True

    def bills_stopped_machines(self, provider: str) -> bool:
        return provider == "digitalocean"

    def no_price(self, provider: str, sizes: Sequence[str]) -> NoPrice | None:
        """The prices of both clouds are known, but for ``unpriced``."""
        return NoPrice(provider) if provider in self.unpriced else None
