"""Messages that give a machine to another owner, take that back, or take one that is offered.

There is no intent for these. Whole sentences: "give ben access to etl" shares it, and "give etl back" ends it.
"""

from __future__ import annotations

import re

from actions.turn import Turn
from actions.with_others import WHO, WHO_IS, About, person_in
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain, said_as, sentences

OFFER, WITHDRAW = "hand_over", "withdraw_handover"
ACCEPT, DECLINE, TAKE = "accept_handover", "decline_handover", "take_over"
"""The topics of their actions, and what the buttons decide."""

_ASKS = rf"{LEAD}(?:(?:can|could|would) (?:you|i) (?:please )?|i(?:'d like| would like| want| need) to )?"
_NOUN = r"(?:cluster|machine|vm|server|box)"
_WHAT = (
    rf"(?:(?P<whose>{WHO_IS})(?:'s|(?<=s)'|(?<=>)) )?"
    rf"(?P<what>it|this|that|(?:my |our |the )?[\w.-]+(?: {_NOUN})?)"
)
_OTHER = _WHAT.replace("what", "other").replace("whose", "whom")
_OFFERED = sentences(
    rf"{_ASKS}(?:hand|pass|sign) (?:over {_WHAT}|{_OTHER} (?:over|on)) to {WHO}",
    rf"{_ASKS}transfer (?:the )?(?:ownership of )?{_WHAT} to {WHO}",
    rf"{_ASKS}make {WHO} (?:the )?(?:new )?owner of {_WHAT}",
    rf"{WHO} (?:takes|will take|is taking|should take) over {_WHAT}(?: from me)?",
)
_LATER = r"(?:(?:oh|hm+|no|well|wait|sorry|actually|on second thoughts?)[ ,]+)*"
_WHOSE_OFFER = r"(?:(?:the|my|our|this|that) )?"
_OFFER, _HANDOVER = rf"{_WHOSE_OFFER}offer", rf"{_WHOSE_OFFER}hand[- ]?over"
_TAKE_BACK = r"(?:take back|withdraw|retract|revoke|rescind)"
_CANCEL = rf"(?:{_TAKE_BACK}|cancel|abort|stop|call off|undo|drop|scrap|forget(?: about)?|never ?mind)"
_HAND = rf"(?:hand|pass|sign) (?:over {_WHAT}|{_OTHER} (?:over|on))"
_HANDING = rf"(?:hand|pass|sign)ing (?:over {_WHAT}|{_OTHER} (?:over|on))"
_NOT = r"(?:don'?t|do not|i (?:don'?t|do not) want to|i(?:'d| would) rather not|i(?:'ll| will) not|i won'?t|let'?s not)"
_MIND = r"(?:i(?:'ve| have)? )?changed my mind (?:about|on)"
_OF = rf"(?: (?:of|for) {_WHAT})?"
_TO = rf"(?: to {WHO})?"
_WITHDRAWN = sentences(
    rf"{_TAKE_BACK} (?:{_OFFER}|{_HANDOVER}){_OF}{_TO}",
    rf"take (?:{_OFFER}|{_HANDOVER}){_OF}{_TO} back",
    # "Cancel the offer" is about a price.
    rf"{_CANCEL} {_OFFER} of {_WHAT}{_TO}",
    rf"{_CANCEL} {_OFFER} to {WHO}",
    rf"{_CANCEL} {_HANDOVER}{_OF}{_TO}",
    rf"{_CANCEL} {_WHOSE_OFFER}transfer of {_WHAT}{_TO}",
    rf"call {_HANDOVER}{_OF}{_TO} off",
    rf"{_CANCEL} {_HANDING}{_TO}",
    rf"{_CANCEL} transferring {_WHAT} to {WHO}",
    rf"{_NOT} {_HAND}{_TO}",
    rf"{_NOT} transfer {_WHAT} to {WHO}",
    rf"{_MIND} {_HANDING}{_TO}",
    rf"{_MIND} {_HANDOVER}{_OF}{_TO}",
    rf"(?!i\b){WHO} (?:should not|shouldn'?t|need not|needn'?t|does not have to) take over {_WHAT}(?: from me)?",
    begin=rf"{_LATER}{_ASKS}",
    end=r"(?: after all| any ?more| any longer| yet| now)*",
)
_ANSWERED = sentences(
    rf"{LEAD}(?:i(?:'ll| will)? )?(?P<no>(?:don'?t|won'?t|do not|will not) )?take over(?: {_WHAT})?",
    rf"{LEAD}(?:i(?:'ll| will)? )?(?:accept|(?P<no>decline|refuse)) the hand-?over(?: (?:of|for) {_WHAT})?",
)
_TAKEN = re.compile(rf"{LEAD}(?:i(?:'ll| will| can|'d like to) )?take (?P<what>[\w.-]+){POLITE_END}")
"""Said of what somebody left behind; of anything else it is no hand-over."""
_POINTING = ("it", "this", "that", "cluster", "machine", "vm", "server", "box", "")


def find(turn: Turn) -> About | None:
    """None when the message is about something else."""
    if turn.is_button:
        return None
    text = plain(turn.text).strip(" .!?")
    for topic, patterns in ((WITHDRAW, _WITHDRAWN), (OFFER, _OFFERED)):
        if found := said_as(patterns, text):
            groups = found.groupdict()
            whose = groups.get("whose") or groups.get("whom") or ""
            what = _name(groups.get("what") or groups.get("other") or "")
            return About(topic, what, person_in(groups.get("who") or ""), person_in(whose))
    if found := said_as(_ANSWERED, text):
        what, whose = _name(found["what"] or ""), person_in(found["whose"] or "")
        return About(DECLINE if found["no"] else ACCEPT, what, whose=whose)
    taken = _TAKEN.fullmatch(text)
    return About(ACCEPT, taken["what"]) if taken and taken["what"] in turn.left_behind else None


def _name(words: str) -> str:
    plain_words = re.sub(r"^(?:my|our|the) | (?:cluster|machine|vm|server|box)$", "", words)
    return "" if plain_words in _POINTING else plain_words
