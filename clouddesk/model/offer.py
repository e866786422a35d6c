"""Offers: what a cloud would rent out, where, and for how much; and what a person requires of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

X86_64 = "x86_64"
ARM64 = "arm64"


@dataclass(frozen=True)
class Offer:
    """One size of machine in one region at one price.

    ``hourly_price_usd`` is None when unknown: such an offer never wins and is never within a budget.
    ``disk_gb`` is what the price includes; ``disk_price_usd_gb_month`` is what each further GB costs
    (None: the provider sells no further disk for this machine, or the price is unknown).
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
    """For one machine, its disk included."""
