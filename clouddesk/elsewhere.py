"""What the same request would cost on the other clouds, those without access too. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from clouddesk.model.errors import UnknownRegion
from clouddesk.model.invalid import NoImage
from clouddesk.model.offer import Offer, Requirements
from clouddesk.model.ports import Catalog
from clouddesk.model.quote import Elsewhere
from clouddesk.providers import PROVIDERS


def elsewhere(
    chosen: Offer, wish: Requirements, *, os: str, count: int, others: tuple[str, ...], catalog: Catalog
) -> tuple[Elsewhere, ...]:
    """The cheapest of each other cloud, cheapest first; clouds that have no such place, image or machine are left out.

    ``wish.providers``: those that the person has access to.
    """
    return tuple(sorted(_each(chosen, wish, os, count, others, catalog), key=lambda item: item.hourly_price_usd))


def _each(
    chosen: Offer, wish: Requirements, os: str, count: int, others: tuple[str, ...], catalog: Catalog
) -> Iterator[Elsewhere]:
    for name in others:
        if name == chosen.provider or name not in PROVIDERS:
            continue
        with suppress(NoImage, UnknownRegion):
            PROVIDERS[name].system(os)
            for offer in catalog.cheapest(replace(wish, providers=(name,), max_hourly_price_usd=None), limit=1):
                price = offer.machine_hourly_price_usd(max(wish.storage_gb, offer.disk_gb))
                if price is not None:
                    yield Elsewhere(offer, price * count, has_access=name in wish.providers)
