"""How many: machines, nodes of a cluster, GPUs in each machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clouddesk.language.count_roles import (
    HEADS,
    MACHINES,
    PRONOUN_BEFORE,
    ends_range,
    is_article_head,
    is_bare_head,
    role_of,
)
from clouddesk.language.roles import ASKING, COUNTING_NODES
from clouddesk.language.scan import Item
from clouddesk.language.words import words

_DUAL = {"dual": 2, "twin": 2, "double": 2, "quad": 4}
_NO_GPU = words("no without any negated per non w/o drop scratch forget remove not")
_CLUSTERED = words("spark hadoop kafka dask ray kubernetes cassandra elasticsearch flink trino presto clickhouse")


@dataclass(frozen=True)
class Counts:
    """The counts said, each with its place; None when not said."""

    vms: Item | None = None
    nodes: Item | None = None
    gpus: Item | None = None


def count(items: Sequence[Item], intent: str) -> Counts:
    """The counts in a row of items, in the light of what the message wants."""
    if intent == "scale_cluster":
        return Counts(nodes=_target(items))
    if intent not in ASKING:
        return Counts()
    heads: list[Item] = []
    workers: list[Item] = []
    machines: list[Item] = []
    gpus: list[Item] = []
    for index, item in enumerate(items):
        if item.kind == "gpus":
            gpus.append(item)
        if item.kind != "number" and item.word not in ("a", "an"):
            continue
        if ends_range(items, index):
            continue
        role = role_of(items, index + 2) if ends_range(items, index + 2) else role_of(items, index)
        if item.word and role not in ("head", "gpu"):
            continue
        counted = replace(item, value=1) if item.word else item
        {"head": heads, "node": workers, "machine": machines, "gpu": gpus}.get(role, []).append(counted)
    heads += [replace(item, value=1) for index, item in enumerate(items) if is_bare_head(items, index)]
    gpu = _chosen(gpus) or _single_gpu(items, intent)
    total = _total(items)
    if (
        total
        and intent in ("create_cluster", "inform", "quote_price", "correct")
        and (workers or heads or intent == "create_cluster")
    ):
        return Counts(nodes=total, gpus=gpu)
    if intent in COUNTING_NODES and not workers and (beside := _beside_head(items, heads)):
        workers = [beside]
    if intent == "create_vm" and gpus and workers and workers[0].start == gpus[0].start:
        workers = []
    if workers and intent == "create_vm" and not heads:
        return Counts(vms=_chosen(machines) or workers[0], gpus=gpu)
    if workers:
        nodes = workers[-1] if intent == "correct" else _first(workers)
        if nodes.value == 1 and intent == "create_cluster" and not heads:
            nodes = _fallback(items, intent) or nodes
        if heads:
            nodes = replace(nodes, value=nodes.value + _all_heads(heads), start=min(heads[0].start, nodes.start))
        return Counts(nodes=nodes, gpus=gpu)
    machine = _chosen(machines)
    if machine is None or (machine.value == 1 and intent == "create_cluster"):
        machine = _fallback(items, intent) or machine
    if machine and (intent == "create_cluster" or (intent == "quote_price" and _is_cluster(items))):
        return Counts(nodes=machine, gpus=gpu)
    return Counts(vms=machine, gpus=gpu)


def _all_heads(heads: Sequence[Item]) -> int:
    """Heads with a number each count ("1 scheduler, 1 webserver"); those without are one and the same."""
    numbered = [int(head.value) for head in heads if head.kind == "number"]
    return sum(numbered) or 1


def _chosen(items: Sequence[Item]) -> Item | None:
    return _first(items) if items else None


def _first(items: Sequence[Item]) -> Item:
    """The first that is more than one ("I said one box but it should be 3"), else the first."""
    return next((item for item in items if item.value > 1), items[0])


def _total(items: Sequence[Item]) -> Item | None:
    """ "6 in all", "total nine": the count of everything, heads included."""
    for index, item in enumerate(items):
        if item.kind != "number":
            continue
        after = [other.word for other in items[index + 1 : index + 4]]
        before = [other.word for other in items[max(0, index - 2) : index]]
        if after[:2] in (["in", "total"], ["in", "all"], ["all", "told"]) or after[:1] in (
            ["total"],
            ["altogether"],
            ["overall"],
        ):
            return item
        if before[-1:] == ["total"] or before == ["total", "of"]:
            return item
    return None


def _beside_head(items: Sequence[Item], heads: Sequence[Item]) -> Item | None:
    """The bare number that stands beside a head: "head + 6", "a master and 8"; or the sum "1+4"."""
    for index, item in enumerate(items):
        if item.kind != "number" or not index:
            continue
        before = items[index - 1].word
        if before == "+" and index > 1 and items[index - 2].kind == "number":
            return replace(item, value=item.value + items[index - 2].value, start=items[index - 2].start)
        if heads and before in ("+", "and", "plus", "&") and (index < 2 or items[index - 2].word in HEADS | {"node"}):
            return item
    return None


_CLUSTER = words("cluster clusters ring ensemble set fleet farm group grid size from onto into of ( clutser")
_NO_COUNT_BEFORE = words("at version v stage step phase than port stage since")
_AFTER_COUNT = words(
    """
    with joined please pls plz is would each of x small little thx thanks on tied machines , . ; ! ? ) and - cheap in
    """
)


def _fallback(items: Sequence[Item], intent: str) -> Item | None:
    """A bare number that can only be a count: "a ring of 5", "two from win-ci", "a pair"."""
    if intent == "create_cluster" or (intent == "quote_price" and _is_cluster(items)):
        return _bare_count(items)
    for index, item in enumerate(items):
        if item.kind != "number":
            continue
        before, after = [other.word for other in items[max(0, index - 3) : index]], items[index + 1 : index + 2]
        next_word = after[0].word if after else ""
        if (
            intent == "use_template"
            and item.value > 1
            and (next_word in ("from", "of", "more", "times", "copies", ",", "") or before[-1:] in (["x"], ["just"]))
        ):
            return item
        if intent == "create_vm" and item.value > 1 and index == len(items) - 1 and before[-1:] in (["up"], ["me"]):
            return item
    return None


def _bare_count(items: Sequence[Item]) -> Item | None:
    """ "spark cluster 4", "kafka. 3. asia", "onto four with 192 GB each"; the closer to "cluster", the better."""
    ranked = []
    for index, item in enumerate(items):
        if item.kind != "number" or item.value < 2 or ends_range(items, index):
            continue
        previous = items[index - 1] if index else None
        following = items[index + 1] if index + 1 < len(items) else None
        if previous and (previous.word in _NO_COUNT_BEFORE or previous.kind == "until"):
            continue
        is_cluster_of = (
            previous is not None
            and previous.word == "of"
            and index > 1
            and (items[index - 2].kind == "software" or items[index - 2].word in _CLUSTER)
        )
        if (
            not is_cluster_of
            and following
            and following.word not in _AFTER_COUNT
            and following.kind in ("word", "mark", "number", "until")
        ):
            continue
        if previous is None:
            rank = 1
        elif previous.word in _CLUSTER:
            rank = 3
        elif previous.kind == "software":
            rank = 2
        else:
            rank = 1 if previous.kind == "mark" or previous.word in ("on", "need", "with", "have", "like") else 0
        if rank:
            ranked.append((rank, -index, item))
    return max(ranked, key=lambda entry: entry[:2])[2] if ranked else None


def _is_cluster(items: Sequence[Item]) -> bool:
    return any(
        item.word in ("cluster", "clusters", "ring", "nodes") or (item.kind == "software" and item.value in _CLUSTERED)
        for item in items
    )


def _single_gpu(items: Sequence[Item], intent: str) -> Item | None:
    """ "an A100", "a gpu box" ask for one."""
    for index, item in enumerate(items):
        is_word = item.word in ("gpu", "graphics", "nvidia")
        if not is_word and item.kind != "gpu_type":
            continue
        if item.kind == "gpu_type" and not _asks_for_one(items, index, intent):
            continue
        if index and items[index - 1].word in _DUAL:
            return replace(item, value=_DUAL[items[index - 1].word])
        dismissed = {other.word for other in items[max(0, index - 2) : index]} & _NO_GPU
        following = {other.word for other in items[index + 1 : index + 4]}
        if is_word and (dismissed or {"not", "needed"} <= following):
            continue
        return replace(item, value=1)
    return None


def _asks_for_one(items: Sequence[Item], index: int, intent: str) -> bool:
    """In a request a model's name is enough; elsewhere it must be "an A100" or "an A100 box"."""
    if intent.startswith("create"):
        return True
    before = {other.word for other in items[max(0, index - 2) : index]}
    following = items[index + 1].word if index + 1 < len(items) else ""
    return bool(before & {"a", "an", "single"}) or (following in MACHINES and not following.endswith("s"))


def _is_label(items: Sequence[Item], index: int) -> bool:
    """ "stage 14", "2 %", "the spark one": a number or a "one" that counts nothing."""
    before = items[index - 1].word if index else ""
    following = items[index + 1].word if index + 1 < len(items) else ""
    if before in ("from", "of", "#", "than", "step", "epoch", "port", "version", "stage", "set", "phase", "week"):
        return True
    if following in ("%", "percent"):
        return True
    return (
        items[index].hint == "one"
        and following not in ("more", "extra", "node", "worker", "fewer", "less")
        and bool(
            index and (items[index - 1].kind not in ("word", "mark") or before in PRONOUN_BEFORE or following == "of")
        )
    )


def _target(items: Sequence[Item]) -> Item | None:
    """The number said for a resize: the one after "to" where there is one."""
    numbers = [index for index, item in enumerate(items) if item.kind == "number"]
    numbers = [index for index in numbers if not _is_label(items, index)]
    for index in numbers:
        if {other.word for other in items[max(0, index - 2) : index]} & {"to", "into", "by"}:
            return items[index]
    for index in numbers:
        following = items[index + 1].word if index + 1 < len(items) else ""
        if following in ("more", "extra", "additional", "fewer", "less") or (
            index and items[index - 1].word in ("at", "add")
        ):
            return items[index]
    total = _total(items)
    if total:
        return total
    heads = [index for index in numbers if role_of(items, index) == "head"]
    if heads or any(is_bare_head(items, index) or is_article_head(items, index) for index in range(len(items))):
        workers = [items[index] for index in numbers if role_of(items, index) == "node"]
        if workers:
            return replace(workers[0], value=workers[0].value + 1)
    for index in numbers:
        following = items[index + 1].word if index + 1 < len(items) else ""
        if following in ("of", "is", "are") and items[index].value > 1 and index:
            return items[index]
    for index in numbers:
        role = role_of(items, index)
        if role in ("node", "machine", "head"):
            return items[index]
    return items[numbers[0]] if numbers else None
