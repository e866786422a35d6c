"""What a wish says that nobody took: numbers, times, superlatives, and machines besides the first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clouddesk.language.numbers import NUMBER, WHOLE_NUMBER, parse_number
from clouddesk.language.vocabulary import CLAUSE_END, IN_PLACE_OF, MACHINE, PERIODS, SOME_MACHINES, plain

_POINTING = re.compile(rf"\b(?:one|first|second|third)\b|\b(?:{IN_PLACE_OF}|from)\s+\S+")
_OF_TIME = re.compile(rf"(?:{NUMBER})\s*(?::\d\d)?\s*(?:am|pm|o'?clock)\b|\d+:\d\d|\d+(?:st|nd|rd|th)\b")
_RELATIVE = re.compile(r"\b(?:more|another|extra|fewer|less|add|remove|drop|plus|minus|half|double|twice|%|percent)\b")
_LONE = re.compile(rf"(?<![\w.$€£:/#-])(?:{NUMBER})(?![\w%:/]|-\w|\.\d)")
_OR = re.compile(rf"\bor\s+(?:{WHOLE_NUMBER})\s?(?:gb|gigs?|tb|cores?|v?cpus?|{MACHINE}|hours?|days?|weeks?)\b")
_MOST = re.compile(
    r"\bas (?:big|large|many|much|long|fast|powerful|strong)(?: [\w' -]{0,20}?)? as (?:possible|i can(?: get)?"
    r"|you (?:can|have))\b|\bthe (?:most powerful|biggest|largest|strongest|fastest)\b"
)
_LASTING = re.compile(
    r"\b(?:for|until|till|during|over)\s+(?:[\w'-]+ ){0,4}?(?:seconds|minutes|hours|days|nights|weeks|weekends?|months"
    r"|years|(?:an?|one|1|the|this|next|half|whole) (?:second|minute|hour|day|night|week|month|year))\b"
)
_THEN = re.compile(r"\band (?:then|when|once|after that|afterwards)\b[^,;.]+")
_MACHINES = re.compile(SOME_MACHINES)
_BESIDES = re.compile(r"(?:,|\band|\bplus|&|\+)\s*(?:also )?$")
_PARTS_OF_ONE = re.compile(r"\b(?:with|of|having|on)\b|\b(?:master|controller|worker|head)\b")
_CLAUSE_END = re.compile(CLAUSE_END)
_SECONDS = (1, 60, *PERIODS.values())


def unread(text: str, said: dict[str, Any], *, has_time: bool = False) -> str | None:
    """The first clause with something that is nowhere in ``said``; None when all was taken.

    ``has_time`` tells whether a length or an end of the time was read in this text.
    """
    wish = plain(text)
    if not has_time and (time := _LASTING.search(wish)):
        return time.group()
    if found := _MOST.search(wish) or _THEN.search(wish):
        return found.group()
    known = set(_numbers(said))
    if (other := _OR.search(wish)) and parse_number(other["number"]) not in known:
        return other.group()
    if said.get("until") is not None:
        return None
    for clause in _CLAUSE_END.split(wish):
        rest = _POINTING.sub(" ", _OF_TIME.sub(" ", clause))
        numbers = [parse_number(found) for found in _LONE.findall(rest)]
        if any(number not in known for number in numbers) and not _RELATIVE.search(clause):
            return clause.strip()
    return None


def second_wish(text: str, *, is_cluster: bool = False) -> str | None:
    """The machines that one sentence asks for besides those that it gets: "a debian vm and a redis vm"."""
    wish = plain(text)
    found = list(_MACHINES.finditer(wish))
    if len(found) < 2 or re.search(r"\b(?:instead|not|than|into|like)\b", wish):
        return None
    first, second = found[:2]
    between = wish[first.end() : second.start()]
    if not _BESIDES.search(between) or ("cluster" in wish[: first.end()] and _PARTS_OF_ONE.search(between)):
        return None
    is_first_left = is_cluster and "cluster" not in first.group() and "cluster" in second.group()
    return first.group() if is_first_left else second.group()


def _numbers(said: dict[str, Any]) -> Iterator[float]:
    """All numbers in what was said, a time in every unit."""
    for field, value in said.items():
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, bool) or item is None:
                continue
            if isinstance(item, int | float):
                units = _SECONDS if field == "duration_seconds" else (1, 1024)
                yield from (float(item) / unit for unit in units)
            else:
                yield from (float(number) for number in re.findall(r"\d+(?:\.\d+)?", str(item)))
