"""What a message wants of a colleague about a machine: the task, the machine and the person as they were said."""

from __future__ import annotations

from dataclasses import dataclass

from actions.turn import Turn
from clouddesk.language.people import MENTION

WHO = r"(?P<who>@?[a-z0-9][\w.+-]*|<@[^>]+>)"


@dataclass(frozen=True)
class About:
    """``topic`` is that of the action; ``what`` and ``who`` as they were said ("" for what "it" means)."""

    topic: str
    what: str = ""
    who: str = ""


def person_in(turn: Turn, who: str) -> str:
    """The person that ``WHO`` found in the plain text."""
    # A mark keeps its capitals.
    mention = MENTION.search(turn.text)
    return mention["id"] if mention else who.lstrip("@")
