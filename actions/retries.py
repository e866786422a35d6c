"""Trying again: a wish that failed for a passing reason is kept, and the same words or a button do it once more."""

from __future__ import annotations

import re
from typing import Any

from actions import questions
from actions.turn import Question, Turn
from clouddesk.model.errors import CloudDeskError, Undecided, WrongState
from clouddesk.model.reservation import ARCHIVING, CONFIGURING, PROVISIONING, SCALING, STARTING, STOPPING

_AGAIN = re.compile(
    r"(?:(?:ok|okay|yes|please|pls|now|and|so|can you|could you|just|let'?s|then)[ ,]+)*"
    r"(?:(?:try|do|give|run)(?: (?:it|that|this))?(?: (?:again|once more|one more time|another (?:try|go|shot)))"
    r"|re-?try(?: (?:it|that|this))?|again|once more|one more time|another try)"
    r"(?:[ ,]+(?:please|pls|now|then|thanks))*"
)


_PASSING = (PROVISIONING, CONFIGURING, STOPPING, STARTING, SCALING, ARCHIVING)
"""States that are over by themselves."""


def says_again(text: str) -> bool:
    """ "try again", "once more please", "ok retry": and nothing else."""
    return _AGAIN.fullmatch(text.lower().strip(" .!?")) is not None


def is_passing(error: Exception) -> bool:
    """Whether the same may work a moment later; a crash of ours may, too."""
    if isinstance(error, WrongState) and error.state in _PASSING:
        return True
    if isinstance(error, CloudDeskError):
        # What was passed on will probably be done: once more would be twice.
        return error.is_retryable and not isinstance(error, Undecided)
    return True


def wish(turn: Turn, topic: str) -> Question:
    """What it takes to do this topic's action once more. To be made before the action changes anything.

    The id of the message goes along: what the first try did after all is not done twice.
    """
    return {
        "kind": "try_again",
        "id": turn.message_id,
        "topic": topic,
        "facts": dict(turn.facts),
        "request": turn.request,
        "text": turn.text,
        "intent": turn.intent,
        "entities": dict(turn.entities),
    }


def keep(turn: Turn, failed: Question) -> None:
    """Leave the wish open, and say how to try again.

    What waits for an answer goes first: a failed yes stays the question that it was, and a question in between that
    failed is not kept beside it. A failed change has a wish of its own, which takes the place of what it changes.
    """
    question = turn.question
    if turn.form:
        return
    if turn.wish is not None:
        question, request = turn.wish, turn.wish["request"]
    elif question is None or not questions.is_open(question):
        question, request = failed, failed["request"]
    elif failed["topic"] == "affirm" and not _is_of_another(question, failed["entities"]):
        question, request = {**question, "has_failed": True}, turn.request
    else:
        return
    turn.ask(question, request=request)
    turn.say("utter_try_again", buttons=[{"title": "Try again", "payload": questions.yes_payload(question)}])


def recall(turn: Turn, kept: Question) -> str:
    """Make this turn the one that failed, or that waited for a yes; returns the topic whose action is to be run."""
    turn.settle()
    turn.text, turn.intent, turn.message_id = kept["text"], kept["intent"], kept["id"]
    turn.entities, turn.facts, turn.request = dict(kept["entities"]), dict(kept["facts"]), kept["request"]
    if kept["kind"] == "confirm_task":
        turn.facts["is_confirmed"] = True
    return str(kept["topic"])


def _is_of_another(question: Question, entities: dict[str, Any]) -> bool:
    """The yes of an older card."""
    is_of_a_card = any(name in entities for name in ("quote_id", "reservation_id", "question_id"))
    return is_of_a_card and not questions.is_about(question, entities)
