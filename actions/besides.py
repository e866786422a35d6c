"""What is wanted beside the open request: "before that a mongodb", "yes, get it, and also a spark cluster"."""

from __future__ import annotations

import re
from dataclasses import replace

from actions import assenting, kinds
from actions.requests import is_blueprint, said_in
from actions.turn import Turn

_AND = re.compile(r"[\s,;.!]+(?:and also|and then|and|also|then|plus)\s+")
_ONE_OF_SOFTWARE = re.compile(r"\b(?:an?|another|one more)\s+\w")
_ON_IT = re.compile(r"\b(?:with|install(?:ed)?|including|on (?:it|them))\b")
_OTHER_ONES = re.compile(
    r"(?:(?:also|and|get me|give me|i need|i want|please|then) )*(?:an?|another|one more|one|two|three|\d+) "
    r"(?!(?:gb|gigs?|tb|cores?|v?cpus?|nodes?|hours?|days?|weeks?)\b)"
)
"""Not "also 16 gb", which changes what the yes is for."""
_ONE_MORE = re.compile(r"\b(?:also|another|as well|too|in addition|besides)\b")


def second_topic(turn: Turn) -> str | None:
    """The task of what is wanted beside the open request, though it was taken for a change of it."""
    if kind := kinds.asks_for_second(turn):
        return f"create_{kind}"
    text = turn.text.lower()
    is_software = kinds.is_second(turn) and turn.all_of("software") and not _ON_IT.search(text)
    if not is_software or not _ONE_OF_SOFTWARE.search(text):
        return None
    return "create_cluster" if is_blueprint(turn, said_in(turn)) else "create_vm"


def second_order(turn: Turn) -> str | None:
    """The other machines that are asked for after a clear yes to the price."""
    question = turn.question or {}
    is_of_two = question.get("kind") == "confirm_quote" and turn.intent in ("create_vm", "create_cluster")
    if turn.is_button or turn.form or not is_of_two or not _ONE_MORE.search(turn.text.lower()):
        return None
    for found in reversed(list(_AND.finditer(turn.text))):
        answer = assenting.said(replace(turn, text=turn.text[: found.start()]))
        rest = turn.text[found.end() :].strip()
        if assenting.is_yes(question, answer) and _OTHER_ONES.match(rest.lower()):
            return rest
    return None
