"""Ends of leases as people say them: "until friday 5pm", "over the weekend"; found here, resolved in ``clock``.

An end is kept in the words said, because what it means depends on the person's time zone and on when it is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clouddesk.language.durations import parse_duration

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
CLOCK = (
    r"(?:\d{1,2}(?:[:.h]\d\d)?(?: ?(?:am|pm|a\.m\.?|p\.m\.?)\b| ?o['’]?clock| ?uhr| ?hrs?\b|h\b)"
    r"|\d{1,2}:\d\d|\d{4} ?(?:hrs|hours))"
)
HOUR_WORDS = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
PART = (
    r"(?:early morning|late morning|mid-?day|midnight|noon|lunch(?:time| break)?|dinner(?:time)?|breakfast"
    r"|morning|afternoon|evening|night"
    r"|eod|eob|cob|close of business)"
)
DATE = (
    rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)(?: (?:of )?{MONTH})?|{MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b"
    rf"|\d{{1,2}}\.? (?:of )?{MONTH}\b"
    r"|\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?|\d{1,2}/\d{1,2})"
)
_SPAN = (
    r"(?:day|week|weekend|month|quarter|year|semester|term|sprint|night|afternoon|morning|evening|workday|working day)"
)
PERIOD = (
    rf"(?:(?:the )?(?:very )?end of (?:the |this |next |my |our )?(?:\w+ )?{_SPAN}|(?:week|month|quarter|year"
    rf"|day) end|eow|eom"
    rf"|(?:the )?(?:last day|rest) of (?:the |this )?{_SPAN}"
    rf"|(?:next|this|the coming|coming) (?:week(?: {WEEKDAY})?|weekend|month|quarter|year|{WEEKDAY}|morning"
    rf"|afternoon|evening|night)"
    r"|(?:the )?(?:long |whole |entire |coming |full )*weekend|christmas(?: eve)?|easter"
    r"|new year(?:['’]?s)?(?: eve| day)?)"
)
_DAY = rf"(?:today|tonight|tonite|tomorrow|tmrw|tmr|tomorow|\b{WEEKDAY}\b)"
_ITEM = rf"(?:{PERIOD}|{_DAY}|{DATE}|{CLOCK}|(?:the )?{PART}\b)"
_LINK = r"(?:,? (?:at |on |in the |till |until |around |the |of |by )?)"
_TAIL = (
    rf"(?:(?:{_LINK}{_ITEM})|(?: at (?:{HOUR_WORDS}|\d{{1,2}})\b(?! (?:nodes|machines|vms|boxes|gb|gig|cores)))"
    r"|(?: \d{1,2} in the (?:morning|afternoon|evening))|(?: (?:cet|jst|ist|utc|gmt|est|pst|aoe)\b))*"
)
TIMEX = rf"(?:{_ITEM}{_TAIL})"

_COUNTED = (
    r"(?:nodes?|machines?|vms?|boxe?s?|workers?|brokers?|gb|gigs?|tb|cores?|hours?|hrs?|h\b|days?|weeks?|months?"
    r"|minutes?|mins?"
    r"|percent|epochs?|gpus?|of\b|instances?|servers?)"
)
_UNTIL = r"(?:until|untill|till|['’]till?|til|through|thru|up to|no later than)"
_STRUCTURED = re.compile(
    rf"\b{_UNTIL} (?:about |around |at least |only |roughly |the coming |this coming )?"
    rf"(?:{TIMEX}|(?:\d{{1,2}}|{HOUR_WORDS})\b(?!%|[-–]\w| ?(?:more |extra |small |big )*{_COUNTED}))"
    rf"|\b(?:by|to) (?:about |around |at least )?{TIMEX}"
    rf"|\b{_UNTIL} then\b|\b{_UNTIL} further notice\b"
)
_FREE = re.compile(
    r"\b(?:until|untill|till|til|through|to (?:the )?end of) (?!(?:\d|then\b))(?P<rest>[^,.;:!?()\n—–\[\]]+)"
)
_FREE_STOP = re.compile(
    r" (?:please|pls|plz|thanks|thx|cheers|so|and|but|because|since|if|on (?:aws|gcp|azure|linode|vultr)|with|for"
    r"|then|thank)\b| [-–—@<]|\s+[^\w\s'’\"-]"
)
_AFTER_COMMA = re.compile(rf",? (?:{_UNTIL} )?{TIMEX}")
_OVER = re.compile(
    r"\b(?:over|through|throughout|during|for) (?:(?:just |only )?(?:today|tonight|tomorrow|this (?:afternoon"
    r"|evening|morning|week(?:end)?|night|month)"
    r"|the (?:(?:whole |entire |rest of the |rest of this |remainder of the |long |coming |next )*)(?:afternoon"
    r"|evening|morning|night|day|week(?:end)?|month|holidays))\b"
    r"|(?:christmas|easter|new year)\b)(?!['’]s)(?: only)?"
    r"|\b(?:the )?rest of (?:the|this) (?:day|week|month|afternoon|evening|night)\b"
    r"|\b(?:the )?(?:whole|entire) weekend\b|\bovernight\b|\btoday only\b|\b(?:this|tonight) only\b"
)
_BARE = re.compile(rf"(?<![\w-])(?:(?:at |on |from |first thing )?(?:{TIMEX})(?: to {TIMEX}| only)?)(?!['’]s\b)")


@dataclass(frozen=True)
class End:
    """An end found in a text. ``is_marked`` tells that a preposition says so ("until", "over"), not only a time."""

    start: int
    end: int
    words: str
    is_marked: bool


def find_ends(text: str) -> list[End]:
    """Every phrase that can be the end of a lease, in order, none overlapping."""
    lower = text.lower()
    found: list[End] = []
    for match in _STRUCTURED.finditer(lower):
        if re.match(r"(?:by|to) ", match.group()) and parse_duration(match.group()[3:]):
            continue  # "extend it by 8h"
        _add(found, lower, match.start(), match.end(), is_marked=True)
    for match in _OVER.finditer(lower):
        _add(found, lower, match.start(), match.end(), is_marked=True)
    for match in _FREE.finditer(lower):
        stop = _FREE_STOP.search(lower, match.start("rest"), match.end("rest"))
        end = stop.start() if stop else match.end("rest")
        words = lower[match.start() : end].split()
        if len(words) > 9:
            end = match.start() + len(" ".join(words[:9]))
        comma = _AFTER_COMMA.match(lower, end)
        _add(found, lower, match.start(), comma.end() if comma and lower[end : end + 1] == "," else end, is_marked=True)
    for match in _BARE.finditer(lower):
        _add(found, lower, match.start(), match.end(), is_marked=False)
    return sorted(found, key=lambda end: end.start)


def _add(found: list[End], text: str, start: int, end: int, *, is_marked: bool) -> None:
    while end > start and not (text[end - 1].isalnum() or text[end - 1] == "."):
        end -= 1
    if end > start and all(end <= other.start or start >= other.end for other in found):
        found.append(End(start, end, text[start:end], is_marked))
