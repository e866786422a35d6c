"""When people say that they are away: "I'm off next week", "on vacation from friday till the 12th", "ooo until monday".

Only a message that says nothing else is one: "turn off next week" and "when I'm off next week, stop etl" are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from clouddesk.language.clock import resolve_until
from clouddesk.language.durations import parse_duration
from clouddesk.language.ends import DATE, MONTH, WEEKDAY
from clouddesk.language.localtime import zone_of
from clouddesk.language.vocabulary import plain

LEAST = timedelta(hours=8)
"""A lunch or an evening is no absence."""
MOST = timedelta(days=400)
_BACK_AT = time(9)
_DAY = timedelta(days=1)
_LONGEST = 300
"""Who says more than this says something else besides."""

_LONGEST_LENGTH = 60
"""Of the words for how long; looking for a length in many more takes long itself."""

_LEAD = (
    r"(?:(?:hi|hey|hello|btw|by the way|fyi|heads up|just so you know|just fyi|note that|please note(?: that)?|ok|okay"
    r"|oh|also|so|and|well|reminder|sorry)[ ,:;!.-]+)*"
)
_I = r"(?:i'?m|i am|i'?ll be|i will be|i'?m going to be|i am going to be)(?: (?:also|all|currently|now|actually|then))?"
_KIND = (
    r"(?:my |a |an |some |our )?(?:(?:annual|paid|parental|maternity|paternity|family|sick|long|short|summer|winter"
    r"|christmas|xmas|easter|well[- ]deserved|business) ){0,2}"
)
_LEAVE = rf"{_KIND}(?:vacations?|vacay|holidays?|hols|leave|pto|sabbatical|honeymoon|time off|trip)"
_AWAY = (
    rf"(?:ooo|o\.o\.o\.?|out of (?:the )?office|(?:away |off )?on {_LEAVE}|vacationing|off sick|out sick|off work"
    r"|not (?:at work|working|in the office|in))"
)
"""Says it without any time, too."""
_GONE = r"(?:off|out|away|gone|not (?:here|around|available)|unavailable|travell?ing|abroad|sick)"
_NOUN = (
    r"(?:(?:i'?m |i am )?(?:taking |having |on )?(?:my |a |some )?(?:vacation|vacay|holidays?|pto|ooo"
    r"|out of (?:the )?office|time off|(?:annual|parental|maternity|paternity|sick) leave|sabbatical))"
    r"(?: (?:is|goes|runs|will be))?"
)
_GOES = (
    r"i(?:'?m| am|'?ll| will)? (?:(?:be )?(?:leav(?:e|ing)|go(?:ing)?|head(?:ing)?|fly(?:ing)?))(?: off| away)?"
    rf"(?: (?:for|on|to|into) {_LEAVE})"
)
_NOT_HERE = (
    r"i (?:won'?t|will not|am not going to|'?m not going to) "
    r"(?:be (?:here|in|around|working|available|at work|in the office|back)|work)"
)
_BACK_ON = r"(?:i'?ll|i will|i'?m|i am) (?:only )?(?:be )?(?:only )?back(?: again)?(?: at work| in the office)?"
_TAKES = (
    r"(?:i'?m taking|i am taking|i take|i'?ll take|i will take|i have|i'?ve got|i'?ll have|taking|i got)"
    r" (?P<taken>.+?) off(?: work)?"
)
_END = (
    r"(?:[ ,]+(?:thanks|thank you|thx|cheers|btw|fyi|by the way|just so you know|again|finally|yay|work))*"
    r"[ .!:)\U0001f300-\U0001faff]*"
)
_SAID = tuple(
    (kind, re.compile(rf"{_LEAD}{pattern}(?P<when>(?:[ ,:]+.+?)?){_END}"))
    for kind, pattern in (
        ("away", rf"{_I} {_AWAY}"),
        ("timed", rf"{_I} {_GONE}"),
        ("goes", _GOES),
        ("timed", _NOT_HERE),
        ("timed", _NOUN),
        ("back", _BACK_ON),
        ("timed", _TAKES),
    )
)
_DATE = (
    r"(?:(?:on )?(?:the )?(?:end of )?(?:this |next |the coming )?"
    rf"(?:{WEEKDAY}|weekend|week|month)(?:,? (?:the )?{DATE})?"
    rf"|(?:on )?(?:{WEEKDAY},? )?{DATE}(?:,? 20\d\d)?|(?:the )?\d{{1,2}}|today|tomorrow|tmrw|now|tonight"
    rf"|{MONTH} \d{{1,2}}|{MONTH}|(?:the )?day after tomorrow|{WEEKDAY} (?:next )?week)"
    r"(?: (?:morning|noon|evening|night|afternoon))?"
)
_RANGE = re.compile(
    rf"(?:from |between |starting |beginning )?(?P<first>{_DATE})"
    rf"(?: (?:to|till?|until|'til|through|thru|and|up to)(?: and including)? | ?[-–] ?)(?P<last>{_DATE})"
    r"(?: inclusive| included)?"
)
_UNTIL = re.compile(
    rf"(?:from now )?(?:on )?(?P<by>until|till?|'til|up to|through|thru|and (?:only )?back(?: again)?(?: on)?)"
    rf" (?:after )?(?P<day>{_DATE})"
)
_ON = re.compile(rf"(?:on |again )*(?P<day>{_DATE})")
_FROM_FOR = re.compile(rf"(?:from |starting |as of |beginning )?(?P<day>{_DATE}),? for (?P<length>.+)")
_FOR_FROM = re.compile(rf"(?:for )?(?P<length>.+?) (?:from|starting|as of|beginning) (?P<day>{_DATE})(?: on)?")
_FOR = re.compile(r"(?:for )?(?:the )?(?:whole |next )?(?P<length>(?:next |coming )?.+)")
_FROM = re.compile(rf"(?:from|starting|as of|beginning) (?P<day>{_DATE})(?: (?:on|onwards?))?")
_WHOLE = r"(?:for |during |in )?(?:(?:the )?(?:whole|entire|rest) (?:of )?|all (?:of )?)?"
_STARTS = re.compile(r"\b(?P<what>vacation|vacay|holidays?|pto|leave|sabbatical) (?:starts?|begins?)(?: on)? ")
_SPAN = re.compile(rf"{_WHOLE}(?P<which>this|next|the)(?: (?P<two>two|three|four|\d))? (?P<unit>weekend|week|month)s?")
_IN_MONTH = re.compile(rf"{_WHOLE}(?P<month>{MONTH})(?: (?P<year>20\d\d))?")
_NUMBERS = {"two": 2, "three": 3, "four": 4}

_BACK = re.compile(
    rf"{_LEAD}(?:(?:i'?m|i am)(?: (?:finally|now|already))? back"
    # What somebody is back from is the last that is said, as it takes in any word.
    r"(?: (?:at work|in the office|again|now|early|already|today|online|here))*(?: from [\w ]+)?"
    r"|back (?:at work|in the office|from (?:my )?(?:vacation|holidays?|leave))"
    r"|(?:i'?m|i am) not (?:away|off|on (?:vacation|holidays?|leave)|ooo|going (?:away|on vacation|on holidays?))"
    r"(?: (?:any ?more|after all|any longer|next week|this week))*"
    r"|(?:my )?(?:vacation|holiday|trip|leave) (?:is|was|got|has been) cancell?ed"
    rf"|(?:i )?cancell?ed my (?:vacation|holidays?|trip|leave)){_END}"
)


@dataclass(frozen=True)
class Away:
    """Gone from ``since`` on, and back at ``until``: None when that is not said. Both aware."""

    since: datetime
    until: datetime | None = None


def read_absence(text: str, *, now: datetime, timezone: str = "UTC") -> Away | None:
    """When somebody in ``timezone`` says at ``now`` (aware) that they are away; None when they say something else."""
    said = re.sub(r"\s+", " ", plain(text)).strip()
    if not said or said.endswith("?") or len(said) > _LONGEST:
        return None
    said = _STARTS.sub(r"\g<what> from ", said)
    for kind, pattern in _SAID:
        found = pattern.fullmatch(said)
        if found is None:
            continue
        groups = found.groupdict()
        words = f"{groups.get('taken') or ''} {groups['when']}".strip(" ,:")
        if kind == "away" and not words:
            return Away(now)
        if words == "now":
            continue
        away = _Calendar(now, timezone).read(words, is_back=kind == "back")
        if away is not None:
            # "I'm going on vacation tomorrow" does not say that it is one day.
            is_only_begun = kind == "goes" and _ON.fullmatch(words) is not None and _SPAN.fullmatch(words) is None
            return replace(away, until=None) if is_only_begun else away
    return None


def says_back(text: str) -> bool:
    """Whether somebody says that they are back, or do not go after all."""
    said = re.sub(r"\s+", " ", plain(text)).strip()
    return len(said) <= _LONGEST and _BACK.fullmatch(said) is not None


class _Calendar:
    """Days as they lie ahead of somebody; what is named without a year or a month is the next one."""

    def __init__(self, now: datetime, timezone: str) -> None:
        self._zone = zone_of(timezone)
        self._timezone = timezone
        self._now = now
        self._today = now.astimezone(self._zone).date()

    def read(self, words: str, *, is_back: bool) -> Away | None:
        if is_back:
            found = _ON.fullmatch(words)
            day = self._day(found["day"]) if found else None
            return self._away(self._today, self._at(day, _BACK_AT)) if day and day > self._today else None
        return (
            self._span(words)
            or self._range(words)
            or self._until(words)
            or self._lasting(words)
            or self._from(words)
            or self._one_day(words)
        )

    def _span(self, words: str) -> Away | None:
        found = _SPAN.fullmatch(words)
        if found and found["unit"] == "weekend":
            saturday = self._today + timedelta(days=(5 - self._today.weekday()) % 7)
            saturday = self._today if self._today.weekday() == 6 else saturday
            later = timedelta(days=7) if found["which"] == "next" and self._today.weekday() < 5 else timedelta()
            begin = saturday + later
            return self._away(begin, self._at(begin + timedelta(days=7 - begin.weekday())))
        if found and found["two"]:
            count = _NUMBERS.get(found["two"]) or int(found["two"])
            days = count * 7 if found["unit"] == "week" else count * 30
            return self._away(self._today, self._at(self._today + timedelta(days=days)))
        if found:
            begin = self._today if found["which"] in ("this", "the") else self._following(found["unit"], self._today)
            end = self._following(found["unit"], begin)
            return self._away(begin, self._at(end))
        if found := _IN_MONTH.fullmatch(words):
            month = self._day(f"{found['month']} 1")
            if month and found["year"]:
                month = month.replace(year=int(found["year"]))
            return self._away(month, self._at(self._following("month", month))) if month else None
        return None

    def _range(self, words: str) -> Away | None:
        found = _RANGE.fullmatch(words)
        if found is None:
            return None
        first, last = _with_month(found["first"], found["last"])
        begin = self._day(first)
        end = self._day(last, after=begin) if begin else None
        return self._away(begin, self._at(end + _DAY)) if begin and end and end >= begin else None

    def _until(self, words: str) -> Away | None:
        found = _UNTIL.fullmatch(words)
        day = self._day(found["day"], after=self._today + _DAY) if found else None
        if found is None or day is None:
            return None
        is_last = found["by"] in ("through", "thru", "up to") or found["day"].startswith(("the end", "end"))
        return self._away(self._today, self._at(day + _DAY) if is_last else self._at(day, _BACK_AT))

    def _lasting(self, words: str) -> Away | None:
        for pattern in (_FROM_FOR, _FOR_FROM, _FOR):
            found = pattern.fullmatch(words)
            is_short = found is not None and len(found["length"]) <= _LONGEST_LENGTH
            minutes = parse_duration(found["length"].removeprefix("next ").strip()) if found and is_short else None
            if found is None or minutes is None:
                continue
            begin = self._day(found["day"]) if pattern is not _FOR else self._today
            length = timedelta(minutes=minutes)
            if begin is None or length < LEAST:
                return None
            since = self._at(begin) if begin > self._today else self._now
            return Away(since, since + length) if length <= MOST else None
        return None

    def _from(self, words: str) -> Away | None:
        found = _FROM.fullmatch(words)
        day = self._day(found["day"]) if found else None
        return self._away(day, None) if day else None

    def _one_day(self, words: str) -> Away | None:
        found = _ON.fullmatch(words)
        day = self._day(found["day"]) if found else None
        return self._away(day, self._at(day + _DAY)) if day else None

    # --- inside ------------------------------------------------------------------------------------------------------

    def _day(self, words: str, *, after: date | None = None) -> date | None:
        """The day that is named: today at the earliest, or the first such one from ``after`` on."""
        words = words.strip()
        if words in ("today", "now", "tonight"):
            return self._today
        if re.fullmatch(r"(?:the )?day after tomorrow", words):
            return self._today + 2 * _DAY
        if re.fullmatch(r"(?:the )?\d{1,2}", words):
            words = f"the {words.removeprefix('the ')}th"
        if re.fullmatch(MONTH, words):
            words = f"{words} 1st"
        begin = after or self._today
        if re.fullmatch(r"(?:this |next )(?:week|month)", words):
            return self._following(words.rpartition(" ")[2], self._today) if words[0] == "n" else self._today
        # Just before the day begins, so that the day itself can be meant.
        eve = self._at(begin) - timedelta(seconds=1) if after else self._now
        moment = resolve_until(words.removeprefix("on "), now=eve, timezone=self._timezone)
        day = moment.astimezone(self._zone).date() if moment else None
        return day if day and begin <= day <= self._today + MOST else None

    def _following(self, unit: str, day: date) -> date:
        """When the next week or month begins."""
        if unit == "week":
            return day + timedelta(days=7 - day.weekday())
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)

    def _at(self, day: date, clock: time = time(0)) -> datetime:
        return datetime.combine(day, clock, tzinfo=self._zone)

    def _away(self, begin: date, until: datetime | None) -> Away | None:
        since = max(self._at(begin), self._now) if begin == self._today else self._at(begin)
        if until is not None and until <= since:
            return None
        return Away(since.astimezone(self._now.tzinfo), until.astimezone(self._now.tzinfo) if until else None)


def _with_month(first: str, last: str) -> tuple[str, str]:
    """ "1-5 june" and "june 1 to 5": the month is said once, and is that of both."""
    month = {side: re.search(rf"\b{MONTH}\b", words) for side, words in (("first", first), ("last", last))}
    if month["last"] and not month["first"] and re.fullmatch(r"(?:the )?\d{1,2}(?:st|nd|rd|th)?\.?", first):
        return f"{first.removeprefix('the ')} {month['last'][0]}", last
    if month["first"] and not month["last"] and re.fullmatch(r"(?:the )?\d{1,2}(?:st|nd|rd|th)?\.?", last):
        return first, f"{last.removeprefix('the ')} {month['first'][0]}"
    return first, last
