"""Classes of words that several readings share, as patterns for lower-case text."""

from __future__ import annotations

import re
from collections.abc import Iterable

LEAVING_OUT = r"(?:but not|not|except(?: for)?|besides|excluding|apart from|aside from|other than|without|minus)"
"""What stands before an exception, also on its own: "not beta", "except beta"."""
EXCEPT = rf"(?:{LEAVING_OUT}|but)"
"""What stands before an exception to something that was said: "all but beta"."""
IN_PLACE_OF = r"(?:not|instead of|rather than)"
"""What stands before a value that another one replaces: "5, not 4"."""

WHOLE_MACHINE = r"(?:vms?|virtual machines?|machines?|servers?|box(?:es)?|instances?|droplets?)"
"""What a person has by itself, whatever runs on it."""
MACHINE = rf"(?:{WHOLE_MACHINE}|nodes?|workers?|brokers?|hosts?)"
"""With what is only a part of a cluster."""
SOME_MACHINES = rf"\b(?:an?|one|two|three|\d+)\s+(?:[\w.-]+\s+){{0,3}}?(?:{WHOLE_MACHINE}|clusters?)\b"
"""Machines with an article or a number: "a small debian vm", "2 clusters"."""

DIGITALOCEAN = r"\bdigital ocean\b|\bon do\b(?=\W*$)|\bdo only\b(?=\W*$)"
"""What people call it, where that can be nothing else."""

DOUBLE = r"(?:doubled?|twice)"
HALF = r"(?:halved?|half)"

PERIODS = {"month": 30 * 86400, "week": 7 * 86400, "day": 86400, "hour": 3600}
"""The seconds of a period, longest first."""

CLAUSE_END = r"[,;]\s|\.\s|\s(?:and|but|plus|n|&|\+)\s"
LEADING = (
    r"(?:ok|okay|yes|no|nah|hmm|please|then|and|i'?ll|i'?d|rather|let'?s|just|take|tak|use|get|give|me|want|prefer)"
)
LEAD = rf"(?:{LEADING}[ ,]+)*"
"""What may stand before a short answer, and says nothing."""
POLITE_END = r"(?:[ ,]+(?:please|pls|then|instead|thanks))*"


def plain(text: str) -> str:
    """As the patterns expect it: in lower case, with the plain apostrophe."""
    return text.lower().replace("’", "'")


def sentences(*patterns: str, begin: str = "", end: str = "") -> tuple[re.Pattern[str], ...]:
    """Ways to say one thing, each with what may stand before and after it."""
    return tuple(re.compile(f"{begin}{pattern}{end}{POLITE_END}") for pattern in patterns)


def said_as(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    """The first of them that the whole text is."""
    return next((found for pattern in patterns if (found := pattern.fullmatch(text))), None)
