"""Which of the offered options an answer takes: "2", "1 and 3", "the first two", "both", "all but etl-1"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from actions.bare import is_only_a_pick, pick
from clouddesk.language.numbers import NUMBER, parse_number
from clouddesk.language.vocabulary import EXCEPT, LEAVING_OUT

Option = dict[str, Any]

_LEAD = r"(?:(?:ok|okay|yes|yeah|just|only|please|take|i mean|i meant|maybe)[ ,]+)*"
_EVERY = re.compile(rf"{_LEAD}(?:all|both|everything|every one|each)(?: (?:of )?(?:them|these|those|it))?(?: please)?")
_BUT = re.compile(rf"(?P<all>.+?)[ ,]+{EXCEPT} +(?P<left>.+)")
_END = re.compile(rf"{_LEAD}(?:the )?(?P<end>first|last) (?P<number>{NUMBER})")
_RANGE = re.compile(r"(?P<first>\d+)\s*(?:-|–|to|through)\s*(?P<last>\d+)")
_RULED_OUT = re.compile(
    rf"(?:(?:no|nope|nah|ok|okay|well|just|please)[ ,]+)*(?:any(?:thing|one)? {EXCEPT}|{LEAVING_OUT}"
    r"|don'?t (?:take|want)|never)"
    r"[ ,]+(?P<left>.+?)(?:[ ,]+(?:please|though|then))*"
)
""" "not alpha": what is left out, and nothing that is taken."""
_FILLER = re.compile(r"(?:please|pls|thanks|then|only|just|ok|okay|yes|too|as well|both|both of them|together)")
_AND = re.compile(r"\s*(?:,|;|&|\+|\band\b|\bplus\b)\s*")


def picks(options: Sequence[Option], text: str) -> list[Option]:
    """The options that the text takes, in their order; none when it takes none."""
    said = text.strip(" .!?").lower().replace("’", "'")
    if ruled_out(options, text):
        return []
    if found := _BUT.fullmatch(said):
        left = picks(options, found["left"])
        return [option for option in picks(options, found["all"]) if option not in left] if left else []
    if _EVERY.fullmatch(said):
        return [] if "both" in said and len(options) != 2 else list(options)
    if found := _RANGE.fullmatch(said):
        return _slice(options, int(found["first"]), int(found["last"]))
    if (found := _END.fullmatch(said)) and (number := int(parse_number(found["number"]))) > 1:
        taken = options[:number] if found["end"] == "first" else options[-number:]
        return list(taken) if number <= len(options) else []
    parts = [part for part in _AND.split(said) if part and not _FILLER.fullmatch(part)]
    if len(parts) > 1:
        # One that is not understood would be left out without a word.
        named = [pick(options, part) for part in parts]
        return [option for option in options if option in named] if None not in named else []
    one = pick(options, text)
    return [] if one is None else [one]


def ruled_out(options: Sequence[Option], text: str) -> list[Option]:
    """The options that an answer leaves out without taking one: "not alpha", "anything but the first"."""
    found = _RULED_OUT.fullmatch(text.strip(" .!?").lower().replace("’", "'"))
    return picks(options, found["left"]) if found else []


def are_only_picks(options: Sequence[Option], text: str) -> bool:
    """Whether the text takes options and says nothing else."""
    said = text.strip(" .!?").lower()
    if ruled_out(options, text):
        return True
    if not picks(options, text):
        return False
    if any(pattern.fullmatch(said) for pattern in (_EVERY, _BUT, _RANGE, _END)):
        return True
    return all(is_only_a_pick(options, part) for part in _AND.split(said) if part)


def _slice(options: Sequence[Option], first: int, last: int) -> list[Option]:
    return list(options[first - 1 : last]) if 1 <= first <= last <= len(options) else []
