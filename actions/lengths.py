"""Another length of time at the question whether to extend: "yes but 10 days", "make it 12", "only until friday"."""

from __future__ import annotations

import re
from dataclasses import replace

from actions import clauses, meanings, resolve
from actions.bare import bare_number, said_number
from actions.references import end_said
from actions.request_fields import number_as
from actions.turn import Question, Turn
from clouddesk.language.assent import Answer, read
from clouddesk.matching import is_named_in

EXTEND = "extend_reservation"
_FITTING = ("affirm", "correct", "deny", "inform", "nlu_fallback", "out_of_scope", "scale_cluster", EXTEND)
"""What a length of time may have been taken for."""
_NO_LENGTH = re.compile(r"\?|\b(?:if|in|after|before|remind|per|every|what|how)\b")
""" "yes, in 2 hours" is no length."""
_YES_OR_NO = re.compile(r"^(?:(?:yes|yeah|yep|ok|okay|sure|no|nope|nah)\b[ ,.;:!-]*)+", re.IGNORECASE)
_OF_A_BUTTON = (1, 2)
"""Yes and no are the first and the second."""
_WAITS = (Answer.HESITATION, Answer.LATER)


async def find(turn: Turn) -> int | str | None:
    """The seconds, or words like "until friday", to extend by instead; None when the message says no other length."""
    asked = asked_about(turn.question)
    if turn.is_button or turn.form or asked is None or turn.intent not in _FITTING:
        return None
    if resolve.tells_apart(turn) or set(clauses.tasks_in(turn.text)) - {EXTEND}:
        return None
    others = [item for item in await turn.machines() if item.id not in asked[0]]
    if any(is_named_in(turn.text.lower(), item) for item in others):
        return None
    found = _said(turn, asked[1])
    return found if found != asked[1] else None


def _said(turn: Turn, length: int | str) -> int | str | None:
    """The length in the message; a bare number is in the unit of the ``length`` that was asked about."""
    end = end_said(turn.text)
    if end is None and _NO_LENGTH.search(turn.text.lower()):
        return None
    # "no, until friday" is no "not until friday".
    said = dict(meanings.entities(replace(turn, text=_YES_OR_NO.sub("", turn.text)), EXTEND))
    if until := end or said.get("until"):
        return str(until)
    if read(turn.text) in _WAITS:
        return None
    if minutes := said.get("duration_minutes"):
        return round(float(minutes) * 60)
    number = said_number(turn.text)
    if number is None or not isinstance(length, int) or bare_number(turn.text) in _OF_A_BUTTON:
        return None
    return int(number_as("duration_seconds", number, {"duration_seconds": length})["duration_seconds"])


def asked_about(question: Question | None) -> tuple[list[str], int | str] | None:
    """The ids, and the length, of the extension that the open question offers."""
    if question is None:
        return None
    if question["kind"] == "confirm_task" and question["topic"] == EXTEND:
        facts = question["facts"]
        return [item["id"] for item in facts["reservation"]], facts["duration"]
    options = question["options"] if question["kind"] == "choose" else []
    if len(options) != 1:
        return None
    if notice := options[0].get("notice"):
        return None if notice["length"] is None else ([notice["reservation_id"]], notice["length"])
    ids = [str(value) for name, value in options[0]["entities"] if name == "resource_name"]
    minutes = dict(options[0]["entities"]).get("duration_minutes")
    if options[0]["intent"] != EXTEND or not ids or minutes is None:
        return None
    return ids, round(float(minutes) * 60)
