"""A machine's piece of ``~/.ssh/config``, for who asks for that instead of the commands."""

from __future__ import annotations

import re

from actions import cards
from actions.turn import Card, Turn
from clouddesk.model import doors
from clouddesk.model.reservation import Reservation

_ASKS = re.compile(r"\bssh[ _/-]?config\w*\b|\bconfig(?:uration)? (?:snippet|for (?:my )?ssh)\b")


def card(item: Reservation, turn: Turn) -> Card | None:
    """The piece, with the machines' keys where they are known; None when it is not asked for or not theirs to use."""
    if turn.is_button or not cards.is_let_in(item, turn.actor) or not _ASKS.search(turn.text.lower()):
        return None
    text = doors.ssh_config(item)
    if not text:
        return None
    lines = [f"For `~/.ssh/config`; then `ssh {item.name}` is enough:", f"```\n{text}\n```"]
    if keys := doors.known_hosts(item):
        lines += ["For `~/.ssh/known_hosts`, the keys by which its machines are known:", "```", *keys, "```"]
    return Card("\n".join(lines))
