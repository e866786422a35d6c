"""Fallbacks: the offers to take when a cloud has none of the quoted machines left, and where that was so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fallback:
    """An offer that meets the same request, with everything that an order needs of it.

    Prices are for all machines of the reservation, with disks and addresses.
    """

    provider: str
    credential_ref: str
    region: str
    size: str
    os: str
    architecture: str
    spot: bool
    disk_gb: float
    vcpus: int
    memory_gb: float
    hourly_price_usd: float
    stopped_hourly_price_usd: float
    archived_hourly_price_usd: float | None = None
    """What their images cost; None where its cloud keeps none."""
    has_one_limit: bool = False
    """Where the cloud counts an account's machines over all its regions."""


@dataclass(frozen=True)
class Refusal:
    """Where the machines could not be had, and why (one of the ``REASON_`` codes)."""

    provider: str
    credential_ref: str
    region: str
    size: str
    reason: str
