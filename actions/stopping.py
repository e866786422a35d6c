""" "Stop it" with a request open, right after a machine was spoken of: it may be for either."""

from __future__ import annotations

import re

from actions import questions
from actions.turn import Turn

_LEAD = r"(?:(?:ok|okay|no|oh|and|now|then|please|pls|wait|just|actually|well)[ ,]+)*"
_END = r"(?:[ ,]+(?:please|pls|then|now|again|too|instead|thanks))*"
_IT = r"(?:it|that|this|them)"
_STOPS = {
    "stop_resource": re.compile(rf"{_LEAD}(?:stop|halt|pause|shut down|turn off) {_IT}{_END}"),
    "terminate_resource": re.compile(rf"{_LEAD}(?:kill|delete|terminate|remove) {_IT}{_END}"),
}


def note(turn: Turn) -> None:
    """The request comes back after a machine was spoken of, which "it" may mean as long as nothing else is said."""
    question = turn.question
    if question is not None and questions.is_request(question) and turn.last_reservation:
        turn.question = {**question, "beside": turn.last_reservation}


def forget(turn: Turn) -> None:
    """Something else was spoken of since."""
    if turn.question is not None and "beside" in turn.question:
        turn.question = {name: value for name, value in turn.question.items() if name != "beside"}


def task(turn: Turn) -> str | None:
    """The task that the words ask for if they are for the machine; None where they can be for one thing only."""
    if turn.is_button or turn.form or not (turn.question or {}).get("beside"):
        return None
    text = " ".join(turn.text.lower().replace("’", "'").strip(" .!").split())
    return next((topic for topic, pattern in _STOPS.items() if pattern.fullmatch(text)), None)
