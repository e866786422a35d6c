"""Both ends of a span, as far as they are said: "from monday to wednesday", "tomorrow 9 to 5", "starting tomorrow"."""

from __future__ import annotations

import re

from clouddesk.language.ends import BARE_HOUR, TIMEX, TO, WEEKDAY

_DAY = rf"(?:{WEEKDAY}|today|tomorrow)"
_MARKED = (
    re.compile(rf"(?P<begin>.*?\b(?:from|for|starting) .+?) (?P<end>{TO} .+)"),
    re.compile(rf"(?P<begin>{_DAY},? {BARE_HOUR}) (?:{TO}|-|–) (?P<end>.+)"),
    re.compile(r".*?\bbetween (?P<begin>.+?) and (?P<end>.+)"),
    re.compile(rf"(?P<begin>{WEEKDAY}) ?[-–] ?(?P<end>{WEEKDAY}\b.*)"),
)
_BARE = re.compile(rf"(?!{TO} |by )(?P<begin>.+?) (?P<end>(?:until|till?|through|thru|to(?! \d)) .+)")
""" "to" before a number is more often part of a time, as in "ten to 5"."""
_STARTING = (
    re.compile(rf"\b(?:starting|beginning)(?: from| on| at)? ({TIMEX})"),
    re.compile(rf"\bfrom ((?:tomorrow|next \w+)\b|{TIMEX}(?= for\b| onwards?\b))"),
    re.compile(rf"\bfor ((?:tomorrow|{WEEKDAY})\b)"),
)


def split_range(text: str) -> tuple[str, str] | None:
    """The words of the beginning and of the end, if a phrase for the end of a lease seems to have both."""
    found = (pattern.fullmatch(text) for pattern in (*_MARKED, _BARE))
    match = next((match for match in found if match), None)
    return (match["begin"], match["end"]) if match else None


def find_start(text: str) -> str | None:
    """The words of a beginning that has no end, or is a whole day: "starting tomorrow", "for monday"."""
    found = (pattern.search(text) for pattern in _STARTING)
    match = next((match for match in found if match), None)
    return match[1] if match else None
