"""Why this offer: what its price consists of, where the price is from, and what the others would cost."""

from __future__ import annotations

from actions.wording import names, provider_title
from clouddesk.language.money import hourly, rate
from clouddesk.model.quote import Quote

_MOST_OTHERS = 2


def reasons(quote: Quote) -> str:
    """Two sentences, or one where nothing else fits."""
    offer = quote.offer
    parts = [f"{rate(offer.hourly_price_usd or 0.0)} for the machine"]
    if disk := offer.disk_hourly_price_usd(quote.disk_gb):
        parts.append(f"{rate(disk)} for its disk")
    if offer.address_hourly_price_usd:
        parts.append(f"{rate(offer.address_hourly_price_usd)} for its public address")
    each = "each costs" if len(quote.nodes) > 1 else "it costs"
    priced = f"By the hour {each} {names(parts)} ({offer.source}, {offer.as_of:%d %b %Y})."
    return " ".join([priced, *_others(quote)])


def _others(quote: Quote) -> list[str]:
    """The runner-up, then the cheapest of other clouds."""
    said = []
    other = quote.runner_up
    if other is not None:
        place = f"{other.size} on {provider_title(other.provider)} in {other.region}"
        said.append(f"{place} would be {hourly(quote.runner_up_hourly_price_usd)}")
    told = other.provider if other else None
    for item in [item for item in quote.elsewhere if item.offer.provider != told][:_MOST_OTHERS]:
        no_access = "" if item.has_access else ", where you have no access,"
        said.append(f"{provider_title(item.offer.provider)}{no_access} would be {hourly(item.hourly_price_usd)}")
    return [f"{names(said)}."] if said else []
