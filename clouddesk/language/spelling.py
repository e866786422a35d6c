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
    friday saturday sunday please
    """
)


def mend(text: str) -> str:
    """The text with keywords spelled right; ordinary words that only look alike stay."""
    return _WORD.sub(lambda match: _mended(match.group()), text)


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
