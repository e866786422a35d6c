"""Messages that say that somebody is away or back, and answers to what is to become of their machines meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta

from actions.turn import Turn
from clouddesk.language.absences import Away, read_absence, says_back
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain
from clouddesk.model.absence import CHOOSE, KEEP, STOP_LATER, STOP_NOW

BACK = "back"
_ALL = r"(?:(?:them|it|those|these|all|both|everything)(?: all| both)?(?: of (?:them|it))?|all (?:my )?machines)"
_STOPS = r"(?:stop|pause|suspend|halt|shut ?down|switch off|turn off|power off)"
_WORDS = {
    STOP_NOW: rf"{LEAD}{_STOPS} {_ALL}(?: (?:down|off))?(?: (?:right )?now| right away| immediately)?{POLITE_END}",
    STOP_LATER: rf"{LEAD}(?:{_STOPS} {_ALL}(?: (?:down|off))? )?(?:when|once|as soon as|before) "
    rf"(?:i (?:leave|go|am gone|am away|am off)|i'?m (?:gone|away|off|leaving)|it (?:starts|begins)){POLITE_END}"
    rf"|{LEAD}(?:{_STOPS} {_ALL}(?: (?:down|off))? )?at (?:the|its) (?:start|beginning)(?: of (?:it|my [a-z]+))?"
    rf"{POLITE_END}",
    KEEP: rf"{LEAD}(?:keep|leave|let) {_ALL}(?: (?:running|run|on|alone|as (?:it is|they are)|going))*{POLITE_END}",
    CHOOSE: rf"{LEAD}(?:let me )?(?:choose|i'?ll choose|some of them|only some(?: of them)?){POLITE_END}",
}
_ANSWERS = {answer: re.compile(pattern) for answer, pattern in _WORDS.items()}
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


async def answer(turn: Turn) -> str | None:
    """The answer that the words are to what was asked about an absence; None when they are for something else."""
    text = plain(turn.text).strip(" .!")
    said = next((name for name, pattern in _ANSWERS.items() if pattern.fullmatch(text)), None)
    is_bare = said is None and _NO.fullmatch(text) is not None and not turn.notices
    if said is None and not is_bare:
        return None
    known = await turn.desk.absences.current(turn.actor)
    if known is None or known.answer:
        return None
    passed = turn.desk.clock() - known.asked_at
    if is_bare or said == STOP_NOW:
        return (said or KEEP) if passed < _JUST_ASKED else None
    return said if passed < _OPEN else None
