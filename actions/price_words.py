"""What messages about prices say in words: that they compare, how many offers, and which line of a table they take."""

from __future__ import annotations

import re
from typing import Any

from actions.request_fields import Fields
from actions.turn import Turn
from clouddesk.language.numbers import NUMBER, parse_number
from clouddesk.language.vocabulary import LEAD, MACHINE, POLITE_END, plain

_COMPARES = re.compile(
    r"\b(?:compar(?:e|ed|es|ing|isons?)|vs|versus|side by side|cheapest|lowest|least expensive)\b"
    r"|\b(?:per|each|every|which|what|all|between|across)(?: the)? (?:clouds?|providers?)\b"
)
_BEGINS = re.compile(
    rf"{LEAD}(?:show |what(?:'s|s| is| are)? )?(?:me )?(?:the )?"
    rf"(?:(?:{NUMBER}) )?(?:cheapest|lowest|least expensive|compare|price comparison|prices? (?:of|for))\b"
)
_ORDERS = re.compile(
    r"\b(?:get|give|gimme|need|want|take|buy|order|book|spin|launch|create|start|make|reserve|rent|use|switch|change)\b"
)
_COMPARE = re.compile(rf"{LEAD}compare\b")
_WITH = re.compile(rf"{LEAD}compare\b.*\b(?:with|to|and also)\b")
_VERSUS = re.compile(r"\b(?:vs|versus|side by side)\b")
_SHAPE = ("vcpus", "memory_gb", "gpu_count", "gpu_type", "size_name")
_MACHINES = ("node_count", "vm_count", "software")
_MISTAKEN = ("create_vm", "create_cluster", "inform", "correct", "nlu_fallback", "out_of_scope", "list_resources")
"""What a comparison without a verb is taken for."""
_ONE_GPU = re.compile(
    r"\b(?:what|how much|price|costs?)\b.*\b(?:an?|one) (?:[\w.-]+ )?(?:gpu|[a-z]{1,3}\d{1,4}[a-z]?)\b"
)
_OWN = re.compile(rf"\b(?:my|our|mine) (?:\w+ ){{0,2}}?(?:{MACHINE}|clusters?|reservations?)\b")
_GOES_ON = re.compile(r"(?:and|but|or|what about|how about)\b")
_THAT = re.compile(r"\b(?:that|it|this|them|those|these|instead|same)\b")
_WHAT_IT_COSTS = re.compile(
    r"(?:and |so |ok(?:ay)? )*(?:what(?:'s| is| will| does| would|'ll)?|how much(?: is| will| does| would|'s)?)"
    r" (?:that|it|this)(?: all)?(?: gonna| going to)?(?: be)?(?: cost(?:ing)?)?(?: me| us)?"
    r"(?: now| then| in (?:all|total))?"
)
_SPOT = re.compile(r"(?:spot|pre-?empt[ia]bles?|instances?|machines?|vms?|prices?|in|on|for|at|the|any)")
_HOW_MANY = re.compile(
    rf"\b(?P<before>{NUMBER}) (?:cheapest|lowest|best)\b|\btop (?P<top>{NUMBER})\b"
    rf"|\b(?:cheapest|lowest|best) (?P<after>{NUMBER}) (?:offers?|options?|ones|prices|choices)\b"
)
_MOST_LINES = 10
_FOR_SO_LONG = re.compile(r" (?:for|until|till) .+$")
_TIMES = {"duration_minutes", "until"}
_PLACES = {
    "first": 0,
    "1st": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "fifth": 4,
    "5th": 4,
    "sixth": 5,
    "6th": 5,
    "last": -1,
}
_PICKS = re.compile(
    rf"{LEAD}(?:(?:order|buy|book|reserve|gimme|choose|pick|go (?:for|with)|i(?:'ll| will) (?:take|have)) )?"
    r"(?:the |number |option )?(?:one (?:on|at|from|of) )?"
    rf"(?P<which>.+?)(?: (?:one|offer|option|line|machine|cloud))?{POLITE_END}"
)


def compares(turn: Turn) -> bool:
    """Whether several prices are asked for, also where a change of the open request is priced otherwise."""
    return not turn.is_button and _COMPARES.search(plain(turn.text)) is not None


def asks(turn: Turn) -> bool:
    """Whether a message that was taken for something else asks for prices: "cheapest 8 cores", "vultr preemptible"."""
    if turn.is_button or turn.intent not in _MISTAKEN or compares_own(turn):
        return False
    text = _words(turn)
    if turn.is_idle and _names_spot(turn, text):
        return True
    if _ORDERS.search(text):
        return False
    has_shape = any(turn.all_of(entity) for entity in _SHAPE)
    if _VERSUS.search(text) or _COMPARE.match(text):
        return has_shape or bool(turn.all_of("provider"))
    return has_shape and _BEGINS.match(text) is not None


def compares_own(turn: Turn) -> bool:
    """ "compare my aws machines": what one has, and no prices of others."""
    text = "" if turn.is_button else _words(turn)
    return _COMPARES.search(text) is not None and (bool(turn.all_of("resource_name")) or _OWN.search(text) is not None)


def asks_of_own(turn: Turn) -> bool:
    """ "What will that cost me?", after something was done to a machine and with nothing else to be the price of."""
    is_plain = not turn.entities and not turn.is_button and turn.request is None and turn.last_reservation
    return bool(is_plain) and _WHAT_IT_COSTS.fullmatch(plain(turn.text)) is not None


def is_new(turn: Turn) -> bool:
    """Whether the price is that of other machines than the open ones: they are described anew."""
    text = _words(turn)
    if turn.is_button or _GOES_ON.match(text) or _THAT.search(text):
        return False
    if _names_spot(turn, text):
        return True
    if not any(turn.all_of(entity) for entity in _SHAPE):
        return _BEGINS.match(text) is not None and any(turn.all_of(entity) for entity in _MACHINES)
    is_other_gpu = bool(turn.all_of("gpu_type")) and not (turn.request or {}).get("gpu_types")
    return compares(turn) or (is_other_gpu and _ONE_GPU.search(text) is not None)


def most(turn: Turn) -> int | None:
    """How many offers are wanted: "the three cheapest a100 offers"."""
    found = None if turn.is_button else _HOW_MANY.search(_words(turn))
    if found is None:
        return None
    number = int(parse_number(next(group for group in found.groups() if group)))
    return min(number, _MOST_LINES) if number > 1 else None


def without_number_of_offers(said: Fields, number: int | None) -> Fields:
    """ "the three cheapest a100 offers" are not of three machines, nor of three GPUs each."""
    return said if number is None else {k: v for k, v in said.items() if k not in _COUNTED or v != number}


_COUNTED = ("count", "gpu_count")


def compared_with(turn: Turn) -> list[str]:
    """The clouds of the open request, where the message compares those with others: "compare that with azure"."""
    if turn.is_button or not _WITH.match(_words(turn)) or len(turn.all_of("provider")) != 1:
        return []
    question, before = turn.question or {}, turn.request or {}
    best = question.get("provider") or next((line["provider"] for line in question.get("lines", ())), None)
    return list(before.get("providers") or ([best] if best else ()))


def picked(turn: Turn) -> dict[str, Any] | None:
    """The line of the table that is taken: "the first", "the digitalocean one", "t3a.2xlarge"."""
    question = turn.question or {}
    lines: list[dict[str, Any]] | None = (
        question.get("lines") if question.get("kind") == "confirm_price" and not turn.form else None
    )
    if not lines or turn.is_button or turn.text.rstrip().endswith("?"):
        return None
    text, said = _words(turn), set(turn.entities)
    if said & _TIMES:
        # "take aws for a week": for how long is a change besides.
        text, said = _FOR_SO_LONG.sub("", text), said - _TIMES
    found = _PICKS.fullmatch(text)
    if found is None:
        return None
    which = found["which"].replace("digital ocean", "digitalocean")
    if which == "cheapest":
        return next((line for line in lines if line["is_open"]), lines[0])
    if which in _PLACES:
        place = _PLACES[which]
        return lines[place] if place < len(lines) else None
    provider = turn.one_of("provider") if len(which.split()) <= 2 else None
    named = [line for line in lines if which in (line["provider"], line["size"].lower(), line["title"].lower())]
    if not named and provider is not None and said == {"provider"} and len(turn.all_of("provider")) == 1:
        named = [line for line in lines if line["provider"] == provider]
    return named[0] if named else None


def _names_spot(turn: Turn, text: str) -> bool:
    """ "vultr preemptible": a cloud, and machines that it may take back."""
    names = {str(name) for name in turn.all_of("provider")}
    left = [word for word in text.split() if word not in names and not _SPOT.fullmatch(word)]
    return bool(names) and bool(turn.one_of("spot")) and not left and set(turn.entities) == {"provider", "spot"}


def _words(turn: Turn) -> str:
    return " ".join(plain(turn.text).strip(" .!?").split())
