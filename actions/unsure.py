"""A task that the classifier only guessed at is asked about: nonsense must start or stop nothing."""

from __future__ import annotations

import re

from actions import clauses
from actions.references import end_said
from actions.turn import Turn

_AT_ONCE = ("stop_resource", "start_resource", "reboot_resource", "extend_reservation")
"""Tasks that are done without a question."""
_OF_OWN = ("terminate_resource", "stop_resource", "reboot_resource", "extend_reservation")
"""Tasks whose verbs never ask for a new machine, as "start one" may."""
_SMALL_TALK = ("thank", "greet", "goodbye", "bot_challenge")
_SURE = 0.85
"""Sentences that name one of these tasks are at 0.95 and more; what only sounds like one stays below 0.8."""
_SURE_OF_SMALL_TALK = 0.6
_NO_TASK = re.compile(
    r"(?:(?:please|pls|just|can you)\s+)*(?:turn|switch|power)(?:\s+(?:it|that|them|the \w+|my \w+))?"
)
""" "turn" without on or off."""


def is_unsure(turn: Turn) -> bool:
    """Whether the meaning is too unsure to act on it."""
    if turn.is_button or turn.intent not in (*_AT_ONCE, *_SMALL_TALK):
        return False
    if turn.intent in _SMALL_TALK:
        return turn.confidence < _SURE_OF_SMALL_TALK
    if _NO_TASK.fullmatch(turn.text.lower().strip(" .!?")):
        return True
    if turn.intent == "extend_reservation" and end_said(turn.text):
        return False
    return turn.confidence < _SURE and turn.intent not in clauses.tasks_in(turn.text)


def task_of_own_machines(turn: Turn) -> str | None:
    """ "terminate a vm", "extend a machine", taken for a request: the task, which is about a machine that is there."""
    is_request = turn.intent in ("create_vm", "create_cluster", "quote_price") and not turn.is_button
    tasks = clauses.tasks_in(turn.text) if is_request else []
    return tasks[0] if len(tasks) == 1 and tasks[0] in _OF_OWN else None
