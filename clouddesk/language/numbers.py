"""Numbers as people write them: digits, words, dozens, couples, halves."""

from __future__ import annotations

import re

_ONES = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_TENS["fourty"] = 40
_GROUPS = {"couple": 2, "coupla": 2, "pair": 2, "trio": 3, "dozen": 12, "single": 1, "lone": 1}

_SMALL = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(w for w, v in _ONES.items() if 1 <= v <= 9)}))?"
    rf"|{'|'.join(sorted(_ONES, key=len, reverse=True))})"
)
_HUNDREDS = rf"(?:(?:{_SMALL}|an?)[- ])(?:hundred|thousand)(?:(?: and)? {_SMALL})?"
_GROUP = (
    rf"half an? dozen|half dozen|(?:{_SMALL}|\d+) dozen|a dozen|dozen"
    r"|an? (?:couple|pair|trio)(?: of)?|couple(?: of)?|coupla|(?:pair|trio) of|an? (?:single|lone)|single|lone"
)
DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<!\d)\.\d+"
NUMBER = rf"(?:{DIGITS}|\b(?:{_GROUP}|{_HUNDREDS}|{_SMALL}|hundred)\b)"
"""A pattern for one number; matches lower-case text."""
WHOLE_NUMBER = rf"(?=(?P<number>{NUMBER}))(?P=number)(?!\w*\d)"
"""One as a whole, in the group ``number``: "12 days" is no 1 before "2 days"."""

_SCALE = {"hundred": 100, "thousand": 1000}


def parse_number(words: str) -> float:
    """The value of something that ``NUMBER`` matched. Raises ValueError for anything else."""
    text = words.lower().strip()
    if re.fullmatch(DIGITS, text):
        return float(text.replace(",", ""))
    if text.startswith("half") and text.endswith("dozen"):
        return 6
    parts = [part for part in re.split(r"[\s-]+", text) if part not in ("a", "an", "of", "and")]
    total = 0.0
    for part in parts:
        if part in _GROUPS:
            total = (total or 1) * _GROUPS[part]
        elif part in _SCALE:
            total = (total or 1) * _SCALE[part]
        elif part in _ONES or part in _TENS:
            total += _ONES.get(part, 0) + _TENS.get(part, 0)
        else:
            total += float(part)
    return total


def as_value(number: float) -> int | float:
    """An int when it is whole."""
    rounded = round(number, 4)
    return int(rounded) if rounded == int(rounded) else rounded
