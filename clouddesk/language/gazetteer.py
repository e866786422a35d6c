"""Things with names: providers, operating systems, software, GPUs, sizes and places, found in prepared text."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from clouddesk.language.words import words

_DATA = Path(__file__).parent / "data"

SIZE = re.compile(
    r"(?:(?<![\w.-])|(?<=\dx))(?:"
    r"(?:[a-z]{1,3}\d{1,2}[a-z]{0,4}|u-\d+tb\d|mac\d)\.(?:nano|micro|small|medium|large|metal|\d{0,2}xlarge)(?:-\d+xl)?"
    r"|(?:s|c|g|gd|m|so|c2|m3|m6|so1_5|gpu)-\d+vcpu-\d+gb(?:-[a-z0-9-]+)?"
    r"|[a-z]\d[a-z]?-(?:standard|highmem|highcpu|ultramem|megamem|hypermem|micro|small|medium|highgpu|megagpu"
    r"|ultragpu|custom)(?:-\d+)?(?:-\d+)?g?"
    r"|(?:standard|basic)_[a-z]+\d+[a-z_0-9-]*"
    r"|[a-z]{1,2}\d{1,3}[a-z]{1,4}_v\d|b\d{1,2}m?s"
    r"|g\d-(?:nanode|standard|dedicated|highmem|gpu)-[\w-]+"
    r"|(?:vc2|vhf|vhp|voc|vbm|vcg)-[\w-]+"
    r"|(?:m1|m2|c1|r1|g1)\.(?:tiny|small|medium|large|xlarge|\d?xlarge)"
    r")(?=s?(?![\w.-]*\w))",
    re.IGNORECASE,
)
REGION_CODE = re.compile(
    r"(?<![\w-])(?:(?:us|eu|ap|sa|ca|me|af|il|mx|cn)-(?:gov-)?(?:north|south|east|west|central|northeast"
    r"|northwest|southeast|southwest)-?\d[a-f]?"
    r"|(?:us|europe|asia|australia|northamerica|southamerica|me|africa)-(?:north|south|east|west|central"
    r"|northeast|northwest|southeast|southwest)\d(?:-[a-f])?"
    r"|(?:us|eu|ap|ca|in|br|de|fr|gb|id|it|jp|nl|se|es)-(?:east|west|central|south|southeast|north|lax|mia|sea"
    r"|ord|iad|ams|osa|sto|mad|maa|cgk|mil|fra|lon)(?:-\d)?[a-z]?"
    r"|(?:nyc|sfo|ams|sgp|lon|fra|tor|blr|syd|hel|nbg|fsn|ash|hil|lax|ewr|ord)\d"
    r"|(?:east|west|central|north|south|northcentral|southcentral|westcentral)us\d?"
    r"|(?:west|north)europe|uk(?:south|west)|(?:germany|france|switzerland|norway|sweden|poland|italy|spain|japan"
    r"|korea|australia|brazil|canada|india|uae|southafrica|qatar|israel)"
    r"(?:west|east|north|south|central|westcentral|southeast|northeast)\d?|(?:east|southeast)asia|(?:central"
    r"|south|west)india)(?![\w-]*\w)",
    re.IGNORECASE,
)
_VERSION = r"[- ]?(?P<version>\d+(?:\.\d+)?(?:\s?(?:r2|lts))?)?"
_COUNTED = re.compile(r"[- ]?(?:x\b|(?:gb?|gigs?|c|cores?|v?cpus?|hours?|h|days?|d|tb|t|nodes?|workers?)\b|%|:)")
# Versions that exist or may soon; another number after a system's name counts something else ("ubuntu 3 boxes").
_VERSIONS = {
    "ubuntu": r"(?:1[468]|2\d)(?:\.\d+)?",
    "debian": r"(?:[89]|1\d)(?:\.\d+)?",
    "fedora": r"(?:[34]\d)",
    "windows": r"(?:7|8|10|11|20\d\d(?: ?r2)?)",
    "windows-server": r"20\d\d(?: ?r2)?",
    "amazon-linux": r"(?:[12]|2\d{3})",
}
_ANY_VERSION = r"(?:[5-9]|1\d)(?:\.\d+)?"


@dataclass(frozen=True)
class Named:
    """A thing found by its name: kind ("provider", "os", …), normalised value, and where."""

    start: int
    end: int
    kind: str
    value: str
    said: str = ""


@functools.lru_cache(maxsize=1)
def _load() -> dict[str, Any]:
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(_DATA.glob("*.yml"))}


def _words(names: list[str]) -> str:
    """A pattern of alternatives, longest first, bounded so that parts of names (``kafka-1``) do not match."""
    alternatives = "|".join(re.escape(name).replace(r"\ ", "[ -]?") for name in sorted(names, key=len, reverse=True))
    return rf"(?<![\w.@#/-])(?:{alternatives})(?!\w|-\w|\.\w|/\w)"


@functools.lru_cache(maxsize=1)
def _synonyms() -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
    data = _load()
    tables = {}
    for kind, lists in (("provider", ("providers",)), ("software", ("software", "tools"))):
        table = {name: value for one in lists for value, names in data[one].items() for name in names}
        tables[kind] = (
            re.compile(_words(list(table)), re.IGNORECASE),
            {_key(name): value for name, value in table.items()},
        )
    return tables


def _key(name: str) -> str:
    return re.sub(r"[ -]", "", name.lower())


@functools.lru_cache(maxsize=1)
def _systems() -> tuple[tuple[str, re.Pattern[str], dict[str, str]], ...]:
    rules = []
    for family, entry in _load()["systems"].items():
        names = "|".join(re.escape(name).replace(r"\ ", "[ -]?") for name in entry["names"])
        codenames: dict[str, str] = entry.get("codenames", {})
        codes = "|".join(map(re.escape, sorted(codenames, key=len, reverse=True))) or r"(?!)"
        stem = rf"(?:{names})(?:[- ](?:server|linux|release|version|os)(?=[- ]\d))?"
        if family == "windows":
            stem = r"(?:windows|win(?=[- ]?(?:1[01]|20\d\d|7|8)\b))"
        named = rf"(?P<name>{stem})(?:[- ](?P<code1>{codes})\b|{_VERSION})"
        pattern = rf"(?<![\w./-])(?:{named}|(?P<code2>{codes}))(?![\w]|-\w|\.\d)"
        rules.append((family, re.compile(pattern, re.IGNORECASE), codenames))
    return tuple(rules)


@functools.lru_cache(maxsize=1)
def _gpus() -> re.Pattern[str]:
    names = "|".join(re.escape(name).replace(r"\ ", "[ -]?") for name in sorted(_load()["gpus"], key=len, reverse=True))
    return re.compile(
        rf"(?:(?<![\w.-])|(?<=\dx))(?:nvidia[ -]|tesla[ -]|amd[ -]"
        rf"|geforce[ -])*(?P<model>{names})(?:s)?(?:[- ]?\d\dgb?)?(?!\w|-\w|\.\w)",
        re.IGNORECASE,
    )


@functools.lru_cache(maxsize=1)
def _places() -> re.Pattern[str]:
    places = [*_load()["regions"], *_load()["places"]]
    return re.compile(_words([place for place in places if place not in ("us", "eu")]), re.IGNORECASE)


# "US" and "EU" are also a pronoun and nothing: only in capitals, or after a preposition with the article.
_SHORT_PLACE = re.compile(
    r"(?<![\w.-])(?:US|EU|U\.S\.|(?<=in the )us|(?<=box )eu|(?<=vm )eu|(?<=host )eu|(?<=in )eu|(?<=, )eu|(?<=the )eu"
    r"|eu(?= only\b)"
    r"|(?<=, )(?:jp|us|de|fr)(?=$|,)|(?:fra|ams|lon|syd|sgp|blr|tor|sfo)(?=$| \d|,|/|\.$))(?![\w-])"
)


def find_sizes(text: str) -> Iterator[Named]:
    """Size names of the providers, by pattern."""
    for match in SIZE.finditer(text):
        yield Named(match.start(), match.end(), "size_name", match.group().lower())


def find_regions(text: str) -> Iterator[Named]:
    """Region codes and places, in the words said."""
    for pattern in (REGION_CODE, _places(), _SHORT_PLACE):
        for match in pattern.finditer(text):
            yield Named(match.start(), match.end(), "region", match.group().lower())


def find_systems(text: str) -> Iterator[Named]:
    """Operating systems as ``family`` or ``family-version``."""
    for family, pattern, codenames in _systems():
        for match in pattern.finditer(text):
            code = match["code1"] or match["code2"]
            version = codenames[code.lower()] if code else (match["version"] or "").lower().removesuffix("lts").strip()
            start, end = match.span()
            if version and not code and not _is_version(family, version, text, match.end("version")):
                if text[match.end("name")] == "-" and not _COUNTED.match(text, match.end("version")):
                    continue  # "ubuntu-1" is a machine
                end, version = match.end("name"), ""
            if not version and not code and (spoken := _SPOKEN.match(text, end)):
                end, version = spoken.end(), _spoken_version(spoken.group().lower(), family)
            if family == "windows" and re.fullmatch(r"20\d\d(?: ?r2)?", version):
                yield Named(start, end, "os", f"windows-server-{version.replace(' ', '-')}")
            elif match["name"] and match["name"].lower() == "al2023":
                yield Named(start, end, "os", "amazon-linux-2023")
            elif match["name"] and match["name"].lower() == "deb" and not version:
                continue
            else:
                yield Named(start, end, "os", f"{family}-{version.replace(' ', '-')}" if version else family)


_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPOKEN = re.compile(
    rf" (?:version )?(?:{'|'.join((*_TEENS, *_ONES[7:]))}|twenty(?:[ -](?:{'|'.join(_ONES)}))?)\b"
    r"(?:(?: point| dot)?(?: oh| o| zero) four\b)?"
    r"(?! ?-?(?:gigs?|gb|gigabytes?|cores?|hours?|days?|weeks?|nodes?|machines?|vms?|boxes|servers?|hundred|thousand"
    r"|instances?|workers?|hosts?|vcpus?|cpus?|times|terabytes?|tb))",
    re.IGNORECASE,
)


def _spoken_version(words: str, family: str) -> str:
    """ "twenty two oh four" is 22.04, "twelve" is 12."""
    parts = re.findall(r"[a-z]+", words.replace("version", ""))
    number = 0
    for part in parts:
        if part in ("oh", "o", "zero", "point", "dot"):
            break
        number += 20 if part == "twenty" else 10 + _TEENS.index(part) if part in _TEENS else 1 + _ONES.index(part)
    is_long = parts[-1] == "four" and len(parts) > 2
    return f"{number}.04" if is_long or (family == "ubuntu" and number % 2 == 0) else str(number)


def _is_version(family: str, version: str, text: str, end: int) -> bool:
    pattern = _VERSIONS.get(family, _ANY_VERSION)
    if family in ("alpine", "freebsd", "opensuse", "sles", "kali", "nixos"):
        pattern = r"\d{1,4}(?:\.\d+)?"
    return bool(re.fullmatch(pattern, version)) and not _COUNTED.match(text, end)


def find_gpus(text: str) -> Iterator[Named]:
    """GPU models, lower case without spaces."""
    for match in _gpus().finditer(text):
        yield Named(match.start(), match.end(), "gpu_type", re.sub(r"[ -]", "", match["model"].lower()))


def find_words(text: str, kind: str) -> Iterator[Named]:
    """Providers or software by their synonyms."""
    pattern, table = _synonyms()[kind]
    for match in pattern.finditer(text):
        yield Named(match.start(), match.end(), kind, table[_key(match.group())], match.group().lower())


def software_named(word: str) -> str | None:
    """The software with this name or synonym."""
    return _synonyms()["software"][1].get(_key(word))


@functools.lru_cache(maxsize=2)
def common_words(place: str) -> frozenset[str]:
    """Words that are no name although they stand where one could: after "in", or before "cluster"."""
    return words(_load()["common"][place])


def is_first_name(word: str) -> bool:
    """Whether the word is a known given name; many words are names and something else, so only a hint."""
    return _plain(word) in _first_names()


@functools.lru_cache(maxsize=1)
def _first_names() -> frozenset[str]:
    return frozenset(str(name) for row in _load()["first_names"] for name in row)


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def spellings() -> tuple[frozenset[str], frozenset[str]]:
    """Single words that are spelled right: the names in the lists, and ordinary words that look like one of them."""
    data = _load()
    names = {str(name) for kind in ("providers", "software") for values in data[kind].values() for name in values}
    names |= {
        str(name) for entry in data["systems"].values() for name in (*entry["names"], *entry.get("codenames", {}))
    }
    names |= {str(place) for place in data["regions"]}
    return frozenset(names), frozenset(str(word) for row in data["ordinary"] for word in row)
