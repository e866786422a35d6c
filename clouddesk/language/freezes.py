"""What follows "freeze new machines": until when and why, understood as a whole or not at all.

A freeze begins at once and is for everybody, so that "starting friday" and "for ben" are no words of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from clouddesk.language.durations import find_durations
from clouddesk.language.ends import find_ends

_EVENT = (
    r"(?:audits?|reviews?|migrations?|releases?|launch(?:es)?|maintenance|moves?|upgrades?|updates?|incidents?|outages?"
    r"|inspections?|inventor(?:y|ies)|stocktaking|closing|cut-?over|investigations?|clean-?ups?|closures?"
    r"|shutdown|elections?|sales?|(?:quarter|year|month)[- ]end|end of (?:the )?(?:quarter|year|month)"
    r"|budgeting|budget talks|planning|negotiations?|reorganisation|reorganization|switch-?over|savings?)"
)
"""What happens for a while, and is a reason; "the interns" and "the lab" are no events."""
_SAYS_NOTHING = re.compile(
    r"(?:(?:from |as of |starting |beginning )?(?:right now|now|immediately)(?: on(?:wards)?)?|at once|right away|again"
    r"|(?:from|as of|starting|beginning) today(?: on(?:wards)?)?|today(?= (?:un)?till? )"
    r"|until (?:further notice|(?:i|we) (?:say so|lift it|say otherwise)|it'?s lifted|it is lifted)"
    r"|please|pls|thanks|thank you|then|for (?:us(?: all)?|all(?: of us)?|everybody|everyone"
    r"|(?:the|our|my) (?:whole |entire )?(?:team|company|workspace|department|lab|group)))(?![\w'-])"
)
_UNTIL = re.compile(r"(?:until|untill|till?|'til|through|thru|up ?to|to)\b")
_PERIODS = (
    (r"(?:today|all day|the (?:whole |entire )?day|(?:the )?rest of (?:the day|today))", "until midnight"),
    (r"(?:this week|(?:the )?rest of (?:the|this) week)", "until sunday midnight"),
    (r"(?:this month|(?:the )?rest of (?:the|this) month)", "until the end of the month"),
)
_SPANS = tuple(
    (re.compile(rf"(?:for )?(?:just |only )?{words}(?: only)?(?![\w'-])"), until) for words, until in _PERIODS
)
_FOR = re.compile(r"(?:for )?(?:just |only |about |at least )?(?=\w)")
_NEXT = re.compile(r"(?:the )?(?:next|coming) (?=\d|\w+ (?:minute|hour|day|week|month)s?\b)")
_AGREES = re.compile(
    r"(?:for|during|because of) (?P<why>(?:(?:the|our|an?|this|some) )?(?:[\w'-]+ ){0,3}?" + _EVENT + r")(?![\w'-])"
    r"|(?:as|since) (?P<clause>(?:the |our |an? )?[\w'-]+ \w[^,;]*)"
    r"|(?P<aside>(?:we|they|there|it|it's) \w.*)"
)
_CUTS_OFF = re.compile(r"[ ,;:.!()–—-]+")


@dataclass(frozen=True)
class Rest:
    """``until``: the words of the end, "" when none is said. ``unread``: from there on it is not understood."""

    until: str = ""
    reason: str = ""
    unread: str = ""


def read(rest: str, reason: str = "") -> Rest:
    """What ``rest``, in lower case, says; ``reason`` was said behind it, perhaps with the end."""
    found, left = Rest(reason=reason), _without_marks(rest)
    while left:
        if said := _SAYS_NOTHING.match(left):
            left = _without_marks(left[said.end() :])
        elif (end := _end_at_start(left)) and not found.until:
            length, until = end
            found, left = replace(found, until=until), _without_marks(left[length:])
        elif (why := _AGREES.match(left)) and not found.reason:
            words = why["why"] or why["clause"] or why["aside"]
            found, left = replace(found, reason=words), _without_marks(left[why.end() :])
        else:
            return replace(found, unread=left)
    return found if found.until else _with_end_of_reason(found)


def _end_at_start(text: str) -> tuple[int, str] | None:
    """How many characters the end or the length at the start takes, and the words of the end."""
    for pattern, until in _SPANS:
        if span := pattern.match(text):
            return span.end(), until
    if _UNTIL.match(text):
        end = next((end for end in find_ends(text) if end.start == 0 and end.is_marked), None)
        return (end.end, end.words) if end else None
    lead = _FOR.match(text)
    if lead and (lead.end() or _NEXT.match(text)):
        skipped = _NEXT.match(text, lead.end())
        begin = skipped.end() if skipped else lead.end()
        length = next((found for found in find_durations(text[begin:]) if found.start == 0), None)
        return (begin + length.end, f"in {length.minutes} minutes") if length else None
    return None


def _with_end_of_reason(found: Rest) -> Rest:
    """ "Because of the audit until friday" has the end behind the reason."""
    said = found.reason.lower()
    for begin in (at.start() for at in re.finditer(r"(?<=\w)[ ,]+(?=(?:until|till?|'til|through|for|today)\b)", said)):
        words = _without_marks(said[begin:])
        if (end := _end_at_start(words)) and not _without_marks(words[end[0] :]):
            return replace(found, until=end[1], reason=found.reason[:begin].strip(" ,"))
    return found


def _without_marks(text: str) -> str:
    skipped = _CUTS_OFF.match(text)
    return text[skipped.end() :] if skipped else text
