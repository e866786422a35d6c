"""How texts of ours name a person: chat connectors turn the mark into a mention, whatever was typed never is one."""

from __future__ import annotations

import re

from clouddesk.model.actor import LOCAL_WORKSPACE, Person

_BEGIN, _END = "\ue000", "\ue001"
"""From Unicode's private area, which nobody's keyboard has; connectors strike them out of what comes in."""
MARK = re.compile(f"{_BEGIN}([A-Z0-9]+){_END}")
MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|[^<>]*)?>")
"""A person as chats write them in what people typed."""


def called(person: Person) -> str:
    """The person in a text: their user name in the terminal, a mark in a chat."""
    return person.user_id if person.workspace_id == LOCAL_WORKSPACE else f"{_BEGIN}{person.user_id}{_END}"


def without_marks(text: str) -> str:
    """What people typed, with nothing in it that would name somebody."""
    return text.replace(_BEGIN, "").replace(_END, "")
