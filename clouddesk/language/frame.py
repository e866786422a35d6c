"""What a message says, as entities with normalised values: scanned items, given their roles by context and intent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clouddesk.language import roles
from clouddesk.language.context import drop_data_sizes, drop_negated, drop_repaired, settle_bytes
from clouddesk.language.counts import Counts, count
from clouddesk.language.lasting import choose_duration, choose_end
from clouddesk.language.numbers import as_value
from clouddesk.language.scan import Item, scan
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
)
_EACH = ("each", "per", "apiece", "a piece", "every")
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
    if not allowed:
        return []
    items = scan(text, names)
    items = find_unknown(items, intent)
    items = drop_repaired(items)
    items = drop_negated(items, intent)
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
        if item.kind == "provider" and not _is_cloud(items, index, text):
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


_CLOUD_BEFORE = words("on in via using from at local my our a the add remove for with to or and , ( : and/or")


def _is_cloud(items: Sequence[Item], index: int, text: str) -> bool:
    """ "do" and "docker" are clouds only in some company."""
    item = items[index]
    said = text[item.start : item.end]
    before, after = _word_before(items, index), _word_after(items, index)
    if said.lower() == "do":
        if said == "DO":
            return not (text.isupper() and len(text) > 12)
        return before in ("on", "at", "via", "from", "my", "our", "or", "and") and (
            after
            in (
                "",
                ",",
                ".",
                "?",
                "!",
                ";",
                "token",
                "key",
                "account",
                "creds",
                "credentials",
                "api",
                "please",
                "pls",
                "plz",
                "for",
                "with",
            )
        )
    if item.value == "docker":
        return before in ("on", "in", "via", "using", "local", "to", "from", "my", "or") or after in (
            "containers",
            "nodes",
            "provider",
        )
    return True


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
    lower = text.lower()
    if not machines or machines.value < 2:
        return found
    divided = []
    for entity in found:
        if entity.entity in ("memory_gb", "storage_gb", "vcpus"):
            after, before = lower[entity.end : entity.end + 28], lower[max(0, entity.start - 22) : entity.start]
            near = after.split(",")[0] + " | " + before
            if any(word in near for word in _TOTAL) and not any(
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
