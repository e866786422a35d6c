"""One message that answers several open things, each by its name: "yes for the vm, no for kafka"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from actions import parking, questions
from actions.turn import Question, Turn
from clouddesk.model.notice import Notice

_YES = r"(?:yes|yeah|yep|yup|ok|okay|sure)"
_NO = r"(?:no|nope|nah|not)"
_THE = r"(?:(?:for|to|on|about|with) )?(?:(?:the|my|that|this) )?"
_PART = re.compile(rf"(?:(?P<yes>{_YES})|{_NO})(?: please)?[ ,:]+{_THE}(?P<what>[\w.-]+(?: [\w.-]+){{0,3}})")
_PART_AFTER = re.compile(rf"{_THE}(?P<what>[\w.-]+(?: [\w.-]+){{0,3}})[ :-]+(?:(?P<yes>{_YES})|{_NO})")
_AND = re.compile(r"\s*[,;.]\s+(?:(?:and|but)\s+)?|\s+(?:and|but)\s+")
_OF_A_WARNING = {"warning", "notice", "extension", "vm", "machine", "cluster", "server", "box"}
_OF_A_REQUEST = {"quote", "offer", "order", "request"}


@dataclass(frozen=True)
class Thing:
    """Something that waits for a yes or no: one of these is set."""

    notice: Notice | None = None
    question: Question | None = None
    parked: dict[str, Any] | None = None


def find(turn: Turn) -> list[tuple[bool, Thing]]:
    """Whether it is a yes, and to what, for each part of the message; [] when it is no such answer."""
    parts = [] if turn.is_button or turn.form else _parts(turn.text)
    things = _things(turn) if len(parts) > 1 else []
    if not 1 < len(parts) <= len(things):
        return []
    found: dict[int, int] = {}
    # What only one word tells apart is found after the others have been: "the vm" beside a cluster.
    for _ in parts:
        for place, (_, what) in enumerate(parts):
            left = [i for i, (words, _) in enumerate(things) if i not in found.values() and what & words]
            if place not in found and len(left) == 1:
                found[place] = left[0]
    if len(found) < len(parts):
        return []
    return [(is_yes, things[found[place]][1]) for place, (is_yes, _) in enumerate(parts)]


def open_question(turn: Turn) -> Question | None:
    """What is open, also while it is asked which of two things a yes was for."""
    question = turn.question
    if question is not None and question["kind"] == "choose":
        question = question["back"][0] if question.get("back") else None
    return question


def _parts(text: str) -> list[tuple[bool, set[str]]]:
    """Each part's yes or no, and the words of what it is for; [] when one of them is something else."""
    plain = " ".join(text.lower().replace("’", "'").strip(" .!").split())
    found = [_PART.fullmatch(part) or _PART_AFTER.fullmatch(part) for part in _AND.split(plain)]
    return [(part["yes"] is not None, set(part["what"].split())) for part in found if part] if all(found) else []


def _things(turn: Turn) -> list[tuple[set[str], Thing]]:
    """What waits, each with the words that mean it."""
    found = [({str(notice.values["name"]).lower(), *_OF_A_WARNING}, Thing(notice=notice)) for notice in turn.notices]
    question = open_question(turn)
    if question is not None and questions.is_open(question):
        found.append((_words(questions.subject(question), questions.is_request(question)), Thing(question=question)))
    for entry in turn.parked:
        asked = entry.get("question")
        found.append((_words(entry["what"], asked is None or questions.is_request(asked)), Thing(parked=entry)))
    return found


def _words(what: str, is_request: bool) -> set[str]:
    return parking.words_of(what) | {what.split()[-1].lower()} | (_OF_A_REQUEST if is_request else set())
