"""Places and software that no list knows ("in atlantis", "a minecraft cluster"), so that the answer can name them.

Only where the sentence leaves little doubt, and never a word that is ordinary there: a name that is missed is asked
for, a name that is invented puzzles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from clouddesk.language import roles
from clouddesk.language.gazetteer import common_words, is_first_name, software_named
from clouddesk.language.scan import Item
from clouddesk.language.words import words

_OF_CLUSTERS = frozenset(("create_cluster", "quote_price", "inform", "correct"))

_NAME = re.compile(r"[^\W\d_]{3,}")
_REGION_NAME = re.compile(r"[a-z]{2,}-(?:[a-z]+-)?(?:north|south|east|west|central)[a-z]*(?:-?\d)?")
_NO_PLACE = re.compile(r".+(?<![jq])ing")  # "in training", but Beijing and Chongqing
_NO_SOFTWARE = re.compile(r".+(?:ing|ed|ly|tion|sion|ment|able|ible|ive|ous|ful|less|est|ity|ness|ship)")

_COMPASS = words(
    """
    north south east west northern southern eastern western central northeast northwest southeast southwest mid
    northeastern northwestern southeastern southwestern
    """
)
# What is said after these to be somewhere is there already: "the data is in snowflake".
_BEING = words(
    """
    is are was were am i'm we're they're it's live lives lived living sit sits stay stays stored store kept resides
    work works working worked study studies write writes written writing code coded coding based found stuck
    """
)
# What may follow a name of one or two words: the next part of the sentence begins, or the sentence is over.
_NEXT_PART = words(
    """
    for with and or but on at by to from until till til if so as because since please pls plz thanks thank thx cheers
    that which where who running using having called named is are was costs cost be would will should can could not no
    instead rather actually then now today tomorrow tonight only too also again maybe perhaps preferably ideally
    without under below over about around asap if when while like w/ region zone datacenter datacentre
    """
)
# No name begins with these, and none is followed by them.
_LITTLE = words(
    """
    a an the this that these those my your our their his her its it here there some any every each both either no not
    one two three four five six seven eight nine ten and or of in on at to for from by with as i you we they he she me
    us them him what which who whom whose where when why how is are was be been do does did has have had if so then
    than too very more most less least few fewer many much other another same such own only just also still even yet
    already always never ever again now soon once about around between into onto over under per via up down out off
    new old big small good bad best next last first second please pls plz
    """
)


def find_unknown(items: Sequence[Item], intent: str) -> list[Item]:
    """The items, with unknown names of places and of clusters' software marked as ``region`` and ``software``."""
    marked = list(items)
    if intent in roles.ASKING:
        marked = _with_places(marked)
    if intent in _OF_CLUSTERS and all(item.kind != "software" for item in marked):
        marked = _with_software(marked)
    return marked


def _with_places(items: list[Item]) -> list[Item]:
    """ "in atlantis", "in region mars-east-1", "in middle earth for two hours"."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        found.append(items[at])
        at += 1
        if items[at - 1].word != "in" or (at > 1 and items[at - 2].word in _BEING):
            continue
        if at < len(items) and items[at].word in ("region", "zone"):
            found.append(items[at])
            at += 1
        if length := _place_length(items, at):
            name = " ".join(str(item.value) for item in items[at : at + length])
            found.append(Item(items[at].start, items[at + length - 1].end, "region", name))
            at += length
    return found


def _place_length(items: Sequence[Item], at: int) -> int:
    """How many items from here are a place's name; 0 when it is none."""
    if at + 1 < len(items) and items[at].word in _COMPASS and items[at + 1].kind == "region":
        return 2
    for length in (1, 2):
        if at + length > len(items) or not _can_be_place(items[at + length - 1].word):
            return 0
        if _is_over(items, at + length):
            return length
    return 0


def _can_be_place(word: str) -> bool:
    if _REGION_NAME.fullmatch(word):
        return True
    return (
        bool(_NAME.fullmatch(word))
        and not _NO_PLACE.fullmatch(word)
        and word not in _LITTLE
        and word not in common_words("in")
    )


def _is_over(items: Sequence[Item], at: int) -> bool:
    if at == len(items):
        return True
    item = items[at]
    return item.kind not in ("word", "region") or item.word in _NEXT_PART


def _with_software(items: list[Item]) -> list[Item]:
    """ "a minecraft cluster", "cluster of zookeepers", "a cluster running foobar"."""
    for index, item in enumerate(items):
        if item.word not in ("cluster", "clusters"):
            continue
        before = index - 1
        if _can_be_software(items, before):
            return _marked(items, before)
        after = index + 2
        link = items[index + 1].word if after < len(items) else ""
        if link == "of" and _can_be_software(items, after) and _is_over(items, after + 1):
            return _marked(items, after)
        is_kind_of_work = after < len(items) and items[after].word.endswith("s")
        if link == "running" and not is_kind_of_work and _can_be_software(items, after) and _is_over(items, after + 1):
            return _marked(items, after)
    return items


def _can_be_software(items: Sequence[Item], index: int) -> bool:
    if not 0 <= index < len(items):
        return False
    word = items[index].word
    return (
        bool(_NAME.fullmatch(word))
        and not _NO_SOFTWARE.fullmatch(word)
        and word not in _LITTLE
        and word not in common_words("cluster")
        and not is_first_name(word)
    )


def _marked(items: list[Item], index: int) -> list[Item]:
    name = items[index].word
    value = software_named(name.removesuffix("s")) or name
    return [*items[:index], replace(items[index], kind="software", value=value), *items[index + 1 :]]
