"""What a sentence rules out: "not aws", "anything but ubuntu", "no spot". A refused value is never an entity."""

from __future__ import annotations

import re

from clouddesk.language.negation import drop_negated
from clouddesk.language.scan import Item, scan

KINDS = ("provider", "region", "os", "size_name", "software", "spot", "gpu")
"""What can be ruled out."""

_NO_GPU = re.compile(
    r"\b(?:no|without(?: an?| any| the)?|(?:do not|don't|dont) need(?: an?| any| the)?|drop the|skip the)"
    r" (?:gpus?|graphics cards?)\b"
)
_BEFORE = re.compile(r"\b(?:neither|never|nothing on|nothing from|anywhere else than)(?: on| in| at| from| use)? $")
_AFTER = re.compile(r"(?:'s| is| are) (?:out|no good|not an option|off the table)\b")
_MOST_WORDS = 60
_MINUS = re.compile(r"(?:^|(?<=[\s,;]))[-−](?=[a-z])")
_TOWARDS = re.compile(
    r"(?<!not )(?<!n't )(?<!never )(?<!not to )\b(?:swap|switch|change|move|go)\b"
    r"[^,.;]{0,25} (?:to|for|into|with)(?: the| an?)? $|\bswap in $"
)
_SWAP = re.compile(r"\bswap $")
_IN = re.compile(r" in\b")


def refused(text: str) -> dict[str, tuple[str, ...]]:
    """The refused values by kind, in the order said: ``{"provider": ("aws",)}``; {} when nothing is."""
    lower = _MINUS.sub("not ", text.lower().replace("’", "'"))
    if len(lower.split()) > _MOST_WORDS:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    items = scan(lower)
    for item, left in zip(items, drop_negated(items, "correct"), strict=True):
        is_refused = item.kind in KINDS and (item.kind != left.kind or _is_refused_around(item, lower))
        if is_refused and not _is_verb(item, lower) and not _is_swapped_in(item, lower):
            found[item.kind] = (*found.get(item.kind, ()), str(item.value))
    if _NO_GPU.search(lower):
        found["gpu"] = ("any",)
    return found


def _is_refused_around(item: Item, text: str) -> bool:
    return bool(_BEFORE.search(text[: item.start]) or _AFTER.match(text, item.end))


def _is_swapped_in(item: Item, text: str) -> bool:
    """ "Swap to digitalocean", "swap debian in": wanted, not refused."""
    before = text[: item.start]
    is_swapped = _SWAP.search(before) and _IN.match(text, item.end)
    return bool(_TOWARDS.search(before) or is_swapped)


def _is_verb(item: Item, text: str) -> bool:
    """ "do" is a cloud only where no verb can stand: "not do" and "not on do, please", but not in "not do that"."""
    said = text[item.start : item.end]
    return said == "do" and re.match(r"\s*(?:$|[,.!?])", text[item.end :]) is None
