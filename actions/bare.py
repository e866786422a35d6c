"""What a bare answer means: "2", "the first", "five", "spark-1"; pure text functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            ("zero", "none"),
            ("one", "first"),
            ("two", "second"),
            ("three", "third"),
            ("four", "fourth"),
            ("five", "fifth"),
            ("six", "sixth"),
            ("seven", "seventh"),
            ("eight", "eighth"),
            ("nine", "ninth"),
            ("ten", "tenth"),
        )
    )
    for word in words
}
_FILLER = {"the", "number", "no", "nr", "option", "one", "please", "pls", "#", "just", "only", "take", "thanks"}


def bare_number(text: str) -> int | None:
    """The number when the text is nothing but one: "5", "-3", "five", "#2", "the first one"."""
    plain = text.lower().replace("−", "-")
    found = re.findall(r"-?\d+(?:st|nd|rd|th)?|[a-z]+|#", plain)
    if re.sub(r"[\s.,!()]", "", plain) != "".join(found):
        return None
    digits = [word for word in found if re.match(r"-?\d", word)]
    rest = [word for word in found if word not in digits and word not in _FILLER]
    if len(digits) == 1 and not rest:
        return int(digits[0].rstrip("stndrh"))
    if digits:
        return None
    # "the first one" is 1 by "first"; a lone "one" is 1 by itself.
    rest = rest or [word for word in found if word == "one"]
    return _NUMBERS.get(rest[0]) if len(rest) == 1 else None


def pick(options: Sequence[dict[str, Any]], text: str) -> dict[str, Any] | None:
    """The option that the text names by number, order, id or name."""
    said = text.strip().strip(".!?`'\"").lower()
    for option in options:
        if said in (str(option["id"]).lower(), str(option["name"]).lower()):
            return option
    number = bare_number(text)
    if number is not None:
        return options[number - 1] if 1 <= number <= len(options) else None
    if re.fullmatch(r"(?:the )?last(?: one)?", said):
        return options[-1]
    named = [option for option in options if _mentions(said, option)]
    return named[0] if len(named) == 1 else None


def is_only_a_pick(options: Sequence[dict[str, Any]], text: str) -> bool:
    """Whether the text picks an option and says nothing else: "details of spark-1" does."""
    option = pick(options, text)
    if option is None or bare_number(text) is not None:
        return option is not None
    said = text.lower().replace(str(option["name"]).lower(), " ").replace(str(option["id"]).lower(), " ")
    return set(re.findall(r"\w+", said)) <= {*_FILLER, "last"}


def numbered(options: Sequence[dict[str, Any]], *, separator: str = "\n") -> str:
    """ "1. spark-1 (3 × m5.xlarge, running)" by line."""
    lines = (f"{number}. {option.get('line') or option['name']}" for number, option in enumerate(options, 1))
    return separator.join(lines)


def _mentions(said: str, option: dict[str, Any]) -> bool:
    return any(
        re.search(rf"(?<![\w-]){re.escape(str(option[key]).lower())}(?![\w-])", said) is not None
        for key in ("id", "name")
    )
