"""What a message says, as entities with normalised values: scanned items, given their roles by context and intent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clouddesk.language import roles
from clouddesk.language.counts import Counts, count
from clouddesk.language.lasting import choose_duration, choose_end
from clouddesk.language.namings import point_out
from clouddesk.language.negation import drop_denied, drop_negated
from clouddesk.language.numbers import as_value
from clouddesk.language.repairs import drop_repaired
from clouddesk.language.scan import Item, scan
from clouddesk.language.sizes import drop_data_sizes, settle_bytes
from clouddesk.language.unknown import find_unknown
from clouddesk.language.words import words

_TOTAL = (
    "in total",
    "total",
    "altogether",
    "all together",
    "combined",
    "overall",
    "spread",
    "across",
    "between them",
    "summed",
    "together",
    "in all",
    "between em",
    "between 'em",
    "all in",
    "for the lot",
)
_EACH = ("each", "per", "apiece", "a piece", "every")
_CONDITION = re.compile(r"\b(?:but|make (?:it|that)|only|except|instead|rather|just)\b", re.IGNORECASE)
"""Makes a yes or a no more than that: "yes but with 5 nodes"."""
_LISTED = frozenset(
    ("provider", "software", "person", "resource_name", "gpu_type", "template_name", "size_name", "region")
)
_KIND_TO_ENTITY = {"vcpus": "vcpus", "duration": "duration_minutes", "price": "max_price_per_hour"}


@dataclass(frozen=True)
class Entity:
    """One entity with its normalised value and its place in the prepared text."""

    entity: str
    value: Any
    start: int
    end: int


def understand(text: str, intent: str, names: Sequence[Item] = ()) -> list[Entity]:
    """The entities of a prepared text, given its intent and the open names that a tagger found in it."""
    allowed = roles.allowed(intent)
    if intent in ("affirm", "deny") and _CONDITION.search(text):
        intent, allowed = "correct", roles.allowed("correct") - {"resource_name", "template_name"}
    if not allowed:
        return []
    items = scan(text, point_out(text, intent, names))
    items = find_unknown(items, intent)
    items = drop_repaired(items)
    items = drop_denied(drop_negated(items, intent), text, intent)
    items = drop_data_sizes(items)
    items = settle_bytes(items)
    counts = count(items, intent)
    found = _plain(items, text, intent) + _counted(counts)
    found = _divide_totals(found, items, text, counts)
    return sorted(
        _deduplicate([entity for entity in found if entity.entity in allowed]), key=lambda entity: entity.start
    )


def _plain(items: Sequence[Item], text: str, intent: str) -> list[Entity]:
    found = []
    end = choose_end(items, intent)
    lease = choose_duration(items, intent)
    for index, item in enumerate(items):
        if item.kind in ("word", "mark", "number", "opaque", "data", "gpus"):
            continue
        if (item.kind == "until" and item is not end) or (item.kind == "duration" and item is not lease):
            continue
        if item.kind == "provider" and not _is_cloud(items, index, text, intent):
            if item.value == "docker" and _is_installed(items, index):
                found.append(Entity("software", "docker", item.start, item.end))
            continue
        if item.kind == "region" and _word_after(items, index) == "time":
            continue
        if item.kind == "person" and _is_bot(items, index):
            continue
        found.append(Entity(_KIND_TO_ENTITY.get(item.kind, item.kind), item.value, item.start, item.end))
    return found


def _counted(counts: Counts) -> list[Entity]:
    pairs = (("vm_count", counts.vms), ("node_count", counts.nodes), ("gpu_count", counts.gpus))
    return [Entity(name, item.value, item.start, item.end) for name, item in pairs if item]


def _word_before(items: Sequence[Item], index: int, back: int = 1) -> str:
    return items[index - back].word if index >= back else ""


def _word_after(items: Sequence[Item], index: int, ahead: int = 1) -> str:
    return items[index + ahead].word if index + ahead < len(items) else ""


_DO_BEFORE = words("on at via from my our wid")


_LISTING = words(", / or and & = : + provider")
_AFTER_DO = words(
    """
    , . ? ! ; / : token key account creds credentials api please pls plz for with then thanks thx instead is costs or
    and vm vms box machine
    """
)
_OWN = words("laptop workstation desktop machine computer box host pc mac macbook notebook")


def _is_cloud(items: Sequence[Item], index: int, text: str, intent: str) -> bool:
    """ "do" and "docker" are clouds only in some company."""
    item = items[index]
    said = text[item.start : item.end]
    before, after = _word_before(items, index), _word_after(items, index)
    if said.lower() == "do":
        if said == "DO":
            return not (text.isupper() and len(text) > 12)
        following = items[index + 1] if index + 1 < len(items) else None
        is_followed = (
            following is None or following.word in _AFTER_DO or following.kind not in ("word", "mark", "number")
        )
        if before in _DO_BEFORE:
            return is_followed or before in ("on", "via")
        is_listed = before in _LISTING or (
            index > 0 and items[index - 1].kind not in ("word", "mark", "number", "until")
        )
        is_first = index == 0 and following is not None and following.word in ("/", ",", "or", "is", "then")
        return (is_listed or is_first) and is_followed
    if item.value == "docker":
        if "credentials" in intent or before in (
            "on",
            "in",
            "via",
            "using",
            "local",
            "to",
            "from",
            "or",
            "provider",
            "own",
        ):
            return not (before == "from" and after == "is")
        if after in ("containers", "nodes", "provider") or before == "=":
            return True
        own = [other.word for other in items[index + 1 : index + 5]]
        return own[:2] in (["on", "my"], ["on", "our"]) and bool(_OWN & set(own))
    return True


def _is_installed(items: Sequence[Item], index: int) -> bool:
    """ "with docker on it", "docker preinstalled": software of the machine."""
    before, after = _word_before(items, index), _word_after(items, index)
    return before in (
        "with",
        "w",
        "w/",
        "and",
        "running",
        "has",
        "have",
        "install",
        "+",
        "plus",
        ",",
        "needs",
    ) or after in (
        "installed",
        "preinstalled",
        "pre-installed",
        "swarm",
        "host",
        "inside",
        "engine",
        "compose",
        "ready",
        "not",
    )


def _is_bot(items: Sequence[Item], index: int) -> bool:
    name = str(items[index].value).lower().strip("<>@")
    return (
        name.startswith("u0bot")
        or ("bot" in name and index == 0)
        or name in ("clouddesk", "here", "channel", "everyone")
        or name.endswith("botdesk")
    )


def _divide_totals(found: list[Entity], items: Sequence[Item], text: str, counts: Counts) -> list[Entity]:
    """ "240 cores in total" over 24 machines is 10 for each."""
    machines = counts.nodes or counts.vms
    over = "" if not machines else f"over {text[machines.start : machines.end].lower()}"
    lower = text.lower()
    if not machines or machines.value < 2:
        return found
    divided = []
    for entity in found:
        if entity.entity in ("memory_gb", "storage_gb", "vcpus", "gpu_count"):
            after, before = lower[entity.end : entity.end + 28], lower[max(0, entity.start - 22) : entity.start]
            near = after.split(",")[0] + " | " + before
            if any(word in near for word in (*_TOTAL, *([over] if over else ()))) and not any(
                f"{word} " in f"{after.split(',')[0]} " for word in _EACH
            ):
                entity = replace(entity, value=as_value(entity.value / machines.value))
        divided.append(entity)
    return divided


def _deduplicate(found: list[Entity]) -> list[Entity]:
    """One value for what can have only one (the last said), no value twice for what can have several."""
    kept: list[Entity] = []
    for entity in sorted(found, key=lambda entity: entity.start):
        if entity.entity in _LISTED:
            if all((entity.entity, entity.value) != (other.entity, other.value) for other in kept):
                kept.append(entity)
        elif not any(entity.entity == other.entity for other in kept):
            kept.append(entity)
    return [entity for entity in kept if not _is_general(entity, kept)]


def _is_general(entity: Entity, kept: list[Entity]) -> bool:
    """ "debian … debian 12": the family falls to the version."""
    return entity.entity == "os" and any(
        other is not entity and str(other.value).startswith(f"{entity.value}-") for other in kept
    )
