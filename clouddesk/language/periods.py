"""Periods of reports as people say them: "this month", "october", "last week", "since monday", "the last 7 days"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clouddesk.language.days import month_number, moved, shown, start_of
from clouddesk.language.ends import MONTH, MONTHS, WEEKDAYS
from clouddesk.language.localtime import zone_of
from clouddesk.language.numbers import NUMBER, parse_number
from clouddesk.language.spoken_dates import written_out

_DAY = timedelta(days=1)
LONGEST = timedelta(days=400)
"""Nothing older is kept."""

_WEEKDAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues?|wed|thurs?|fri)"
_THIS = r"(?:this|the|current|the current)"
_ROLLING = re.compile(
    rf"\b(?:last|past|previous) (?P<count>{NUMBER}|couple of|few) (?P<unit>hour|day|week|month)s?\b"
    r"|\bpast (?P<one>hour|day|week|month)\b|\blast (?P<hours>24) ?h\b"
)
_AGO = re.compile(rf"\b(?P<count>{NUMBER}|an?) (?P<unit>day|week|month)s? ago\b")
_ISO = re.compile(r"\b(?P<year>20\d\d)-(?P<month>\d\d)(?:-(?P<day>\d\d))?\b")
_DAY_MONTH = re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?(?P<month>{MONTH})\b(?: (?P<year>20\d\d))?")
_MONTH_DAY = re.compile(rf"\b(?P<month>{MONTH}) (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>20\d\d))?")
_ORDINAL = re.compile(r"\b(?:on |since |from )?the (?P<day>\d{1,2})(?:st|nd|rd|th)\b")
_MONTH_NAME = re.compile(
    rf"\b(?P<month>(?!may\b|mar\b){MONTH})\b(?:,? (?P<year>20\d\d))?"
    r"|\b(?:in|for|of|since|from|during|until|to|and|last) (?P<may>may)\b(?! (?:i|we|you|be)\b)(?: (?P<of>20\d\d))?"
)
_QUARTER = re.compile(r"\bq(?P<number>[1-4])\b(?: ?(?P<year>20\d\d))?|\b(?P<which>last|previous|this) quarter\b")
_EVER = re.compile(
    r"\b(?:ever|all[- ]time|in total|altogether|overall|to date|lifetime"
    r"|since (?:the|it all) (?:very )?(?:beginning|start|began)|since (?:we|i|they) (?:began|started))\b"
)
_SINCE = re.compile(r"\b(?:since|from|starting|as of|(?P<after>after))\b (?P<when>.+)")
_UNTIL = re.compile(
    r"\b(?:(?P<before>(?<!day )(?<!week )(?<!month )(?<!year )(?:before|prior to))|until|till?|(?<!been )up to|through)"
    r" (?P<when>.+)"
)
_BARE_MAY = re.compile(r"may\b(?! (?:i|we|you|be)\b)(?: (?P<year>20\d\d))?")
""" "From may to july": where a point in time is expected, it is the month."""
_NOW = re.compile(r"(?:right )?now\b|date\b|the present\b")
_YEAR = re.compile(r"(?:\b(?:in|for|during|of) |^)(?P<year>20\d\d)\b(?!-)")
_COMPARED = re.compile(
    rf"\b{_THIS} (?P<unit>week|month|quarter|year)(?:'s)?\b.*?\b(?:vs|versus|against|than|compared (?:to|with))\b"
    r".*?\b(?:last|previous|prior|the one)\b"
)
_FROM_TO = re.compile(r"\b(?:from|between) (?P<first>.+?) (?:to|and|until|till|through|up to) (?P<last>.+)")
_MONTH_BEGIN = re.compile(r"\b(?:first|1st|start|beginning) of (?:the|this) (?P<unit>week|month|quarter|year)\b")
_TO_DATE = re.compile(r"\b(?P<unit>week|month|quarter|year)[- ]to[- ]date\b|\b(?P<short>[mqy])td\b")

_STEP = re.compile(
    r"\b(?:per|by|each|every) (?P<unit>day|week|month)\b|\b(?P<word>daily|weekly|monthly)\b"
    r"|\b(?P<twice>day|week|month) (?:by|after|over) (?P=twice)\b"
)
_OVER_TIME = re.compile(r"\b(?:trends?|over time|time ?line|development|history|spikes?)\b")
_LENGTHS = ("day", "week", "month")
MOST_STEPS = 14


@dataclass(frozen=True)
class Period:
    """From ``since`` on and before ``until``, both aware; ``words`` follow "you spent $5"."""

    since: datetime
    until: datetime
    words: str
    earlier_since: datetime | None = None
    """The period of the same kind before it began then and ended at ``since``."""
    earlier_words: str = ""


def find_period(text: str, *, now: datetime, timezone: str = "UTC") -> Period | None:
    """The period that the text names, for somebody in ``timezone`` at ``now`` (aware); None when it names none."""
    return _Calendar(now, timezone).find(text.lower())


def no_such_date(text: str) -> str | None:
    """What is written as a date and is none: "2026-13", "2026-02-31"."""
    return next((found[0] for found in _ISO.finditer(text) if not _is_date(found)), None)


def this_month(*, now: datetime, timezone: str = "UTC") -> Period:
    """The month that it is there."""
    return _Calendar(now, timezone).unit("month", 0)


def in_all(*, now: datetime, timezone: str = "UTC") -> Period:
    """All that is kept."""
    return _Calendar(now, timezone).ever()


def find_step(text: str, period: Period) -> str | None:
    """ "day", "week" or "month" where the text asks how it went over time: "week by week", "daily", "the trend"."""
    said = text.lower()
    found = _STEP.search(said)
    days = (period.until - period.since).days
    fitting = "day" if days <= MOST_STEPS else "week" if days <= 7 * MOST_STEPS else "month"
    if found is None:
        return fitting if _OVER_TIME.search(said) and days > 1 else None
    unit = next(value for value in found.groupdict().values() if value)
    step = {"daily": "day", "weekly": "week", "monthly": "month"}.get(unit, unit)
    return step if _LENGTHS.index(step) >= _LENGTHS.index(fitting) else fitting


def steps(period: Period, step: str) -> tuple[datetime, ...]:
    """When the days, weeks or months in the period begin; the first one with the period itself."""
    zone = period.since.tzinfo
    begins, day = [period.since], period.since.date()
    while (day := moved(step, start_of(step, day), 1)) < period.until.date():
        begins.append(datetime.combine(day, time(0), tzinfo=zone))
    return tuple(begins)


class _Calendar:
    """Somebody's calendar on the day on which they ask."""

    def __init__(self, now: datetime, timezone: str) -> None:
        self._zone: ZoneInfo = zone_of(timezone)
        self._now = now.astimezone(self._zone)
        self._today = self._now.date()

    def find(self, text: str) -> Period | None:
        text = written_out(text, today=self._today)
        steps: tuple[Callable[[str], Period | None], ...] = (
            self._from_to,
            self._until,
            self._since,
            self._rolling,
            self._relative,
            self._quarter,
            self._months_ago,
            self._ago,
            self._date,
            self._months,
            self._year,
            self._weekday,
            self._in_total,
        )
        return next((found for step in steps if (found := step(text))), None)

    def unit(self, unit: str, back: int) -> Period:
        """The day, week, month, quarter or year so many before this one."""
        begin = moved(unit, start_of(unit, self._today), -back)
        earlier = moved(unit, begin, -1)
        earlier_words = {
            "day": "the day before",
            "week": "the week before",
            "month": f"{earlier:%B}",
            "quarter": "the quarter before",
            "year": f"{earlier.year}",
        }[unit]
        words = {"day": ("today", "yesterday")}.get(unit, (f"this {unit}", f"last {unit}"))[back]
        return self._period(begin, moved(unit, begin, 1), words, earlier, earlier_words)

    def ever(self) -> Period:
        """All that is kept, up to now."""
        return self._period(self._today - LONGEST, self._today + _DAY, "in all")

    # --- the ways to say one -----------------------------------------------------------------------------------------

    def _from_to(self, text: str) -> Period | None:
        found = _FROM_TO.search(text)
        if not found:
            return None
        first = self._point(found["first"])
        last = self.unit("day", 0) if _NOW.match(found["last"]) else self._point(found["last"])
        if not first or not last:
            return None
        begin, end = first.since.date(), last.until.date() - _DAY
        if begin > end and (begin - end).days < 7:
            begin -= timedelta(days=7)  # "from friday to tuesday", said on a saturday
        if begin > end and not re.search(r"20\d\d", text):
            begin = moved("year", begin, -1)  # "from november to may", said in november
        if begin > end:
            return None
        return self._period(begin, end + _DAY, f"from {shown(begin, self._today)} to {shown(end, self._today)}")

    def _since(self, text: str) -> Period | None:
        found = _SINCE.search(text)
        first = self._point(found["when"]) if found else None
        if found is None or first is None:
            return None
        begin = (first.until if found["after"] else first.since).date()
        if begin > self._today:
            return None
        return self._period(begin, self._today + _DAY, f"since {shown(begin, self._today)}")

    def _until(self, text: str) -> Period | None:
        """All up to then, or what is said before that: "this month until yesterday"."""
        found = _UNTIL.search(text)
        if found is None:
            return None
        last = self.unit("day", 0) if _NOW.match(found["when"]) else self._point(found["when"])
        if last is None:
            return None
        end = last.since.date() if found["before"] else min(last.until.date(), self._today + _DAY)
        said = self._since(text[: found.start()]) or self.find(text[: found.start()])
        if said is None and _NOW.match(found["when"]):
            return None  # "what does it cost up to now" names no period
        begin = said.since.date() if said else self._today - LONGEST
        if said and timedelta() <= begin - end < timedelta(days=7):
            begin -= timedelta(days=7)  # "since monday until yesterday", said on a monday
        if begin >= end:
            return None
        last_day = shown(end - _DAY, self._today)
        words = f"from {shown(begin, self._today)} to {last_day}" if said else f"in all, up to {last_day}"
        return self._period(begin, end, words)

    def _point(self, words: str) -> Period | None:
        """A period that another one begins or ends with."""
        if begin := _MONTH_BEGIN.match(words.removeprefix("the ")):
            return self.unit(begin["unit"], 0)
        steps = (
            *(self._relative, self._quarter, self._ago, self._date),
            *(self._may, self._months, self._year, self._weekday),
        )
        return next((found for step in steps if (found := step(words))), None)

    def _rolling(self, text: str) -> Period | None:
        found = _ROLLING.search(text)
        if not found:
            return None
        unit = found["unit"] or found["one"] or "hour"
        said = found["count"] or found["hours"] or "1"
        count = {"couple of": 2, "few": 3}.get(said) or int(parse_number(said))
        words = f"in the last {count} {unit}s" if count != 1 else f"in the last {unit}"
        if unit == "hour" or (unit, count) == ("day", 1):
            return Period(self._now - timedelta(hours=count if unit == "hour" else 24), self._now, words)
        # As many days as are said, today among them.
        begin = moved(unit, self._today, -count) + _DAY
        return self._period(max(begin, self._today - LONGEST), self._today + _DAY, words)

    def _relative(self, text: str) -> Period | None:
        if found := _TO_DATE.search(text):
            return self.unit(found["unit"] or {"m": "month", "q": "quarter", "y": "year"}[found["short"]], 0)
        if re.search(r"\btoday\b|\bthis (?:morning|afternoon|evening)\b", text):
            return self.unit("day", 0)
        if re.search(r"\bday before yesterday\b", text):
            return self._day(self._today - 2 * _DAY)
        if re.search(r"\byesterday\b|\blast night\b", text):
            return self.unit("day", 1)
        if re.search(r"\bweek-?end\b", text):
            saturday = self._today - timedelta(days=(self._today.weekday() - 5) % 7)
            if self._today.weekday() >= 5 and "last" in text:
                saturday -= timedelta(days=7)
            return self._period(saturday, saturday + 2 * _DAY, "last weekend" if saturday != self._today else "today")
        if found := _COMPARED.search(text):
            return self.unit(found["unit"], 0)
        for unit in ("week", "month", "quarter", "year"):
            if re.search(rf"\b(?:last|previous|prior) {unit}\b", text):
                return self.unit(unit, 1)
            if re.search(rf"\b{_THIS} {unit}\b(?! (?:before|ago|of))", text):
                return self.unit(unit, 0)
        return None

    def _quarter(self, text: str) -> Period | None:
        found = _QUARTER.search(text)
        if not found or found["which"]:
            return None
        year = int(found["year"] or self._today.year)
        begin = date(year, int(found["number"]) * 3 - 2, 1)
        if begin > self._today and not found["year"]:
            begin = begin.replace(year=year - 1)
        end = moved("quarter", begin, 1)
        earlier = moved("quarter", begin, -1)
        return self._period(begin, end, f"in Q{found['number']} {begin.year}", earlier, "the quarter before")

    def _months_ago(self, text: str) -> Period | None:
        """A whole month; where a point in time is expected, it is a day."""
        found = _AGO.search(text)
        if not found or found["unit"] != "month":
            return None
        begin = moved("month", start_of("month", self._today), -_number_of(found["count"]))
        return self._month(begin.month, begin.year)

    def _ago(self, text: str) -> Period | None:
        found = _AGO.search(text)
        if not found:
            return None
        begin = moved(found["unit"], self._today, -_number_of(found["count"]))
        return self._day(begin)

    def _date(self, text: str) -> Period | None:
        if found := _ISO.search(text):
            if not found["day"]:
                if not 1 <= int(found["month"]) <= len(MONTHS):
                    return None
                return self._month(int(found["month"]), int(found["year"]))
            return self._on(int(found["day"]), int(found["month"]), int(found["year"]))
        for pattern in (_DAY_MONTH, _MONTH_DAY):
            if found := pattern.search(text):
                year = int(found["year"]) if found["year"] else None
                return self._on(int(found["day"]), month_number(found["month"]), year)
        if found := _ORDINAL.search(text):
            before = start_of("month", self._today) - _DAY
            last = self._today if int(found["day"]) <= self._today.day else before
            return self._on(int(found["day"]), last.month, last.year)
        return None

    def _on(self, day: int, month: int, year: int | None) -> Period | None:
        try:
            found = date(year or self._today.year, month, day)
            return self._day(found if year or found <= self._today else found.replace(year=found.year - 1))
        except ValueError:
            return None

    def _months(self, text: str) -> Period | None:
        """A month by its name, or from the first to the last of several."""
        named = [
            self._month(
                month_number(found["month"] or found["may"]), int(year) if (year := found["year"] or found["of"]) else 0
            )
            for found in _MONTH_NAME.finditer(text)
        ]
        if len(named) < 2:
            return named[0] if named else None
        first, last = min(named, key=lambda item: item.since), max(named, key=lambda item: item.since)
        if first == last:
            return first
        words = f"from {first.words.removeprefix('in ')} to {last.words.removeprefix('in ')}"
        return Period(first.since, last.until, words)

    def _month(self, number: int, year: int) -> Period:
        """Without a year the last one that has begun."""
        begin = date(year or self._today.year, number, 1)
        if not year and begin > self._today:
            begin = begin.replace(year=begin.year - 1)
        words = f"in {begin:%B}" + ("" if begin.year == self._today.year else f" {begin.year}")
        earlier = moved("month", begin, -1)
        return self._period(begin, moved("month", begin, 1), words, earlier, f"{earlier:%B}")

    def _may(self, words: str) -> Period | None:
        found = _BARE_MAY.match(words)
        return self._month(MONTHS.index("may") + 1, int(found["year"] or 0)) if found else None

    def _year(self, text: str) -> Period | None:
        found = _YEAR.search(text)
        if not found:
            return None
        begin = date(int(found["year"]), 1, 1)
        earlier = moved("year", begin, -1)
        return self._period(begin, moved("year", begin, 1), f"in {begin.year}", earlier, f"{earlier.year}")

    def _weekday(self, text: str) -> Period | None:
        found = re.search(rf"(?<![\w-])(?P<last>last )?(?P<day>{_WEEKDAY})(?![\w-])", text)  # no "mon-1"
        if not found:
            return None
        index = next(number for number, day in enumerate(WEEKDAYS) if day[:3] == found["day"][:3])
        back = (self._today.weekday() - index) % 7
        return self._day(self._today - timedelta(days=back or (7 if found["last"] else 0)))

    def _in_total(self, text: str) -> Period | None:
        return self.ever() if _EVER.search(text) else None

    # --- inside ------------------------------------------------------------------------------------------------------

    def _day(self, day: date) -> Period:
        back = (self._today - day).days
        if back in (0, 1):
            return self.unit("day", back)
        return self._period(day, day + _DAY, f"on {shown(day, self._today)}", day - _DAY, "the day before")

    def _period(
        self, begin: date, end: date, words: str, earlier: date | None = None, earlier_words: str = ""
    ) -> Period:
        before = self._midnight(earlier) if earlier else None
        return Period(self._midnight(begin), self._midnight(end), words, before, earlier_words)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), tzinfo=self._zone)


def _number_of(words: str) -> int:
    return 1 if words in ("a", "an") else int(parse_number(words))


def _is_date(found: re.Match[str]) -> bool:
    try:
        date(int(found["year"]), int(found["month"]), int(found["day"] or 1))
    except ValueError:
        return False
    return True
