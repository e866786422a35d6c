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
    r"(?:\d{1,2}(?:[:.h]\d\d)?(?: ?(?:am|pm|a\.m\.?|p\.m\.?)(?!\w)| ?o['’]?clock| ?uhr| ?hrs?\b|h\b)"
    r"|\d{1,2}:\d\d|\d{4} ?(?:hrs|hours))"
)
HOUR_WORDS = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
PART = (
    r"(?:early morning|late morning|mid-?day|mid-?night|noon|lunch(?:time| break)?|dinner(?:time)?|breakfast|supper"
    r"|tea ?time|bed ?time|sunrise|sunset|sundown|dawn|dusk|mornin['’g]?|afternoon|arvo|evening|night"
    r"|eod|eob|cob|cop|(?:close|end) of (?:business|play|day)|the close|standup)"
)
DATE = (
    rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)(?: (?:of )?{MONTH}\b)?|{MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b"
    rf"|\d{{1,2}}\.? (?:of )?{MONTH}\b"
    r"|\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?|\d{1,2}/\d{1,2})"
)
_SPAN = (
    r"(?:(?:summer|winter|spring|autumn|fall) (?:term|semester|break|holidays?)|day|week|weekend|fortnight|month"
    r"|quarter|year|semester|trimester|term|sprint|night|afternoon|arvo|morning|evening"
    r"|workday|working day|summer|winter|spring|autumn|season|holidays?|vacation|break|(?:\w+ )?week(?:end)?)"
)
PERIOD = (
    rf"(?:(?:the )?(?:very )?end of (?:business )?(?:today|tomorrow|{WEEKDAY})\b"
    rf"|(?:the )?(?:very )?end of (?:the |this |next |my |our )?(?:\w+ )?{_SPAN}|(?:week|month|quarter|year"
    rf"|day) end|eow|eom"
    rf"|(?:the )?(?:last day|rest) of (?:the |this )?{_SPAN}"
    rf"|(?:next|this|the coming|coming) (?:weekend|week(?: {WEEKDAY})?|month|quarter|year|{WEEKDAY}|morning"
    rf"|afternoon|evening|night)"
    r"|(?:the )?(?:long |whole |entire |coming |full |bank holiday )*weekend|christmas(?: eve)?|xmas|easter"
    r"|thanksgiving|ramadan|diwali|eid|pentecost"
    r"|new year(?:['’]?s)?(?: eve| day)?)"
)
_DAY = (
    r"(?:(?:today|tomorrow) week\b|today|tonight|tonite|tomorrow|tomorow|tomoz|tmrw|tmr|2moro"
    rf"|\b{WEEKDAY}\b(?:['’]s (?:close|session)\b| (?:week|fortnight)\b)?)"
)
_ITEM = rf"(?:{PERIOD}|{_DAY}|{DATE}|{CLOCK}|(?:the )?{PART}\b)"
_LINK = r"(?:,? (?:at |on |in the |around |the |of |by )?| (?:till|until) )"
_ZONE = r"(?:cest|cet|eest|eet|jst|ist|utc|gmt|bst|wat|cat|eat|sast|aest|aedt|[ecmp][sd]t|aoe|sgt|kst|local time)"
_MILITARY = r"(?:[01]\d|2[0-3])[0-5]\d\b(?!-| ?(?:mb|gb|hours?|hrs))"
_TAIL = (
    rf"(?:(?:{_LINK}{_ITEM})|(?: at (?:{HOUR_WORDS}|\d{{1,2}})\b(?! (?:nodes|machines|vms|boxes|gb|gig|cores)))"
    rf"|(?: (?:{HOUR_WORDS}|\d{{1,2}})(?= *(?:$|[.,;!?)])))|(?: {_MILITARY})"
    rf"|(?:ish\b| sharp\b)|(?: {_ZONE}\b)"
    r"|(?: (?:\d{1,2} )?in the (?:morning|afternoon|evening|night)))*"
)
TIMEX = rf"(?:{_ITEM}{_TAIL})"

_COUNTED = (
    r"(?:nodes?|machines?|vms?|boxe?s?|workers?|brokers?|gb|gigs?|tb|cores?|hours?|hrs?|h\b|days?|weeks?|months?"
    r"|minutes?|mins?"
    r"|percent|epochs?|gpus?|of\b|instances?|servers?)"
)
_STRICT_UNTIL = r"(?:until|untill|unitl|untl|un[’']?til|['’]?til{1,3}|through|thru|no later than)"
_UNTIL = rf"(?:{_STRICT_UNTIL}|up ?to)"
_ABOUT = r"(?:about |around |at least |only |roughly |approximately |the coming |this coming |maybe |say |like )?"
_HOUR = (
    rf"(?:(?:half|quarter|\d{{1,2}}|five|ten|twenty) (?:past|to) (?:\d{{1,2}}|{HOUR_WORDS})\b"
    rf"|(?:\d{{1,2}}|{HOUR_WORDS})(?:ish)?\b(?!%|[-–]\w|[.:]\d| ?(?:more |extra |small |big )*{_COUNTED})"
    r"(?: (?:thirty|fifteen|forty[- ]?five)\b)?(?: ?[ap] ?\.?m\b)?)"
)
_NUMERIC_DATE = r"\d{1,2}[./]\d{1,2}\b\.?(?!%)"
BARE_HOUR = r"\d{1,2}(?:[:.]\d\d)?(?: ?[ap]m)?\b"
TO = r"(?:to|until|till?|through|thru)"
_ENDED = r"(?: (?:is|are|has|have) (?:over|done|finished|up|through)\b| ends?\b| closes?\b| at the latest\b)?"
_STRUCTURED = re.compile(
    rf"\b(?:(?:tomorrow|{WEEKDAY}) )?{_STRICT_UNTIL} {_ABOUT}(?:{_NUMERIC_DATE}(?:{TIMEX})?|{TIMEX}"
    rf"|(?:{_MILITARY}|{_HOUR}){_TAIL}){_ENDED}"
    rf"|\bup ?to (?:and including )?{_ABOUT}{TIMEX}"
    rf"|\b(?:{_DAY},? )?(?:from|for) {TIMEX} {TO} {TIMEX}|\bbetween {TIMEX} and {TIMEX}"
    rf"|(?<![\w-]){_DAY}(?: {TO} | ?[-–] ?){_DAY}(?![\w-]){_TAIL}"
    rf"|\b{_DAY},? (?:from )?{BARE_HOUR} (?:{TO}|-|–) {BARE_HOUR}(?! ?{_COUNTED})"
    rf"|\b(?:by|to) (?:about |around |at least )?(?:{_MILITARY}{_TAIL}|{TIMEX})"
    rf"|\b{_UNTIL} then\b|\b{_UNTIL} further notice\b"
)
_KEYED = re.compile(rf"\b(?:until|till?|through|expires?|expiry|ends?) ?[=:] ?(?P<when>{TIMEX})")
_FREE = re.compile(
    r"\b(?:until|untill|unitl|untl|til{1,3}|thru|through|to (?:the )?end of) (?!(?:\d|then\b|when\b|what\b|now\b))"
    r"(?P<rest>(?:[^,.;:!?()\n—–\[\]]|(?<=\d)[.:](?=\d))+)"
)
_FREE_STOP = re.compile(
    r" (?:please|pls|plz|thanks|thx|cheers|ta|tia|so|and|but|because|since|if|on (?:aws|gcp|azure|linode|vultr)|with"
    r"|for|then|thank|s['’]il|bitte|asap)\b| [-–—@<]|\s+[^\w\s'’\"-]"
)
_AFTER_COMMA = re.compile(rf",? (?:{_UNTIL} )?{TIMEX}")
_SOME = (
    r"(?:whole |entire |rest of the |rest of this |remainder of the |long |coming |next |full |complete |bank holiday )"
)
_PARTS_OF_DAY = r"(?:afternoon|arvo|evening|morning|week(?:end)?|night|month)"
_OVER = re.compile(
    rf"\b(?:over|through|throughout|during|for) (?:just |only )?(?:(?:today|tonight|tomorrow|{WEEKDAY})\b"
    rf"(?: {_PARTS_OF_DAY}\b)?|this (?:coming )?{_PARTS_OF_DAY}\b|one night\b"
    rf"|(?:all|the whole|the entire|the rest|the remainder|rest) of (?:the |this |next |today\b|tomorrow\b|{MONTH}\b)"
    rf"(?:\w+ )?(?:{_SPAN}\b)?"
    rf"|(?:the|all) (?:{_SOME}*)(?:{_SPAN}\b|\w+ holidays\b)"
    rf"|(?:christmas|xmas|easter|thanksgiving|ramadan|diwali|eid|new year)\b(?: holidays\b| break\b)?)(?!['’]s)(?! of )"
    rf"|\b(?:the )?rest of (?:the|this) (?:day|week|month|afternoon|evening|night)\b"
    rf"|\b(?:all (?:weekend|night|afternoon|morning|evening)|(?:all|the whole) of (?:this|next) {_SPAN}"
    rf"|the (?:whole|entire) {_SPAN})\b|\bovernight\b"
    rf"|\b(?:today|tonight|tomorrow|this {_PARTS_OF_DAY})(?= only\b)"
)
_BARE = re.compile(rf"(?<![\w-])(?:(?:at |on |from |first thing )?(?:{TIMEX})(?: to {TIMEX})?)(?!['’]s\b)")


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
    for match in _KEYED.finditer(lower):
        _add(found, lower, match.start("when"), match.end("when"), is_marked=True)
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
