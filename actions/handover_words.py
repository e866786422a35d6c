"""Messages that give a machine to another owner, or take one that is offered.

There is no intent for these. Whole sentences: "give ben access to etl" shares it, and "give etl back" ends it.
"""

from __future__ import annotations

import re

from actions.turn import Turn
from actions.with_others import WHO, About, person_in
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain

OFFER, ACCEPT, DECLINE = "hand_over", "accept_handover", "decline_handover"
"""The topics of their actions, and what the buttons decide."""

_ASKS = rf"{LEAD}(?:(?:can|could|would) (?:you|i) (?:please )?|i(?:'d like| would like| want| need) to )?"
_WHAT = r"(?P<what>it|this|that|(?:my |our |the )?[\w.-]+(?: (?:cluster|machine|vm|server|box))?)"
_OFFERED = tuple(
    re.compile(pattern + POLITE_END)
    for pattern in (
        rf"{_ASKS}(?:hand|pass|sign) (?:over {_WHAT}|{_WHAT.replace('what', 'other')} (?:over|on)) to {WHO}",
        rf"{_ASKS}transfer (?:the )?(?:ownership of )?{_WHAT} to {WHO}",
        rf"{_ASKS}make {WHO} (?:the )?(?:new )?owner of {_WHAT}",
        rf"{WHO} (?:takes|will take|is taking|should take) over {_WHAT}(?: from me)?",
    )
)
_ANSWERED = tuple(
    re.compile(pattern + POLITE_END)
    for pattern in (
        rf"{LEAD}(?:i(?:'ll| will)? )?(?P<no>(?:don'?t|won'?t|do not|will not) )?take over(?: {_WHAT})?",
        rf"{LEAD}(?:i(?:'ll| will)? )?(?:accept|(?P<no>decline|refuse)) the hand-?over(?: (?:of|for) {_WHAT})?",
    )
)
_POINTING = ("it", "this", "that", "cluster", "machine", "vm", "server", "box", "")


def find(turn: Turn) -> About | None:
    """None when the message is about something else."""
    if turn.is_button:
        return None
    text = plain(turn.text).strip(" .!?")
    for pattern in _OFFERED:
        if found := pattern.fullmatch(text):
            groups = found.groupdict()
            who = person_in(turn, groups["who"])
            return About(OFFER, _name(groups["what"] or groups.get("other") or ""), who)
    for pattern in _ANSWERED:
        if found := pattern.fullmatch(text):
            return About(DECLINE if found["no"] else ACCEPT, _name(found["what"] or ""))
    return None


def _name(words: str) -> str:
    plain_words = re.sub(r"^(?:my|our|the) | (?:cluster|machine|vm|server|box)$", "", words)
    return "" if plain_words in _POINTING else plain_words
