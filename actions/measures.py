"""What the grammar leaves unread in a wish: "bump the ram to 64", "double the memory", and what nobody took."""

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
_COUNTED = r"nodes?|machines?|vms?|box(?:es)?|servers?|workers?|brokers?|instances?|number(?: of \w+)?"
_NAMED = {
    **_MEASURES,
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
_ONE_NUMBER = rf"(?=(?P<number>{NUMBER}))(?P=number)(?!\w*\d)"
"""As a whole: "12 days" is no 1 before "2 days"."""
_TO = r"(?:\s+(?:up\s+)?(?:to|of|at|is|be|like|about|should be|must be))?\s+"
_TIMES = r"seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|d|nights?|weeks?|weekends?|w|months?|years?"
_NO_UNIT = (
    rf"(?!\s*(?:%|[.:/]\d|\d|(?:{_TIMES}|{_COUNTED}|v?cpus?|cores?|gpus?|times|x|am|pm|o'?clock|cents?|dollars?|bucks"
    r"|usd|eur|euros?|percent|more|less|fewer)\b|[$€£]))"
)
_UNIT = r"(?:\s*(?P<unit>gb|gigs?|g|tb|terabytes?)\b)"
_BESIDE = {
    field: re.compile(
        rf"\b(?:{words})\b{_TO}(?<![$€£]){_ONE_NUMBER}{_NO_UNIT}"
        + (rf"{_UNIT}?" if field.endswith("_gb") else rf"(?!{_UNIT.replace('?P<unit>', '?:')})")
    )
    for field, words in _MEASURES.items()
}
_COMPACT = re.compile(r"(?<![\w.-])(?P<cores>\d+)\s?c[/ -]?(?P<memory>\d+)\s?gb?(?![\w.-])")
""" "4c32g"."""
_COUNT_AND_SIZE = re.compile(
    rf"\b(?:make (?:it|that|them)|i (?:need|want|meant)|(?:give|get) me|change (?:it|that) to)\s+(?:{NUMBER})\s*"
    rf"(?:,|and|with|,\s*and)\s+(?P<number>\d+(?:\.\d+)?)\s?(?:gb|gigs?)\b(?!\s*(?:of )?(?:disk|storage))"
)
""" "Make it 5 and 16 gb" is no "5 and 16 gb"."""
_DOUBLE, _HALF = r"(?:doubled?|twice|2x)", r"(?:halve|half|halved)"
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
        for factor, way in ((2.0, _DOUBLE), (0.5, _HALF))
    ]
    for field, words in {**_MEASURES, "count": _COUNTED}.items()
    if field != "gpu_count"
}
_CLAUSE_END = re.compile(r"[,;]\s|\.\s|\s(?:and|but|plus|n|&|\+)\s")
_STEP = re.compile(
    rf"(?:and |but |ok |okay |please |make it |with |i need |we need )*(?P<verb>add |plus |minus |remove |drop )?"
    rf"{_ONE_NUMBER} ?(?P<way>more|extra|additional|less|fewer)?(?: (?:{_COUNTED}))?(?: please| pls)?"
)
""" "One less", "add two": a clause of its own."""
_LASTS = re.compile(
    rf"(?:and |also |but |for |make it )*(?:{_ONE_NUMBER}|an?) ?(?P<unit>hours?|hrs?|h|days?|weeks?)(?: please| pls)?"
)
_CALLED = re.compile(r"\b(?:called|named)\s+\S+")
_SYSTEM = re.compile(
    r"\b(?P<os>ubuntu|debian|rocky|alma(?:linux)?|centos|fedora|gentoo|nixos|alpine|freebsd|opensuse"
    r"|(?<=with )arch|arch(?= linux))\b(?![-\w])"
)
_ANY_SYSTEM = re.compile(
    rf"{_ASIDE}(?:linux|(?:any|whatever|whichever)(?: (?:linux|os|system|distro))?)"
    r"(?:[ ,]+(?:then|please|pls|is fine|will do|works|at all|thanks))*"
)
_POINTING = re.compile(r"\b(?:one|first|second|third)\b|\b(?:not|instead of|rather than|from)\s+\S+")
_OF_TIME = re.compile(rf"(?:{NUMBER})\s*(?::\d\d)?\s*(?:am|pm|o'?clock)\b|\d+:\d\d|\d+(?:st|nd|rd|th)\b")
_RELATIVE = re.compile(r"\b(?:more|another|extra|fewer|less|add|remove|drop|plus|minus|half|double|twice|%|percent)\b")
_LONE = re.compile(rf"(?<![\w.$€£:/#-])(?:{NUMBER})(?![\w%:/]|-\w|\.\d)")
_OR = re.compile(rf"\bor\s+(?:{_ONE_NUMBER})\s?(?:gb|gigs?|tb|cores?|v?cpus?|{_COUNTED}|hours?|days?|weeks?)\b")
_MOST = re.compile(
    r"\bas (?:big|large|many|much|long|fast|powerful|strong)(?: [\w' -]{0,20}?)? as (?:possible|i can(?: get)?"
    r"|you (?:can|have))\b|\bthe (?:most powerful|biggest|largest|strongest|fastest)\b"
)
_LASTING = re.compile(
    r"\b(?:for|until|till|during|over)\s+(?:[\w'-]+ ){0,4}?(?:seconds|minutes|hours|days|nights|weeks|weekends?|months"
    r"|years|(?:an?|one|1|the|this|next|half|whole) (?:second|minute|hour|day|night|week|month|year))\b"
)
_THEN = re.compile(r"\band (?:then|when|once|after that|afterwards)\b[^,;.]+")
_MACHINES = re.compile(
    r"\b(?:an?|one|two|three|\d+)\s+(?:[\w.-]+\s+){0,3}?"
    r"(?:vms?|virtual machines?|machines?|servers?|box(?:es)?|clusters?)\b"
)
_BESIDES = re.compile(r"(?:,|\band|\bplus|&|\+)\s*(?:also )?$")
_PARTS_OF_ONE = re.compile(r"\b(?:with|of|having|on)\b|\b(?:master|controller|worker|head)\b")
_MONEY = r"(?:[$€£]\s?[\d.,]*\d|[\d.,]*\d\s?(?:[$€£]|dollars?|bucks|usd|euros?|eur|cents?)|\w+ (?:dollars?|bucks))"
_BUDGET = re.compile(
    rf"{_MONEY}\s*(?:in total|total|altogether|all together|in all|all in|overall|for (?:the whole|everything|all))\b"
    rf"|\bbudget\b|\btotal (?:cost|price)\b|\bin total\b[^,;]{{0,20}}{_MONEY}"
)
_HOURLY = re.compile(r"\b(?:per|an|every|each) h(?:ou)?r?\b|/ ?h(?:ou)?r?\b|\bhourly\b")
_UNITS = {"month": 30 * 86400, "week": 7 * 86400, "day": 86400, "hour": 3600}
_SECONDS = (1, 60, *_UNITS.values())


def beside_words(text: str) -> dict[str, Any]:
    """Numbers that stand beside the word of what they measure, a system that is named, and "and 36 hours"."""
    plain = _CALLED.sub(" ", _plain(text))
    found: dict[str, Any] = {}
    for field, pattern in _BESIDE.items():
        if match := pattern.search(plain):
            is_tera = field.endswith("_gb") and (match["unit"] or "").startswith("t")
            number = parse_number(match["number"]) * (1024 if is_tera else 1)
            found[field] = number if field.endswith("_gb") else int(number)
    if compact := _COMPACT.search(plain):
        found |= {"vcpus": int(compact["cores"]), "memory_gb": float(compact["memory"])}
    system = _SYSTEM.search(plain)
    if system and not refused(plain).get("os"):
        found["os"] = system["os"]
    for clause in _CLAUSE_END.split(plain)[1:]:
        if lasts := _LASTS.fullmatch(clause.strip(" .!")):
            unit = next(seconds for name, seconds in _UNITS.items() if name.startswith(lasts["unit"][0]))
            found["duration_seconds"] = round(parse_number(lasts["number"] or "1") * unit)
    return found


def size_after_count(text: str) -> float | None:
    """The memory of "make it 5 and 16 gb", where 5 is how many."""
    found = _COUNT_AND_SIZE.search(_plain(text))
    return float(found["number"]) if found else None


def relative(text: str, quoted: dict[str, Any]) -> dict[str, Any]:
    """ "Double the memory", "half the nodes", "one less": by what is quoted."""
    plain = _plain(text)
    changed: dict[str, Any] = {}
    for field, ways in _FACTORS.items():
        for factor, pattern in ways:
            if quoted.get(field) and pattern.search(plain):
                value = quoted[field] * factor
                changed[field] = value if field.endswith("_gb") else max(1, int(value))
    steps = [step for clause in _CLAUSE_END.split(plain) if (step := _STEP.fullmatch(clause.strip(" .!")))]
    for step in steps:
        verb, way = (step["verb"] or "").strip(), step["way"]
        if quoted.get("count") and (verb or way):
            sign = -1 if way in ("less", "fewer") or verb in ("minus", "remove", "drop") else 1
            changed["count"] = int(quoted["count"]) + sign * int(parse_number(step["number"]))
    return changed


def field_named(text: str) -> str | None:
    """The field that the text only names: "the memory", "and the place"."""
    plain = _plain(text).strip(" .!")
    return next((field for field, pattern in _ONLY_NAMED.items() if pattern.fullmatch(plain)), None)


def says_any_system(text: str) -> bool:
    """ "Linux then", "any os is fine"."""
    return _ANY_SYSTEM.fullmatch(_plain(text).strip(" .!?")) is not None


def time_unit(text: str) -> int | None:
    """The seconds of the unit of time that was said last, for a bare number after it."""
    found = re.findall(r"(month|week|day|hour)s?\b", _plain(text))
    return _UNITS[found[-1]] if found else None


def is_budget(text: str) -> bool:
    """Whether a price is for all of the time: "10 dollars in total"."""
    plain = _plain(text)
    return _BUDGET.search(plain) is not None and _HOURLY.search(plain) is None


def unread(text: str, said: dict[str, Any], *, has_time: bool = False) -> str | None:
    """The first clause with something that is nowhere in ``said``; None when all was taken.

    ``has_time`` tells whether a length or an end of the time was read in this text.
    """
    plain = _plain(text)
    if not has_time and (time := _LASTING.search(plain)):
        return time.group()
    if found := _MOST.search(plain) or _THEN.search(plain):
        return found.group()
    known = set(_numbers(said))
    if (other := _OR.search(plain)) and parse_number(other["number"]) not in known:
        return other.group()
    if said.get("until") is not None:
        return None
    for clause in _CLAUSE_END.split(plain):
        rest = _POINTING.sub(" ", _OF_TIME.sub(" ", clause))
        numbers = [parse_number(found) for found in _LONE.findall(rest)]
        if any(number not in known for number in numbers) and not _RELATIVE.search(clause):
            return clause.strip()
    return None


def second_wish(text: str, *, is_cluster: bool = False) -> str | None:
    """The machines that one sentence asks for besides those that it gets: "a debian vm and a redis vm"."""
    plain = _plain(text)
    found = list(_MACHINES.finditer(plain))
    if len(found) < 2 or re.search(r"\b(?:instead|not|than|into|like)\b", plain):
        return None
    first, second = found[:2]
    between = plain[first.end() : second.start()]
    if not _BESIDES.search(between) or ("cluster" in plain[: first.end()] and _PARTS_OF_ONE.search(between)):
        return None
    is_first_left = is_cluster and "cluster" not in first.group() and "cluster" in second.group()
    return first.group() if is_first_left else second.group()


def _plain(text: str) -> str:
    return text.lower().replace("’", "'")


def _numbers(said: dict[str, Any]) -> Iterator[float]:
    """All numbers in what was said, a time in every unit."""
    for field, value in said.items():
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, bool) or item is None:
                continue
            if isinstance(item, int | float):
                units = _SECONDS if field == "duration_seconds" else (1, 1024)
                yield from (float(item) / unit for unit in units)
            else:
                yield from (float(number) for number in re.findall(r"\d+(?:\.\d+)?", str(item)))
