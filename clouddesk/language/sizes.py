"""What a size is the size of: memory, disk, or somebody's data that is no wish at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clouddesk.language.scan import Item
from clouddesk.language.words import words

_MEMORY = words("ram memory mem memories rams vram")
_STORAGE = words("disk disks ssd ssds storage hdd hdds nvme volume volumes drive space room root ebs scratch")
_SIZE_OF = words(
    """
    fast local attached encrypted extra of additional free persistent scratch block a the solid state ddr4 ddr5
    system for big nvme ssd
    """
)
_DATA_SUBJECTS = words(
    """
    dataset datasets dataset's data dump dumps corpus file files table tables database db index backup logs log
    laptop mac macbook desktop pc mine parquet csv csvs pickle matrix model checkpoint checkpoints it's archive
    images dump's mac's laptop's
    """
)
_COPULAS = words(
    """
    alone size
    is are was has have had only 's just about around roughly weighs itself says now currently got at = comes to
    ~ of - my already nearly almost today
    """
)
_DATA_THINGS = words(
    """
    json archive dump slice crawl sample collection folder bucket export video videos recording recordings
    mysqldump tarball zip image cards card core of-data parquet csv dataset corpus file files download snapshot
    genome matrix
    """
)
_FAILING = words(
    "killed dies died crashes crashed oomed ooms stops stopped froze freezes maxes chokes fails swapping capped"
)
_DATA_AFTER = words(
    """
    raw compressed uncompressed dataset datasets dump dumps parquet csv file files corpus database index backup
    worth model matrix table zipped
    """
)


def drop_data_sizes(items: Sequence[Item]) -> list[Item]:
    """The size of somebody's data or laptop is not a wish: "the dump is 30 GB", "2 TB of click data"."""
    return [
        replace(item, kind="data") if item.kind in ("gb", "number") and _is_data(items, index) else item
        for index, item in enumerate(items)
    ]


def _is_data(items: Sequence[Item], index: int) -> bool:
    item = items[index]
    after = [other.word for other in items[index + 1 : index + 6]]
    if items[index - 1].word == "at" and _FAILING & {other.word for other in items[max(0, index - 4) : index]}:
        return True
    if item.kind == "gb" and after:
        if after[0] == "of":
            ahead = [word for word in after[1:] if word]
            if not any(word in _MEMORY or word in _STORAGE for word in ahead[:3]) and ahead:
                return ahead[0] not in ("it", "them", "which")
        if any(word in _DATA_AFTER for word in after[: 1 if after[0] not in ("core", "common", "json") else 3]):
            return True
        before = items[index - 1].word if index else ""
        if after[0] in _DATA_THINGS or (before in ("a", "the", "this", "that") and set(after[:3]) & _DATA_THINGS):
            return True
    at = index - 1
    seen_copula = False
    for _ in range(5):
        if at < 0:
            return False
        word = items[at].word
        if word in _DATA_SUBJECTS:
            return seen_copula or (at == index - 1 and word not in ("index", "log", "logs", "it's", "data", "storage"))
        if word not in _COPULAS:
            return False
        seen_copula = seen_copula or word in ("is", "are", "was", "has", "have", "weighs", "says", "had", "'s")
        at -= 1
    return False


_COMPARATIVES = words("bigger larger more extra big large smaller less")
_A_MACHINE = words("vm machine box server instance droplet host")
_MEMORY_SIZES = frozenset((128, 192, 256, 384, 512))
_STORES = words(
    """
    kafka mongodb postgres elasticsearch opensearch cassandra mysql mariadb minio clickhouse hadoop timescaledb
    """
)


def settle_bytes(items: Sequence[Item]) -> list[Item]:
    """Each size becomes memory or storage: by the words next to it, by the one already told, by how big it is."""
    settled: list[Item] = list(items)
    open_ones = []
    for index, item in enumerate(items):
        if item.kind != "gb":
            continue
        kind = _told_kind(items, index)
        if kind:
            settled[index] = replace(item, kind=kind)
        else:
            open_ones.append(index)
    for index in open_ones:
        item = items[index]
        has_memory = any(other.kind == "memory_gb" for other in settled)
        has_storage = any(other.kind == "storage_gb" for other in settled)
        is_big = item.value >= 1024 or (has_memory and item.value >= 20)
        bigger = [items[other].value for other in open_ones if other != index]
        has_store = any(other.kind == "software" and other.value in _STORES for other in items)
        is_of_machine = item.value in _MEMORY_SIZES and any(other.word in _A_MACHINE for other in items)
        is_big = is_big or (has_store and item.value >= 100 and not is_of_machine)
        kind = (
            "storage_gb" if not has_storage and (is_big and not (bigger and item.value < min(bigger))) else "memory_gb"
        )
        settled[index] = replace(item, kind=kind)
    return settled


def _told_kind(items: Sequence[Item], index: int) -> str | None:
    if items[index].hint in ("mem", "memory", "ram"):
        return "memory_gb"
    if items[index].hint in ("disk", "storage", "ssd", "hdd", "nvme"):
        return "storage_gb"
    if index > 1 and items[index - 1].word in ("=", ":", "("):
        label = items[index - 2].word
        if label in _MEMORY or label in _STORAGE:
            return "memory_gb" if label in _MEMORY else "storage_gb"
    if index > 2 and items[index - 1].word == "," and items[index - 3].word in _COMPARATIVES:
        # "with a bigger disk, 200gb"; not in "…, 200gb ram", which the words after it tell.
        before = items[index - 2].word
        after = items[index + 1].word if index + 1 < len(items) else ""
        if (before in _MEMORY or before in _STORAGE) and after not in _MEMORY | _STORAGE | _SIZE_OF:
            return "memory_gb" if before in _MEMORY else "storage_gb"
    for other in items[index + 1 : index + 5]:
        if other.word in _MEMORY:
            return "memory_gb"
        if other.word in _STORAGE:
            return "storage_gb"
        if other.word not in _SIZE_OF:
            break
    for back, other in enumerate(reversed(items[max(0, index - 5) : index])):
        if other.word == "," and items[index - back].word == "say":
            continue
        if other.word in _MEMORY:
            return "memory_gb"
        if other.word in _STORAGE:
            return "storage_gb"
        if other.word not in (
            "of",
            ":",
            "=",
            "at",
            "least",
            "is",
            "should",
            "be",
            "minimum",
            "a",
            "with",
            "about",
            "around",
            "size",
            "say",
            "to",
            "up",
            "-",
            "the",
            "please",
            "min",
            "must",
        ):
            break
        if back > 3:
            break
    return None
