"""What stands around an item decides what it means: repairs, negations, other people's data, memory or disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clouddesk.language.scan import Item
from clouddesk.language.words import words

_REPAIR_WORDS = words(
    """
    no wait actually sorry make that it i mean meant rather or scratch hmm um uh oops nope better let's let us
    say correction hang on hold ehm er well is are you know what not just to be - , . ; : ? ! … — – ( ) go with
    """
)
_REPAIR_SIGNS = words("no wait actually sorry mean meant rather scratch oops nope correction make")
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
    neither hate won't cannot can't minus
    """
)
_LEADING = (
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
    on in the from using any a an to want need at with via of for be like use is it by run running put really
    another one again more , or and nor
    """
)
_NEGATABLE = frozenset(
    (
        "provider",
        "os",
        "region",
        "software",
        "gpu_type",
        "size_name",
        "spot",
        "resource_name",
        "person",
        "template_name",
        "number",
        "gb",
        "vcpus",
        "until",
        "duration",
    )
)
_KEEPS_IN_REQUESTS = frozenset(
    ("resource_name", "person", "template_name", "until", "number", "gb", "vcpus", "duration")
)


def drop_negated(items: Sequence[Item], intent: str) -> list[Item]:
    """A value that is refused ("not aws", "anything except centos", "debian instead of ubuntu") says nothing."""
    kept = []
    for index, item in enumerate(items):
        if item.kind in _NEGATABLE and _is_negated(items, index):
            kept.append(replace(item, kind="word", value="negated"))
        else:
            kept.append(item)
    return kept


def _is_negated(items: Sequence[Item], index: int) -> bool:
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
        if (at >= 1 and (items[at - 1].word, word) in _LEADING) or word == "replace":
            return True
        if word in _NEGATIVE:
            if word in ("don't", "dont", "won't", "can't", "cannot", "never", "neither"):
                return items[index].kind in (
                    "provider",
                    "os",
                    "region",
                    "software",
                    "gpu_type",
                    "size_name",
                    "spot",
                ) and any(
                    other.word in ("want", "need", "use", "like", "put", "on", "in") for other in items[at + 1 : index]
                )
            following = items[at + 1].word if at + 1 < len(items) else ""
            is_only = any(other.word == "only" for other in items[at + 1 : index])
            is_amount = items[index].kind in ("number", "gb", "vcpus") and any(
                other.word in ("more", "less", "fewer", "under", "below") for other in items[at + 1 : index]
            )
            if items[index].kind in _KEEPS_IN_REQUESTS and word == "no":
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


_MEMORY = words("ram memory mem memories rams vram")
_STORAGE = words("disk disks ssd ssds storage hdd hdds nvme volume volumes drive space root ebs scratch")
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
        is_big = is_big or (has_store and item.value >= 100)
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
    for other in items[index + 1 : index + 5]:
        if other.word in _MEMORY:
            return "memory_gb"
        if other.word in _STORAGE:
            return "storage_gb"
        if other.word not in _SIZE_OF:
            break
    for back, other in enumerate(reversed(items[max(0, index - 5) : index])):
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
