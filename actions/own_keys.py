"""Messages about the person's own SSH keys, whatever the classifier took them for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.turn import Turn
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain
from clouddesk.model.ssh_key import holds_ssh_key

ADD, REMOVE, SHOW, HOW, NOT_ONES_OWN = "add", "remove", "show", "how", "not_ones_own"

_KEYS = r"(?:ssh|public)[- ]?(?:pub(?:lic)? )?keys?"
_ASKS = rf"{LEAD}(?:(?:can|could|would) (?:you|i) (?:please )?|i(?:'d like| would like| want| need) to |let me )?"
_REMOVES = r"(?:remove|delete|forget|revoke|drop)"
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}
# Whole sentences: an order may speak of a key too, and a question or a "don't" is no order.
_SHOWN = re.compile(
    rf"{_ASKS}(?:(?:list|show|see|view|what(?:'s| is| are)?|which(?: of)?|do you (?:have|know)|have i) )?(?:me )?"
    rf"(?:the list of |all (?:of )?)?(?:my |the )?{_KEYS}"
    rf"(?: (?:do (?:you|i) have|have i(?: got)?|are there|(?:you|i) have))?{POLITE_END}"
)
_REMOVED = re.compile(
    rf"{_ASKS}{_REMOVES} (?:all )?(?:my |the |our )?(?:(?P<ordinal>{'|'.join(_ORDINALS)}) )?{_KEYS}"
    rf"(?: (?:number |no\.? ?|#)?(?P<which>\S.*?))?{POLITE_END}"
)
_ADDED = re.compile(
    rf"{LEAD}(?:how (?:do|can|could|would) i |can i |i(?:'d like| would like| want| need) to |let me )?"
    rf"(?:add|register|upload|give you|set up|change|use) (?:(?:a|an|my|another|the|new|own|one more) )*{_KEYS}"
    rf"(?: (?:here|to my account|to you|first))?{POLITE_END}"
)
_UNKNOWN = re.compile(
    r"(?:(?:but |and |sorry |oh )*(?:i )?(?:don'?t|do not|dont) have (?:(?:an?|the|any|my) )?"
    r"(?:ssh keys?|keys? ssh|ssh)\b.*"
    rf"|{LEAD}what(?:'s| is) (?:an? |the |my )?(?:ssh keys?|keys? ssh|public keys?))"
)
_TAKEN_AWAY = re.compile(rf"{_ASKS}{_REMOVES}\b")
_SOMEBODYS = re.compile(
    r"(?:\w|<@\w+>)'s (?:new )?(?:ssh |public |pub )*key\b|\b(?:his|her|their) (?:ssh |public |pub )*key\b"
)
_ABOUT_OTHERS = ("share_resource", "unshare_resource")


@dataclass(frozen=True)
class About:
    """What is wanted with keys; ``which`` of them, in the person's words."""

    what: str
    which: str = ""


def find(turn: Turn) -> About | None:
    """None when the message is about something else."""
    if turn.is_button:
        return None
    text = plain(turn.text).strip(" .!?")
    if holds_ssh_key(turn.text):
        if turn.intent in _ABOUT_OTHERS or turn.all_of("person") or _SOMEBODYS.search(text):
            return About(NOT_ONES_OWN)
        return About(REMOVE if _TAKEN_AWAY.match(text) else ADD)
    if _SHOWN.fullmatch(text):
        return About(SHOW)
    if removed := _REMOVED.fullmatch(text):
        return About(REMOVE, _ORDINALS.get(removed["ordinal"] or "", removed["which"] or ""))
    return About(HOW) if _ADDED.fullmatch(text) or _UNKNOWN.fullmatch(text) else None
