"""Another task in between: what is open is parked, and taken up again when nothing else is open.

The slot ``parked`` holds the latest first: ``{"what", "question", "request"}`` for a confirmation, ``{"what", "form",
"facts", "request"}`` for a form with what it knew. Something parked always waits for something that is open.
"""

from __future__ import annotations

import re
from typing import Any

from actions import questions, stopping
from actions.turn import Turn
from actions.wording import names

MOST = 3
_LETS_GO = re.compile(
    r"\b(?:instead|forget (?:it|that|about|the)|never ?mind|drop (?:it|that|the)|scrap|scratch|changed my mind"
    r"|don'?t (?:want|need) (?:it|that|the))\b"
)
_EVERYTHING = re.compile(r"\b(?:everything|all|both|whole|the lot|start(?:ing)? over|any of (?:it|this|that))\b")
_EMPTY = {"the", "an", "machine", "machines", "back", "my", "your", "it", "that", "of", "to", "about"}
_PASSING = ("confirm_price", "try_again")
"""Kinds of confirmations that are let go of: only a price, and what failed."""


def set_aside(turn: Turn, *, what: str | None = None) -> None:
    """Park what is open for the task that this message begins, or let go of it if the person says so.

    ``what`` names the open form; without it the open confirmation is meant.
    """
    question = turn.question
    if what is None and question is not None and question["kind"] == "choose":
        # Only asks what was meant; what was open before it is what may have to wait.
        turn.question, turn.request = question["back"] or (None, None)
        question = turn.question
    if what is None and (question is None or not questions.is_open(question)):
        turn.question = turn.request = None
        return
    name = what or questions.subject(question or {})
    is_passing = what is None and question is not None and question["kind"] in _PASSING
    if is_passing or _lets_go(turn):
        turn.say("utter_request_dropped", what=name)
    elif what is None:
        _put(turn, {"what": name, "question": question, "request": turn.request, "by": turn.message_id})
    else:
        facts = {key: value for key, value in turn.facts.items() if key != "resumed"}
        _put(turn, {"what": name, "form": turn.form, "facts": facts, "request": turn.request, "by": turn.message_id})
    turn.question = turn.request = None
    if what is not None:
        turn.close_form()


def say_parked(turn: Turn) -> None:
    """A word about what this message has parked: for a task that has to ask something first."""
    _let_go_of_the_oldest(turn)
    if turn.parked and turn.parked[0]["by"] == turn.message_id:
        turn.say("utter_parked", what=turn.parked[0]["what"])


def take_up(turn: Turn) -> None:
    """Go on with what was parked last, if nothing else is open."""
    if not turn.is_idle:
        _let_go_of_the_oldest(turn)
        return
    # Of what failed for good nothing is left for the next request.
    turn.request = None
    if not turn.parked:
        return
    entry, *turn.parked = turn.parked
    if question := entry.get("question"):
        turn.ask(question, request=entry["request"])
        stopping.note(turn)
        words, buttons = questions.words(question, is_named=True), questions.buttons(question)
        turn.say("utter_back_to_question", buttons=buttons, what=entry["what"], question=words)
    else:
        turn.say("utter_back_to", what=entry["what"])
        turn.settle()
        turn.go_to(entry["form"], **entry["facts"], resumed=True)
        turn.request = entry["request"]


def waiting(turn: Turn) -> dict[str, Any] | None:
    """The parked confirmation that the pressed button belongs to."""
    asked = (entry for entry in turn.parked if entry.get("question"))
    return next((entry for entry in asked if questions.is_about(entry["question"], turn.entities)), None)


def bring_up(turn: Turn) -> bool:
    """Make the parked confirmation that the pressed button belongs to the open one, if there is one.

    What was open takes its place.
    """
    entry = waiting(turn)
    if entry is None:
        return False
    turn.parked = [other for other in turn.parked if other is not entry]
    set_aside(turn)
    turn.question, turn.request = entry["question"], entry["request"]
    return True


def drops_all(turn: Turn) -> bool:
    """ "forget everything": what is parked is meant as well."""
    return bool(turn.parked) and _EVERYTHING.search(turn.text.lower()) is not None


def drop_all(turn: Turn, what: str) -> None:
    """Nothing is open or parked any more."""
    dropped = [what, *(entry["what"] for entry in turn.parked)]
    turn.parked = []
    turn.settle()
    turn.say("utter_all_dropped", what=names(list(dict.fromkeys(dropped))))


def named(turn: Turn, what: str) -> dict[str, Any] | None:
    """The one parked thing that the message names and not ``what`` is open: "forget the cluster"."""
    said = words_of(turn.text)
    found = [entry for entry in turn.parked if words_of(entry["what"]) & said]
    return found[0] if len(found) == 1 and not words_of(what) & said else None


def words_of(text: str) -> set[str]:
    """The words that name a thing."""
    return set(re.findall(r"[a-z]{2,}[\w-]*", text.lower())) - _EMPTY


def drop(turn: Turn, entry: dict[str, Any]) -> None:
    """One parked thing is not wanted any more; what is open stays."""
    turn.parked = [other for other in turn.parked if other is not entry]
    turn.say("utter_parked_dropped", what=entry["what"])


def _put(turn: Turn, entry: dict[str, Any]) -> None:
    turn.parked = [entry, *turn.parked]


def _let_go_of_the_oldest(turn: Turn) -> None:
    """Only when what came in between stays open: a task that is done at once costs nothing that waits."""
    for entry in turn.parked[MOST:]:
        turn.say("utter_request_dropped", what=entry["what"])
    turn.parked = turn.parked[:MOST]


def _lets_go(turn: Turn) -> bool:
    return not turn.is_button and _LETS_GO.search(turn.text.lower()) is not None
