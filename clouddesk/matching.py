"""Which of a person's reservations do these words mean?"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from clouddesk.catalog.regions import Place, Regions
from clouddesk.model.errors import UnknownRegion
from clouddesk.model.reservation import Reservation

LEAST_SIMILARITY = 82
"""Of 100: "etl-sprak" finds "etl-spark" (89), "spark-1" does not find "spark-2" (exact names go first)."""


def match_reservations(
    reservations: Sequence[Reservation],
    words: str | None,
    *,
    software: Sequence[str] = (),
    provider: Sequence[str] = (),
    region: str | None = None,
) -> list[Reservation]:
    """The reservations meant, best first: by id, by name, by a name with a typo; then narrowed by attributes."""
    found = [item for item in reservations if _has(item, software, provider, region)]
    if words is None:
        return found
    wanted = words.strip().lower()
    exact = [item for item in found if wanted in (item.id, item.name.lower())]
    if exact:
        return exact
    partial = [item for item in found if wanted in item.name.lower().split("-") or wanted == item.software]
    if partial:
        return partial
    # A number at the end tells names apart, so a typo is forgiven only before it.
    similar = [(fuzz.ratio(wanted, item.name.lower()), item) for item in found if _same_number(wanted, item.name)]
    close = [pair for pair in similar if pair[0] >= LEAST_SIMILARITY]
    return [item for _, item in sorted(close, key=lambda pair: -pair[0])]


def _has(item: Reservation, software: Sequence[str], provider: Sequence[str], region: str | None) -> bool:
    if software and item.software not in software:
        return False
    if provider and item.provider not in provider:
        return False
    return region is None or (item.provider, item.region) in _places(region)


def _places(words: str) -> frozenset[Place]:
    try:
        return Regions.load().resolve(words)
    except UnknownRegion:
        return frozenset()


def _same_number(words: str, name: str) -> bool:
    return _trailing_number(words) == _trailing_number(name)


def _trailing_number(text: str) -> str:
    return text[len(text.rstrip("0123456789")) :]
