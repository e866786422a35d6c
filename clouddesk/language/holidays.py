"""Public holidays: whose are meant ("not on german holidays", "the holidays of Bavaria"), and which days they are.

A place is a country's code, with a part of it where that has days of its own: "DE", "DE-BY".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from clouddesk.language.vocabulary import LEAD, POLITE_END, plain

UNKNOWN_PLACE = "?"
"""Holidays are meant, and nobody knows yet whose."""

# What people call them beside the names that the calendar itself has.
_DEMONYMS = {
    "american": "US", "us": "US", "usa": "US", "u.s.": "US", "australian": "AU", "austrian": "AT", "belgian": "BE",
    "brazilian": "BR", "british": "GB", "uk": "GB", "english": "GB-ENG", "scottish": "GB-SCT", "welsh": "GB-WLS",
    "canadian": "CA", "chinese": "CN", "czech": "CZ", "danish": "DK", "dutch": "NL", "finnish": "FI", "french": "FR",
    "german": "DE", "greek": "GR", "hungarian": "HU", "indian": "IN", "irish": "IE", "israeli": "IL", "italian": "IT",
    "japanese": "JP", "korean": "KR", "mexican": "MX", "norwegian": "NO", "polish": "PL", "portuguese": "PT",
    "romanian": "RO", "spanish": "ES", "swedish": "SE", "swiss": "CH", "turkish": "TR", "ukrainian": "UA",
    "bavarian": "DE-BY", "bavaria": "DE-BY", "saxony": "DE-SN", "saxon": "DE-SN", "hesse": "DE-HE",
    "lower saxony": "DE-NI", "thuringia": "DE-TH", "north rhine-westphalia": "DE-NW", "nrw": "DE-NW",
    "rhineland-palatinate": "DE-RP", "baden-wuerttemberg": "DE-BW", "californian": "US-CA", "texan": "US-TX",
}  # fmt: skip
_ZONES = {
    "Europe/Berlin": "DE", "Europe/Vienna": "AT", "Europe/Zurich": "CH", "Europe/London": "GB", "Europe/Dublin": "IE",
    "Europe/Paris": "FR", "Europe/Madrid": "ES", "Europe/Lisbon": "PT", "Europe/Rome": "IT", "Europe/Amsterdam": "NL",
    "Europe/Brussels": "BE", "Europe/Luxembourg": "LU", "Europe/Copenhagen": "DK", "Europe/Stockholm": "SE",
    "Europe/Oslo": "NO", "Europe/Helsinki": "FI", "Europe/Tallinn": "EE", "Europe/Riga": "LV", "Europe/Vilnius": "LT",
    "Europe/Warsaw": "PL", "Europe/Prague": "CZ", "Europe/Bratislava": "SK", "Europe/Budapest": "HU",
    "Europe/Ljubljana": "SI", "Europe/Zagreb": "HR", "Europe/Belgrade": "RS", "Europe/Bucharest": "RO",
    "Europe/Sofia": "BG", "Europe/Athens": "GR", "Europe/Istanbul": "TR", "Europe/Kiev": "UA", "Europe/Kyiv": "UA",
    "America/New_York": "US", "America/Chicago": "US", "America/Denver": "US", "America/Los_Angeles": "US",
    "America/Phoenix": "US", "America/Toronto": "CA", "America/Vancouver": "CA", "America/Montreal": "CA",
    "America/Mexico_City": "MX", "America/Sao_Paulo": "BR", "America/Argentina/Buenos_Aires": "AR",
    "America/Santiago": "CL", "America/Bogota": "CO", "Asia/Kolkata": "IN", "Asia/Calcutta": "IN", "Asia/Tokyo": "JP",
    "Asia/Seoul": "KR", "Asia/Shanghai": "CN", "Asia/Hong_Kong": "HK", "Asia/Taipei": "TW", "Asia/Singapore": "SG",
    "Asia/Jerusalem": "IL", "Asia/Dubai": "AE", "Asia/Manila": "PH", "Asia/Bangkok": "TH", "Asia/Jakarta": "ID",
    "Asia/Ho_Chi_Minh": "VN", "Australia/Sydney": "AU-NSW", "Australia/Melbourne": "AU-VIC",
    "Australia/Brisbane": "AU-QLD", "Australia/Perth": "AU-WA", "Australia/Adelaide": "AU-SA",
    "Pacific/Auckland": "NZ", "Africa/Johannesburg": "ZA", "Africa/Cairo": "EG", "Africa/Lagos": "NG",
}  # fmt: skip

_KIND = r"(?:(?:public|bank|national|legal|official|federal|state) )?"
_WHOSE = r"(?:(?P<{0}>[a-zü.-]+(?: [a-zü-]+)?) )?"
_HOLIDAYS = rf"(?:the )?{_WHOSE.format('whose')}{_KIND}holidays?(?: (?:of|in|for) (?P<place>[a-zü.-]+(?: [a-zü-]+)?))?"
_OFF = re.compile(
    r"(?:\b(?:and|but|also|please) )*\b(?:not|never|except(?:ing)?|but not|apart from|excluding|without|no"
    rf"|skip(?:ping)?|leav(?:e|ing) out|omit(?:ting)?)(?: for)?(?: (?:on|at|during))? {_HOLIDAYS}"
    rf"|\b{_HOLIDAYS.replace('whose', 'whose2').replace('place', 'place2')}"
    r" (?:off|excluded|left out|free)\b"
)
_ON = re.compile(
    r"\b(?:(?:and|but) )?(?:also |even )(?:on|at|during) (?:the )?(?:public |bank )?holidays?\b"
    r"|\b(?:public |bank )?holidays too\b|\b(?:don'?t|do not) (?:skip|leave out) (?:the )?(?:public |bank )?holidays?\b"
)
_USES = re.compile(
    rf"{LEAD}(?:(?:use|take|follow|apply) (?:the )?{_KIND}holidays (?:of|in|for|to) (?P<a>[a-zü. -]+?)"
    rf"|(?:use|take|follow|apply) (?:the )?(?P<b>[a-zü. -]+?) {_KIND}holidays"
    rf"|my {_KIND}holidays are (?:those of |the ones of |the )?(?P<c>[a-zü. -]+?)(?: ones)?){POLITE_END}"
)
_LONGEST = 500
"""Who says more than this speaks of something else."""
_LONGEST_CHOICE = 150
"""The same of who chooses whose holidays count."""
_NO_PLACE = ("", "the", "on", "public", "bank", "national", "my", "our", "its")


@dataclass(frozen=True)
class Wish:
    """What a text says of holidays. ``place``: whose, "" where that is not said; ``is_off``: that they are left out."""

    is_off: bool
    place: str = ""


def take_wish(text: str) -> tuple[str, Wish | None]:
    """The text without its words about holidays, and what they wish; None when it has none."""
    said = plain(text)
    if "holiday" not in said or len(said) > _LONGEST:
        return text, None
    if found := _ON.search(said):
        return _without(text, found), Wish(is_off=False)
    found = _OFF.search(said)
    if found is None:
        return text, None
    words = next((value for value in found.groupdict().values() if value), "").strip()
    for name in ("place", "place2"):
        words = found[name] or words
    place = find_place(words) or ""
    return _without(text, found), Wish(is_off=True, place=place)


def place_chosen(text: str) -> tuple[str, str | None] | None:
    """ "Use german holidays": the words for whose, and the place that they name; None when it says no such thing."""
    found = _USES.fullmatch(plain(text).strip(" .!")) if len(text) <= _LONGEST_CHOICE else None
    words = next((value for value in found.groupdict().values() if value), "") if found else ""
    if found is None or words in _NO_PLACE:
        return None
    place = find_place(words)
    # "My holidays are great" is about something else, and so is "use spark for my holidays".
    is_other = found["c"] or re.search(r"\b(?:for|my|our|on|in)\b", words)
    return None if is_other and place is None else (words, place)


def find_place(words: str) -> str | None:
    """The place with this name: "germany", "german", "bavaria", "GB", "new york"."""
    name = re.sub(r"\b(?:public|bank|national|legal|official|federal|state)\b", " ", words.lower())
    name = re.sub(r"\s+", " ", name).strip(" .,!'\"")
    if name in _NO_PLACE:
        return None
    return _DEMONYMS.get(name) or _names().get(name)


def usual_place(timezone: str, locale: str) -> str | None:
    """Where somebody with this zone and language probably is; None when neither says."""
    if place := _ZONES.get(timezone):
        return place
    country = locale.partition("-")[2].upper()
    # Chats set "en-US" for who never chose.
    return country if country and locale != "en-US" and country in _countries() else None


def called(place: str) -> str:
    """ "Germany", "Germany (BY)"."""
    country, _, part = place.partition("-")
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _countries().get(country, country))
    return f"{name} ({part})" if part else name


def holiday_on(place: str, day: date) -> str | None:
    """The name of the public holiday that it is there; None when it is none, or nobody knows the place."""
    found = _year(place, day.year).get(day)
    return found.split("; ")[0] if found else None


def next_holiday(place: str, day: date) -> tuple[date, str] | None:
    """The first from that day on, within a year."""
    for ahead in range(366):
        then = day + timedelta(days=ahead)
        if name := holiday_on(place, then):
            return then, name
    return None


@lru_cache(maxsize=256)
def _year(place: str, year: int) -> dict[date, str]:
    # Half a second to import, for what few need.
    import holidays

    country, _, part = place.partition("-")
    if country not in _countries():
        return {}
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US")
    except NotImplementedError:
        return {}
    return dict(found)


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """The names of countries by code."""
    from holidays.registry import COUNTRIES

    return {entry[1]: entry[0] for entry in COUNTRIES.values()}


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Places by names in small letters; of parts, those of a few countries, where people name them."""
    import holidays
    from holidays.registry import COUNTRIES

    found = {}
    for country in ("DE", "AT", "CH", "GB", "US", "CA", "AU", "ES", "IN"):
        calendar = holidays.country_holidays(country)
        for name, part in getattr(calendar, "subdivisions_aliases", {}).items():
            found[name.lower()] = f"{country}-{part}"
    for key, entry in COUNTRIES.items():
        found |= {key.replace("_", " "): entry[1], entry[1].lower(): entry[1]}
    return found


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()].rstrip(' ,;:-')} {text[found.end() :].lstrip(' ,;:')}".strip()
