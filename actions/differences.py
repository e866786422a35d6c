"""What a change did to the quote, in numbers: "3 machines → 5 machines, $0.62/h → $1.04/h"."""

from __future__ import annotations

from typing import Any

from actions.wording import duration, plural, provider_title
from clouddesk.language.money import hourly, money
from clouddesk.language.openings import words as words_of
from clouddesk.model.quote import Quote


def shown(quote: Quote) -> dict[str, Any]:
    """What the quote's card shows, as words by topic: kept with the open question for the next change."""
    offer = quote.offer
    spot = " (spot)" if offer.spot else ""
    return {
        "count": plural(len(quote.nodes), "machine"),
        "size": f"{offer.size}{spot} with {offer.vcpus} vCPU and {offer.memory_gb:g} GB",
        "place": f"{provider_title(offer.provider)} in {offer.region}",
        "disk": f"{quote.disk_gb:g} GB disk",
        "os": quote.os,
        "open": words_of(quote.openings) or "closed but for SSH",
        "lease": duration(quote.lease_seconds),
        "hourly": hourly(quote.hourly_price_usd),
        "total": f"{money(quote.total_price_usd)} in all",
    }


def brief(shown: dict[str, Any]) -> str:
    """Size and price in short, for a question that is asked again."""
    return f"{shown['count']}, {shown['size']}, {shown['hourly']}, {shown['total']} for {shown['lease']}"


def words(before: dict[str, Any], after: dict[str, Any]) -> str:
    """One line with everything that is not as it was, the prices last; that nothing is, if so."""
    changed = [topic for topic in after if before.get(topic) not in (None, after[topic])]
    if not changed:
        return f"\nThe price stays: {after['hourly']}, {after['total']}."
    line = ", ".join(f"{before[topic]} → {after[topic]}" for topic in changed)
    return f"\nBefore → now: {line}" + ("." if "hourly" in changed else f", still {after['hourly']}.")
