"""Messages about the person's own SSH keys, whatever the classifier took them for."""

from __future__ import annotations

import re

from actions.turn import Turn
from clouddesk.model.ssh_key import holds_ssh_key

_KEYS = r"(?:ssh|public)[- ]?keys?"
_OF_ONE_SELF = re.compile(
    rf"\b(?:my|our|a|an|another|the|new|these?|list|which|what|any) (?:\w+ )?{_KEYS}\b|^{_KEYS}\b"
)
_OF_MACHINES = re.compile(r"\b(?:of|from|on|to|onto|for|in) (?!(?:me|my account|you|cloud ?desk|here|file)\b)[\w@<]")
""" "Put Bo's ssh key on rocky-2" is about sharing."""
REMOVED = re.compile(rf"\b(?:remove|delete|forget|revoke|drop)\b.*?{_KEYS}\b(?: (?:number |no\.? ?)?(?P<which>\S.*))?")
SHOWN = re.compile(r"\b(?:list|show|see|which|what|have|are there|do you have)\b")


def asked_about(turn: Turn) -> bool:
    """Whether the message holds a key, or is about the person's own ones."""
    if turn.is_button:
        return False
    text = turn.text.lower()
    is_own = _OF_ONE_SELF.search(text) is not None and _OF_MACHINES.search(text) is None
    return holds_ssh_key(turn.text) or is_own
