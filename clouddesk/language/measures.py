"""Numbers beside the word of what they measure, which the grammar leaves unread: "bump the ram to 64"."""

from __future__ import annotations

import re
from typing import Any

from clouddesk.language import systems
from clouddesk.language.negation import without_denials, without_questions
from clouddesk.language.numbers import NUMBER, WHOLE_NUMBER, parse_number
from clouddesk.language.vocabulary import CLAUSE_END, MACHINE, PERIODS, plain

WORDS = {
    "memory_gb": r"ram|mem(?:ory)?",
    "storage_gb": r"disks?|storage",
    "vcpus": r"v?cpus?|cores?",
    "gpu_count": r"gpus?",
}
"""The words of each measure, as patterns."""
_NAMED = {
    **WORDS,
    "memory_gb": r"ram|mem(?:ory)?(?: size)?",
    "storage_gb": r"disks?(?: (?:size|space))?|storage",
    "count": r"number(?: of (?:machines|nodes|vms|servers|workers))?|count|how many",
    "duration_seconds": r"duration|time|length|lease|how long|end time",
    "region": r"place|region|location|data ?cent(?:er|re)|zone",
    "providers": r"cloud|provider",
    "os": r"os|system|operating system|image|distro",
    "software": r"software",
    "max_hourly_price_usd": r"(?:price )?(?:limit|cap)|budget",
    "name": r"name",
}
WITHOUT_NUMBER = ("region", "providers", "os", "software", "name")
"""Fields whose value is no number."""
_ASIDE = (
    r"(?:(?:and|no|ok|okay|well|just|please|pls|then|actually|hmm|oh|yes|also|rather|only|maybe|change|edit|adjust|set"
    r"|modify|alter|i|i'd|we|want|need|like|would|to|about|the|its|their|my|what|something|with|different|another"
    r"|other)[ ,]+)*"
)
_ONLY_NAMED = {
    field: re.compile(rf"{_ASIDE}(?:{words})(?:[ ,]+(?:please|pls|then|instead|too|thanks|of it))*")
    for field, words in _NAMED.items()
}
_TO = r"(?:\s+(?:up\s+)?(?:to|of|at|is|be|like|about|should be|must be))?\s+"
_TIMES = r"seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|d|nights?|weeks?|weekends?|w|months?|years?"
_IS_FINE = r"(?:fine|enough|ok|okay|good|great|plenty|right|better|perfect|needed|what|all|the)"
_NO_UNIT = (
    rf"(?!\s*(?:%|[.:/]\d|\d|(?:{_TIMES}|{MACHINE}|v?cpus?|cores?|gpus?|times|x|am|pm|o'?clock|cents?|dollars?|bucks"
    r"|usd|eur|euros?|percent|more|less|fewer)\b|[$€£]"
    rf"|(?:(?:is|was|has|isn't|looks|seems|keeps)\b(?! {_IS_FINE}\b)|(?:died|broke|failed|of (?:my|our|the|\d+))\b)))"
)
_UNIT = r"(?:\s*(?P<unit>gb|gigs?|g|tb|terabytes?)\b)"
_BESIDE = {
    field: re.compile(
        rf"\b(?:{words})\b{_TO}(?<![$€£]){WHOLE_NUMBER}{_NO_UNIT}"
        + (rf"{_UNIT}?" if field.endswith("_gb") else rf"(?!{_UNIT.replace('?P<unit>', '?:')})")
    )
    for field, words in WORDS.items()
}
_COMPACT = re.compile(r"(?<![\w.-])(?P<cores>\d+)\s?c[/ -]?(?P<memory>\d+)\s?gb?(?![\w.-])")
""" "4c32g"."""
_COUNT_AND_SIZE = re.compile(
    rf"\b(?:make (?:it|that|them)|i (?:need|want|meant)|(?:give|get) me|change (?:it|that) to)\s+(?:{NUMBER})\s*"
    rf"(?:,|and|with|,\s*and)\s+(?P<number>\d+(?:\.\d+)?)\s?(?:gb|gigs?)\b(?!\s*(?:of )?(?:disk|storage))"
)
""" "Make it 5 and 16 gb" is no "5 and 16 gb"."""
_LASTS = re.compile(
    rf"(?:and |also |but |for |make it )*(?:{WHOLE_NUMBER}|an?) ?(?P<unit>hours?|hrs?|h|days?|weeks?)(?: please| pls)?"
)
_CALLED = re.compile(r"\b(?:called|named)\s+\S+")
_CLAUSE_END = re.compile(CLAUSE_END)


def beside_words(text: str, *, is_priced: bool = False) -> dict[str, Any]:
    """Numbers that stand beside the word of what they measure, a system that is named, and "and 36 hours".

    What is denied or only asked is none, but what a question about the price describes (``is_priced``) is.
    """
    said = without_denials(text if is_priced else without_questions(text))
    said = _CALLED.sub(" ", said)
    found: dict[str, Any] = {}
    for field, pattern in _BESIDE.items():
        if match := pattern.search(said):
            is_tera = field.endswith("_gb") and (match["unit"] or "").startswith("t")
            number = parse_number(match["number"]) * (1024 if is_tera else 1)
            found[field] = number if field.endswith("_gb") else int(number)
    if compact := _COMPACT.search(said):
        found |= {"vcpus": int(compact["cores"]), "memory_gb": float(compact["memory"])}
    if system := systems.named(said):
        found["os"] = system
    for clause in _CLAUSE_END.split(said)[1:]:
        if lasts := _LASTS.fullmatch(clause.strip(" .!")):
            unit = next(seconds for name, seconds in PERIODS.items() if name.startswith(lasts["unit"][0]))
            found["duration_seconds"] = round(parse_number(lasts["number"] or "1") * unit)
    return found


def size_after_count(text: str) -> float | None:
    """The memory of "make it 5 and 16 gb", where 5 is how many."""
    found = _COUNT_AND_SIZE.search(plain(text))
    return float(found["number"]) if found else None


def field_named(text: str) -> str | None:
    """The field that the text only names: "the memory", "and the place"."""
    said = plain(text).strip(" .!")
    return next((field for field, pattern in _ONLY_NAMED.items() if pattern.fullmatch(said)), None)


def time_unit(text: str) -> int | None:
    """The seconds of the unit of time that was said last, for a bare number after it."""
    found = re.findall(r"(month|week|day|hour)s?\b", plain(text))
    return PERIODS[found[-1]] if found else None
