"""Messages that say that somebody is away or back, and answers to what is to become of their machines meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta

from actions.turn import Turn
from clouddesk.language.absences import Away, read_absence, says_back
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain
from clouddesk.model.absence import CHOOSE, KEEP, STOP_LATER, STOP_NOW, Absence

BACK = "back"
_IT = r"(?:it|that)"
_ALL = (
    r"(?:(?:it all|(?:them|those|these|all|both|everything)(?: all| both)?)(?: of (?:them|it))?|all (?:my )?machines)"
)
_STOPS = r"(?:stop|pause|suspend|halt|shut ?down|switch off|turn off|power off)"
_NOW = r"(?: (?:down|off))?(?: (?:right )?now| right away| immediately)?"
_WHEN = (
    r"(?:(?:when|once|as soon as|before) (?:i (?:leave|go|am gone|am away|am off)|i'?m (?:gone|away|off|leaving)"
    r"|it (?:starts|begins))|at (?:the|its) (?:start|beginning)(?: of (?:it|my [a-z]+))?)"
)
_ON = r"(?: (?:running|run|on|alone|as (?:it is|they are)|going))*"


def _words(what: str) -> dict[str, re.Pattern[str]]:
    """The answers that say ``what`` is to be stopped or kept."""
    patterns = {
        STOP_NOW: rf"{_STOPS} {what}{_NOW}",
        STOP_LATER: rf"{_STOPS} {what}(?: (?:down|off))? {_WHEN}",
        KEEP: rf"(?:keep|leave|let) {what}{_ON}",
    }
    return {answer: re.compile(rf"{LEAD}{pattern}{POLITE_END}") for answer, pattern in patterns.items()}


_OF_ALL, _OF_ONE = _words(_ALL), _words(_IT)
_OF_NOTHING = {
    STOP_LATER: re.compile(rf"{LEAD}{_WHEN}{POLITE_END}"),
    CHOOSE: re.compile(rf"{LEAD}(?:let me )?(?:choose|i'?ll choose|some of them|only some(?: of them)?){POLITE_END}"),
}
_NO = re.compile(r"(?:no|nope|nah)(?:[ ,]+(?:thanks|thank you|thx))?|no[ ,]+(?:keep|leave) (?:it|them)|nothing")
_OPEN = timedelta(days=3)
_JUST_ASKED = timedelta(hours=2)
"""So long a bare "no", or "stop all", may be for that question."""


def find(turn: Turn) -> Away | str | None:
    """When the person is away, or BACK; None when the message says something else."""
    if turn.is_button:
        return None
    if says_back(turn.text):
        return BACK
    return read_absence(turn.text, now=turn.desk.clock(), timezone=turn.actor.timezone)


async def answer(turn: Turn) -> tuple[str, str | None] | None:
    """The answer that the words are to what was asked about an absence; None when they are for something else.

    With the id of the one machine that it is for, where that is said and is not all of what was asked about.
    """
    text = plain(turn.text).strip(" .!")
    said = _said(text, _OF_ALL) or _said(text, _OF_NOTHING)
    of_one = None if said else _said(text, _OF_ONE)
    is_bare = not (said or of_one) and _NO.fullmatch(text) is not None and not turn.notices
    if not (said or of_one or is_bare):
        return None
    known = await turn.desk.absences.current(turn.actor)
    if known is None or known.answer:
        return None
    passed = turn.desk.clock() - known.asked_at
    if passed >= (_JUST_ASKED if is_bare or STOP_NOW in (said, of_one) else _OPEN):
        return None
    if of_one:
        return await _of_it(turn, known, of_one)
    return said or KEEP, None


async def _of_it(turn: Turn, known: Absence, said: str) -> tuple[str, str | None] | None:
    """ "It" is what was asked about if nothing else was spoken of since; else the one that was."""
    running = [item.id for item in await turn.desk.absences.running(turn.actor, known.since)]
    if turn.last_reservation is None or running == [turn.last_reservation]:
        return None if said == KEEP and turn.notices else (said, None)
    # What is to happen now, to that one, is no matter of an absence.
    return (said, turn.last_reservation) if said == STOP_LATER and turn.last_reservation in running else None


def _said(text: str, answers: dict[str, re.Pattern[str]]) -> str | None:
    return next((name for name, pattern in answers.items() if pattern.fullmatch(text)), None)
