"""What reading a cloud's prices of today needs, whichever cloud it is: many long lists, of which some may fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from clouddesk.model.offer import X86_64, Offer

log = structlog.get_logger()

_AT_ONCE = 4

Read = Callable[[], list[Offer]]


@dataclass(frozen=True)
class Shape:
    """What a size is, wherever it is sold."""

    vcpus: int
    memory_gb: float
    gpus: int = 0
    gpu_type: str | None = None
    architecture: str = X86_64


@dataclass(frozen=True)
class Listing:
    """One list of prices: whose, where, from where and of when."""

    provider: str
    region: str
    source: str
    as_of: datetime

    def offer(self, size: str, price: float, shape: Shape, **more: Any) -> Offer:
        """A machine without a disk; what an address costs, and a disk where that is not said, the bundled list says."""
        return Offer(
            provider=self.provider,
            region=self.region,
            size=size,
            vcpus=shape.vcpus,
            memory_gb=shape.memory_gb,
            disk_gb=0.0,
            hourly_price_usd=price,
            source=self.source,
            as_of=self.as_of,
            gpus=shape.gpus,
            gpu_type=shape.gpu_type,
            architecture=shape.architecture,
            **more,
        )


def read_all(lists: Iterable[tuple[Listing, Read]], *, errors: tuple[type[Exception], ...]) -> list[Offer]:
    """All lists, some at once; one that fails is left out. Raises the first error when nothing at all could be read."""
    failures: list[Exception] = []

    def read(one: tuple[Listing, Read]) -> list[Offer]:
        listing, get = one
        try:
            return get()
        except errors as error:
            name = type(error).__name__
            log.warning("prices.left_out", provider=listing.provider, region=listing.region, error=name)
            failures.append(error)
            return []

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="prices") as pool:
        offers = [offer for found in pool.map(read, lists) for offer in found]
    if failures and not offers:
        raise failures[0]
    return offers
