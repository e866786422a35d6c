"""What people's statuses in a chat say of absences: "Vacationing", "OOO until 12 June", "pto next week"."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from clouddesk.language.absences import LEAST, MOST, Away, read_absence
from clouddesk.language.clock import resolve_until
from clouddesk.language.ends import MONTH, WEEKDAY
from clouddesk.language.vocabulary import plain

_LEAVE = r"(?:vacation|holidays?|leave|pto|sabbatical|honeymoon|ooo|out of (?:the )?office|time off)"
_AWAY = re.compile(
    r"\b(?:vacation(?:ing)?|on (?:holidays?|leave|pto|sabbatical|honeymoon)|pto|ooo|out of (?:the )?office"
    r"|(?:out|off) sick|(?:annual|parental|maternity|paternity|sick) leave|urlaub|(?:away|off|gone) (?:until|till?))\b"
)
_NOT_YET = (
    r"(?:no(?: more)?|not(?: on)?|never|without|needs?(?: an?)?|needing(?: an?)?|wants?(?: an?)?"
    r"|(?:back|returned|recovering) from|(?:pre-?)?planning|dreaming (?:of|about)|counting(?: \w+)* to|waiting for"
    r"|(?:days?|weeks?) (?:un)?till?|before|after|post|working (?:during|on|from))"
)
_NOT_AWAY = re.compile(
    rf"\b{_NOT_YET} (?:(?:my|the|an?|our|any|next|last) )*{_LEAVE}\b"
    rf"|\b{_LEAVE} (?:planning|planner|plans|countdown|tracker|approvals?|requests?|coverage|cover|mode off|soon"
    r"|(?:is|are) (?:over|cancell?ed)|over|cancell?ed)\b|\bback (?:at work|in the office|again|now|today)\b"
)
_PRESENT = re.compile(
    r"\b(?:remote(?:ly)?|wfh|working|from home|commut\w+|lunch|meeting|focus\w*|back (?:in|at) \d|brb)\b"
)
_EMOJI = (":palm_tree:", ":desert_island:", ":beach_with_umbrella:", ":face_with_thermometer:")
"""Those of the first are what chats offer for a vacation, the last for being sick."""
_SHOWN = re.compile(r":[a-z0-9_+-]+:|[☀-➿\U0001f300-\U0001faff]")
_BACK = re.compile(
    r"[ ,;:.!()/–—-]+(?:(?:i'?ll |i will )?(?:be )?)?(?:back|returning)(?: again)?(?: on)? (?P<day>[^,;()]+)"
)
_UNTIL = re.compile(r"(?:^|[ (])(?:until|till?|'til|through|thru) (?P<end>[^,;()]+)")
_CLOCK = re.compile(
    r"(?:about )?(?:[1-9]|1[0-2])(?! ?(?:st|nd|rd|th|[./-]|\w))|.*(?:\d[:.h]\d\d|\d ?(?:[ap]m|h)\b|noon|lunch).*"
)
_CLAUSE = re.compile(r"\s*[,;!()|•]\s*|\s+[–—-]+\s+|\.\s+|: ")
_TIME = re.compile(
    rf"\d|\b(?:{WEEKDAY}|{MONTH}|today|tomorrow|tmrw|tonight|morning|afternoon|evening|night|weekend|noon|lunch"
    r"|(?:this|next) \w+|starting|as of|hours?|minutes?|days?|weeks?)\b"
)


def read_status(
    text: str, emoji: str, expires_at: datetime | None, *, now: datetime, timezone: str = "UTC"
) -> Away | None:
    """What a status says of an absence that is on or lies ahead; None for others, and for less than ``LEAST``.

    ``expires_at``: when the chat takes the status away by itself.
    """
    said = " ".join(_SHOWN.sub(" ", plain(text)).split()).strip(" .,!-")
    is_away = _AWAY.search(said) is not None or (emoji in _EMOJI and not _PRESENT.search(said))
    if not is_away or _NOT_AWAY.search(said) or (expires_at is not None and expires_at < now + LEAST):
        return None
    until = _UNTIL.search(said)
    if until and _CLOCK.fullmatch(until["end"].strip()):
        # By the clock, and not "until the 6th".
        end = resolve_until(f"until {until['end'].strip()}", now=now, timezone=timezone)
        return Away(now, end) if end and now + LEAST <= end <= now + MOST else None
    told = _told(said, now, timezone)
    if told is not None:
        is_long = told.until is None or told.until - max(told.since, now) >= LEAST
        return (told if told.until or told.since > now else replace(told, until=expires_at)) if is_long else None
    # A time that is not understood may lie ahead, or be over in an hour.
    is_open = until is not None and not _TIME.search(until["end"])
    has_time = _TIME.search(said.replace(until["end"], " ") if until and is_open else said)
    return None if has_time else Away(now, expires_at)


def _told(said: str, now: datetime, timezone: str) -> Away | None:
    """As if it had been said: the whole, then with the return as the end, then its parts."""
    back = _BACK.search(said)
    ways = [said]
    if back:
        ways += [f"{said[: back.start()]} until {back['day']}", f"ooo until {back['day']}"]
    if until := _UNTIL.search(said):
        ways.append(f"ooo until {until['end']}")
    ways += [part for part in _CLAUSE.split(said) if _AWAY.search(part) and _TIME.search(part)]
    for way in ways:
        for sentence in (f"i'm {way}", way):
            if told := read_absence(sentence, now=now, timezone=timezone):
                return None if told.until is None and told.since <= now and _TIME.search(way) else told
    return None
