"""Whether somebody wants nodes on their own machine, in other words than "on docker"."""

from __future__ import annotations

import re

from actions.turn import Turn
from clouddesk.language.refusals import refused
from clouddesk.model.offer import OWN_MACHINE

_HERE = r"on (?:(?:my|our|this) own (?:machine|hardware|{machine})|(?:my|this) {machine}|localhost)".format(
    machine=r"(?:computer|laptop|desktop|workstation|pc|mac(?:book)?)"
)
_THINGS = (
    r"(?:nodes?|machines?|vms?|box(?:es)?|servers?|clusters?|ones?|it|them|that|this|spark|dask|ray|redis|postgres)"
)
_ORDERS = r"(?:run|start|get|create|make|spin up|launch|put|want|give me|set up|build|bring up|use)"
_WORDS = re.compile(
    rf"\b{_THINGS}(?: cluster)? (?:{_HERE}|locally)\b|\b{_ORDERS}\b.*\b{_HERE}\b|^(?:rather |better |just )?{_HERE}\b"
)
_COMPLAINTS = re.compile(
    r"\b(?:not|never|no longer|cannot|too|slow|takes?|took|crash\w*|fits?|fail\w*|like|than|instead of|out of|enough"
    r"|hangs?|runs|running|works?)\b|n't\b"
)
""" "It doesn't fit on my laptop" is why somebody wants a machine elsewhere."""
_CLAUSES = re.compile(r"[,.;:!?](?:\s|$)|\bbut\b|\bbecause\b|\bso\b")


def meant(turn: Turn) -> dict[str, list[str]]:
    """As a field of the request. What only ends in "locally" may be what somebody does now ("40 minutes locally")."""
    if turn.is_button or OWN_MACHINE not in turn.desk.providers():
        return {}
    text = turn.text.lower()
    clauses = (clause.strip() for clause in _CLAUSES.split(text))
    is_said = any(_WORDS.search(clause) and not _COMPLAINTS.search(clause) for clause in clauses)
    is_meant = is_said and not refused(text).get("provider")
    return {"providers": [OWN_MACHINE]} if is_meant else {}
