"""What a message wants of a colleague about a machine: the task, the machine and the person as they were said."""

from __future__ import annotations

from dataclasses import dataclass

from clouddesk.language.people import MENTION

WHO_IS = r"(?:@?[a-z0-9][\w.+-]*|<@[^>]+>)"
WHO = rf"(?P<who>{WHO_IS})"


@dataclass(frozen=True)
class About:
    """``topic`` is that of the action; ``what`` and ``who`` as they were said ("" for what "it" means).

    ``whose``: the colleague whose machine is meant; "" where nobody is named.
    """

    topic: str
    what: str = ""
    who: str = ""
    whose: str = ""


def person_in(who: str) -> str:
    """The person that ``WHO`` found in the plain text: the id of a mention, in capitals, or a name."""
    mention = MENTION.search(who.upper())
    return mention["id"] if mention else who.lstrip("@")


def is_mention(person: str) -> bool:
    """Whether that is the id of somebody who was mentioned."""
    return person.isupper()
