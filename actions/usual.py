"""Answers that leave the choice to me: "whatever you think", "don't care", "the usual", "same as last time"."""

from __future__ import annotations

import re

from actions.request_fields import Fields, to_fields
from actions.turn import Turn

_POLITE = (
    r"(?:(?:oh|ok|okay|well|hmm+|um|honestly|really|i|it|that|just|please|pls|then|yes|sure|no|so|ah|and|now)[ ,]+)*"
)
_END = r"(?:[ ,]+(?:please|pls|then|thanks|really|honestly|for me|to me|with me|here))*"
_LEFT_TO_ME = (
    r"what ?ever(?: (?:works(?: best)?|is (?:best|fine|good|cheapest|easiest)|suits(?: you)?|fits))?",
    r"what ?ever you (?:think|like|want|prefer|choose|suggest|recommend|say|have)(?: is (?:best|good|fine|right))?",
    r"(?:i )?(?:do not|don'?t|dont) (?:really )?(?:care|mind|know|have a preference)"
    r"(?: (?:which(?: one)?|about (?:that|the rest|it)))?",
    r"(?:you|u) (?:(?:choose|decide|pick|select)(?: (?:it|them|this|that|everything|all(?: of it)?|the rest|for me))?"
    r"|tell me|know best)|(?:it'?s |that'?s )?(?:all )?up to (?:you|u)|your (?:choice|call|pick)",
    r"(?:i have )?no (?:preference|idea|opinion|clue|matter)|surprise me|either(?: one)?",
    r"(?:it )?(?:doesn'?t|does not|makes no) (?:matter|difference)",
    r"any(?:thing|one| one| of (?:them|these|those))?(?: is fine| will do| works| goes)?",
    r"(?:i'?m )?not sure|dunno(?: which(?: one)?)?|idk|(?:the |use the |take the )?defaults?(?: is fine| are fine)?",
    r"as you (?:like|wish|think)|(?:choose|decide) for me|pick (?:one|for me|something)|recommend (?:one|something)",
)
_SOME_MACHINE = (
    r"(?:(?:just |only |simply )?(?:an?|any|some|one) (?:machine|vm|server|box|computer|instance)"
    r"(?: (?:of any kind|whichever|whatever))?)"
)
_MACHINE_FOR_ME = re.compile(
    rf"(?:(?:i (?:just )?(?:need|want)|get me|give me|gimme) )?{_SOME_MACHINE}"
    rf"(?:[ ,.;]+(?:{_POLITE})(?:{'|'.join(_LEFT_TO_ME)}))+{_END}"
)
"""A machine, and all about it left to me."""
_CHOOSE = re.compile(rf"{_POLITE}(?:{'|'.join(_LEFT_TO_ME)}){_END}")
_LAST = r"(?:last time|before|always|usual|yesterday|the last(?: one| time)?)"
_ONE = r"(?:one|vm|machine|server|box|cluster|setup)"
_USUAL = (
    r"(?:(?:the|my|our|as) usual(?: (?:one|thing|setup|stuff|settings))?"
    rf"|(?:the )?same(?: (?:one|thing|setup|machine|cluster|vm))? (?:as|like) {_LAST}"
    rf"|like {_LAST}|as (?:always|before|last time)|(?:the )?same (?:again|as i had)"
    r"|(?:what|the one) i (?:had|got|used|took) (?:the last time|last time|before|last)"
    rf"|(?:another|one more|a second)(?: {_ONE})? (?:just |exactly )?like"
    r" (?:it|that|this|that one|this one|the last one)"
    rf"|one more of (?:those|the same)|another of (?:those|the same))"
)
_GIVE = r"(?:(?:give me|get me|gimme|i'?ll have|i want|i need|i'?d like|take|use|do|order|can i (?:get|have))[ ,]+)*"
_ONLY_USUAL = re.compile(rf"{_POLITE}{_GIVE}{_USUAL}{_END}")
_CHANGED_USUAL = re.compile(rf"{_POLITE}{_GIVE}{_USUAL}[ ,]+(?:but|only|just|with|for|in|on)\b.+")
_SAYS_USUAL = re.compile(rf"\b(?:{_USUAL})\b")


def leaves_it_to_me(turn: Turn) -> bool:
    """Whether the text says nothing but that the choice is mine."""
    return not turn.is_button and _CHOOSE.fullmatch(_plain(turn.text)) is not None


def leaves_a_machine_to_me(turn: Turn) -> bool:
    """ "Just a machine, dunno which, you decide": a request without any wish."""
    return not turn.is_button and _MACHINE_FOR_ME.fullmatch(_plain(turn.text)) is not None


def is_usual(turn: Turn) -> bool:
    """Whether the text says nothing but "the usual", perhaps with a change: "the usual in frankfurt"."""
    if turn.is_button:
        return False
    text = _plain(turn.text)
    is_changed = _CHANGED_USUAL.fullmatch(text) is not None and bool(turn.entities) and not turn.all_of("person")
    return _ONLY_USUAL.fullmatch(text) is not None or is_changed or _is_usual_template(turn)


def _is_usual_template(turn: Turn) -> bool:
    """ "The usual" is no template, but "the usual: etl" is."""
    return turn.intent == "use_template" and says_usual(turn) and not turn.all_of("template_name")


def says_usual(turn: Turn) -> bool:
    """Whether "as usual" stands in the text."""
    return not turn.is_button and _SAYS_USUAL.search(_plain(turn.text)) is not None


async def fields(turn: Turn, kind: str | None = None, software: str | None = None) -> Fields | None:
    """What the person used last, of this kind and software if they are given; None when there is nothing."""
    used = await turn.desk.usual(turn.actor, kind, software)
    return None if used is None else to_fields(used)


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").strip(" .!?").split())
