"""Durations: "8hrs", "an hour and a half", "a fortnight", "1 day 12 hours" → minutes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clouddesk.language.numbers import NUMBER, parse_number

HOUR, DAY = 60, 24 * 60
WEEK, MONTH, YEAR = 7 * DAY, 30 * DAY, 365 * DAY

_UNITS = {
    r"minutes?|mins?|minuts?": 1,
    r"hours?|hrs?|hours?|stunden?": HOUR,
    r"days?|tage?": DAY,
    r"fortnights?": 2 * WEEK,
    r"weeks?|wks?": WEEK,
    r"months?|mths?": MONTH,
    r"quarters?(?! of)": 90 * DAY,
    r"years?|yrs?": YEAR,
}
_LETTERS = {"m": 1, "h": HOUR, "d": DAY, "w": WEEK, "mo": MONTH, "y": YEAR}
_UNIT = "|".join(_UNITS)
_MORE = r"(?:(?:more|extra|additional|further|full|whole|entire|straight|good|solid|other|lousy|longer) )?"
_ONE = rf"(?:(?:an?|another|one|per|each|the (?:whole|entire|full)) {_MORE})"
_FRACTION = (
    r"(?:hal(?:f|ve) an?|half of an?|half|a half|an? quarter of an?|quarter of an?|three quarters of an?|quarter)"
)
_AND_HALF = r"(?: and (?:a half|a quarter|half))"

_PART = (
    rf"(?:(?P<fraction>{_FRACTION})[- ](?P<funit>{_UNIT})\b"
    rf"|(?P<number>{NUMBER})(?P<mid>{_AND_HALF})?(?:[- ]| ?-? ?){_MORE}(?P<unit>{_UNIT})\b(?P<tail>{_AND_HALF})?"
    rf"|(?P<clock>\d+)h(?P<clockmin>\d\d)(?:m|min)?\b"
    rf"|(?P<short>\d+(?:\.\d+)?) ?(?P<letter>mo|[mhdwy])\b(?!/)"
    r"|\b(?:hours?|days?|weeks?|months?) ?[=:] ?(?P<keyed>\d+)\b"
    r"|--(?:hours?|days?|weeks?|months?)[ =](?P<option>\d+)\b"
    rf"|\b(?:the (?:next|coming) (?=hour|fortnight)|{_ONE})(?P<ounit>{_UNIT})\b(?P<otail>{_AND_HALF})?)"
)
_PART_RE = re.compile(_PART)
_JOIN = re.compile(r",? (?:and |& )?|")
_RANGE = re.compile(
    rf"(?:between )?(?P<low>{NUMBER})(?: ?(?:-|–|to|or|and) ?)(?={NUMBER}[- ]?(?:more )?(?:{_UNIT}|[hdw]\b))"
)


@dataclass(frozen=True)
class Duration:
    """A duration found in a text: where, and how many minutes."""

    start: int
    end: int
    minutes: int


def _unit_minutes(word: str) -> int:
    for pattern, minutes in _UNITS.items():
        if re.fullmatch(pattern, word):
            return minutes
    return _LETTERS[word]


def _half(tail: str | None) -> float:
    if not tail:
        return 0.0
    return 0.25 if "quarter" in tail else 0.5


def _minutes(match: re.Match[str]) -> float:
    if match["fraction"]:
        words = match["fraction"]
        share = 0.75 if words.startswith("three") else 0.25 if "quarter" in words else 0.5
        return share * _unit_minutes(match["funit"])
    if match["keyed"] or match["option"]:
        unit = re.sub(r"[^a-z]", "", match.group())
        return int(match["keyed"] or match["option"]) * _unit_minutes(unit)
    if match["number"]:
        number = parse_number(match["number"]) + _half(match["mid"])
        return (number + _half(match["tail"])) * _unit_minutes(match["unit"])
    if match["clock"]:
        return int(match["clock"]) * HOUR + int(match["clockmin"])
    if match["short"]:
        return float(match["short"]) * _LETTERS[match["letter"]]
    return (1 + _half(match["otail"])) * _unit_minutes(match["ounit"])


def find_durations(text: str) -> list[Duration]:
    """Every duration in the text, in order; ranges take their lower bound, "1 day 12 hours" is one."""
    lower = text.lower()
    found: list[Duration] = []
    at = 0
    while match := _PART_RE.search(lower, at):
        if _is_inside_word(lower, match.start()):
            at = match.start() + 1
            continue
        start, end, minutes = match.start(), match.end(), _minutes(match)
        low = next((m for m in _RANGE.finditer(lower) if m.end() == start), None)
        if low and match["unit"]:
            start, minutes = low.start(), parse_number(low["low"]) * _unit_minutes(match["unit"])
        last_unit = minutes
        while True:
            join = _JOIN.match(lower, end)
            more = _PART_RE.match(lower, join.end() if join else end)
            if not more or not (join and (join.group() or more["short"])) or _minutes(more) >= last_unit:
                break
            last_unit = _minutes(more)
            end, minutes = more.end(), minutes + last_unit
        found.append(Duration(start, end, round(minutes)))
        at = end
    return found


def parse_duration(words: str) -> int | None:
    """The minutes of a text that is nothing but a duration; None otherwise."""
    text = words.strip()
    found = find_durations(text)
    if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)):
        return found[0].minutes
    return None


def _is_inside_word(text: str, start: int) -> bool:
    return start > 0 and (text[start - 1].isalnum() or text[start - 1] in "-_.:$€£") and text[start : start + 1] != " "
