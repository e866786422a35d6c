"""What the words of an end mean on the clock: "until friday 5pm" → a moment, in the person's time zone."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from clouddesk.language.durations import find_durations
from clouddesk.language.ends import MONTH, MONTHS, WEEKDAY, WEEKDAYS
from clouddesk.language.localtime import zone_of
from clouddesk.language.numbers import parse_number
from clouddesk.language.ranges import find_start, split_range
from clouddesk.language.spelling import mend

_LAST = time(23, 59)
_OFFICE_END = time(18)
# Words for a time of day, the more specific first; the end of what they name.
_PARTS = (
    (r"mid-?night", time(0)),
    (r"mid-?day|noon", time(12)),
    (r"early morning", time(7)),
    (r"breakfast", time(8)),
    (r"morning|wake up|first thing", time(9)),
    (r"lunch", time(13)),
    (r"dinner", time(19)),
    (r"evening", time(21)),
    (r"tonight|tonite|night", _LAST),
    (r"afternoon|eod|eob|cob|close of business|end of (?:the )?(?:day|business)|work(?:ing )?day", _OFFICE_END),
)
_HOURS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_CLOCK = re.compile(
    r"(?<![\d.:/-])(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d))?(?P<unit> ?(?:am\b|pm\b|a\.m|p\.m|h\b|hrs\b|uhr"
    r"|o['’]?clock))?(?![\d/]|-\d|\.\d)"
    rf"|\b(?P<word>{'|'.join(_HOURS)})\b(?P<wunit> ?(?:am\b|pm\b|o['’]?clock))?"
)
_MILITARY = re.compile(r"(?<![\d.:/-])(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)\b(?!-)")
_PAST = re.compile(
    rf"\b(?P<share>half|quarter|\d{{1,2}}|five|ten|twenty) (?P<side>past|to) (?P<hour>\d{{1,2}}|{'|'.join(_HOURS)})\b"
)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)")
_DOTTED = re.compile(r"\b(?P<day>\d{1,2})\.(?:(?P<month>\d{1,2})\.(?P<year>\d{4})?|(?P<last>1[0-2]|0\d)$)")
_DAY_MONTH = re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?(?P<month>{MONTH})\b")
_MONTH_DAY = re.compile(rf"\b(?P<month>{MONTH}) (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b")
_ORDINAL = re.compile(r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)\b")
_WEEKS_ON = re.compile(
    rf"\b(?P<day>{WEEKDAY}|today|tomorrow) (?P<span>week|fortnight)\b"
    rf"|\b(?P<count>an?|\d|{'|'.join(_HOURS)}) (?P<spans>week|fortnight)s? (?:on |from |after )?"
    rf"(?P<from>{WEEKDAY}|today|tomorrow|now)\b"
)


_UNTIL = re.compile(r"\b(?:until|till?|by|through|thru)\b")
_THIS_DAY = re.compile(r"\b(?:this|today|tonight)\b")


def resolve_until(words: str, *, now: datetime, timezone: str = "UTC") -> datetime | None:
    """The moment that ``words`` mean to somebody in ``timezone`` at ``now`` (aware); always later than now.

    None when the words name no moment that a calendar knows ("until the deadline").
    """
    local = now.astimezone(zone_of(timezone))
    text = mend(words.lower().strip())
    moment = _end_of_range(text, local) or _end(text, local)
    return moment.astimezone(now.tzinfo) if moment else None


_ON_A_DAY = re.compile(
    r"\b(?:on|for)\s+(?:the |this )?(?P<next>next )?"
    r"(?P<day>monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekend)\b"
)
""" "For the weekend", "a training on thursday": that is when they are wanted."""
_OF_AN_END = re.compile(
    r"\b(?:until|till?|by|through|ends?|ending|back|release|stop|shut|kill|delete|destroy|terminate|remove)\b[^,;.!?]*$"
)
""" "Until 5pm on friday", "release them on friday": that day is said of the end."""
_DAYS_OF = {"weekend": ("friday", "saturday", "sunday")}


def starts_later(until: str | None, text: str, *, now: datetime, timezone: str = "UTC") -> bool:
    """Whether a beginning that lies ahead is said, in the words of the end or else in the message around them."""
    local = now.astimezone(zone_of(timezone))
    for day in _ON_A_DAY.finditer(text.lower()):
        is_now = not day["next"] and local.strftime("%A").lower() in _DAYS_OF.get(day["day"], (day["day"],))
        if not is_now and not _OF_AN_END.search(text.lower(), 0, day.start()):
            return True
    span = _split(mend(until.lower().strip())) if until else None
    words = span[0] if span else find_start(mend(text.lower())) or ""
    begin = _begin(words, local)
    if begin is None or begin > local or span is None or _day(words, local)[0]:
        return begin is not None and begin > local
    # "from 9am to 5pm tomorrow": the day is said with the end only.
    end = _end(span[1], local)
    return end is not None and local < begin.replace(year=end.year, month=end.month, day=end.day) < end


def _end_of_range(text: str, local: datetime) -> datetime | None:
    """The end of "from monday to wednesday", which is the wednesday after that monday."""
    begin_words, end_words = _split(text) or ("", "")
    begin = _begin(begin_words, local)
    if begin is None:
        return None
    end = _end(end_words, local)
    return end if end is None or end > begin else _end(end_words, begin)


def _split(text: str) -> tuple[str, str] | None:
    return split_range(text) or split_range(_plain_clock(text))


def _begin(text: str, local: datetime) -> datetime | None:
    day, rest = _day(_plain_clock(text), local)
    at = _time(rest)
    if day is None and at is None:
        return None
    return datetime.combine(day or local.date(), at or time(0), tzinfo=local.tzinfo)


def _end(text: str, local: datetime) -> datetime | None:
    if in_time := re.search(r"\bin (.+)", text):
        spans = find_durations(in_time[1])
        if spans and spans[0].start == 0:
            return (local.astimezone(zone_of("UTC")) + timedelta(minutes=spans[0].minutes)).astimezone(local.tzinfo)
    day, rest = _day(_plain_clock(text), local)
    at = _time(rest)
    if day is None and at is None:
        return None
    if at is None:
        at = _LAST if (day == local.date() and local.time() >= _OFFICE_END) or _is_whole(text) else _OFFICE_END
    moment = datetime.combine(day or local.date(), at, tzinfo=local.tzinfo)
    if at == time(0):
        moment += timedelta(days=1)  # midnight ends the day that was named
    if moment <= local:
        moment = _next(moment, local, text, has_day=day is not None)
    return moment if moment > local else None


def _plain_clock(text: str) -> str:
    """ "2300" as 23:00, "half past nine" as 9:30, "quarter to six" as 5:45."""
    text = _MILITARY.sub(lambda match: f"{match['hour']}:{match['minute']}", text)
    return _PAST.sub(_past, text)


def _past(match: re.Match[str]) -> str:
    share = {"half": 30, "quarter": 15}.get(match["share"]) or int(parse_number(match["share"]))
    minutes = 60 * int(parse_number(match["hour"])) + (share if match["side"] == "past" else -share)
    if minutes < 8 * 60:
        minutes += 12 * 60  # as with a bare "5", the afternoon
    return f"{minutes // 60}:{minutes % 60:02}"


def _is_whole(text: str) -> bool:
    """Whether a period is meant to its very end, rather than to the end of office hours."""
    return bool(re.search(r"weekend|month|quarter|year|christmas|easter|through|eom", text))


def _next(moment: datetime, local: datetime, text: str, *, has_day: bool) -> datetime:
    """A moment that has passed: later today if the hour allows ("until 6" said at two), else its next time round."""
    is_exact = re.search(r"\d ?(?:am|pm|a\.m|p\.m|h\b|hrs)|uhr|\d[:.h]\d|noon|morning|night", text)
    if not is_exact and moment.hour < 12 and moment + timedelta(hours=12) > local:
        return moment + timedelta(hours=12)
    if not has_day:
        return moment + timedelta(days=1)
    if re.search(rf"\b{WEEKDAY}\b", text):
        return moment + timedelta(days=7)
    return moment


def _time(text: str) -> time | None:
    """The time of day that is named, if any; a clock wins over a word for a part of the day."""
    part = next((at for pattern, at in _PARTS if re.search(rf"\b(?:{pattern})", text)), None)
    match = next((match for match in _CLOCK.finditer(text) if _is_clock(match, text)), None)
    if match is None:
        return part
    hour = int(parse_number(match["word"])) if match["word"] else int(match["hour"])
    minute = int(match["minute"] or 0)
    unit = (match["unit"] or match["wunit"] or "").strip()
    if unit.startswith("p") or (
        hour < 12 and not unit.startswith("a") and re.search(r"evening|afternoon|tonight|night", text)
    ):
        hour = hour + 12 if hour < 12 else hour
    elif unit.startswith("a") and hour == 12:
        hour = 0
    elif not unit and match["minute"] is None and 1 <= hour <= 7 and "morning" not in text and part is None:
        hour += 12  # "until friday 5" is the afternoon
    return time(hour % 24, minute) if hour <= 24 and minute < 60 else part


def _is_clock(match: re.Match[str], text: str) -> bool:
    if match["word"]:
        return bool(match["wunit"]) or bool(re.search(r"(?:at|until|till|til|by|to) $", text[: match.start()]))
    return int(match["hour"]) <= 24


def _day(text: str, local: datetime) -> tuple[date | None, str]:
    """The day that is named, if any, and the words that are left for the time of day."""
    today = local.date()
    for pattern in (_ISO, _DOTTED, _DAY_MONTH, _MONTH_DAY, _ORDINAL):
        if match := pattern.search(text):
            return _calendar_day(match.groupdict(), today), text.replace(match.group(), " ")
    if match := _WEEKS_ON.search(text):
        return _weeks_on(match, today), text.replace(match.group(), " ")
    if re.search(r"\b(?:tomorrow|tmrw|tmr|tomorow)\b", text):
        return today + timedelta(days=1), text
    if re.search(r"\bovernight\b|\bthe night\b", text):
        return today + timedelta(days=1), "morning"
    if match := re.search(rf"\b(?P<day>{WEEKDAY})\b", text):
        return _weekday(match["day"], text, today), text.replace(match.group(), " ")
    if "weekend" in text:
        return today + timedelta(days=(6 - today.weekday()) + (7 if "next" in text else 0)), ""
    if re.search(r"\b(?:week|eow)\b", text):
        friday = today + timedelta(days=4 - today.weekday() + (7 if "next" in text else 0))
        return (friday if friday >= today else friday + timedelta(days=2)), ""
    return _later_day(text, today)


def _weeks_on(match: re.Match[str], today: date) -> date:
    """ "monday week" and "a week on monday" are seven days after the coming monday."""
    name, span = match["day"] or match["from"], match["span"] or match["spans"]
    count = 1 if match["day"] or match["count"] in ("a", "an") else int(parse_number(match["count"]))
    coming = {"today": today, "now": today, "tomorrow": today + timedelta(days=1)}.get(name)
    return (coming or _weekday(name, "", today)) + timedelta(days=count * (14 if span == "fortnight" else 7))


def _weekday(name: str, text: str, today: date) -> date:
    index = next(number for number, day in enumerate(WEEKDAYS) if day[:3] == name[:3])
    if "next week" in text:
        return today + timedelta(days=7 - today.weekday() + index)
    ahead = (index - today.weekday()) % 7
    # Said on a monday, "until monday" is no end of today: that would be called today, or this monday.
    is_later = "next" in text or (_UNTIL.search(text) and not _THIS_DAY.search(text))
    return today + timedelta(days=7 if ahead == 0 and is_later else ahead)


def _later_day(text: str, today: date) -> tuple[date | None, str]:
    """Ends of months and quarters, feasts, and today in all its words."""
    if re.search(r"\bmonth\b|\beom\b", text):
        return _month_end(today, ahead=1 if "next" in text else 0), ""
    if "quarter" in text and not re.search(r"quarter (?:past|to)", text):
        return _month_end(today, ahead=(2 - (today.month - 1) % 3) + (3 if "next" in text else 0)), ""
    if re.search(r"new year|\byear\b", text):
        return date(today.year, 12, 31), ""
    if "christmas" in text:
        return _calendar_day({"day": "24", "month": "12"}, today), ""
    if re.search(
        r"\b(?:today|tonight|tonite|this (?:morning|afternoon|evening)|the (?:day|afternoon|evening|morning)"
        r"|end of (?:the )?day)\b",
        text,
    ):
        return today, text
    return None, text


def _month_end(today: date, *, ahead: int) -> date:
    month = today.month + ahead + 1
    return date(today.year + (month - 1) // 12, (month - 1) % 12 + 1, 1) - timedelta(days=1)


def _calendar_day(parts: dict[str, str | None], today: date) -> date | None:
    """The next date with this day (and month, and year, where they are said); None for a day that does not exist."""
    day, month_words, year = int(parts["day"] or 0), parts.get("month") or parts.get("last"), parts.get("year")
    month = _month_number(month_words) if month_words else None
    for step in range(14):
        shifted = today.month + step
        candidate_year, candidate_month = today.year + (shifted - 1) // 12, (shifted - 1) % 12 + 1
        if year and month:
            candidate_year, candidate_month = int(year), month
        if month and candidate_month != month:
            continue
        try:
            candidate = date(candidate_year, candidate_month, day)
        except ValueError:
            if year:
                return None
            continue
        if candidate >= today or year:
            return candidate
    return None


def _month_number(words: str) -> int:
    return (
        int(words)
        if words.isdigit()
        else next(number for number, name in enumerate(MONTHS, 1) if name[:3] == words[:3])
    )
