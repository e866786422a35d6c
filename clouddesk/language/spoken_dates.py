"""Parts of months and years as people say them ("the first half of october"), and dates that nobody can be sure of.

Parts are written out as "from 1 october 2026 to 15 october 2026", which ``periods`` reads.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from clouddesk.language.days import month_number
from clouddesk.language.ends import MONTH, MONTHS
from clouddesk.language.numbers import NUMBER, parse_number

_TH = r"(?:st|nd|rd|th)?\.?"
_TO = r"(?: ?[-–] ?| (?:to|until|till|through|up to|and) )(?:the )?"
_YEAR = r"(?:,? (?P<year>20\d\d))?"
_BETWEEN = r"(?P<lead>\b(?:from|between) (?:the )?)?"
_DAYS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_BETWEEN}(?<![\d-])\b(?P<first>\d{{1,2}}){_TH}(?P<to>{_TO})(?P<last>\d{{1,2}}){_TH} (?:of )?"
        rf"(?P<month>{MONTH})\b{_YEAR}",
        rf"{_BETWEEN}\b(?P<month>{MONTH}) (?:the )?(?P<first>\d{{1,2}}){_TH}(?P<to>{_TO})(?P<last>\d{{1,2}})\b{_TH}"
        rf"(?! ?(?:of )?(?:{MONTH}|[:/]))\b{_YEAR}",
    )
)
_ENDS_WITH_MONTH = re.compile(rf"\b{MONTH} (?:the )?$")
_OF = rf"(?:of|in) (?:(?P<month>{MONTH})\b{_YEAR}|(?P<which>the|this|last) (?P<unit>month|year)\b|(?P<whole>20\d\d)\b)"
_HALF = re.compile(rf"\b(?:the )?(?P<half>first|1st|second|2nd|last) half {_OF}")
_SOME_DAYS = re.compile(
    rf"\b(?:the )?(?P<side>first|last) (?:(?P<count>{NUMBER}|couple of|few) )?(?P<length>day|week)s? {_OF}"
)
_WEEKDAYS = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_DATE = (
    rf"(?:{MONTH}\b|{_WEEKDAYS}\b|\d{{1,2}}{_TH} (?:of )?{MONTH}\b|(?:the )?\d{{1,2}}(?:st|nd|rd|th)\b|20\d\d-\d\d"
    r"|(?:last|this|the|next) (?:week|month|quarter|year)\b|20\d\d\b)"
)
_DAY = rf"(?:20\d\d-\d\d-\d\d|\d{{1,2}}{_TH} (?:of )?{MONTH}(?: 20\d\d)?|{MONTH} \d{{1,2}}{_TH}|{_WEEKDAYS})"
_RANGE = re.compile(
    rf"(?<!from )(?<!between )(?<!and )\b(?P<range>{_DAY}(?: (?:to|until|till|through) | ?[-–] ?){_DAY})\b"
)
_VAGUE = (
    rf"\b(?:early|mid|late|around|about|circa)(?:[- ]| in )(?:the )?{_DATE}",
    r"(?<!since )(?<!since the )(?<!from )(?<!from the )(?<!between )(?<!between the )\b(?:beginning|start) of"
    rf" {_DATE}",
    r"(?<!until )(?<!until the )(?<!till )(?<!till the )(?<!to )(?<!to the )(?<!and )(?<!and the )(?<!through )"
    rf"(?<!through the )(?<!by )(?<!by the )\bend of {_DATE}",
    r"\b(?:half|middle|quarter|third|week|rest|most|parts?|last days|weekends|weekdays|working days|nights) (?:of|in)"
    rf" {_DATE}",
    rf"\b(?:every|each) {_WEEKDAYS}\b|\b{_WEEKDAYS}s\b",
    r"\b(?:except|without|excluding|but not|apart from|other than|besides) (?:in |for |on )?(?:the )?"
    rf"(?:{_DATE}|weekends?\b|yesterday\b|today\b)",
    rf"\b\d{{1,2}}{_TH}(?:, \d{{1,2}}{_TH})*,? and (?:the )?\d{{1,2}}{_TH} (?:of )?{MONTH}\b",
)
_UNREAD = re.compile("|".join(_VAGUE))
_AHEAD = re.compile(
    rf"\b(?:will|going to|gonna|shall)\b.*?(?P<until>\b(?:until|till?|by|before|up to) (?:the )?(?:{_DATE}|tomorrow\b))"
)


def written_out(text: str, *, today: date) -> str:
    """The text, in lower case, with the parts of months and years that it names as dates from and to."""
    for pattern in _DAYS:
        text = pattern.sub(lambda found: _days(found, today), text)
    text = _RANGE.sub(r"from \g<range>", text)
    text = _HALF.sub(lambda found: _half(found, today), text)
    return _SOME_DAYS.sub(lambda found: _some_days(found, today), text)


def unread(text: str, *, today: date) -> str | None:
    """The words of a date, or around one, that mean days which are not known: "mid october", "every monday"."""
    said = written_out(text.lower(), today=today)
    if ahead := _AHEAD.search(said):
        return ahead["until"]
    found = _UNREAD.search(said)
    return found[0].strip() if found else None


def _days(found: re.Match[str], today: date) -> str:
    is_list = found["to"].strip().startswith("and") and not (found["lead"] or "").startswith("between")
    month = month_number(found["month"])
    first, last = int(found["first"]), int(found["last"])
    year = int(found["year"]) if found["year"] else today.year
    # "october 10 to 15 may"
    is_of_another = found.end("month") > found.start("first") and _ENDS_WITH_MONTH.search(
        found.string, 0, found.start("first")
    )
    if is_list or is_of_another or not 1 <= first <= last <= monthrange(year, month)[1]:
        return found[0]
    if not found["year"] and date(year, month, first) > today:
        year -= 1
    if last > monthrange(year, month)[1]:
        return found[0]
    return _from_to(date(year, month, first), date(year, month, last))


def _half(found: re.Match[str], today: date) -> str:
    is_first = found["half"] in ("first", "1st")
    begin, end = _whole(found, today, is_begun=is_first)
    middle = date(begin.year, 7, 1) if (end - begin).days > 31 else begin.replace(day=16)
    return _from_to(begin, middle - timedelta(days=1)) if is_first else _from_to(middle, end)


def _some_days(found: re.Match[str], today: date) -> str:
    said = found["count"]
    count = 1 if said is None else {"couple of": 2, "few": 3}.get(said) or int(parse_number(said))
    if said is None and found["length"] == "day" and found[0].split("day")[1].startswith("s"):
        return found[0]  # "the last days of october"
    begin, end = _whole(found, today, is_begun=found["side"] == "first")
    length = timedelta(days=min((end - begin).days + 1, count * (7 if found["length"] == "week" else 1)) - 1)
    return _from_to(begin, begin + length) if found["side"] == "first" else _from_to(end - length, end)


def _whole(found: re.Match[str], today: date, *, is_begun: bool) -> tuple[date, date]:
    """The first and the last day of the month or year that is named; without a year the last one that can be meant."""
    if found["whole"] or found["unit"] == "year":
        year = int(found["whole"] or today.year) - (found["which"] == "last")
        return date(year, 1, 1), date(year, 12, 31)
    if found["unit"] == "month":
        begin = today.replace(day=1)
        begin = (begin - timedelta(days=1)).replace(day=1) if found["which"] == "last" else begin
    else:
        begin = date(int(found["year"] or today.year), month_number(found["month"]), 1)
        is_ahead = begin > today or (not is_begun and begin.replace(day=16) > today)
        if not found["year"] and is_ahead:
            begin = begin.replace(year=begin.year - 1)
    return begin, begin.replace(day=monthrange(begin.year, begin.month)[1])


def _from_to(begin: date, end: date) -> str:
    first, last = (f"{day.day} {MONTHS[day.month - 1]} {day.year}" for day in (begin, end))
    return f"from {first} to {last}"
