"""A prepared text as a row of items: amounts, named things, ends, numbers and plain words, none overlapping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clouddesk.language import amounts, gazetteer
from clouddesk.language.durations import find_durations
from clouddesk.language.ends import find_ends
from clouddesk.language.numbers import NUMBER, as_value, parse_number

PERSON = re.compile(r"<@[UW][A-Z0-9_]*>|(?<![\w.@])@[A-Za-z][\w.-]*\w", re.IGNORECASE)
_OPAQUE = re.compile(r"\[secret(?::\w+)?\]|[\w.+-]+@[\w-]+\.[\w.]+|https?://\S+|www\.\S+")
RESERVATION = re.compile(r"(?<![\w-])r-(?=[0-9a-z]*\d|[0-9a-f]{4})[0-9a-z]{2,}(?![\w-])", re.IGNORECASE)
_SPOT = re.compile(
    r"\b(?:spot(?:[- ](?:prices?|market|pricing))?|pre-?emptibles?|preemptable|interruptibles?"
    r"|spot-?priced?)\b(?!['’]?s? the (?:error|difference))",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"(?<![\w.$€£#-])(?:{NUMBER})(?=x\b|x[ \da-z]|[^\w%]|$)(?!\.\d)")
_SIGNED = re.compile(
    r"(?<=[+])\d+\b|(?<=\bx)\d+\b|(?<=\bx )\d+\b|(?<=[:=])\d+\b|(?<=\()\d+\b|(?<=~)\d+\b|(?<=-)\d+(?=\b)(?<= -\d)"
    r"|\b\d+(?=-(?:node|worker|machine|broker|member|vm|box|server|host|gpu|way|core|part))"
)
_WORD = re.compile(r"(?<!\w)w/o?(?!\w)|[A-Za-zÀ-ÿ0-9](?:[\w-]|['’](?=\w))*|[^\w\s]|\w+")


@dataclass(frozen=True)
class Item:
    """One item: its place, its kind, its normalised value, and a hint (a unit, or whether an end is marked)."""

    start: int
    end: int
    kind: str
    value: Any
    hint: str = ""

    @property
    def word(self) -> str:
        return str(self.value) if self.kind in ("word", "mark") else ""


def scan(text: str, names: Sequence[Item] = ()) -> list[Item]:
    """The text's items in order. ``names`` were found by others (a trained tagger) and are kept whole."""
    lower = text.lower()
    taken = bytearray(len(text))
    items: list[Item] = []

    def claim(found: Iterable[Item]) -> None:
        for item in found:
            if item.end > item.start and not any(taken[item.start : item.end]):
                taken[item.start : item.end] = b"\1" * (item.end - item.start)
                items.append(item)

    claim(Item(m.start(), m.end(), "opaque", m.group()) for m in _OPAQUE.finditer(text))
    claim(Item(m.start(), m.end(), "person", m.group()) for m in PERSON.finditer(text))
    claim(Item(m.start(), m.end(), "resource_name", m.group()) for m in RESERVATION.finditer(text))
    claim(names)
    claim(_named(gazetteer.find_sizes(text)))
    claim(_named(gazetteer.find_systems(text)))
    claim(_named(gazetteer.find_gpus(text)))
    claim(_amounts(amounts.find_prices(lower)))
    claim(Item(e.start, e.end, "until", e.words, "marked") for e in find_ends(text) if e.is_marked)
    claim(_named(gazetteer.find_regions(text)))
    claim(_amounts(amounts.find_pairs(lower)))
    claim(_amounts(amounts.find_bytes(lower)))
    claim(_amounts(amounts.find_cores(lower)))
    claim(_amounts(amounts.find_labelled(lower)))
    claim(Item(d.start, d.end, "duration", d.minutes, lower[d.start : d.end]) for d in find_durations(text))
    claim(Item(e.start, e.end, "until", e.words, "bare") for e in find_ends(text) if not e.is_marked)
    claim(_named(gazetteer.find_words(text, "software")))
    claim(_named(gazetteer.find_words(text, "provider")))
    claim(Item(m.start(), m.end(), "spot", True) for m in _SPOT.finditer(text))
    claim(_numbers(lower))
    rest = "".join(" " if used else character for character, used in zip(text, taken))  # noqa: B905 - same length
    claim(
        Item(m.start(), m.end(), "word" if m.group()[0].isalnum() else "mark", m.group().lower())
        for m in _WORD.finditer(rest)
    )
    return sorted(items, key=lambda item: item.start)


def _named(found: Iterable[gazetteer.Named]) -> Iterator[Item]:
    for thing in sorted(found, key=lambda thing: thing.start - thing.end):
        yield Item(thing.start, thing.end, thing.kind, thing.value, thing.said)


def _amounts(found: Iterable[amounts.Amount]) -> Iterator[Item]:
    for amount in found:
        yield Item(amount.start, amount.end, amount.kind, amount.value, amount.label)


def _numbers(lower: str) -> Iterator[Item]:
    for pattern in (_NUMBER, _SIGNED):
        for match in pattern.finditer(lower):
            number = parse_number(match.group())
            if number == int(number):
                yield Item(match.start(), match.end(), "number", as_value(number), match.group())
