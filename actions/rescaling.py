"""How many machines a message says: at first, or at the question whether to scale: "no, make it 4"."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from actions import clauses, meanings, resolve
from actions.bare import bare_number, said_number
from actions.turn import Turn
from clouddesk.language.scaling import Change, change_said, without_change

TOPIC = "scale_cluster"
FITTING = ("affirm", "correct", "deny", "inform", "nlu_fallback", "out_of_scope", "create_cluster", TOPIC)
"""What another number may have been taken for."""
_OF_A_BUTTON = (1, 2)
"""Yes and no are the first and the second."""


async def find(turn: Turn) -> dict[str, Any] | None:
    """What the message makes of the number that the open question is about; None when it says nothing of it."""
    question = turn.question
    if turn.is_button or turn.form or question is None or turn.intent not in FITTING:
        return None
    if question["kind"] != "confirm_task" or question["topic"] != TOPIC or "?" in turn.text:
        return None
    plain = replace(turn, text=without_change(turn.text))
    is_of_another = resolve.tells_apart(plain) or clauses.tasks_in(turn.text) or await resolve.said_names(plain)
    if is_of_another or bare_number(turn.text) in _OF_A_BUTTON:
        return None
    return said(turn)


def said(turn: Turn) -> dict[str, Any] | None:
    """The field of ``Change`` that the message says; the number of a button is that of all machines."""
    number = turn.one_of("node_count")
    if turn.is_button:
        change = None if number is None else Change(to=int(number))
    else:
        if number is None:
            number = dict(meanings.entities(turn, TOPIC)).get("node_count", said_number(turn.text))
        change = change_said(turn.text, None if number is None else int(number))
    return None if change is None else {name: value for name, value in asdict(change).items() if value is not None}
