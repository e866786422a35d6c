"""Office hours in words: "every night at 7", "weekdays 9 to 6", "off at 20:00, on at 7, mon-fri", "at 8 tonight"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise

from clouddesk.language.clock import resolve_until
from clouddesk.language.timetable_words import (
    DATE,
    DAY,
    DAY_NAMES,
    EXCEPT,
    HOUR,
    HOURS,
    MONTH,
    NOT_STOPPED,
    ON_DATE,
    PERIOD,
    STOPS,
    UNKNOWN,
)
from clouddesk.language.timetable_words import left_out as days_left_out

STOP, START = "stop", "start"
ALL_DAYS, WORKING_DAYS, WEEKEND = (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4), (5, 6)
_OFFICE = (time(9), time(18))
_EVENING, _NIGHT, _MORNING = time(19), time(20), time(7)

_UNIT = r" ?(?:am|pm|a\.m\.?|p\.m\.?|h|hrs?|uhr|o['’]?clock)\b"


def _clock(which: str) -> str:
    """A time of day, with groups of its own: "7", "19:30", "half past seven", "noon"."""
    return (
        rf"(?:(?:(?P<{which}share>half|quarter) (?P<{which}side>past|to) )?(?P<{which}hour>{HOUR})"
        rf"(?:[:.h](?P<{which}minute>[0-5]\d))?(?P<{which}unit>{_UNIT})?|(?P<{which}named>noon|midday|midnight))"
    )


_RANGE = re.compile(
    rf"(?<![\w.:-])(?:(?:from|between) )?{_clock('a')} ?(?:-|–|to|till?|until|through|and) ?{_clock('b')}(?![\w:-])"
    rf"(?! ?(?:{PERIOD}|{MONTH}|gi?g|gb|tb|dollars?|usd|eur|€|\$|v?cpu|cores?\b|nodes?\b))"
)
_COUNTED = r" ?(?:nodes?|machines?|vms?|days?|hours?|minutes?)\b"
_TIME = re.compile(rf"(?<![\w.:-]){_clock('')}(?![\w:-]|{_COUNTED})")
_MILITARY = re.compile(r"(?<![\d.:/-])([01]\d|2[0-3])([0-5]\d)(?: ?hrs?)?\b(?!-)")
_NAMES = re.compile(r"\b[a-z][\w.]*(?:-[\w.]+)*\d[\w.-]*")
""" "etl-1", "r-55ee66ff": what has digits in it and is no time."""

_STARTS = (
    r"(?:(?<!don't )(?<!not )(?:start(?:s|ed)?|resumed?)|(?:wake|comes?|powers?|turns?|brings?)(?: it| them)? (?:up|on)"
    r"|wakes?|awake|boots?|back(?: on| up)?|running|up(?= (?:at|again))"
    rf"|(?<!set )(?<!from now )(?<!later )on(?= (?:at|again|by|from)\b|(?! ?{ON_DATE}) ?\d|\b[,.]|$))"
)
_POWER = re.compile(rf"\b(?:(?P<stop>{STOPS})|(?P<start>{_STARTS}))\b")
_DAYS = re.compile(
    rf"\b(?P<from>{DAY})s? ?(?:-|–|to|till?|until|through) ?(?P<to>{DAY})s?\b"
    rf"|\b(?P<list>{DAY}s?(?:(?:,| and| &| \+)+ ?{DAY}s?)*)\b"
    r"|\b(?P<work>(?:every |each )?(?:(?:week|work|business|trading|working)[ -]?days?)|workweek)\b"
    r"|\b(?P<weekend>weekends?)\b"
    r"|\b(?P<all>(?:every|each) ?(?:single )?(?:day|night|evening|morning|afternoon)|daily|nightly|always|every ?day)\b"
)
_SPAN_OF_DAYS = re.compile(rf"\b(?:from )?{DAY}s? ?(?:-|–|to|till?|until|through) ?{DAY}s?\b")
_AGAIN = re.compile(
    r"\b(?:every|each|daily|nightly|always|automatic(?:al)?ly|auto|weekdays|workdays|weekends?|hours|from now on|timer"
    r"|(?:work|business|working) ?days?|nights|evenings|mornings|timetable|cron|schedule|jede"
    rf"|(?:mon|tues|wednes|thurs|fri|satur|sun)days)\b|\b{DAY} ?[-–] ?{DAY}\b"
)
_ONCE = re.compile(rf"\b(?:today|tonight|tonite|tomorrow|tmrw|in (?:an?|\d+|half|two|three) |{DATE})|\bon {ON_DATE}")
_OFFICE_HOURS = re.compile(r"\b(?:office|business|working|work|market)[ -]?hours\b")
_ONLY_WEEKDAYS = re.compile(r"\b(?:week|work|working)[ -]?days?\b[^,.;]*\bonly\b|\bonly\b[^,.;]*\bweekdays\b")
_RECURS = re.compile(r"\b(?:every|each|daily|nightly)\b")
_OF_ONE_STOP = re.compile(r"\b(?:stop|halt|pause|suspend|shut|turn|switch|power|take)\b(?!.*\b(?:only|outside)\b)")
_NO_START = re.compile(
    r"\bstop[- ]only\b|\b(?:never|don'?t|do not|not|no|without)\b[^,.;]*\b(?:start|restart|wake|come|turn|switch|power)"
    r"(?:ing|s)?\b(?: (?:it|them))?[^,.;]*|\b(?:stays?|remains?) (?:off|down|stopped)\b|\buntil i (?:re)?start\b"
)


@dataclass(frozen=True)
class Change:
    """Machines go off or on: on these ``days`` of every week (Monday is 0) ``at`` a time, or once at a ``moment``."""

    power: str
    days: tuple[int, ...] = ()
    at: time | None = None
    moment: datetime | None = None


@dataclass(frozen=True)
class _Said:
    """A time as it stands in the text."""

    start: int
    hour: int
    minute: int
    is_exact: bool
    """Whether morning or afternoon is said."""


def read_timetable(words: str, *, now: datetime, timezone: str = "UTC") -> tuple[Change, ...]:
    """When machines are to go off and on; () when the words say no such thing.

    A bare hour is one of the evening for stopping, and one of the morning for starting. Each week comes before once.
    """
    text = NOT_STOPPED.sub(" ", _plain(words))
    never_starts = _NO_START.search(text) is not None
    text = _NO_START.sub(lambda match: "stop" if match[0].startswith("stop") else " ", text)
    left_out = {day for match in EXCEPT.finditer(text) for day in days_left_out(match)}
    text = EXCEPT.sub(" ", text)
    is_once = _ONCE.search(text) is not None
    if UNKNOWN.search(_SPAN_OF_DAYS.sub(" ", text)) or (is_once and (left_out or _RECURS.search(text))):
        return ()
    found = () if is_once else _without(left_out, _weekly(text))
    found = found or (() if left_out else _once(text, now, timezone))
    return tuple(change for change in found if change.power == STOP or not never_starts)


def says_stop_only(words: str) -> bool:
    """ "Stop-only, never start it"."""
    return _NO_START.search(NOT_STOPPED.sub(" ", _plain(words))) is not None


def read_weekly(words: str) -> tuple[tuple[int, ...], time] | None:
    """The days and the time of "every morning at 9", "mondays at 8"; None when nothing recurs."""
    text = _plain(words)
    if not _AGAIN.search(text) or _ONCE.search(text):
        return None
    times = _times(text)
    at = _as_said(times[0], text) if times else _part_of_day(text)
    return (_days(text) or ALL_DAYS, at or time(9))


def _without(left_out: set[int], changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """On the other days; () where nights belong to two days, and it is not clear which one is left out."""
    is_overnight = len(changes) == 2 and (changes[0].at or time(0)) > (changes[1].at or time(0))
    if left_out and (is_overnight or any(change.at == time(0) for change in changes)):
        return ()
    others = [(change, tuple(day for day in change.days if day not in left_out)) for change in changes]
    return tuple(Change(change.power, days, change.at) for change, days in others) if all(d for _, d in others) else ()


def _plain(words: str) -> str:
    text = words.lower().replace("’", "'").replace("—", ", ")
    text = _NAMES.sub(" ", text)
    return _MILITARY.sub(lambda match: f"{match[1]}:{match[2]}", text)


# --- every week ------------------------------------------------------------------------------------------------------


def _weekly(text: str) -> tuple[Change, ...]:
    span = _RANGE.search(text)
    is_both = len(_powers(text)) == len(_times(text)) == 2
    if not (_AGAIN.search(text) or span or is_both):
        return ()
    if span and not _AGAIN.search(text) and not _days(text) and _OF_ONE_STOP.search(text):
        return ()
    if span:
        return _of_range(text, span)
    events = _events(text)
    if events:
        return _paired(text, events)
    return _by_name(text)


def _of_range(text: str, span: re.Match[str]) -> tuple[Change, ...]:
    """ "weekdays 9 to 6", "down between 20:00 and 06:00"."""
    first, last = _said_in(span, "a"), _said_in(span, "b")
    is_off = _is_off_range(text, span)
    begin = time(first.hour % 24, first.minute)
    if is_off and not first.is_exact and 5 < first.hour < 12 and re.search(r"night|evening", text):
        begin = time(first.hour + 12, first.minute)
    end_hour = last.hour
    if not last.is_exact and not is_off and begin.hour < 12 and time(end_hour % 24, last.minute) <= begin:
        end_hour += 12
    end = time(end_hour % 24, last.minute)
    days = _days(text) or (WORKING_DAYS if _OFFICE_HOURS.search(text) or _nobody_at_weekends(text) else ALL_DAYS)
    if is_off:
        return Change(STOP, days, begin), Change(START, days, end)
    later = days if end > begin else tuple(sorted((day + 1) % 7 for day in days))
    return Change(START, days, begin), Change(STOP, later, end)


def _is_off_range(text: str, span: re.Match[str]) -> bool:
    """Whether the span is when the machines are off: by the word of power that is said, or as nothing else is."""
    if re.search(r"\b(?:only|office|work|running?|up|on(?!ly)|awake|match|outside)\b", text.replace(span[0], " ")):
        says_off = re.search(r"\b(?:off|down|dark|sleep|suspend)\b", text)
        if not says_off or "outside" in text:
            return False
    return re.search(rf"\b(?:{STOPS}|nights)\b", text) is not None


def _nobody_at_weekends(text: str) -> bool:
    return re.search(r"\bweekends? off\b|\b(?:no|not|off on|off at) (?:on |at )?(?:the )?weekends?\b", text) is not None


def _events(text: str) -> list[tuple[str, time, int]]:
    """Each word of power with the time that belongs to it, and where it stands."""
    powers = _powers(text)
    times = _times(text)
    if not powers or not times:
        return []
    if len(powers) == 1:
        power, _ = powers[0]
        return [(power, _for_power(times[0], power, text), times[0].start)]
    if len(times) >= len(powers):
        pairs = zip(powers, times, strict=False)
        return [(power, _for_power(said, power, _near(text, said.start)), said.start) for (power, _), said in pairs]
    return [(powers[0][0], _for_power(times[0], powers[0][0], text), times[0].start)]


def _powers(text: str) -> list[tuple[str, int]]:
    """The changes that are named, in order; "turn … off" and "shut … down" are one each."""
    found: list[tuple[str, int]] = []
    times = [said.start for said in _times(text)]
    for match in _POWER.finditer(text):
        power = STOP if match["stop"] else START
        is_same = found and found[-1][0] == power and not any(found[-1][1] < at < match.start() for at in times)
        if not is_same:
            found.append((power, match.start()))
    kinds = list(dict.fromkeys(power for power, _ in found))
    return [next(item for item in found if item[0] == power) for power in kinds]


def _paired(text: str, events: list[tuple[str, time, int]]) -> tuple[Change, ...]:
    """With the days of each, or of all of them."""
    groups = [(match.start(), days) for match in _DAYS.finditer(text) if (days := _days_of(match))]
    if len(events) > 1 and len(groups) == len(events):
        return tuple(Change(power, days, at) for (power, at, _), (_, days) in zip(events, groups, strict=True))
    days = _days(text) or ALL_DAYS
    # Midnight ends the day that is named.
    later = tuple(sorted((day + 1) % 7 for day in days))
    return tuple(
        Change(power, later if power == STOP and at == time(0) and "midnight" in text else days, at)
        for power, at, _ in events
    )


def _by_name(text: str) -> tuple[Change, ...]:
    """Hours that have a name, and nothing else: "office hours", "nights and weekends off", "every evening"."""
    if _OFFICE_HOURS.search(text):
        days = _days(text) or WORKING_DAYS
        return Change(START, days, _OFFICE[0]), Change(STOP, days, _OFFICE[1])
    says_nights = re.search(r"\b(?:nights?|nightly|overnight)\b", text)
    says_weekend = re.search(r"\bweekends?\b", text)
    if says_nights and (says_weekend or re.search(r"\bnights\b", text)):
        days = WORKING_DAYS if says_weekend else _days(text) or ALL_DAYS
        return Change(STOP, days, _NIGHT), Change(START, days, _MORNING)
    if says_weekend or _ONLY_WEEKDAYS.search(text):
        return Change(STOP, (5,), time(0)), Change(START, (0,), time(0))
    powers = _powers(text)
    at = _part_of_day(text)
    if len(powers) == 1 and at is not None:
        return (Change(powers[0][0], _days(text) or ALL_DAYS, at),)
    groups = [days for match in _DAYS.finditer(text) if (days := _days_of(match))]
    if len(powers) == 2 and len(groups) == 2:
        parts = {STOP: _EVENING, START: _MORNING}
        return tuple(Change(power, days, parts[power]) for (power, _), days in zip(powers, groups, strict=True))
    return ()


# --- once ------------------------------------------------------------------------------------------------------------


def _once(text: str, now: datetime, timezone: str) -> tuple[Change, ...]:
    """ "at 8 tonight", "in 40 minutes", "tomorrow 06:00"; "stop it at 11 tonight and start it again at 8"."""
    powers = _powers(text)
    if _RANGE.search(text) or not powers:
        return ()
    if len(powers) == 1:
        moment = resolve_until(text, now=now, timezone=timezone)
        return (Change(powers[0][0], moment=moment),) if moment else ()
    cut = powers[1][1]
    changes: list[Change] = []
    for (power, _), part in zip(powers, (text[:cut], text[cut:]), strict=False):
        after = changes[-1].moment if changes and changes[-1].moment else now
        moment = resolve_until(part, now=after, timezone=timezone)
        if moment is None:
            return ()
        changes.append(Change(power, moment=moment))
    return tuple(changes)


# --- days and times --------------------------------------------------------------------------------------------------


def _days(text: str) -> tuple[int, ...]:
    """All days that are said; every day is what the narrower words leave of it."""
    groups = [(match, days) for match in _DAYS.finditer(text) if (days := _days_of(match))]
    named = [days for match, days in groups if not match["all"]]
    if _nobody_at_weekends(text) and all(days == WEEKEND for days in named):
        return WORKING_DAYS
    return tuple(sorted({day for days in named or [days for _, days in groups] for day in days}))


def _days_of(match: re.Match[str]) -> tuple[int, ...]:
    if match["from"]:
        first, last = (DAY_NAMES.index(match[part][:3]) for part in ("from", "to"))
        return tuple(sorted((first + step) % 7 for step in range((last - first) % 7 + 1)))
    if match["list"]:
        return tuple(sorted({DAY_NAMES.index(name[:3]) for name in re.findall(DAY, match["list"])}))
    if match["work"]:
        return WORKING_DAYS
    return WEEKEND if match["weekend"] else ALL_DAYS


def _times(text: str) -> list[_Said]:
    return [_said_in(match, "") for match in _TIME.finditer(text) if _is_time(match, text)]


def _is_time(match: re.Match[str], text: str) -> bool:
    """A number that stands alone is a time after "at" and the like, or before one of its words."""
    if match["named"]:
        return True
    hour = match["hour"]
    if hour.isdigit() and int(hour) > 24:
        return False
    is_marked = bool(match["minute"] or match["unit"] or match["share"])
    before = re.search(r"(?:\b(?:at|by|around|about|after|from|off|on|to|till|until|sleep|wake|stop|start|say)|,)\s*$",
                       text[: match.start()])  # fmt: skip
    after = re.match(r"\s*(?:in the|at night|sharp|each|every|daily)\b", text[match.end() :])
    return is_marked or bool(before) or bool(after)


def _said_in(match: re.Match[str], which: str) -> _Said:
    if named := match[f"{which}named"]:
        return _Said(match.start(), 0 if named == "midnight" else 12, 0, is_exact=True)
    words, unit = match[f"{which}hour"], (match[f"{which}unit"] or "").strip()
    hour, minute = int(words) if words.isdigit() else HOURS.index(words) + 1, int(match[f"{which}minute"] or 0)
    if share := match[f"{which}share"]:
        minutes = hour * 60 + (30 if share == "half" else 15) * (1 if match[f"{which}side"] == "past" else -1)
        hour, minute = divmod(minutes, 60)
    if unit.startswith("p") and hour < 12:
        hour += 12
    elif unit.startswith("a") and hour == 12:
        hour = 0
    is_exact = unit[:1] in ("a", "p", "h", "u") or hour > 12 or words.startswith("0") or hour == 0
    return _Said(match.start(), hour, minute, is_exact)


def _as_said(said: _Said, text: str) -> time:
    """By the part of the day that is said beside it."""
    hour = said.hour
    if not said.is_exact and hour <= 12:
        if re.search(r"night", text):
            hour = 0 if hour == 12 else hour + 12 if hour >= 5 else hour
        elif re.search(r"evening|afternoon", text) and hour < 12:
            hour += 12
    return time(hour % 24, said.minute)


def _for_power(said: _Said, power: str, text: str) -> time:
    """People stop machines in the evening and start them in the morning."""
    is_placed = re.search(r"night|evening|afternoon|morning", _near(text, said.start))
    if said.is_exact or is_placed:
        return _as_said(said, _near(text, said.start))
    hour = said.hour
    if (power == STOP and 1 <= hour < 12) or (power == START and 1 <= hour < 5):
        hour += 12
    return time(hour % 24, said.minute)


def _near(text: str, at: int) -> str:
    """The clause around a place."""
    cuts = [0, *(match.end() for match in re.finditer(r",|;|\.\s|\band\b|\bthen\b", text)), len(text)]
    return next((text[first:last] for first, last in pairwise(cuts) if first <= at < last), text)


def _part_of_day(text: str) -> time | None:
    """A time for the words that only name a part of the day."""
    parts = (
        (r"midnight", time(0)),
        (r"noon|lunch", time(12)),
        (r"morning", time(8)),
        (r"after work|end of (?:the )?(?:day|business)|when i leave", _OFFICE[1]),
        (r"evening", _EVENING),
        (r"night", _NIGHT),
        (r"afternoon", time(16)),
    )
    return next((at for words, at in parts if re.search(rf"\b(?:{words})", text)), None)
