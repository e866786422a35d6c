"""Amounts with units: memory, storage, cores, prices; each found in lower-case text with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clouddesk.language.numbers import DIGITS, NUMBER, as_value, parse_number

_TO = r" ?(?:-|–|—|to|or|and|bis) ?"
_RANGE = rf"(?:(?:between |from )?(?P<low>{NUMBER})(?<!ty(?=-[a-z])){_TO})?"
_GB = {
    r"tb|tib|terabytes?|terab|teras?|t": 1024.0,
    r"gb|gbs|gib|gibs|gigs?|gigz|giga ?bytes?|gigabites?|gibibytes?|gigas?|go|g|gbyte": 1.0,
    r"mb|mib|megs?|megabytes?|megas?": 1 / 1024,
}
_GB_UNIT = "|".join(_GB)
_BYTES = re.compile(
    rf"(?:(?<![\w.$-])|(?<=\dx))(?:{_RANGE}(?P<number>{NUMBER})(?P<half> and a half)?[- ]?"
    rf"(?P<unit>{_GB_UNIT})(?![\w]|-\w|/s)"
    rf"|(?P<fraction>half an?|half|a quarter of an?|quarter of an?"
    rf"|an?) (?P<funit>{_GB_UNIT}(?<! t)(?<! g)(?<!go)(?<!mega))(?![\w-]))"
)
_LABELLED = re.compile(
    rf"(?:--?)?\b(?P<label>v?cpus?|cores?|vcores?|mem|memory|ram|disk|storage|ssd|hdd|nvme|gpus?)\b ?(?:[:=]|size"
    rf"|of|is|at least|min(?:imum)?)? ?"
    rf"(?P<number>{NUMBER})(?![\w.%$€/-]|,\d| ?(?:vms?|x|machines?|boxes|nodes?|workers?|hours?|days?|weeks?|hrs?"
    rf"|{_GB_UNIT}|of|gpus?|v?cpus?|cores?)\b)"
)
_CORE_WORDS = {"single": 1, "dual": 2, "quad": 4, "hexa": 6, "hex": 6, "octa": 8, "octo": 8, "octal": 8}
_CORES = re.compile(
    rf"(?<![\w.$-])(?:{_RANGE}(?P<number>{NUMBER})(?:[- ](?:physical|virtual|real|amd|intel|cpu|x86|arm|fast"
    rf"|dedicated|shared))?[- ]?"
    r"(?P<unit>v?cpus?|v-cpus?|cores?|vcores?|cors|threads?|kerne?|processors?|c)(?![\w]|-\w)"
    rf"|(?P<word>{'|'.join(_CORE_WORDS)})[- ]?(?:cores?|cpus?))"
)
_PAIR = re.compile(
    r"(?<![\w./-])(?P<cores>\d{1,3}) ?(?:c|vcpus?|cpus?|cores?|v)? ?(?:[/x]) ?(?P<memory>\d{1,4}) ?(?P<unit>gb"
    r"|gig|g)?(?![\w/.-]|/)"
)
_RATE = (
    r"(?: ?(?:/|per|an?|each|every|by the|p/?) ?(?P<per>hours?|hr?s?|days?|d|months?|mo|weeks?)\b"
    r"| ?(?P<ly>hourly|daily|monthly|p/?h)\b)"
)
_MONEY = re.compile(
    rf"(?:(?P<low>(?:\$|usd |us\$)?{NUMBER}){_TO})?(?<![\w.])(?:(?P<sign>us\$|\$|€|£|usd ?"
    rf"|eur ?)(?P<amount>{DIGITS})(?: ?(?:usd|dollars?|bucks?))?"
    rf"|(?P<number>(?:{NUMBER})) ?(?P<unit>dollars?|bucks?|usd|euros?|eur|€|quid|cents?|ct|c|¢)"
    rf"|\b(?:an?|one) (?P<one>dollar|buck|cent|quarter(?= an hour))|(?P<bare>{DIGITS})){_RATE}"
)
_CAPPED = re.compile(
    rf"\b(?:under|below|max(?:imum)?|at most|less than|up to|cap(?:ped)?(?: it)?(?: at)?|no more than"
    rf"|not more than|within|limit(?: of)?|budget(?: is| of)?)(?: of)? "
    rf"(?:(?P<sign>\$)(?P<amount>{DIGITS})|(?P<one>a dollar|a buck)|(?P<number>{NUMBER}) ?(?P<unit>cents|c|ct"
    rf"|¢|dollars?|bucks?|usd|euros?))(?![\w.]| (?:a|per|total|left))"
)
_PER_HOURS = {"d": 24, "h": 1, "m": 730, "w": 168, "p": 1}


@dataclass(frozen=True)
class Amount:
    """A number with its unit: kind is "gb", "vcpus", "price" (USD per hour) or "gpus"; ``label`` is a hint."""

    start: int
    end: int
    kind: str
    value: int | float
    label: str = ""


def find_bytes(text: str) -> Iterator[Amount]:
    """Sizes of memory or disks, in GB; what they are the size of is decided from their neighbours."""
    for match in _BYTES.finditer(text):
        unit = match["unit"] or match["funit"]
        scale = next(factor for pattern, factor in _GB.items() if re.fullmatch(pattern, unit))
        if match["fraction"]:
            share = 0.25 if "quarter" in match["fraction"] else 0.5 if "half" in match["fraction"] else 1.0
            value = share * scale
        else:
            value = (parse_number(match["low"] or match["number"]) + (0.5 if match["half"] else 0)) * scale
        yield Amount(match.start(), match.end(), "gb", as_value(value), unit)


def find_labelled(text: str) -> Iterator[Amount]:
    """Numbers after their label: "cpu 8", "ram: 16", "--disk 80"."""
    for match in _LABELLED.finditer(text):
        label = match["label"]
        value = as_value(parse_number(match["number"]))
        if label.startswith("gpu"):
            yield Amount(match.start(), match.end(), "gpus", value, label)
        elif label.lstrip("v").startswith(("cpu", "core")):
            yield Amount(match.start(), match.end(), "vcpus", value, label)
        else:
            yield Amount(match.start(), match.end(), "gb", value, label)


def find_cores(text: str) -> Iterator[Amount]:
    """Cores, vCPUs, threads; "quad-core" is 4."""
    for match in _CORES.finditer(text):
        value = float(_CORE_WORDS[match["word"]]) if match["word"] else parse_number(match["low"] or match["number"])
        yield Amount(match.start(), match.end(), "vcpus", as_value(value), match["unit"] or "core")


def find_pairs(text: str) -> Iterator[Amount]:
    """Cores and memory in one breath: "4c/8g", "4x16", "2/4"."""
    for match in _PAIR.finditer(text):
        has_unit = bool(re.search(r"[a-wyz]", match.group().replace("x", "", 1)))
        cores, memory = int(match["cores"]), int(match["memory"])
        if ("x" in match.group() and match["unit"]) or (not has_unit and (memory < cores or memory % 2 or cores > 64)):
            continue
        if (
            "/" in match.group()
            and not has_unit
            and not re.search(r"(?:vm|box|machine|host|server|instance)s?\W*$|^\W*$", text[: match.start()])
        ):
            continue
        yield Amount(match.start(), match.start("cores") + len(match["cores"]), "vcpus", cores, "pair")
        yield Amount(match.start("memory"), match.end(), "gb", memory, "memory")


def find_prices(text: str) -> Iterator[Amount]:
    """Prices for a time, in USD per hour."""
    for match in _MONEY.finditer(text):
        if match["bare"] and not (
            "." in match["bare"]
            or re.search(r"(?:under|below|than|most|max|at|to|cap|over|for|is|up to|budget)\W*$", text[: match.start()])
        ):
            continue
        rate = match["per"] or match["ly"]
        if match["bare"] and rate[0] != "h":
            continue
        yield Amount(match.start(), match.end(), "price", as_value(_dollars(match) / _PER_HOURS[rate[0]]), rate)
    for match in _CAPPED.finditer(text):
        yield Amount(match.start(), match.end(), "price", as_value(_dollars(match)), "")


def _dollars(match: re.Match[str]) -> float:
    groups = match.groupdict()
    unit = groups.get("unit") or groups.get("one") or ""
    cents = 100 if unit.startswith(("c", "¢")) else 1
    if groups.get("low"):
        return parse_number(re.sub(r"[^\w. ]|usd", "", groups["low"])) / cents
    if groups.get("one"):
        return 0.25 if unit == "quarter" else 1 / cents
    number = groups.get("amount") or groups.get("number") or groups.get("bare") or "0"
    return parse_number(number) / cents
