"""Messages about the person's own SSH keys, whatever the classifier took them for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.turn import Turn
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain
from clouddesk.model.ssh_key import holds_ssh_key, words_before

ADD, REMOVE, SHOW, SHOW_ALL, HOW, NOT_ONES_OWN = "add", "remove", "show", "show_all", "how", "not_ones_own"

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
_CALLED = re.compile(
    rf"{_ASKS}{_REMOVES} (?:the |my )(?:ssh |public )?key (?:of |called |named )(?:my |the )?(?P<after>[\w@.-]+)"
    rf"{POLITE_END}|{_ASKS}{_REMOVES} (?:the |my )(?P<before>[\w@.-]+(?: [\w@.-]+)?) (?:ssh )?key{POLITE_END}"
)
""" "Remove the laptop key", where nothing says that it is an SSH key."""
_OF_A_CLOUD = re.compile(
    r"\b(?:api|access|secret|cloud|account|admin|root|service|project|subscription|private|license|licence|pgp|gpg"
    r"|tokens?|credentials?)\b"
)
_GIVEN = re.compile(rf"{_ASKS}(?:show|list|see|view|what are|which are) (?:me )?(?:all )?my keys{POLITE_END}")
""" "Show my keys": which kind of keys is not said."""
_NAMED = re.compile(
    r"\b(?:as|called|named|call it|name it) [\"']?"
    r"(?P<name>(?!(?:my|the|an?|your|this|it)\b)[a-z0-9][\w@.-]*(?: [\w@.-]+)?)[\"']?[\s:,;-]*$",
    re.IGNORECASE,
)
""" "Add my ssh key as laptop: ssh-ed25519 …"."""
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
    name: str = ""
    """What a new one is to be called."""


def find(turn: Turn) -> About | None:
    """None when the message is about something else."""
    if turn.is_button:
        return None
    text = plain(turn.text).strip(" .!?")
    if holds_ssh_key(turn.text):
        if turn.intent in _ABOUT_OTHERS or turn.all_of("person") or _SOMEBODYS.search(text):
            return About(NOT_ONES_OWN)
        if _TAKEN_AWAY.match(text):
            return About(REMOVE)
        called = _NAMED.search(words_before(turn.text))
        return About(ADD, name=called["name"] if called else "")
    if _SHOWN.fullmatch(text):
        return About(SHOW)
    if removed := _REMOVED.fullmatch(text):
        return About(REMOVE, _ORDINALS.get(removed["ordinal"] or "", removed["which"] or ""))
    if _GIVEN.fullmatch(text):
        return About(SHOW_ALL)
    if (called := _CALLED.fullmatch(text)) and not turn.all_of("provider") and not _OF_A_CLOUD.search(text):
        which = called["after"] or called["before"]
        return About(REMOVE, _ORDINALS.get(which, which))
    return About(HOW) if _ADDED.fullmatch(text) or _UNKNOWN.fullmatch(text) else None
