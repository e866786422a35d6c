"""What the grammar leaves unread in a wish: "bump the ram to 64", "swap debian in", and which numbers nobody took."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clouddesk.language.numbers import NUMBER, parse_number
from clouddesk.language.refusals import refused

_MEASURES = {
    "memory_gb": r"ram|mem(?:ory)?",
    "storage_gb": r"disks?|storage",
    "vcpus": r"v?cpus?|cores?",
    "gpu_count": r"gpus?",
}
_TO = r"(?:\s+(?:up\s+)?(?:to|of|at|is|be|like|about|should be|must be))?\s+"
_UNIT = r"(?:\s*(?P<unit>gb|gigs?|g|tb|terabytes?)\b)?"
_NO_UNIT = r"(?!\s*(?:%|[.:/]\d|(?:hours?|h|days?|d|weeks?|months?|minutes?|machines?|nodes?|vms?|workers?|times|x)\b))"
_BESIDE = {
    field: re.compile(rf"\b(?:{words})\b{_TO}(?P<number>{NUMBER}){_NO_UNIT}{_UNIT}")
    for field, words in _MEASURES.items()
}
_TWICE = r"(?:double|twice)"
_DOUBLED = {
    field: re.compile(rf"\b{_TWICE}(?: the| as much)? (?:{words})\b|\b(?:{words})\b[^,.;]{{0,16}}\b{_TWICE}\b")
    for field, words in _MEASURES.items()
    if field != "gpu_count"
}
_SYSTEM = re.compile(r"\b(ubuntu|debian|rocky|alma(?:linux)?|centos|fedora)\b(?![-\w])")
_CLAUSE_END = re.compile(r"[,;]\s|\.\s|\s(?:and|but|plus)\s")
_POINTING = re.compile(r"\b(?:one|first|second|third)\b|\b(?:not|instead of|rather than|from)\s+\S+")
_OF_TIME = re.compile(rf"(?:{NUMBER})\s*(?::\d\d)?\s*(?:am|pm|o'?clock)\b|\d+:\d\d|\d+(?:st|nd|rd|th)\b")
_RELATIVE = re.compile(r"\b(?:more|another|extra|fewer|less|add|remove|drop|plus|minus|half|double|twice|%|percent)\b")
_LONE = re.compile(rf"(?<![\w.$€£:/#-])(?:{NUMBER})(?![\w%:/]|-\w|\.\d)")
_MACHINES = re.compile(
    r"\b(?:an?|one|two|three|\d+)\s+(?:[\w.-]+\s+){0,3}"
    r"(?:vms?|virtual machines?|machines?|servers?|box(?:es)?|clusters?)\b"
)
_SECONDS = (1, 60, 3600, 86400, 604800, 30 * 86400)


def beside_words(text: str) -> dict[str, Any]:
    """Numbers that stand beside the word of what they measure, and a system that is named."""
    plain = text.lower().replace("’", "'")
    found: dict[str, Any] = {}
    for field, pattern in _BESIDE.items():
        if match := pattern.search(plain):
            number = parse_number(match["number"]) * (1024 if (match["unit"] or "").startswith("t") else 1)
            found[field] = number if field.endswith("_gb") else int(number)
    system = _SYSTEM.search(plain)
    if system and not refused(plain).get("os"):
        found["os"] = system[1]
    return found


def doubled(text: str, size: dict[str, Any]) -> dict[str, Any]:
    """ "the memory must be double": twice of what is quoted."""
    plain = text.lower()
    return {field: 2 * size[field] for field, pattern in _DOUBLED.items() if field in size and pattern.search(plain)}


def unread(text: str, said: dict[str, Any]) -> str | None:
    """The first clause with a number that is nowhere in ``said``; None when all were taken."""
    plain = text.lower().replace("’", "'")
    known = set(_numbers(said))
    has_time = said.get("until") is not None
    for clause in _CLAUSE_END.split(plain):
        rest = _POINTING.sub(" ", _OF_TIME.sub(" ", clause))
        numbers = [parse_number(found) for found in _LONE.findall(rest)]
        if any(number not in known for number in numbers) and not _RELATIVE.search(clause) and not has_time:
            return clause.strip()
    return None


def second_wish(text: str) -> str | None:
    """The second machines that one sentence asks for: "a debian vm and a redis vm"."""
    found = [match.group() for match in _MACHINES.finditer(text.lower())]
    return found[1] if len(found) > 1 and not re.search(r"\b(?:instead|not|than|into|like)\b", text.lower()) else None


def _numbers(said: dict[str, Any]) -> Iterator[float]:
    """All numbers in what was said, a time in every unit."""
    for field, value in said.items():
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, bool) or item is None:
                continue
            if isinstance(item, int | float):
                units = _SECONDS if field == "duration_seconds" else (1, 1 / 1024)
                yield from (float(item) / unit for unit in units)
            else:
                yield from (float(number) for number in re.findall(r"\d+(?:\.\d+)?", str(item)))
