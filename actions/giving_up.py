"""Never mind, in any words: what ends an open question though it was taken for something else."""

from __future__ import annotations

import re

from actions.turn import Turn
from clouddesk.model.request import CLUSTER

_LEAD = (
    r"(?:(?:oh|ok|okay|well|hmm+|ah|no|nah|nope|wait|actually|sorry|please|pls|just|you know what|then|and"
    r"|on second thought)[ ,]+)*"
)
_END = r"(?:[ ,]+(?:please|pls|then|thanks|thank you|for now|now|again|altogether|after all|completely|sorry))*"
_GIVES_UP = re.compile(
    rf"{_LEAD}(?:never ?mind|nvm|abort|cancel(?: (?:it|that|this|everything|all))?|forget (?:about )?(?:it|that|this)"
    r"|leave it(?: be)?|let'?s (?:not|leave it|forget it|skip (?:it|that))|skip (?:it|that|this)|don'?t bother|not now"
    r"|(?:i )?changed my mind|i (?:do not|don'?t|dont) (?:want|need) (?:it|that|this|anything|any)(?: any ?more)?"
    r"|(?:cancel|drop|forget|scrap) (?:my|the|this|that) (?:order|request|quote|offer)"
    r"|wrong (?:one|machine|vm|cluster|box)"
    r"|quit|exit|back out|call it off|get me out(?: of here)?|no longer needed)"
    rf"{_END}"
)
_SCRAPS = re.compile(rf"{_LEAD}(?:scrap|scratch|drop|dump|kill|ditch|lose) (?:it|that|this){_END}")
"""At a question about giving back these mean the machine."""
_FORGETS = re.compile(
    rf"{_LEAD}(?:forget|drop|scrap|scratch|cancel|skip|ditch|lose|never ?mind)(?: about)?"
    r" (?:the|my|that|those|these)\b.+"
)
_FORGETS_IT = re.compile(
    rf"{_LEAD}(?:forget|drop|scrap|scratch|cancel|skip|ditch|lose|never ?mind)(?: about)?"
    rf"(?: (?:the|my|that|those|these))? (?P<what>[\w -]+?){_END}"
)
_TAKEN_FOR = ("nlu_fallback", "out_of_scope", "inform", "correct", "thank", "goodbye", "terminate_resource")
"""A plain no drops what is open in words of its own."""


def forgets_one(turn: Turn) -> bool:
    """Whether it lets go of something by what it is ("forget the two vms"), which may be one that waits."""
    text = turn.text.lower().replace("’", "'").strip(" .!?")
    return not turn.is_button and turn.intent != "create_vm" and _FORGETS.fullmatch(text) is not None


def forgets_open(turn: Turn, subject: str) -> bool:
    """Whether it names the open cluster to let go of it: "no forget redis"."""
    if turn.is_button or (turn.request or {}).get("kind") != CLUSTER or turn.intent in ("create_vm", "create_cluster"):
        return False
    found = _FORGETS_IT.fullmatch(turn.text.lower().replace("’", "'").strip(" .!?"))
    known = {*subject.lower().split(), *(turn.request or {}).get("software", ())}
    return found is not None and set(found["what"].split()) <= known


def gives_up(turn: Turn) -> bool:
    """Whether the message only ends what is open, though it was not taken for that."""
    if turn.is_button or turn.intent not in _TAKEN_FOR or turn.all_of("resource_name"):
        return False
    text = turn.text.lower().replace("’", "'").strip(" .!?")
    if _GIVES_UP.fullmatch(text):
        return turn.intent != "terminate_resource"
    is_request = (turn.question or {}).get("kind") in ("confirm_quote", "confirm_price") and not turn.form
    return is_request and _SCRAPS.fullmatch(text) is not None
