"""A price comparison as text: a table that fits a phone, what it is for, and where its prices are from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from actions.cards import SIMULATED
from actions.turn import Card
from actions.wording import duration, given_up_words, names, plural, provider_title
from clouddesk.language.money import hourly, money, rate
from clouddesk.model.comparison import PriceComparison, PriceLine
from clouddesk.quoting import LEAST_MEMORY_GB

FENCE = "```"
_WIDTH = 46
_NO_ACCESS = " ○"
_UNKNOWN = "–"
_DEFAULT, _USUAL = " (default)", " (as usual)"


def table(comparison: PriceComparison) -> str:
    """Two rows a line: cloud and prices, then the machine. In a fixed-width font."""
    lines = comparison.lines
    is_with_spot = comparison.requirements.spot or any(line.spot_hourly_price_usd is not None for line in lines)
    head = ["", "per hour", *(["spot/h"] if is_with_spot else []), _short(comparison.lease_seconds)]
    least = least_price(comparison)
    rows = [_prices(line, least, is_with_spot=is_with_spot) for line in lines]
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    shown = [_aligned(head, widths)]
    is_near = False
    for row, line in zip(rows, lines, strict=True):
        if not (line.fits or is_near):
            is_near = True
            shown.append("Nearest, where nothing fits:")
        shown += [_aligned(row, widths), *_machine(line)]
    return "\n".join([FENCE, *shown, FENCE])


def card(comparison: PriceComparison, best: PriceLine | None, clouds: Sequence[str]) -> Card:
    """The whole answer. ``best``: the cheapest that the person can have; ``clouds``: those that can be connected."""
    lines = [_heading(comparison), f"For {wish_words(comparison)}", table(comparison)]
    if best is not None:
        offer = best.offer
        lines.append(
            f"Cheapest for you: *{comparison.count} × {offer.size}* on {provider_title(offer.provider)} in "
            f"{offer.region}, *{hourly(best.hourly_price_usd, beside=least_price(comparison))}*, "
            f"{money(best.total_price_usd)} for {duration(comparison.lease_seconds)}"
        )
    small = _notes(comparison, clouds)
    return Card("\n".join([*lines, *small]), tuple(small))


def _heading(comparison: PriceComparison) -> str:
    providers = dict.fromkeys(line.offer.provider for line in comparison.lines)
    if len(providers) == 1:
        return f"Prices on {provider_title(*providers)} by size, cheapest first"
    return f"Prices {'per cloud' if comparison.is_by_cloud else 'by size'}, cheapest first"


def wish_words(comparison: PriceComparison) -> str:
    """ "3 machines, each with 2 vCPU (default), 4 GB memory and 20 GB disk, for 7 days"."""
    lease = duration(comparison.lease_seconds) + _mark(comparison, "duration", "duration_seconds")
    return f"{_machines(comparison)}, for {lease}"


def _machines(comparison: PriceComparison, *, is_marked: bool = True) -> str:
    """How many of what where."""
    wish, marks = comparison.requirements, comparison if is_marked else replace(comparison, defaults=(), usual=())
    parts = []
    if wish.size_names:
        parts.append(" or ".join(wish.size_names))
    if wish.gpu_count:
        kind = " or ".join(name.upper() for name in wish.gpu_types) or "GPU"
        parts.append(f"{wish.gpu_count} × {kind}")
    size = _mark(marks, "size")
    if wish.vcpus > 1:
        parts.append(f"{wish.vcpus:g} vCPU{size}")
    if wish.memory_gb > LEAST_MEMORY_GB:
        parts.append(f"{wish.memory_gb:g} GB memory{size or _mark(marks, 'memory')}")
    parts.append(f"{wish.storage_gb:g} GB disk{_mark(marks, 'storage')}")
    place = f" in {wish.region}" if wish.region and wish.region != "anywhere" else ""
    each = ", each" if comparison.count > 1 else ""
    number = plural(comparison.count, "spot machine" if wish.spot else "machine")
    return f"{number}{each} with {names(parts)}{place}"


def chart(comparison: PriceComparison) -> dict[str, Any] | None:
    """The bars of a picture, cheapest first; None for fewer than two. Machines that do not fit have no bar."""
    lines = [line for line in comparison.lines if line.fits]
    if len(lines) < 2:
        return None
    lease = duration(comparison.lease_seconds)
    is_hourly, least = "duration" in comparison.defaults, least_price(comparison)
    return {
        "title": "Price per hour" if is_hourly else f"Price for {lease}",
        "subtitle": _machines(comparison, is_marked=False),
        "bars": [
            {
                "label": provider_title(line.offer.provider) if comparison.is_by_cloud else line.offer.size,
                "detail": _place(line) if comparison.is_by_cloud else line.offer.region,
                "value": line.hourly_price_usd if is_hourly else line.total_price_usd,
                "price": rate(line.hourly_price_usd, beside=least) if is_hourly else money(line.total_price_usd),
                "has_access": line.has_access,
            }
            for line in lines
        ],
    }


def least_price(comparison: PriceComparison) -> float:
    """The smallest price of an hour in the table, by which all of them are rounded, also where they are said again."""
    return min(
        price
        for line in comparison.lines
        for price in (line.hourly_price_usd, line.on_demand_hourly_price_usd, line.spot_hourly_price_usd)
        if price is not None
    )


def _prices(line: PriceLine, least: float, *, is_with_spot: bool) -> list[str]:
    title = provider_title(line.offer.provider) + ("" if line.has_access else _NO_ACCESS)
    by_kind = [line.on_demand_hourly_price_usd, *([line.spot_hourly_price_usd] if is_with_spot else [])]
    prices = [_UNKNOWN if price is None else rate(price, beside=least) for price in by_kind]
    return [title, *prices, money(line.total_price_usd)]


def _machine(line: PriceLine) -> list[str]:
    offer = line.offer
    has = f"{offer.vcpus} vCPU, {offer.memory_gb:g} GB"
    if offer.gpus:
        has = f"{offer.gpus} × {(offer.gpu_type or 'GPU').upper()}, {has}"
    parts = [_place(line), has]
    if not line.fits:
        parts.append(given_up_words(offer, line.disk_gb, line.gives_up))
    text = " · ".join(parts)
    if len(text) + 2 <= _WIDTH:
        return [f"  {text}"]
    return [f"  {part}" for part in parts]


def _place(line: PriceLine) -> str:
    return f"{line.offer.size}, {line.offer.region}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]).rstrip()


def _short(seconds: float) -> str:
    """ "8 hours", "7 days", "1.5 days": the head of a column."""
    hours = seconds / 3600
    return plural(round(hours / 24, 1), "day") if hours >= 48 else plural(round(hours, 1), "hour")


def _mark(comparison: PriceComparison, *fields: str) -> str:
    if any(field in comparison.usual for field in fields):
        return _USUAL
    return _DEFAULT if any(field in comparison.defaults for field in fields) else ""


def _notes(comparison: PriceComparison, clouds: Sequence[str]) -> list[str]:
    lines = comparison.lines
    notes = []
    if without := list(dict.fromkeys(line.offer.provider for line in lines if not line.has_access)):
        can_add = [name for name in without if name in clouds]
        how = f"; say “add my {can_add[0]} key” to have it" if can_add else ""
        notes.append(f"○ you have no access there{how}.")
    if comparison.requirements.spot and (bare := [line for line in lines if not line.offer.spot]):
        told = names(list(dict.fromkeys(provider_title(line.offer.provider) for line in bare)))
        notes.append(f"I know no spot price on {told}: those are normal machines.")
    if comparison.absent:
        absent = names([provider_title(name) for name in comparison.absent])
        notes.append(f"Nothing of that on {absent}.")
    if comparison.unpriced:
        notes.append(f"I know no price of {names([provider_title(name) for name in comparison.unpriced])} here.")
    lists = names(list(dict.fromkeys(map(_source, lines))))
    notes.append(f"Disks and addresses included. Price lists: {lists}.")
    return [*notes, SIMULATED] if comparison.is_simulated else notes


def _source(line: PriceLine) -> str:
    """ "AWS's of Mar 2025": where exactly it is from is told when it is asked why."""
    return f"{provider_title(line.offer.provider)}'s of {line.offer.as_of:%b %Y}"
