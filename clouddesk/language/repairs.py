"""What is said anew in the same sentence replaces what was said before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
