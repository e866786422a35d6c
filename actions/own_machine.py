"""Whether somebody wants nodes on their own machine, in other words than "on docker"."""

from __future__ import annotations

import re

from actions.turn import Turn
from clouddesk.language.refusals import refused
from clouddesk.model.offer import OWN_MACHINE

_MACHINE = r"(?:computer|laptop|desktop|workstation|pc|mac(?:book)?)"
_WORDS = re.compile(
    rf"\bon (?:my|our|this) own (?:machine|hardware|{_MACHINE})\b"
    rf"|\bon (?:my|this) {_MACHINE}\b"
    r"|\b(?:nodes?|machines?|vms?|box(?:es)?|servers?|clusters?) locally\b|\bon localhost\b"
)


def meant(turn: Turn) -> dict[str, list[str]]:
    """As a field of the request. What only ends in "locally" may be what somebody does now ("40 minutes locally")."""
    if turn.is_button or OWN_MACHINE not in turn.desk.providers():
        return {}
    text = turn.text.lower()
    is_meant = _WORDS.search(text) is not None and not refused(text).get("provider")
    return {"providers": [OWN_MACHINE]} if is_meant else {}
