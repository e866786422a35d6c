"""Which question about what there is a text asks: "what regions are there?", "what is a blueprint?"."""

from __future__ import annotations

import re

from actions import asking
from actions.turn import Turn

_NEVER = (
    "affirm",
    "deny",
    "cancel",
    "paste_secret",
    "terminate_resource",
    "stop_resource",
    "start_resource",
    "reboot_resource",
    "extend_reservation",
    "scale_cluster",
    "cost_report",
    "utilization_report",
)
"""Intents that such a question is not taken for; with them the words mean a machine."""
_LEAD = (
    r"(?:(?:and|so|btw|by the way|wait|hm+|ok|okay|sorry|hey|hi|quick question|just|but|um|one question|please|pls"
    r"|can you|could you|tell me|actually|first|oh)[ ,:.!-]+)*"
)
_ASKS = re.compile(
    rf"{_LEAD}(?:in |on |from )?(?:what(?:'?s)?|which|where|list|show(?: me)?|do you (?:have|know|support|offer)"
    r"|are there|is there|can i (?:choose|pick|have|use|see)|how (?:big|large|long|many)|any other)\b"
)
_OFFERS = re.compile(
    r"\b(?:are there|there are|is there|do you|can you|you (?:have|know|support|offer)|available|can i|could i|possible"
    r"|options?|choices|list|supported|to choose|on offer|other|exist|i can|would be possible"
    r"|does \w+ (?:have|offer)|maximum|longest|at most)\b"
)
_OWN = re.compile(
    r"\b(?:my|mine|(?<!can )i have|have i|i've|running|i got|do i|am i|did i|is it|are they"
    r"|cheap(?:est|er)?|cost|price|much)\b"
)
_TOPICS = {
    "regions": r"regions?|locations?|data ?cent(?:er|re)s?|(?:availability )?zones?|places|where",
    "systems": r"os(?:es|'s)?|operating systems?|images?|distros?|distributions?|linux(?:es)?",
    "sizes": r"sizes?|(?:instance|machine|vm) types?|flavou?rs?|how (?:big|large)",
    "clouds": r"clouds?|(?:cloud )?providers?|vendors?",
    "software": r"software|clusters?|blueprints?|stacks?|frameworks?|cluster types?|set ?up|templates of clusters",
    "limits": r"limits?|maximum|max|how long|how many (?:machines|nodes|vms)|longest|at most",
}
_PRICES = re.compile(
    rf"{_LEAD}(?:where (?:do|did|are|is) .*\bprices?\b.*\b(?:from|come)\b.*"
    r"|how (?:old|fresh|recent|current|up to date|reliable|accurate) (?:are|is) (?:the|these|those|your|this)"
    r" (?:prices?|price lists?)"
    r"|(?:are|is) (?:the|these|those|your|this) (?:prices?|price lists?)"
    r" (?:still )?(?:current|up to date|right|from today|reliable|accurate)"
    r"|(?:what(?:'s| is)|which) (?:the|your) (?:source|price lists?)\b.*)"
)
_DISCOUNTS = re.compile(r"\b(?:discounts?|reserved instances?|savings plans?|committed use|rebates?|coupons?)\b")
_SHORT = {
    topic: re.compile(rf"{_LEAD}(?P<lead>(?:what|which) (?:other )?|any other )?(?:{words})(?: then| please| again)?")
    for topic, words in (
        ("regions", r"regions|locations|data ?cent(?:er|re)s|(?:availability )?zones|places"),
        ("systems", r"os(?:es|'s)|operating systems|images|distros|distributions|linux(?:es)"),
        ("sizes", r"sizes|(?:instance|machine|vm) types|flavou?rs"),
        ("clouds", r"clouds|(?:cloud )?providers|vendors"),
        ("software", r"software|blueprints|stacks|frameworks|cluster types"),
        ("limits", r"limits"),
    )
}
""" "What regions?", "regions?": asks for them all, with no verb."""
WORDS = {
    "blueprint": r"blueprints?",
    "lease": r"leases?",
    "quote": r"quotes?",
    "runner_up": r"(?:the )?runner[- ]ups?|[\"“']?next[\"”']?",
    "spot": r"spot(?: (?:instances?|machines?|vms?|prices?))?",
    "reservation": r"reservations?",
    "node": r"nodes?|controllers?|workers?",
    "region": r"regions?",
    "provider": r"(?:cloud )?providers?",
    "cluster": r"clusters?",
    "vm": r"vms?|virtual machines?",
    "vcpu": r"vcpus?|virtual (?:cpus?|cores?)",
    "default": r"(?:the )?[\"“']?\(?defaults?\)?[\"”']?",
    "simulated": r"[\"“']?simulated[\"”']?|(?:the )?sandbox",
    "terminate": r"(?:to )?(?:terminate|give back|giving back|release)",
}
"""The words that are explained, each with a response of its own: ``utter_explain_word_<word>``."""
_EXPLAIN = (
    rf"{_LEAD}(?:what(?:'?s|s| is| are| does| do you mean by| is meant by| do you call)|explain|define|what'?s meant by"
    r"|meaning of|tell me about|what the heck is)"
    r"\s+(?:an?\s+)?(?:{words})(?:\s+(?:mean|exactly|here|for you|again))*"
)


def asked_about(turn: Turn) -> str | None:
    """The topic of the question; None when the message asks none. What is open comes before what there is at all."""
    if topic := asking.topic(turn):
        return topic
    if turn.is_button or turn.intent in _NEVER or turn.all_of("resource_name"):
        return None
    text = _plain(turn.text)
    if word_asked(turn.text):
        return "word"
    if _PRICES.fullmatch(text):
        return "prices"
    if _DISCOUNTS.search(text) and ("?" in turn.text or _ASKS.match(text)):
        return "discounts"
    for topic, pattern in _SHORT.items():
        if (found := pattern.fullmatch(text)) and (found["lead"] or "?" in turn.text):
            return topic
    if not _ASKS.match(text) or _OWN.search(text) or not _OFFERS.search(text):
        return None
    return next((topic for topic, words in _TOPICS.items() if re.search(rf"\b(?:{words})\b", text)), None)


def word_asked(text: str) -> str | None:
    """The word whose meaning is asked for."""
    plain = _plain(text)
    patterns = ((word, _EXPLAIN.replace("{words}", words)) for word, words in WORDS.items())
    return next((word for word, pattern in patterns if re.fullmatch(pattern, plain)), None)


def _plain(text: str) -> str:
    return text.lower().replace("’", "'").strip(" .!?")
