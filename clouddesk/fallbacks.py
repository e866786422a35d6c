"""What to take instead when a cloud has none of the quoted machines left: the next cheapest that meet the request.

No I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from clouddesk.model.actor import Actor
from clouddesk.model.credentials import credential_ref
from clouddesk.model.errors import UnknownRegion
from clouddesk.model.fallback import Fallback
from clouddesk.model.invalid import NoImage
from clouddesk.model.offer import HOURS_PER_MONTH, OWN_MACHINE, Offer, Requirements
from clouddesk.model.ports import Catalog
from clouddesk.model.quote import Quote
from clouddesk.providers import PROVIDERS

BillsStopped = Callable[[str], bool]
"""Whether a provider bills machines that are off as if they ran."""


def fallbacks(
    actor: Actor, quote: Quote, *, most: int, catalog: Catalog, bills_stopped_machines: BillsStopped
) -> tuple[Fallback, ...]:
    """At most so many, cheapest first, over the clouds that the actor had access to when the quote was made.

    Each is of its own place and size. The next cheapest often is in the same place, where a used-up limit of the
    account strikes it too, and one region may be full of all sizes: so the others are elsewhere, if there is such.
    """
    found: dict[Offer, Fallback] = {}
    for offer in _candidates(quote, catalog) if most else ():
        made = _fallback(actor, quote, offer, bills_stopped_machines)
        if made is not None and offer not in found:
            found[offer] = made
        if len(found) == most:
            break
    return tuple(sorted(found.values(), key=lambda item: item.hourly_price_usd))


def stopped_hourly_price_usd(offer: Offer, *, disk_gb: float, machine_usd: float, is_billed_stopped: bool) -> float:
    """What one machine costs while it is off."""
    return machine_usd if is_billed_stopped else offer.stopped_hourly_price_usd(disk_gb)


def archived_hourly_price_usd(provider: str, region: str, *, disk_gb: float, further_gb: float = 0.0) -> float | None:
    """What the image of one machine's disk costs at most, for clouds bill what is on it; None where none are kept.

    ``further_gb``: how much of it does not come with the machine.
    """
    spec = PROVIDERS.get(provider)
    price = spec.image_price_usd(region) if spec else None
    if spec is None or price is None or not disk_gb or (further_gb > 0 and not spec.keeps_further_disk):
        return None
    return price * disk_gb / HOURS_PER_MONTH


def _candidates(quote: Quote, catalog: Catalog) -> Iterator[Offer]:
    """The next cheapest; the cheapest of another region, of another cloud, of the same; then whatever comes next."""
    wish, chosen = quote.requirements, quote.offer
    # One's own machine and a cloud do not stand in for one another.
    if wish is None or chosen.provider == OWN_MACHINE:
        return
    wish = replace(wish, providers=tuple(name for name in wish.providers if name != OWN_MACHINE))
    following = _cheapest(catalog, wish, chosen)
    yield from following[:1]
    yield from _cheapest(catalog, replace(wish, excluded_regions=(*wish.excluded_regions, chosen.region)), chosen)[:1]
    others = tuple(name for name in wish.providers if name != chosen.provider)
    for providers in ((others,) if others else ()) + ((chosen.provider,),):
        yield from _cheapest(catalog, replace(wish, providers=providers), chosen)[:1]
    yield from following[1:]


def _cheapest(catalog: Catalog, wish: Requirements, chosen: Offer, *, limit: int = 8) -> list[Offer]:
    """Without those of the chosen one's own place and size."""
    place = (chosen.provider, chosen.region, chosen.size)
    with suppress(UnknownRegion):
        found = catalog.cheapest(wish, limit=limit)
        return [offer for offer in found if (offer.provider, offer.region, offer.size) != place]
    return []


def _fallback(actor: Actor, quote: Quote, offer: Offer, bills_stopped_machines: BillsStopped) -> Fallback | None:
    """None when its cloud has no image of the system, or its price is not known."""
    assert quote.requirements is not None
    disk_gb = max(quote.requirements.storage_gb, offer.disk_gb)
    price = offer.machine_hourly_price_usd(disk_gb)
    if price is None or offer.provider not in PROVIDERS:
        return None
    try:
        os = PROVIDERS[offer.provider].system(quote.os)
    except NoImage:
        return None
    stopped = stopped_hourly_price_usd(
        offer, disk_gb=disk_gb, machine_usd=price, is_billed_stopped=bills_stopped_machines(offer.provider)
    )
    archived = archived_hourly_price_usd(
        offer.provider, offer.region, disk_gb=disk_gb, further_gb=disk_gb - offer.disk_gb
    )
    count = len(quote.nodes)
    return Fallback(
        provider=offer.provider,
        credential_ref=credential_ref(actor.person, offer.provider),
        region=offer.region,
        size=offer.size,
        os=os,
        architecture=offer.architecture,
        spot=offer.spot,
        disk_gb=disk_gb,
        vcpus=offer.vcpus,
        memory_gb=offer.memory_gb,
        hourly_price_usd=price * count,
        stopped_hourly_price_usd=stopped * count,
        archived_hourly_price_usd=None if archived is None else archived * count,
        has_one_limit=PROVIDERS[offer.provider].has_one_limit,
    )
