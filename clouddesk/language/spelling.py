"""Typos in the words that matter ("sprak clsuter", "debain", "8 huors") are mended before anything reads the text."""

from __future__ import annotations

import functools
import re

from rapidfuzz.distance import OSA

from clouddesk.language.gazetteer import spellings
from clouddesk.language.words import words

_WORD = re.compile(r"(?<![\w.@#<:/-])[A-Za-z]{5,}(?![\w@:/-]|\.\w|['’]\w{2})")
_LONG = 9
"""From this length on two slips are forgiven, below it one."""

_KEYWORDS = words(
    """
    hours minutes weeks months machine machines cluster clusters nodes worker workers server servers instance instances
    cores memory storage reservation reservations template templates reminder create terminate extend delete reboot
    restart release schedule shutdown credentials notebook tonight tomorrow weekend monday tuesday wednesday thursday
    friday saturday sunday please overnight gigabytes provision between digitalocean
    """
)


_COUNTABLE = words("minutes hours days weeks months nodes cores boxes vms workers brokers machines servers gigs")
_COUNTED = re.compile(
    r"(?<![\w.-])(?P<count>(?:\d+|two|three|four|five|six|seven|eight|nine|ten) ?)(?P<word>[a-z]{3,7})(?![\w-])",
    re.IGNORECASE,
)
_NITE = re.compile(r"\bnite\b", re.IGNORECASE)
_ONE_SHORT = frozenset(("day", "hour", "week", "month", "minute"))


def mend(text: str) -> str:
    """The text with keywords spelled right; ordinary words that only look alike stay.

    No space comes or goes, so that ``as_typed`` finds the words as they were.
    """
    text = _NITE.sub("night", text)
    text = _WORD.sub(lambda match: _mended(match.group()), text)
    return _COUNTED.sub(lambda match: match["count"] + _mended_unit(match["word"]), text)


def as_typed(typed: str, mended: str, start: int, end: int) -> str:
    """What stood in the text as it was typed where ``mended[start:end]`` stands now, in lower case."""
    if typed == mended:
        return mended[start:end].lower()
    first, last = len(mended[:start].split()), len(mended[:end].split())
    if mended[:start] and not mended[:start][-1].isspace():
        first -= 1
    said = " ".join(typed.split()[first:last]).lower()
    if mended[start:end].split() == mended.split()[first:last]:
        return said
    before = mended[:start].split()[-1] if mended[:start] and not mended[:start][-1].isspace() else ""
    after = mended[end:].split()[0] if mended[end:] and not mended[end].isspace() else ""
    return said.removeprefix(before.lower()).removesuffix(after.lower())


@functools.lru_cache(maxsize=4096)
def _mended_unit(word: str) -> str:
    """What is counted, spelled right: "2 dais", "5 hors", "4 nods"; so short a word needs a number before it."""
    lower = word.lower()
    known, ordinary = _known()
    if lower in known or lower in ordinary or lower in _COUNTABLE or lower in _WELL_COUNTED:
        return word
    close = [
        unit
        for unit in _COUNTABLE | _ONE_SHORT
        if unit[0] == lower[0] and OSA.distance(lower, unit, score_cutoff=1) <= 1
    ]
    return max(close, key=len) if close and lower not in _ONE_SHORT else word


_WELL_COUNTED = words(
    """
    day hour week month minute node core box vm worker broker machine server gig hrs mins wks hr min mos mths nos
    gb gbs gib gibs cor dog dogs notes modes codes bits boxers hosts house horse hoods says ways dates dots does
    cards cars cares core-s vps vms weeds weak-s days-s bores cores gags wigs pigs goes gin gis vcpu vcpus cpus
    """
)


@functools.lru_cache(maxsize=4096)
def _mended(word: str) -> str:
    lower = word.lower()
    known, ordinary = _known()
    if lower in known or lower in ordinary:
        return word
    slips = 2 if len(lower) >= _LONG else 1
    close = [
        keyword
        for keyword in known
        if keyword[0] == lower[0]
        and not keyword.startswith(lower)
        and not lower.startswith(keyword)
        and abs(len(keyword) - len(lower)) <= slips
        and len(keyword) >= 5
        and OSA.distance(lower, keyword, score_cutoff=slips) <= slips
    ]
    return close[0] if len(close) == 1 else word


@functools.lru_cache(maxsize=1)
def _known() -> tuple[frozenset[str], frozenset[str]]:
    names, ordinary = spellings()
    return frozenset(name for name in names | _KEYWORDS if name.isalpha()), ordinary
