"""What is denied or only asked says nothing: refused values, negated clauses, questions about what is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from clouddesk.language.roles import ASKING
from clouddesk.language.scan import Item
from clouddesk.language.vocabulary import CLAUSE_END, DOUBLE, HALF, plain
from clouddesk.language.words import words

_NEGATIVE = words(
    """
    not no outside except excluding without besides never avoid exclude skip isn't aren't don't dont w/o nor
    neither hate won't cannot can't minus nt ain't forget drop ditch dump scratch strike w/o
    """
)
_DISMISSALS = words("forget drop ditch dump scratch strike")
_LEADING = (
    ("anyone", "but"),
    ("anybody", "but"),
    ("any", "but"),
    ("asking", "for"),
    ("away", "the"),
    ("moving", "from"),
    ("moved", "from"),
    ("switch", "from"),
    ("migrating", "from"),
    ("migrate", "from"),
    ("change", "from"),
    ("pass", "from"),
    ("instead", "of"),
    ("rather", "than"),
    ("other", "than"),
    ("anything", "but"),
    ("apart", "from"),
    ("away", "from"),
    ("sick", "of"),
    ("everything", "but"),
    ("cloud", "but"),
    ("anywhere", "but"),
    ("all", "but"),
    ("nothing", "from"),
    ("won't", "allow"),
)
_SKIPPED = words(
    """
    on in the from using any a an to have want need at with via of for be like use is it by run running put really
    another one again more , or and nor
    """
)
_CHOICES = frozenset(("provider", "os", "region", "software", "gpu_type", "size_name", "spot"))
"""What is picked out of several that there are."""
_KEEPS_IN_REQUESTS = frozenset(
    ("resource_name", "person", "template_name", "until", "number", "gb", "vcpus", "duration")
)
_AMOUNTS = ("number", "gb", "vcpus", "gpus", "duration")
_NEGATABLE = _CHOICES | _KEEPS_IN_REQUESTS


def drop_negated(items: Sequence[Item], intent: str) -> list[Item]:
    """A value that is refused ("not aws", "anything except centos", "debian instead of ubuntu") says nothing."""
    kept = []
    for index, item in enumerate(items):
        if item.kind in _NEGATABLE and _is_negated(items, index, intent):
            kept.append(replace(item, kind="word", value="negated"))
        else:
            kept.append(item)
    return kept


def _is_negated(items: Sequence[Item], index: int, intent: str) -> bool:
    if intent == "correct" and _is_taken_back(items, index):
        return True
    if items[index].kind in _CHOICES and _is_not_needed(items, index):
        return True
    at = index - 1
    commas = 0
    while at >= 0:
        item = items[at]
        word = item.word
        if item.kind == items[index].kind and word == "":
            if at + 1 < index and items[at + 1].word in ("with", "by", "for", "to"):
                return False
            at -= 1
            continue
        if (at >= 1 and (items[at - 1].word, word) in _LEADING) or word in ("replace", "swap"):
            return not (word == "for" and items[at - 2].word not in ("not", "never"))
        if word in _NEGATIVE:
            if word in ("don't", "dont", "won't", "can't", "cannot", "never", "neither"):
                return (
                    intent in ASKING
                    and items[index].kind in _CHOICES
                    and any(
                        other.word in ("want", "need", "use", "like", "put", "on", "in")
                        for other in items[at + 1 : index]
                    )
                )
            following = items[at + 1].word if at + 1 < len(items) else ""
            is_only = any(other.word == "only" for other in items[at + 1 : index])
            is_amount = items[index].kind in ("number", "gb", "vcpus") and any(
                other.word in ("more", "less", "fewer", "under", "below") for other in items[at + 1 : index]
            )
            if items[index].kind in _KEEPS_IN_REQUESTS and word in ("no", *_DISMISSALS):
                return False
            if word in _DISMISSALS and intent not in ASKING:
                return False
            return not (is_only or is_amount or following == ",")
        if word == ",":
            commas += 1
            if commas > 0 and not any(other.word in ("or", "nor", "and") for other in items[at:index]):
                return False
        if word not in _SKIPPED:
            return False
        at -= 1
    return False


def _is_not_needed(items: Sequence[Item], index: int) -> bool:
    """ "windows not required", "ubuntu is not needed"."""
    following = [other.word for other in items[index + 1 : index + 4]]
    if following[:1] in (["is"], ["are"]):
        following = following[1:]
    is_not = following[:1] in (["not"], ["isn't"], ["unnecessary"])
    return is_not and (following[0] == "unnecessary" or following[1:2] in (["required"], ["needed"], ["necessary"]))


_TAKING_BACK = words("said say typed wrote put had told asked from than swap replace change changing instead")
_TAKEN_BACK_AFTER = words("was were is isn't wasn't has had breaks won't")
_FAULTS = words("wrong mistake typo joke slip small big slow late early many much old not needed credit enough little")


def _is_taken_back(items: Sequence[Item], index: int) -> bool:
    """In a correction, the value that was wrong: "I said t4, make it an a100", "rocky was a typo"."""
    item = items[index]
    if item.kind not in _REPLACEABLE or not any(
        other.kind == item.kind and other is not item and other.value != item.value for other in items
    ):
        return False
    before = [
        other.word
        for other in items[max(0, index - 3) : index]
        if other.word not in ("the", "a", "an", "it", "you", "on")
    ]
    if (
        index > 0
        and items[index - 1].word in ("said", "say")
        and "not" in {other.word for other in items[index + 1 : index + 4]}
    ):
        return False  # "I said london, not lagos"
    if before and before[-1] in _TAKING_BACK:
        # "from x to y" takes x back; "I said rhel 8" repeats what is meant when nothing follows
        return any(other.kind == item.kind and other.value != item.value for other in items[index + 1 :]) or (
            before[-1] in ("than", "instead", "from")
        )
    following = [other.word or "," for other in items[index + 1 : index + 7]]
    following = following[: following.index(",")] if "," in following else following
    return bool(following and following[0] in _TAKEN_BACK_AFTER and _FAULTS & set(following))


_REPLACEABLE = frozenset(
    ("provider", "os", "region", "software", "gpu_type", "size_name", "person", "resource_name", "gb")
)
_TO_CLAUSE_END = rf"(?:(?!{CLAUSE_END}|[;:.?!](?:\s|$)).)*"
_NOT = (
    r"(?:(?:(?<!why )do|does|did|should|must|need)(?:n'?t| not)(?! you\b)|(?:wo|would)n't(?! (?:you|it)\b)"
    r"|(?<!why )not(?! \d+(?!x))|never|no (?:need|reason|point)|instead of|rather than)"
)
_DONE = (
    r"(?:make|add|give|bump|raise|set|change|increase|reduce|resize|upgrade|grow|shrink|extend|remove|drop|get|go|put|use"
    r"|take (?!it|them|that)|have|be|want|need|like|require|order|say|mean|think|ask)\b"
    rf"|(?:{DOUBLE}|{HALF}|2x)\b|(?:ram|mem(?:ory)?|disks?|storage|v?cpus?|cores?)\b"
)
"""What is not to be done to machines; "not a big one, 2 gigs" denies no 2 gigs."""
_LEAST_OR_MOST = (
    r"(?: [\w']+){0,4}? (?:(?:more|less|fewer|bigger|larger|smaller) than|over|under|above|below|exceed|enough|only"
    r"|just)\b"
)
""" "It should not have less than 8"."""
_DENIED = re.compile(
    rf"(?<![\w'-]){_NOT}(?!{_LEAST_OR_MOST})"
    rf"(?: (?:to|for|really|even|us|you|the|a|any|with))* (?:{_DONE}){_TO_CLAUSE_END}"
)
_ITS = r"(?:it|that|this|they|these|those|the|its|each|both|my|our)"
_ASKED = re.compile(
    r"(?:^|(?<=[,;.!?] )|(?<=\band )|(?<=\bbut )|(?<=\bso ))"
    rf"(?:why )?(?:is|are|was|were|does|did|has|will|would) {_ITS}\b"
    r"(?![^?;]*\b(?:possibl[ey]|way|chance|ok|okay|can|could|enough)\b)[^?;,]*"
)
"""What is, is asked; "is it possible to" and "can it be" are wishes."""


def drop_denied(items: Sequence[Item], text: str, intent: str) -> list[Item]:
    """In a change, an amount in a clause that denies it ("don't make it 64 gb") says nothing."""
    spans = [found.span() for found in _DENIED.finditer(plain(text))] if intent in ("correct", "inform") else []
    return [
        replace(item, kind="word", value="negated")
        if item.kind in _AMOUNTS and any(start <= item.start < end for start, end in spans)
        else item
        for item in items
    ]


_CHANGED = rf"(?:make it|add|bump|raise|set|change|increase|reduce|resize|upgrade|grow|shrink|{DOUBLE}|{HALF})\b"
_LEFT_AS_IT_IS = re.compile(
    rf"(?:please |ok(?:ay)?,? |but |there(?:'s| is) |you )?{_NOT}(?: (?:to|for|really|even|in|need|have))* {_CHANGED}"
    r"(?:(?! (?:and|but|just|so|cancel)\b)[^,;.])*"
)


def leaves_as_it_is(text: str) -> bool:
    """Whether all it says is that something is not to be changed: "no need to double the memory"."""
    return _LEFT_AS_IT_IS.fullmatch(plain(text)) is not None


def without_denials(text: str) -> str:
    """The text, in lower case, without what it says is not to be: "~~don't double the memory~~, add a node"."""
    return _DENIED.sub(" ", plain(text))


def without_questions(text: str) -> str:
    """The text, in lower case, without what it asks about what is: "~~is it twice the ram?~~"."""
    return _ASKED.sub(" ", plain(text))
