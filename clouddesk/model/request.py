"""What a person asked for, normalised, before anything is looked up."""

from __future__ import annotations

from dataclasses import dataclass

VM = "vm"
CLUSTER = "cluster"


@dataclass(frozen=True)
class ResourceRequest:
    """A request for machines. None or empty means: not said, so a default applies and the quote says which.

    Sizes are per machine. ``count`` counts all machines, a cluster's controller included.
    """

    kind: str = VM
    software: tuple[str, ...] = ()
    count: int | None = None
    vcpus: int | None = None
    memory_gb: float | None = None
    storage_gb: float | None = None
    gpu_count: int | None = None
    gpu_types: tuple[str, ...] = ()
    os: str | None = None
    providers: tuple[str, ...] = ()
    region: str | None = None
    size_names: tuple[str, ...] = ()
    duration_seconds: int | None = None
    until: str | None = None
    """The words of an end ("until friday 5pm"), resolved in the person's time zone."""
    max_hourly_price_usd: float | None = None
    """For the whole request."""
    spot: bool = False
    name: str | None = None
    excluded_regions: tuple[str, ...] = ()
    """Words of places that were ruled out; a provider that was is simply not among ``providers``."""
    excluded_sizes: tuple[str, ...] = ()
    open_to: tuple[str, ...] = ()
    """Addresses, in CIDR notation, that the ports of the software are opened to; nobody's else."""
    open_ports: tuple[str, ...] = ()
    """The ports that are opened instead of those: "8080", "8000-8100"."""
