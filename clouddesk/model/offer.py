"""Offers: what a cloud would rent out, where, and for how much; and what a person requires of one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LEAST_PRICE_USD = 0.0001
"""Anything below is a hole in the data, not a price."""

SAME_PRICE = 1.0001
"""A price is the same up to this factor: it comes as a decimal fraction."""

HOURS_PER_MONTH = 730
"""The field's usual month for prices per month."""

LARGEST_DISK_GB = 16384.0
"""One volume at most, where a cloud sells disk beyond the included one."""

OWN_MACHINE = "docker"
"""The provider whose machines are containers on one's own: they cost nothing, and are taken only when asked for."""

X86_64 = "x86_64"
ARM64 = "arm64"

_GPU_KINDS = {"a10": ("a10", "a10g"), "a100": ("a100", "a100-80gb"), "v100": ("v100", "v100-32gb")}


def gpu_kinds(said: Iterable[str]) -> frozenset[str]:
    """All kinds of GPU that people would call so: who says "a100" takes one with 80 GB too."""
    return frozenset(kind for word in said for kind in _GPU_KINDS.get(word, (word,)))


@dataclass(frozen=True)
class Offer:
    """One size of machine in one region at one price.

    ``hourly_price_usd`` is None when unknown: such an offer never wins and is never within a budget.
    ``disk_gb`` is what the price includes; ``disk_price_usd_gb_month`` is what each further GB costs
    (None: the provider sells no further disk for this machine, or the price is unknown).
    All prices are in US dollars, before tax.
    """

    provider: str
    region: str
    size: str
    vcpus: int
    memory_gb: float
    disk_gb: float
    hourly_price_usd: float | None
    source: str
    as_of: datetime
    gpus: int = 0
    gpu_type: str | None = None
    spot: bool = False
    architecture: str = X86_64
    disk_price_usd_gb_month: float | None = None
    address_hourly_price_usd: float = 0.0
    """What the machine's public address costs beside it; 0 where the price includes it."""
    address_stays: bool = False
    """The address belongs to the machine, and is paid while it is stopped too."""
    disk_doubles: bool = False
    """Further disk is sold in sizes that double (32, 64, 128 GB …), and the next larger one is paid."""

    def disk_hourly_price_usd(self, disk_gb: float) -> float | None:
        """What the disk beyond the included one costs by the hour; None when that is unknown."""
        extra_gb = max(0.0, disk_gb - self.disk_gb)
        if extra_gb == 0:
            return 0.0
        if self.disk_price_usd_gb_month is None:
            return None
        if self.disk_doubles:
            extra_gb = 2.0 ** math.ceil(math.log2(extra_gb))
        return extra_gb * self.disk_price_usd_gb_month / HOURS_PER_MONTH

    def stopped_hourly_price_usd(self, disk_gb: float) -> float:
        """What goes on costing while the machine is off, where the cloud does not bill it as if it ran."""
        address = self.address_hourly_price_usd if self.address_stays else 0.0
        return (self.disk_hourly_price_usd(disk_gb) or 0.0) + address

    def machine_hourly_price_usd(self, disk_gb: float) -> float | None:
        """One machine with its address and a disk of ``disk_gb``, by the hour; None when any part is unknown."""
        disk = self.disk_hourly_price_usd(disk_gb)
        if self.hourly_price_usd is None or disk is None:
            return None
        return self.hourly_price_usd + self.address_hourly_price_usd + disk

    @property
    def most_disk_gb(self) -> float:
        """The largest disk that the machine can have."""
        return self.disk_gb if self.disk_price_usd_gb_month is None else self.disk_gb + LARGEST_DISK_GB


@dataclass(frozen=True)
class PriceList:
    """Where prices that are known now are from."""

    provider: str
    source: str
    as_of: datetime
    """Of the oldest price of this source."""
    offers: int


@dataclass(frozen=True)
class OwnCloud:
    """What a team says of a cloud of its own, whose API tells neither prices nor where its regions are."""

    hourly_prices_usd: Mapping[str, float] = field(default_factory=dict)
    """By size; a machine of a size that is not here is never offered."""
    disk_price_usd_gb_month: float | None = None
    """Of each GB beyond the machine's own disk; None: no further disk is offered."""
    regions: Mapping[str, str] = field(default_factory=dict)
    """Where a region is, in words that people use ("RegionOne": "frankfurt")."""
    address: str = ""
    """The only address that accesses may name: all that is said here is of this one cloud."""

    def is_at(self, address: str) -> bool:
        """Whether an access names this cloud."""
        return bool(self.address) and _bare(address) == _bare(self.address)


def _bare(address: str) -> str:
    return address.strip().rstrip("/").removesuffix("/v3").lower()


@dataclass(frozen=True)
class NearOffer:
    """An offer that does not meet a request, and which of its wishes it gives up."""

    offer: Offer
    disk_gb: float
    hourly_price_usd: float | None
    """For the whole request, disks included."""
    count: int
    gives_up: dict[str, Any]
    """What was wished for, by field of ``ResourceRequest``."""


@dataclass(frozen=True)
class Requirements:
    """What one machine must have at least. Empty tuples and None mean: no wish."""

    vcpus: int = 1
    memory_gb: float = 0.5
    storage_gb: float = 0.0
    gpu_count: int = 0
    gpu_types: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    region: str | None = None
    """Words as said: "frankfurt", "us-east-1", "europe"."""
    size_names: tuple[str, ...] = ()
    spot: bool = False
    architecture: str = X86_64
    max_hourly_price_usd: float | None = None
    """For one machine, its disk and address included."""
    excluded_regions: tuple[str, ...] = ()
    """Words as said, of places where it must not be."""
    excluded_sizes: tuple[str, ...] = ()
