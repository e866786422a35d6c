"""Which of the durations and times in a message say how long something shall last."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clouddesk.language.scan import Item
from clouddesk.language.words import words

_TAKING_BEFORE = words(
    """
    past ago within every takes took taking since already previous runs says said eta older
    younger wait waited ran running spent wasted
    """
)
_NOT_LEASE_AFTER = words("ago old early late later older wait window apart straight away")
_ENDING = words(
    """
    dies die gone delete deleted deletes done kill killed ends end go destroy destroyed away release released
    finish finished over thrown terminate terminated self-destruct off vanish expire expires disappear remove
    removed free back finishing release terminates throw released killing expiring hair shut
    """
)
_RATED = words("cost costs cents bucks dollars price rate much usd eur euros pay paying charge charged")
_BUSY = words("full busy meeting audit takes take taking booked class")
_USE = words("use compute runtime machine work access that this it them lease")
_HOUR_OF_DAY = re.compile(r"(?:[01]?\d|2[0-4]) ?h")
_ARTICLE = re.compile(r"an? (?!half|quarter|couple|hour and|day and|week and)")
_MODEL_WORDS = re.compile(r"[23] ?d$")
_WANTED_BY = words("by at from on for before")
_THIS = frozenset(("tonight", "this afternoon", "this evening", "this weekend"))


def choose_duration(items: Sequence[Item], intent: str) -> Item | None:
    """The length of the lease, of the extension, of the access; or the lead time of a reminder."""
    found = [
        (index, item)
        for index, item in enumerate(items)
        if item.kind == "duration"
        and (not _is_clock(items, index) if intent == "set_reminder" else _lasts(items, index, intent))
    ]
    if not found:
        return None
    if intent == "correct":
        return found[-1][1]
    marked = [item for index, item in found if _word(items, index, -1) in ("so", "say", "for", "by", "another")]
    return marked[-1] if marked and len(found) > 1 else found[0][1]


def _is_clock(items: Sequence[Item], index: int) -> bool:
    """ "at 14h", "friday 14h"."""
    if not _HOUR_OF_DAY.fullmatch(items[index].hint):
        return False
    return _word(items, index, -1) in ("at", "by", "until") or (index > 0 and items[index - 1].kind == "until")


def _lasts(items: Sequence[Item], index: int, intent: str) -> bool:
    item = items[index]
    before, after = _word(items, index, -1), _word(items, index, 1)
    is_number = item.hint[:1].isdigit()
    if item.hint.startswith(("per ", "each ")) or after in ("a", "per") or before in ("per", "a"):
        return False
    # "extend it by 8h" is a length, though "ready by 8h" is a time of day.
    is_length = before == "by" and intent in ("extend_reservation", "inform", "correct")
    if (before == "/" and not is_number) or (_is_clock(items, index) and not is_length):
        return False
    if intent == "quote_price" and _ARTICLE.match(item.hint) and _is_rate(items, index):
        return False
    if index + 1 < len(items) and items[index + 1].kind == "until" and str(items[index + 1].value).startswith("t"):
        return False  # "5 hours till the demo"
    if before == "the" and after == "of":
        return False
    if before == "in" and intent == "extend_reservation":
        return False
    if before in ("in", "after"):
        if intent == "quote_price" or (before == "after" and _word(items, index, -2) in _ENDING):
            return True
        return any(other.word in _ENDING for other in items[max(0, index - 5) : index])
    if (
        before in _TAKING_BEFORE
        or (before == "last" and _word(items, index, -2) in ("the", "this", "my", "our", "for", "over", "in", "past"))
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


def _is_rate(items: Sequence[Item], index: int) -> bool:
    """ "costs an hour", "an a100 an hour"."""
    return index > 0 and (items[index - 1].word in _RATED or items[index - 1].kind not in ("word", "mark", "until"))


def choose_end(items: Sequence[Item], intent: str) -> Item | None:
    """The end that counts when several times are said: "until …" before "over …" before "by …" before a mere time."""
    ends = [(index, item) for index, item in enumerate(items) if item.kind == "until"]
    ranked = [(rank, index, item) for index, item in ends if (rank := _rank(items, index, intent))]
    if not ranked:
        return None
    return max(ranked, key=lambda entry: (entry[0], entry[1]))[2]


def _rank(items: Sequence[Item], index: int, intent: str) -> int:
    """0: no end at all."""
    item = items[index]
    words = str(item.value)
    before = _word(items, index, -1)
    if before in _BUSY or (index and items[index - 1].kind == "duration" and words[:1] == "t"):
        return 0
    if item.hint == "marked":
        if re.match(r"by ", words):
            return 2 if intent in ("extend_reservation", "inform", "correct") or _ends_it(items, index) else 0
        if re.match(r"to ", words):
            return 2 if intent != "create_vm" or before in _ENDING else 1
        if re.match(r"(?:\w+ )?(?:un?tt?ill?|unitl|untl|'?til+|through|thru)\b", words):
            return 5 if re.search(r"\d|day\b|noon|night|tomorrow|week|month|end", words) else 4
        return 3
    if any(other.kind == "duration" for other in items) and intent != "inform" and not _ends_it(items, index):
        return 0
    if intent in ("inform", "correct", "extend_reservation"):
        if intent == "correct" and any(other.word in _ENDING for other in items[max(0, index - 3) : index]):
            return 2
        return 0 if before in ("ends", "expires", "at", "dies", "die", "ending", "away", "end", "expire", "not") else 1
    if intent in ("create_vm", "create_cluster", "quote_price", "use_template"):
        if words in _THIS or before in ("ends", "ending") or _ends_it(items, index):
            return 1
        return 1 if intent != "quote_price" and _stands_alone(items, index) and not words.startswith("from") else 0
    return 0


def _ends_it(items: Sequence[Item], index: int) -> bool:
    """ "it can die at midnight", "by friday it can go"."""
    reach = 6 if str(items[index].value).startswith("by ") else 3
    return any(other.word in _ENDING for other in items[max(0, index - reach) : index]) or any(
        other.word in ("go", "die", "expire") for other in items[index + 1 : index + 4]
    )


def _stands_alone(items: Sequence[Item], index: int) -> bool:
    """A time between commas, in a request of a few words: "cluster: presto, friday"."""
    following = _word(items, index, 1)
    before = _word(items, index, -1)
    is_framed = before in (",", ";", "/", "-", ":", ".") and (
        following in (",", ";", "/", ".", "!") or index + 1 == len(items)
    )
    is_last = index + 1 == len(items) and len(items) <= 4 and (index == 0 or items[index - 1].word not in _WANTED_BY)
    return (is_framed and len(items) <= 14) or is_last


def _word(items: Sequence[Item], index: int, shift: int) -> str:
    at = index + shift
    return items[at].word if 0 <= at < len(items) else ""
