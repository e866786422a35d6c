"""Which of a person's reservations do these words mean?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from clouddesk.catalog.regions import Place, Regions
from clouddesk.model.errors import UnknownRegion
from clouddesk.model.reservation import Reservation

LEAST_SIMILARITY = 82
"""Of 100: "etl-sprak" finds "etl-spark" (89), "spark-1" does not find "spark-2" (exact names go first)."""

_LEAST_LETTERS = 3
"""Of a name with a slip in it before its number."""
_LEAST_LETTERS_ALONE = 5
"""Of one without a number."""
_WORD = re.compile(r"(?<![\w@#<:/.-])[a-z][a-z0-9_-]{2,}(?![\w-])")
_ORDINARY = frozenset(
    (
        *("machine", "machines", "server", "servers", "cluster", "clusters", "instance", "instances", "boxes", "nodes"),
        *("start", "stop", "reboot", "restart", "extend", "terminate", "delete", "release", "hours", "minutes", "days"),
        *("weeks", "other", "others", "these", "those", "first", "second", "third", "small", "large", "please"),
    )
)


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
    partial = [item for item in found if wanted in item.name.lower().split("-") or wanted in item.all_software]
    if partial:
        return partial
    # A number at the end tells names apart, so a typo is forgiven only before it.
    similar = [(fuzz.ratio(wanted, item.name.lower()), item) for item in found if _same_number(wanted, item.name)]
    close = [pair for pair in similar if pair[0] >= LEAST_SIMILARITY]
    return [item for _, item in sorted(close, key=lambda pair: -pair[0])]


def is_named_in(text: str, item: Reservation) -> bool:
    """Whether the id or the name stands in the text (in lower case)."""
    return any(re.search(_as_word(word), text) is not None for word in (item.id, item.name.lower()))


def with_names_as(mark: str, text: str, items: Sequence[Reservation]) -> str:
    """The text (in lower case) with the mark for every name and id of these."""
    for word in sorted((word for item in items for word in (item.id, item.name.lower())), key=len, reverse=True):
        text = re.sub(_as_word(word), mark, text)
    return text


def nearly_named_in(text: str, items: Sequence[Reservation]) -> list[str]:
    """The words of the text (in lower case) that are the name of one of these but for one slip: "etl1", "wbserver"."""
    known = [_split(item.name.lower()) for item in items]
    return [word for word in _WORD.findall(text) if any(_is_near(word, *name) for name in known)]


def _is_near(word: str, known: str, number: str) -> bool:
    stem, own_number = _split(word)
    if own_number or number:
        return own_number == number and len(stem) >= _LEAST_LETTERS and OSA.distance(stem, known) <= 1
    # Plain words that only look alike are many: short ones, and those of the trade, are no slips.
    is_long = len(known) >= _LEAST_LETTERS_ALONE and word[0] == known[0] and word not in _ORDINARY
    return is_long and OSA.distance(word, known) == 1


def _split(name: str) -> tuple[str, str]:
    """A name and the number at its end."""
    stem = name.rstrip("0123456789")
    return stem.rstrip("-_"), name[len(stem) :]


def _as_word(name: str) -> str:
    return rf"(?<![\w-]){re.escape(name)}(?![\w-])"


def _has(item: Reservation, software: Sequence[str], provider: Sequence[str], region: str | None) -> bool:
    if software and not {*item.all_software} & {*software}:
        return False
    if provider and item.provider not in provider:
        return False
    return region is None or is_in(region, item.provider, item.region)


def is_in(words: str, provider: str, region: str) -> bool:
    """Whether a provider's region is where the words say: "frankfurt", "europe", its own name."""
    # A cloud of the team's own may call its regions what no list has.
    return words.lower() == region.lower() or (provider, region) in _places(words)


def _places(words: str) -> frozenset[Place]:
    try:
        return Regions.load().resolve(words)
    except UnknownRegion:
        return frozenset()


def _same_number(words: str, name: str) -> bool:
    return _trailing_number(words) == _trailing_number(name)


def _trailing_number(text: str) -> str:
    return text[len(text.rstrip("0123456789")) :]
