"""What goes by what is there already: "double the memory", "half of that", "one less"."""

from __future__ import annotations

import re
from typing import Any

from clouddesk.language.measures import WORDS
from clouddesk.language.negation import without_denials, without_questions
from clouddesk.language.numbers import WHOLE_NUMBER, parse_number
from clouddesk.language.vocabulary import CLAUSE_END, DOUBLE, HALF, LEAD, LEADING, MACHINE, POLITE_END, plain

_MUCH = r"(?: of)?(?: (?:the|as much|as many|its|their|that))?"
_FACTORS = {
    field: [
        (
            factor,
            re.compile(
                rf"\b{way}{_MUCH} (?:{words})\b"
                rf"|\b(?:{words})\b[^.;]{{0,20}}?\b{way}\b(?=\s*(?:$|[,.;!]|and\b|but\b|please\b|pls\b|then\b|it\b))"
            ),
        )
        for factor, way in ((2.0, rf"(?:{DOUBLE}|2x)"), (0.5, HALF))
    ]
    for field, words in {**WORDS, "count": rf"{MACHINE}|number(?: of \w+)?"}.items()
    if field != "gpu_count"
}
_CLAUSE_END = re.compile(CLAUSE_END)
_BEFORE_STEP = rf"(?:(?:{LEADING}|but|with|i need|we need|make it)[ ,]+)*"
_STEP = re.compile(
    rf"{_BEFORE_STEP}(?P<verb>(?:add|plus|minus|remove|drop) )?(?:me )?(?:another|{WHOLE_NUMBER}) ?"
    rf"(?P<way>more|extra|additional|less|fewer)?(?: {MACHINE})?{POLITE_END}"
)
""" "One less", "add two": a clause of its own."""
_OF_ALL = {
    2: re.compile(rf"{LEAD}(?:make (?:it|that) )?(?:double|twice)(?: (?:it|that|them|as many))?{POLITE_END}"),
    0.5: re.compile(
        rf"{LEAD}(?:make (?:it|that) )?(?:half (?:of )?(?:that|it|them|as many)|halve (?:it|that|them)){POLITE_END}"
    ),
}


def changes(text: str, quoted: dict[str, Any]) -> dict[str, Any]:
    """ "Double the memory", "half the nodes", "one less": by what is quoted."""
    said = without_denials(without_questions(text))
    changed: dict[str, Any] = {}
    for field, ways in _FACTORS.items():
        for factor, pattern in ways:
            if quoted.get(field) and pattern.search(said):
                value = quoted[field] * factor
                changed[field] = value if field.endswith("_gb") else max(1, int(value))
    for clause in _CLAUSE_END.split(said):
        if quoted.get("count") and (step := _step(clause)):
            changed["count"] = int(quoted["count"]) + step
    return changed


def of_all(text: str, count: int) -> int | None:
    """How many "double it" and "half of that" make of so many machines; None when it says no such thing."""
    said = plain(text).strip(" .!?")
    factor = next((factor for factor, pattern in _OF_ALL.items() if pattern.fullmatch(said)), None)
    return None if factor is None or (factor < 1 and count < 2) else int(count * factor)


def is_step(text: str) -> bool:
    """Whether the text only adds machines or takes some away: "add two", "remove one node"."""
    found = _STEP.fullmatch(plain(text).strip(" .!?"))
    return found is not None and found["verb"] is not None


def _step(clause: str) -> int:
    """How many machines more the clause asks for, less than 0 for fewer."""
    found = _STEP.fullmatch(clause.strip(" .!"))
    if found is None or not (found["verb"] or found["way"]):
        return 0
    is_fewer = found["way"] in ("less", "fewer") or (found["verb"] or "").strip() in ("minus", "remove", "drop")
    number = int(parse_number(found["number"] or "1"))
    return -number if is_fewer else number
