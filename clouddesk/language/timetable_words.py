"""Words of a timetable: days, dates and hours; what is refused, left out, or more than a timetable can hold."""

from __future__ import annotations

import re

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday|s)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)
HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
HOUR = rf"(?:\d{{1,2}}|{'|'.join(HOURS)})"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b"
)
DATE = (
    rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of)? {MONTH}|{MONTH} (?:the )?\d{{1,2}}|20\d\d-\d\d?-\d\d?"
    r"|(?:the )?\d{1,2}(?:st|nd|rd|th)\b)"
)
ON_DATE = rf"(?:{DATE}|(?:0?[1-9]|[12]\d|3[01])[./](?:0?[1-9]|1[0-2])\b(?! ?[ap]m))"
""" "On 27.11"; without "on", that is a time."""
PERIOD = r"(?:m(?:in(?:ute)?s?)?|h(?:ou)?rs?|hours?|days?|weeks?|months?)\b"
STOPS = (
    r"(?:stop(?:s|ped|ping)?|halt|pause|suspend(?:ed)?|sleep|asleep|shut(?: ?down)?|power(?:ed)? ?(?:off|down)|off|down"
    r"|dark|to bed|rest)"
)
NOT_STOPPED = re.compile(
    r"\b(?:don'?t|do not|never|(?<!why )not|(?:should|must|need)n'?t|no (?:need|reason) to)\b(?! forget\b)"
    r"(?: (?!(?:so|and|but|then|at|there|when|if|because|(?:re)?start|wake|come|back)\b)[\w'`]+){0,5}?"
    rf" {STOPS}\b(?:(?!\b(?:and|but|just|instead)\b)[^,.;])*"
)
EXCEPT = re.compile(
    r"[ ,]*\b(?:except(?:ing)?|but not|apart from|excluding|other than|not)(?: for)?(?: (?:on|at))?(?: the| every)? "
    rf"(?:(?P<days>{DAY}s?(?:(?:,| and| &| or|,? nor)+ {DAY}s?)*)|(?P<weekends>weekends?))\b"
)
UNKNOWN = re.compile(
    r"\b(?:except|apart from|excluding)\b"
    r"|\b(?:every|each) (?:other|second|third|last|first|two|three|hour|month|year)\b"
    r"|\b(?:every|each) \d+(?:st|nd|rd|th|(?= (?:day|week|hour|min|month)))|\b(?:monthly|hourly|fortnight(?:ly)?)\b"
    r"|\bof (?:every|each|the) month\b|\* \*"
    rf"|\b(?:starting|beginning|as of|until|till?|from) (?:on |from )?(?:the )?(?:{DAY}s?\b|next|end of|{DATE})"
    rf"|\bfor (?:the )?(?:next )?(?:a|an|one|two|three|four|few|\d+) {PERIOD}"
    rf"|\b{HOUR} ?(?:-|–|to|or) ?{HOUR} ?{PERIOD}"
)
""" What no timetable here can hold: better asked about than set by halves."""


def left_out(match: re.Match[str]) -> tuple[int, ...]:
    """The days of one "except fridays"."""
    if match["weekends"]:
        return (5, 6)
    return tuple(DAY_NAMES.index(name[:3]) for name in re.findall(DAY, match["days"]))
