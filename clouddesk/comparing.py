"""What the same machines cost on each cloud, also on those that the person has no access to. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.comparison import PriceComparison, PriceLine
from clouddesk.model.errors import NothingFits, UnknownRegion
from clouddesk.model.offer import NearOffer, Offer, Requirements
from clouddesk.model.ports import Catalog
from clouddesk.model.request import ResourceRequest
from clouddesk.quoting import Wish, cheapest_for, describe, near_offer, read_wish

LINES_OF_ONE_CLOUD = 5
_LOOKED_THROUGH = 200
"""The same size costs the same in many regions: so many offers hold enough different sizes."""
_NEAREST = 10


def compare(
    actor: Actor,
    request: ResourceRequest,
    *,
    blueprint: Blueprint | None,
    providers: tuple[str, ...],
    own: Collection[str],
    catalog: Catalog,
    limits: Limits,
    now: datetime,
    is_simulated: bool,
    most: int | None = None,
    usual: tuple[str, ...] = (),
) -> PriceComparison:
    """The cheapest offer of each of ``providers``; of one alone, or when ``most`` is given, the cheapest sizes.

    ``own``: those that the person has access to. Raises as ``quoting.make_quote``; NothingFits when nothing fits on
    any of them.
    """
    wish = read_wish(actor, request, blueprint=blueprint, providers=providers, limits=limits, now=now)
    wish = _met(wish, catalog)
    clouds = wish.requirements.providers
    if most is not None or len(clouds) == 1:
        lines = list(islice(_of_sizes(wish, own, catalog), most or LINES_OF_ONE_CLOUD))
    else:
        lines = [line for name in clouds if (line := _of_cloud(wish, name, own, catalog)) is not None]
        lines.sort(key=lambda line: (not line.fits, line.hourly_price_usd))
    found, priced = {line.offer.provider for line in lines}, catalog.clouds()
    return PriceComparison(
        lines=tuple(lines),
        count=wish.count,
        lease_seconds=wish.lease_seconds,
        requirements=wish.requirements,
        os=wish.os,
        defaults=wish.defaults,
        usual=usual,
        absent=tuple(name for name in providers if name not in found and name in priced) if most is None else (),
        is_simulated=is_simulated,
        unpriced=tuple(name for name in providers if name not in priced),
    )


def _met(wish: Wish, catalog: Catalog) -> Wish:
    """The wish as the cheapest cloud of all meets it. Raises UnknownRegion, NothingFits."""
    met, offers = cheapest_for(wish, catalog)
    if not offers:
        near = catalog.nearest(met.requirements)
        raise NothingFits(
            describe(met.requirements), [near_offer(item, met.requirements, met.count, catalog) for item in near]
        )
    # Where one cloud tells no spot price, another may: each line falls back by itself.
    return replace(met, requirements=replace(met.requirements, spot=wish.requirements.spot))


def _of_sizes(wish: Wish, own: Collection[str], catalog: Catalog) -> Iterator[PriceLine]:
    """The cheapest offer of each size, cheapest first."""
    wish, offers = cheapest_for(wish, catalog, limit=_LOOKED_THROUGH)
    sizes: set[tuple[str, str]] = set()
    for offer in offers:
        if (offer.provider, offer.size) not in sizes:
            sizes.add((offer.provider, offer.size))
            same = replace(wish.requirements, providers=(offer.provider,), size_names=(offer.size,))
            yield _line(offer, same, wish, own, catalog)


def _of_cloud(wish: Wish, provider: str, own: Collection[str], catalog: Catalog) -> PriceLine | None:
    """The cheapest of the cloud, else its nearest; None when it has no such place."""
    there = replace(wish, requirements=replace(wish.requirements, providers=(provider,)))
    try:
        there, offers = cheapest_for(there, catalog)
        if offers:
            return _line(offers[0], there.requirements, wish, own, catalog)
        offers = catalog.nearest(there.requirements, limit=_NEAREST)
    except UnknownRegion:
        return None
    near = [near_offer(item, there.requirements, wish.count, catalog) for item in offers if item.provider == provider]
    near = [item for item in near if item.hourly_price_usd is not None]
    return _near_line(min(near, key=_distance), wish, own) if near else None


def _line(offer: Offer, wish: Requirements, whole: Wish, own: Collection[str], catalog: Catalog) -> PriceLine:
    """``wish``: what the offer is the cheapest of."""
    price = _price(offer, wish) * whole.count
    other = catalog.cheapest(replace(wish, spot=not offer.spot), limit=1)
    other_price = _price(other[0], wish) * whole.count if other else None
    return PriceLine(
        offer=offer,
        disk_gb=max(wish.storage_gb, offer.disk_gb),
        hourly_price_usd=price,
        total_price_usd=price * whole.lease_seconds / 3600,
        has_access=offer.provider in own,
        on_demand_hourly_price_usd=other_price if offer.spot else price,
        spot_hourly_price_usd=price if offer.spot else other_price,
    )


def _near_line(near: NearOffer, whole: Wish, own: Collection[str]) -> PriceLine:
    price, offer = near.hourly_price_usd or 0.0, near.offer
    return PriceLine(
        offer=offer,
        disk_gb=near.disk_gb,
        hourly_price_usd=price,
        total_price_usd=price * whole.lease_seconds / 3600,
        has_access=offer.provider in own,
        on_demand_hourly_price_usd=None if offer.spot else price,
        spot_hourly_price_usd=price if offer.spot else None,
        gives_up=near.gives_up,
    )


def _distance(near: NearOffer) -> tuple[int, float]:
    return len(near.gives_up), near.hourly_price_usd or 0.0


def _price(offer: Offer, wish: Requirements) -> float:
    """One machine with disk and address. The catalogue finds no offer whose price is unknown."""
    price = offer.machine_hourly_price_usd(max(wish.storage_gb, offer.disk_gb))
    assert price is not None, "an offer without a price must not be found"
    return price
