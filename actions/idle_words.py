"""What a message says of machines that nobody uses: "keep it till friday", "don't stop it when it's idle".

Whatever it was taken for: these have no intent of their own, so the words must be plain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actions import questions
from actions.turn import Turn
from clouddesk.language.clock import resolve_until
from clouddesk.language.durations import find_durations
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain
from clouddesk.matching import is_named_in, with_names_as
from clouddesk.model.idling import IdleWish
from clouddesk.model.reservation import RELEASING, Reservation
from clouddesk.model.utilisation import KEPT

KEEP, PROTECT, WISH, SHOW = "keep", "protect", "wish", "show"

KEPT_FOR = timedelta(days=1)
"""What a "keep it" without a time means."""
LEAD_SECONDS = 30 * 60
"""Of "stop it when it is idle for 2 hours" this is between the question and the stop; half of it where it is short."""
LEAST_SECONDS = 15 * 60
"""Unused for less says nothing."""
MOST_SECONDS = int((KEPT - timedelta(days=1)).total_seconds())
"""What was seen before that is not known any more."""

_NAME = "\N{OBJECT REPLACEMENT CHARACTER}"
_IT = (
    rf"(?:it|that|this|them|{_NAME}|(?:my|the|this) (?:[\w-]+ ){{0,2}}(?:machines?|vms?|clusters?|box|server|instance))"
)
_STOP = r"(?:stop|shut ?down|suspend|pause|(?:turn|switch|power) (?:off|down))"
_STOP_IT = rf"(?:{_STOP} {_IT}|(?:shut|turn|switch|power) {_IT} (?:down|off))"
_NOT = r"(?:(?:don'?t|do not)(?: want(?: you| anybody| anything)? to)?|never|no need to|not to)(?: ever| you| please)*"
_STOPPED_ONE = r"(?:stopped|shut ?down|suspended|paused|(?:turned|switched|powered) (?:off|down))"
_IDLE = re.compile(
    r"\b(?:idle|idling|idleness|unused|(?:not|isn'?t|aren'?t) (?:being |in )?used?|nobody(?:'s| is)? us(?:es|ing))\b"
)
_NOT_STOP = rf"(?:{_NOT} {_STOP_IT}|(?:don'?t|do not) want {_IT} (?:to be )?{_STOPPED_ONE})(?!\w)"
_WHEN = r"(?:when(?:ever)?|if|because|while|once|after|for|as long as|even (?:if|when|though))"
_FROM_THEN_ON = r"(?:when(?:ever)?|if|once|after|as soon as)"
_QUESTION = re.compile(
    r"(?:(?:hey|hi|so|and|but|ok)[ ,]+)*(?:is|are|was|were|how|why|what|which|who|when|does|did|do you|will|would it)\b"
)
_NOT_STOPPED = re.compile(rf"\b{_NOT_STOP}.*\b{_WHEN}\b|\b{_NOT_STOP} for (?:being )?")
_EVEN = re.compile(rf"\b(?:keep|leave|let) {_IT}(?!\w)(?P<kept>.*)\beven (?:if|when|though)\b(?P<idle>.*)")
_KEPT_UNTIL = re.compile(
    r"(?: running| on| up)?(?:(?: (?:(?P<until>until|till?|through)|for) (?P<when>[^,;.!?]+?)))?[ ,]*"
)
_ASKED = re.compile(r"\b(?:ask|bother|ping|warn|tell|notify) me\b.*\b(?:after|when|if|once)\b")
_STOPPED = re.compile(rf"^{LEAD}(?:(?:can|could|would) you )?{_STOP_IT} (?:automatically )?{_FROM_THEN_ON}\b")
_SHOWN = re.compile(
    rf"{LEAD}(?:what (?:happens|do you do)|when (?:do|will|would) you (?:ask|stop)|what are the (?:rules|limits))\b.*"
)
_PROTECTED = re.compile(
    rf"\b{_NOT_STOP} (?:(?P<tonight>tonight)"
    r"|(?:(?P<until>until|till?|before|through)|for) (?P<when>[^,;.!?]+))"
)
_JOB = re.compile(
    r"\b(?:job|training|run|experiment|simulation|computation|batch|script|process)s?\b[^,;.!?]*?"
    r"\b(?:runs?|needs?|takes?|goes on|is running|will run|lasts?|keeps running)\b[^,;.!?]*?"
    r"\b(?:(?P<until>until|till?)|for|another) (?P<when>[^,;.!?]+)"
)
_NOT_STOP_IT = re.compile(rf"\b{_NOT_STOP}")
_MAYBE_NOT_STOPPED = re.compile(
    rf"\b{_NOT} (?:stop|shut|suspend|pause|turn|switch|power)\b|\bwant .*\b{_STOPPED_ONE}\b"
)
_KEEPS = re.compile(r"\b(?:keep|leave|need|using|use|want|needed|used)\b")
_ORDERS = re.compile(r"\b(?:need|use|using|want|get) (?:an?|another|some|more|one|two|three|\d+)\b")
"""For a first look, before anybody's machines are known: any word may be a name."""
_KEPT = re.compile(
    rf"{LEAD}(?:yes[ ,]+|no[ ,]+)?(?:(?:please )?(?:keep|leave)(?: {_IT})?(?: (?:running|on|up|going|alive))?"
    rf"|i(?:'m| am)? (?:still )?(?:need|use|using|want) {_IT}"
    rf"|{_IT}(?:'s| is| are) (?:still )?(?:in use|needed|being used))(?: still| anyway)?"
    rf"(?: (?:un)?till? (?P<when>[^,;.!?]+?)| (?:for )?(?P<for>[^,;.!?]+?))?{POLITE_END}[ .!]*"
)


@dataclass(frozen=True)
class IdleWords:
    """What is wanted, and of which of one's machines; of none of them when it must be asked."""

    what: str
    items: tuple[Reservation, ...]
    until: datetime | None = None
    wish: IdleWish = field(default_factory=IdleWish)


async def find(turn: Turn) -> IdleWords | None:
    """None when the words are about something else."""
    if turn.is_button:
        return None
    text = plain(turn.text).strip()
    if not (
        _IDLE.search(text) or _MAYBE_NOT_STOPPED.search(text) or (_KEEPS.search(text) and not _ORDERS.search(text))
    ):
        return None
    seen = await turn.machines(with_shared=True)
    live = [item for item in seen if item.state != RELEASING]
    named = [item for item in live if is_named_in(text, item)]
    said = with_names_as(_NAME, text, named)
    if _IDLE.search(said):
        return _of_idleness(turn, said, live, named)
    if (until := _protected_until(turn, said)) is not None:
        return IdleWords(PROTECT, _meant(turn, live, named), until)
    return _kept(turn, said, live, named)


def _of_idleness(turn: Turn, text: str, live: list[Reservation], named: list[Reservation]) -> IdleWords | None:
    items = _meant(turn, live, named)
    if _SHOWN.match(text):
        return IdleWords(SHOW, items)
    if _QUESTION.match(text):
        return None
    if (even := _EVEN.search(text)) and (found := _KEPT_UNTIL.fullmatch(even["kept"])) and found["when"]:
        until = _time(turn, found["until"], found["when"])
        return IdleWords(KEEP, items, until) if until is not None else None
    lengths = find_durations(text)
    if len(lengths) > 1:
        return None
    seconds = min(MOST_SECONDS, max(LEAST_SECONDS, lengths[0].minutes * 60)) if lengths else None
    if _NOT_STOPPED.search(text) or even:
        if seconds is None:
            return IdleWords(WISH, items, wish=IdleWish(stop_seconds=0))
        # It is to be left alone for longer than usual, and not asked about sooner.
        return IdleWords(WISH, items, wish=IdleWish(ask_seconds=max(seconds, turn.desk.limits.idle_ask_seconds)))
    if _ASKED.search(text) and seconds is not None:
        return IdleWords(WISH, items, wish=IdleWish(ask_seconds=seconds))
    if _STOPPED.search(text):
        return IdleWords(WISH, items, wish=_stop_after(seconds))
    return None


def _stop_after(seconds: int | None) -> IdleWish:
    """Asked some time before; without a length as usual."""
    if seconds is None:
        return IdleWish()
    lead = min(LEAD_SECONDS, seconds // 2)
    return IdleWish(ask_seconds=seconds - lead, stop_seconds=lead)


def _protected_until(turn: Turn, text: str) -> datetime | None:
    if not _NOT_STOP_IT.search(text) or _QUESTION.match(text):
        return None
    found = _PROTECTED.search(text)
    if found is not None and found["tonight"]:
        return _moment(turn, "until tomorrow morning")
    found = found or _JOB.search(text)
    return _time(turn, found["until"], found["when"]) if found is not None else None


def _kept(turn: Turn, text: str, live: list[Reservation], named: list[Reservation]) -> IdleWords | None:
    """An answer: only while a question is open, and nothing newer that a "keep it" could be for."""
    asked = [item for item in live if item.idling.is_asked]
    found = _KEPT.fullmatch(text)
    if found is None or not asked or (questions.is_open(turn.question) and not named):
        return None
    items = tuple(item for item in asked if item in named) if named else _of_several(turn, asked)
    if named and not items:
        return None
    words = found["when"] or found["for"]
    until = turn.desk.clock() + KEPT_FOR if words is None else _time(turn, found["when"], words)
    return IdleWords(KEEP, items, until) if until is not None else None


def _meant(turn: Turn, live: list[Reservation], named: list[Reservation]) -> tuple[Reservation, ...]:
    """Those that are named, else the one that was spoken of, else the only one."""
    own = [item for item in live if item.person == turn.actor.person]
    return tuple(named) if named else _of_several(turn, own)


def _of_several(turn: Turn, items: list[Reservation]) -> tuple[Reservation, ...]:
    last = [item for item in items if item.id == turn.last_reservation]
    return tuple(last or (items if len(items) == 1 else ()))


def _time(turn: Turn, until: str | None, words: str) -> datetime | None:
    now = turn.desk.clock()
    lengths = find_durations(words)
    if until is None:
        return now + timedelta(minutes=lengths[0].minutes) if len(lengths) == 1 else None
    return _moment(turn, f"until {words}")


def _moment(turn: Turn, words: str) -> datetime | None:
    return resolve_until(words, now=turn.desk.clock(), timezone=turn.actor.timezone)
