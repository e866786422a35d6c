"""Which of the durations and times in a message say how long something shall last."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clouddesk.language.scan import Item
from clouddesk.language.words import words

_TAKING_BEFORE = words(
    """
    last past ago within every takes took take taking since already previous lasts runs = says said eta older
    younger needed needs wait waited the-last roughly-every ran running spent wasted
    """
)
_NOT_LEASE_AFTER = words("ago old early late later older wait window apart straight")
_ENDING = words(
    """
    dies die gone delete deleted deletes done kill killed ends end go destroy destroyed away release released
    finish finished over thrown terminate terminated self-destruct off vanish expire expires disappear remove
    removed free back
    """
)
_USE = words("use compute runtime machine work access that this it them lease")
_MODEL_WORDS = re.compile(r"[23] ?d$")
_THIS = frozenset(("tonight", "this afternoon", "this evening", "this weekend", "this week"))


def choose_duration(items: Sequence[Item], intent: str) -> Item | None:
    """The length of the lease, of the extension, of the access; or the lead time of a reminder."""
    found = [
        (index, item)
        for index, item in enumerate(items)
        if item.kind == "duration" and (intent == "set_reminder" or _lasts(items, index))
    ]
    if not found:
        return None
    if intent == "correct":
        return found[-1][1]
    marked = [item for index, item in found if _word(items, index, -1) in ("so", "say", "for", "by", "another")]
    return marked[-1] if marked and len(found) > 1 else found[0][1]


def _lasts(items: Sequence[Item], index: int) -> bool:
    item = items[index]
    before, after = _word(items, index, -1), _word(items, index, 1)
    if item.hint.startswith(("per ", "each ")) or after in ("a", "per") or before in ("per", "/", "a"):
        return False
    if before in ("in", "after"):
        return any(other.word in _ENDING for other in items[max(0, index - 5) : index])
    if (
        before in _TAKING_BEFORE
        or after in _NOT_LEASE_AFTER
        or (before == "the" and _word(items, index, -2) in ("last", "past"))
    ):
        return False
    if (
        after == "of"
        and _word(items, index, 2) not in _USE
        and index + 2 < len(items)
        and items[index + 2].kind == "word"
    ):
        return False
    if (
        _MODEL_WORDS.fullmatch(item.hint)
        and after
        and after.isalpha()
        and len(after) > 3
        and after not in ("lease", "only", "please", "with")
    ):
        return False
    return not (after == "on" and _word(items, index, 2) == "my")


def choose_end(items: Sequence[Item], intent: str) -> Item | None:
    """The end that counts when several times are said: "until …" before "over …" before "by …" before a mere time."""
    ends = [(index, item) for index, item in enumerate(items) if item.kind == "until"]
    ranked = [(rank, index, item) for index, item in ends if (rank := _rank(items, index, intent))]
    if not ranked:
        return None
    _, _, item = max(ranked, key=lambda entry: (entry[0], entry[1]))
    return item


def _rank(items: Sequence[Item], index: int, intent: str) -> int:
    """0: no end at all."""
    item = items[index]
    words = str(item.value)
    before = _word(items, index, -1)
    if item.hint == "marked":
        if re.match(r"by ", words):
            return 2 if intent in ("extend_reservation", "inform", "correct") or before in _ENDING else 0
        if re.match(r"to ", words):
            return 2 if intent != "create_vm" or before in _ENDING else 1
        if re.match(r"(?:until|untill|till?|til|'till?|through|thru)\b", words):
            return 5 if re.search(r"\d|day\b|noon|night|tomorrow|week|month|end", words) else 4
        return 0 if words == "for tomorrow" and intent.startswith("create") else 3
    if any(other.kind == "duration" for other in items) and intent != "inform":
        return 0
    if intent in ("inform", "correct", "extend_reservation"):
        return 0 if before in ("ends", "expires", "at", "dies", "die", "ending", "away", "end", "expire", "not") else 1
    if intent in ("create_vm", "create_cluster", "quote_price", "use_template"):
        return 1 if words in _THIS or before in ("ends", "ending") else 0
    return 0


def _word(items: Sequence[Item], index: int, shift: int) -> str:
    at = index + shift
    return items[at].word if 0 <= at < len(items) else ""
