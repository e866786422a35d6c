"""What a bare answer means: "2", "the first", "five", "spark-1"; pure text functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from clouddesk.language.numbers import DIGITS, NUMBER, parse_number
from clouddesk.language.vocabulary import CLAUSE_END, IN_PLACE_OF

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

_AROUND = {
    *_FILLER,
    *(
        "a",
        "about",
        "an",
        "and",
        "actually",
        "acutally",
        "actualy",
        "ah",
        "all",
        "better",
        "but",
        "can",
        "change",
        "could",
        "do",
        "for",
        "get",
        "give",
    ),
    *("go", "good", "hmm", "how", "i", "in", "instead", "is", "it", "it's", "its", "just", "let", "let's", "lets"),
    *("like", "make", "maybe", "me", "mean", "meant", "need", "nah", "nope", "now", "of", "ok", "okay", "oh"),
    *("perhaps", "pick", "please", "rather", "said", "say", "set", "should", "sorry", "that", "that's", "them"),
    *("then", "there", "these", "they", "thing", "things", "think", "this", "those", "to", "total", "try", "um"),
    *("oops", "whoops", "mistake", "typo", "meaning", "my", "were", "was", "be", "n", "so", "us"),
    *("use", "wait", "want", "we", "well", "what", "will", "with", "would", "yeah", "yes", "you", "i'd", "we'd"),
}
"""Words that may stand around a number without giving it another meaning."""
_REFUSED = re.compile(rf"\b(?:{IN_PLACE_OF}|no more than|from)\s+(?:{NUMBER})")
_POINTING = re.compile(
    r"\b(?:the|this|that|other|another|which|any|no|each|every|last|first|second|right|wrong) one\b"
    r"|\bone (?:for )?each\b|\bone (?:per|apiece)\b"
)
_LONE_NUMBER = re.compile(rf"(?<![\w.$€£/:#-])(?:{NUMBER})(?![\w%/:-]|\.\d)")
_ORDINAL = re.compile(r"\b(?:first|second|third|[a-z]+th|\d+(?:st|nd|rd|th))\b")
_CLAUSE_END = re.compile(CLAUSE_END, re.IGNORECASE)
_MOST_WORDS = 8


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


def said_number(text: str) -> int | None:
    """How many the text says when it says nothing else: "make it 3", "no, three", "actually 5, not 4"; also "5"."""
    number = bare_number(text)
    if number is not None and not _ORDINAL.search(text.lower()):
        return number
    plain = text.lower().replace("’", "'")
    if _found(plain) is None or not set(re.findall(r"[a-z][a-z']*", _LONE_NUMBER.sub(" ", _plain(plain)))) <= _AROUND:
        return None
    return _found(plain)


def lone_number(text: str) -> int | None:
    """The only number in a short text, whatever stands around it."""
    return said_number(text) or (_found(text.lower()) if len(text.split()) <= _MOST_WORDS else None)


def number_in_a_clause(text: str) -> int | None:
    """The number of the only clause that says a number and nothing else: "make it 4 and debian", "not aws, three"."""
    numbers = [number for clause in _CLAUSE_END.split(text) if (number := said_number(clause)) is not None]
    return numbers[0] if len(numbers) == 1 else None


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


def _plain(text: str) -> str:
    """Without the numbers that are refused ("not 4") and the "one" that points ("the other one")."""
    return _POINTING.sub(" ", _REFUSED.sub(" ", text))


def _found(text: str) -> int | None:
    found = _LONE_NUMBER.findall(_plain(text))
    if len(found) != 1 or re.search(rf"[-−]\s?(?:{DIGITS})", text):
        return None
    number = parse_number(found[0])
    return int(number) if number == int(number) else None


def _mentions(said: str, option: dict[str, Any]) -> bool:
    return any(
        re.search(rf"(?<![\w-]){re.escape(str(option[key]).lower())}(?![\w-])", said) is not None
        for key in ("id", "name")
    )
