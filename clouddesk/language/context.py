"""What stands around an item decides whether it is meant: repairs and negations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clouddesk.language.roles import ASKING
from clouddesk.language.scan import Item
from clouddesk.language.words import words

_REPAIR_WORDS = words(
    """
    no wait actually sorry make that it i mean meant rather or scratch hmm um uh oops nope better let's let us
    say correction hang on hold ehm er well is are you know what not just to be - , . ; : ? ! … — – ( ) go with
    hm hmmm mm err erm umm ugh nah typo i've a an of ram memory disk cluster cores strike
    """
)
_REPAIR_SIGNS = words(
    "no wait actually sorry mean meant rather scratch oops nope correction make nah err erm hmm um uh strike"
)
_UNITS = words(
    """
    node nodes worker workers machine machines box boxes vm vms instance instances server servers gpus gpu
    brokers members hosts droplets
    """
)
_VALUES = frozenset(
    (
        "gb",
        "vcpus",
        "duration",
        "price",
        "number",
        "os",
        "provider",
        "region",
        "software",
        "gpu_type",
        "size_name",
        "until",
    )
)


def drop_repaired(items: Sequence[Item]) -> list[Item]:
    """ "5, no, make that 6" is 6; "32 gigs, no, 64" is 64 gigs."""
    kept = list(items)
    index = 0
    while index < len(kept):
        first = kept[index]
        if first.kind not in _VALUES:
            index += 1
            continue
        after = index + 1
        while (
            after < len(kept)
            and kept[after].word
            and (kept[after].word in _REPAIR_WORDS or (after == index + 1 and kept[after].word in _UNITS))
        ):
            after += 1
        between = {item.word for item in kept[index + 1 : after]}
        second = kept[after] if after < len(kept) else None
        if (
            second is None
            or second.kind not in _VALUES
            or not between & _REPAIR_SIGNS
            or not _can_repair(first, second, between)
        ):
            index += 1
            continue
        if second.kind == "number" and first.kind != "number":
            following = kept[after + 1].word if after + 1 < len(kept) else ""
            if following in _UNITS or following in ("x", "-"):
                index += 1
                continue
            kept[after] = replace(second, kind=first.kind, hint=first.hint, value=_in_unit(first, second))
        keep_unit = [item for item in kept[index + 1 : after] if item.word in _UNITS] if second.kind == "number" else []
        kept[index : after + 1] = [kept[after], *keep_unit]
    return kept


def _can_repair(first: Item, second: Item, between: set[str]) -> bool:
    if first.kind == second.kind:
        return True
    if first.kind in ("gb", "vcpus", "duration") and second.kind == "number":
        return True
    return first.kind == "number" and second.kind in ("gb", "vcpus", "duration", "number")


def _in_unit(first: Item, second: Item) -> object:
    scale = {"tb": 1024, "terabytes": 1024, "terabyte": 1024, "mb": 1 / 1024}.get(first.hint, 1)
    if first.kind == "duration":
        for letter, minutes in (
            ("week", 10080),
            ("day", 1440),
            ("hour", 60),
            ("hr", 60),
            ("month", 43200),
            ("h", 60),
            ("d", 1440),
        ):
            if letter in first.hint:
                return second.value * minutes
    return second.value * scale


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
