"""A change of the open request that was taken for a task with templates: "turn it into a kafka cluster"."""

from __future__ import annotations

import re

from actions import meanings
from actions.requests import said_in
from actions.turn import Turn

_TAKEN_FOR = ("use_template", "save_template")
_TEMPLATES = re.compile(r"\b(?:templates?|saved?|store|keep)\b")


def as_change(turn: Turn) -> bool:
    """Whether it is one; the turn means a correction then, with the entities that it has as such."""
    if turn.is_button or turn.request is None or turn.intent not in _TAKEN_FOR or _TEMPLATES.search(turn.text.lower()):
        return False
    was = turn.intent, turn.entities
    turn.intent, turn.entities = "correct", {}
    for name, value in meanings.entities(turn, "correct"):
        turn.entities.setdefault(name, []).append(value)
    if said_in(turn):
        return True
    turn.intent, turn.entities = was
    return False
