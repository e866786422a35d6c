"""What a message says of schedules and reminders, and how they are said: "stops on weekdays at 18:00"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from actions import questions
from actions.turn import Turn
from actions.wording import names
from clouddesk.language.clock import resolve_until
from clouddesk.language.holidays import UNKNOWN_PLACE, called, next_holiday, take_wish
from clouddesk.language.localtime import local_time, time_of_day, zone_of
from clouddesk.language.timetable import Change, read_timetable, read_weekly, says_stop_only
from clouddesk.language.vocabulary import LEAD, plain
from clouddesk.model.actor import Actor
from clouddesk.model.timer import EVERY_DAY, START, STOP, WEEKEND, WORKING_DAYS, Timer, Weekly
from clouddesk.timers import Switch

SCHEDULE, REMINDER = "schedule_power", "set_reminder"

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_OF_SCHEDULES = re.compile(r"\b(?:schedules?|timers?|timetables?|office hours|automatic (?:stops?|shutdowns?))\b")
_OF_REMINDERS = re.compile(r"\breminders?\b")
_ENDS = re.compile(
    r"\b(?:remove|delete|drop|cancel|clear|scrap|disable|unschedule|get rid of|rm)\b|\bno (?:more|longer)\b"
    r"|(?<!i )(?<!me )(?<!will )(?<!always )(?<!never )(?<!don't )\bforget\b"
    r"|\b(?:don'?t|do not)\b[^,.;]*\b(?:any ?more|at night)\b|\b24 ?[/x] ?7\b|\boff (?:its|the|that) timer\b"
    r"|\b(?:suspend|pause) (?:the )?office hours\b"
)
_NO_REMINDER = re.compile(
    r"\b(?:remove|delete|drop|cancel|clear|forget|scrap|disable|stop|rm|no more) (?:[\w#-]+ ){0,4}?reminders?\b"
    r"|\b(?:don'?t|do not|stop) remind(?:ing)? me\b|\breminders? (?:off|away)\b"
)
_REMINDS = re.compile(
    rf"{LEAD}(?:(?:can|could|would) you (?:please )?)?(?:remind (?:me|us)|(?:set )?(?:a )?reminder)\b"
)
_ASKS = re.compile(
    r"\b(?:what|which|show|list|see|any|when|have i|do i have|are there|my|all)\b[^.;]*"
    r"\b(?:schedules?|timers?|timetables?|reminders?)\b|^(?:schedules?|reminders?)\W*$"
)
_SETS = re.compile(r"\b(?:set|make|add|create|give|put|need|want|schedule (?:it|a)|remind me)\b")
_VAGUE = ("cancel", "deny", "inform", "correct", "out_of_scope", "nlu_fallback")
_NEVER_STARTS = re.compile(
    r"\bstop[- ]only\b|\bnever (?:re)?start (?:it|them)\b|\b(?:start|restart) (?:it|them) by itself\b"
)
_BEFORE_END = re.compile(r"\b(?:before|b4|ahead|prior|in advance|left|to go|to live|notice|remain(?:s|ing)?|vor)\b")
_HAS_TIME = re.compile(
    r"\d|\b(?:noon|midday|midnight|morning|mornin|evening|afternoon|night|lunch|breakfast|dinner|eod|one|two|three|four"
    r"|five|six|seven|eight|nine|ten|eleven|twelve|hour|minutes?)\b"
)
_TONIGHT = re.compile(r"\b(?:tonight|this evening|tonite)\b")
_MACHINE_NAMES = re.compile(r"\b[a-z][\w.]*(?:-[\w.]+)*\d[\w.-]*", re.IGNORECASE)
_FOR = re.compile(
    r"\b(?P<lead>to|that|about|abt|re|regarding|of)\s+(?P<what>\S.*)$|[:,]\s+(?P<rest>[^:]+)$", re.IGNORECASE
)
_WHEN = re.compile(
    r"[\s,]+(?:(?:at|on|by|around|in)\s+(?:an?\s|the\s|half\s)?(?:\d|noon|midnight|lunch|(?:mon|tues|wednes|thurs|fri|satur"
    r"|sun)day|one|two|three|half|(?:few|couple)|hour|quarter|morning|evening)|tomorrow|today|tonight|tmrw"
    r"|next (?:week|mon|tue|wed|thu|fri|sat|sun)|this (?:morning|afternoon|evening)|every|each|(?:mon|tues|wednes|thurs"
    r"|fri|satur|sun)day)\b.*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w-])(?:#|no\.? ?|number )?(\d{1,2})(?![\w:-])")

HOLIDAYS_OFF, HOLIDAYS_TOO = "holidays_off:", "holidays_too"
_OF_ONE_MACHINE = re.compile(r"(?:(?:please|ok|okay|for|on|of|with|the|my|schedule|schedules?) ?)*[\w.-]*(?: please)?")
"""What is left of "leave out holidays on etl"."""
_QUESTION = re.compile(
    r"(?:(?:hey|hi|hello|so|but|and|oh|well|um|btw)[ ,!]+)*"
    r"(?:(?:does|did|was|were|has)(?:n't)?\b|(?:is|are)(?:n't)?\b(?! (?:it (?:possible|ok)|there|you)\b)"
    r"|what(?:'s)?\b(?! about\b)|why\b(?! (?:not|don'?t)\b)|how\b(?! about\b)"
    r"|when(?:'s| (?:does|do|did|is|are|will))\b)"
)


def is_question(turn: Turn) -> bool:
    """Whether it is asked what is, as "does it stop every night?": that is to change nothing."""
    return not turn.is_button and _QUESTION.match(plain(turn.text)) is not None


def meant(turn: Turn) -> str | None:
    """The intent of what is said of schedules and reminders, where it was taken for something else."""
    if turn.is_button or turn.intent in (SCHEDULE, REMINDER):
        return None
    text = plain(turn.text)
    if _NO_REMINDER.search(text) or (_OF_REMINDERS.search(text) and asks_for_list(turn)):
        return REMINDER
    if turn.intent in _VAGUE and _REMINDS.match(text):
        return REMINDER
    is_free = not turn.form and not questions.is_open(turn.question)
    if turn.intent not in _VAGUE or not is_free:
        return None
    if _OF_SCHEDULES.search(text) and (_ENDS.search(text) or asks_for_list(turn)):
        return SCHEDULE
    if is_question(turn):
        return None
    rest, wish = take_wish(text)
    if wish and _OF_ONE_MACHINE.fullmatch(rest):
        return SCHEDULE
    is_set = _NEVER_STARTS.search(text) or any(change.days for change in changes(turn))
    return SCHEDULE if is_set else None


def asks_for_list(turn: Turn) -> bool:
    """Whether it is only asked what there is."""
    text = plain(turn.text)
    is_of_one = _OF_SCHEDULES.search(text) or _OF_REMINDERS.search(text)
    is_changed = _ENDS.search(text) or _SETS.search(text)
    is_said = is_of_one and _ASKS.search(text) and not is_changed
    return not turn.is_button and bool(is_said)


def ends_schedule(turn: Turn) -> bool:
    """Whether a schedule is not wanted any more."""
    return turn.one_of("timer") == "remove" or (not turn.is_button and _ENDS.search(plain(turn.text)) is not None)


def ends_reminder(turn: Turn) -> bool:
    """Whether a reminder is not wanted any more: "don't let me forget" is none of these."""
    is_said = not turn.is_button and _NO_REMINDER.search(plain(turn.text)) is not None
    return turn.one_of("timer") == "remove" or is_said


def is_stop_only(turn: Turn) -> bool:
    """ "Stop-only, never start it"."""
    return not turn.is_button and says_stop_only(turn.text)


def changes(turn: Turn, *, is_answer: bool = False) -> tuple[Change, ...]:
    """When machines are to go off and on; an answer that says no more than a time is for stopping."""
    if turn.is_button:
        return ()
    now, zone = turn.desk.clock(), turn.actor.timezone
    text, _ = take_wish(turn.text)
    found = read_timetable(text, now=now, timezone=zone)
    return found or (read_timetable(f"stop {text}", now=now, timezone=zone) if is_answer else ())


def holidays_wished(turn: Turn) -> str | None:
    """What the message wishes of public holidays, as it lies in the form's slot; None when it says nothing of them."""
    wish = None if turn.is_button else take_wish(turn.text)[1]
    if wish is None:
        return None
    return f"{HOLIDAYS_OFF}{wish.place}" if wish.is_off else HOLIDAYS_TOO


def to_slot(found: Sequence[Change]) -> list[dict[str, Any]]:
    """As it lies in the form's slot."""
    return [
        {
            "power": item.power,
            "days": list(item.days),
            "clock": [item.at.hour, item.at.minute] if item.at else None,
            "at": item.moment.isoformat() if item.moment else None,
        }
        for item in found
    ]


def to_switch(item: dict[str, Any]) -> Switch:
    """From the form's slot."""
    if item["at"]:
        return Switch(item["power"], at=datetime.fromisoformat(item["at"]))
    return Switch(item["power"], weekly=Weekly(tuple(item["days"]), *item["clock"]))


def reminder_time(turn: Turn) -> dict[str, Any] | None:
    """When to remind, as it lies in the form's slot: before an end, each week, or once; None when no time is said."""
    text = plain(turn.text)
    minutes = turn.one_of("duration_minutes")
    if minutes is not None and _BEFORE_END.search(text):
        return {"before": round(float(minutes) * 60)}
    if turn.is_button:
        return None
    words = _MACHINE_NAMES.sub(" ", text)
    if weekly := read_weekly(words):
        days, at = weekly
        return {"days": list(days), "clock": [at.hour, at.minute]}
    if _TONIGHT.search(words) and not re.search(r"\d", words):
        words = _TONIGHT.sub("today at 20:00", words)
    elif not _HAS_TIME.search(words):
        words += " at 9:00"
    now = turn.desk.clock()
    if words.endswith(" at 9:00") and resolve_until(words.removesuffix(" at 9:00"), now=now) is None:
        return None
    moment = resolve_until(words, now=now, timezone=turn.actor.timezone)
    if moment is None and minutes is not None:
        moment = now + timedelta(minutes=float(minutes))
    return {"at": moment.isoformat()} if moment else None


def note(turn: Turn) -> str:
    """What the reminder is for: "stop etl-1", of "remind me in 2 hours to stop etl-1"."""
    found = None if turn.is_button else _FOR.search(turn.text.strip(" .!?"))
    if not found:
        return ""
    said = found["what"] or found["rest"] or ""
    words = _WHEN.sub("", f" {said}").strip(" ,.;")
    return words if found["lead"] in (None, "to", "that") or not words else f"about {words}"


def number_said(turn: Turn) -> int | None:
    """The place in the list of what is to be removed."""
    found = None if turn.is_button else _NUMBER.search(plain(turn.text))
    return int(found[1]) if found else None


def power_line(timer: Timer, actor: Actor, now: datetime) -> str:
    """ "stops on weekdays at 18:00", "starts tomorrow 7:00 (once)"."""
    verb = "stops" if timer.what == STOP else "starts"
    return f"{verb} {when(timer, actor, now)}"


def power_lines(timers: Sequence[Timer], actor: Actor, now: datetime) -> str:
    """All of one machine, with the zone that they are by."""
    zones = {zone_of(timer.timezone).key.removeprefix("Etc/") for timer in timers if timer.weekly}
    zone = f" ({', '.join(sorted(zones))} time)" if zones else ""
    return names([power_line(timer, actor, now) for timer in timers]) + zone


def holidays_line(timers: Sequence[Timer], now: datetime) -> str:
    """Whose public holidays the starts leave out, and the next one; "" where they leave out none."""
    timer = next((item for item in timers if item.what == START and item.holidays), None)
    if timer is None and any(item.holidays for item in timers):
        return " It is stopped on public holidays as well; there is no start to leave out."
    if timer is None:
        return ""
    if timer.holidays == UNKNOWN_PLACE:
        return ' Which country\'s public holidays shall it leave out? Say it like "use german holidays".'
    following = next_holiday(timer.holidays, now.astimezone(zone_of(timer.timezone)).date())
    ahead = f" (next: {following[1]}, {following[0]:%A} {following[0].day} {following[0]:%B})" if following else ""
    return (
        f' It is not started on public holidays in {called(timer.holidays)}{ahead}; others: "use the holidays of '
        'Bavaria".'
    )


def when(timer: Timer, actor: Actor, now: datetime) -> str:
    """ "on weekdays at 18:00", "today 20:00 (once)"."""
    if weekly := timer.weekly:
        return f"{_days(weekly.days)} at {time_of_day(time(weekly.hour, weekly.minute), actor.locale)}"
    assert timer.at is not None, "what is not weekly has its moment"
    return f"{local_time(timer.at, actor, now)} (once)"


def _days(days: tuple[int, ...]) -> str:
    known = {EVERY_DAY: "every day", WORKING_DAYS: "on weekdays", WEEKEND: "at weekends"}
    return known.get(days) or "on " + names([_DAYS[day] for day in days])
