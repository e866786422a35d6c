"""How many: machines, nodes of a cluster, GPUs in each machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clouddesk.language.roles import ASKING
from clouddesk.language.scan import Item
from clouddesk.language.words import words

_NODE = words(
    """
    node nodes worker workers broker brokers datanode datanodes member members executor executors slave slaves
    replica replicas shards peers wrokers wokers worekrs agents regionservers follower followers
    """
)
_HEAD = words(
    """
    master masters head heads driver drivers controller controllers coordinator coordinators namenode namenodes
    scheduler schedulers leader leaders manager managers primary control
    """
)
_MACHINE = words(
    """
    vm vms box boxes machine machines instance instances server servers host hosts container containers desktop
    desktops pc pcs computer computers system systems workstation workstations guest guests vps rigs rig boxen
    notebook notebooks ones pieces piece copies copy units times nos nos. no
    """
)
_DUAL = {"dual": 2, "twin": 2, "double": 2, "quad": 4}
_GPU = words("gpu gpus card cards accelerator accelerators")
_BARRIERS = words(
    """
    for with on in and or to at from that until which , . ; : ? ! ( ) but as is are per each while by plus minus
    more extra & / than = + if so then when there can could please
    """
)
_PRONOUN_BEFORE = words(
    """
    the this that which any some every another old new big small bigger smaller spot last first cheap cheaper
    other wrong right no my your spare same
    """
)
_PER = words("each per apiece every")


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
        if _ends_range(items, index):
            continue
        role = _role(items, index + 2) if _ends_range(items, index + 2) else _role(items, index)
        if item.word and role not in ("head", "gpu"):
            continue
        counted = replace(item, value=1) if item.word else item
        {"head": heads, "node": workers, "machine": machines, "gpu": gpus}.get(role, []).append(counted)
    heads += [replace(item, value=1) for index, item in enumerate(items) if _is_bare_head(items, index)]
    gpu = _chosen(gpus) or _single_gpu(items, intent)
    total = _total(items)
    if (
        total
        and intent in ("create_cluster", "inform", "quote_price", "correct")
        and (workers or heads or intent == "create_cluster")
    ):
        return Counts(nodes=total, gpus=gpu)
    if intent == "create_vm" and gpus and workers and workers[0].start == gpus[0].start:
        workers = []
    if workers and intent == "create_vm" and not heads:
        return Counts(vms=_chosen(machines) or workers[0], gpus=gpu)
    if workers:
        nodes = workers[-1] if intent == "correct" else _first(workers)
        if heads:
            nodes = replace(
                nodes, value=nodes.value + sum(head.value for head in heads[:1]), start=min(heads[0].start, nodes.start)
            )
        return Counts(nodes=nodes, gpus=gpu)
    machine = _chosen(machines) or _fallback(items, intent)
    if machine and (intent == "create_cluster" or (intent == "quote_price" and _is_cluster(items))):
        return Counts(nodes=machine, gpus=gpu)
    return Counts(vms=machine, gpus=gpu)


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


_GROUP = ("a pair", "a couple", "half a dozen", "a dozen", "pair", "couple", "dozen")


def _fallback(items: Sequence[Item], intent: str) -> Item | None:
    """A bare number that can only be a count: "a ring of 5", "two from win-ci", "a pair"."""
    for index, item in enumerate(items):
        if item.kind != "number":
            continue
        before, after = [other.word for other in items[max(0, index - 3) : index]], items[index + 1 : index + 2]
        next_word = after[0].word if after else ""
        next_kind = after[0].kind if after else ""
        if intent == "create_cluster":
            if (before[-1:] == ["of"] and set(before) & {"ring", "cluster", "set", "fleet", "farm", "group"}) or before[
                -1:
            ] == ["("]:
                return item
            if item.value > 1 and (
                next_word in ("with", "joined", "please", "is", "would", "each", "of", "x", "small", "little")
                or next_kind in ("gb", "memory_gb", "storage_gb", "vcpus")
            ):
                return item
        if intent == "use_template" and (
            next_word in ("from", "of", "more", "times", "copies", ",", "") or before[-1:] in (["x"], ["just"])
        ):
            return item
        if (
            intent == "inform"
            and (item.hint in _GROUP or (item.hint == "one" and before[-1:] == ["just"]))
            and next_word in ("", ".", ",", "!", "please", "pls", "of")
        ):
            return item
    return None


def _is_cluster(items: Sequence[Item]) -> bool:
    return any(item.word in ("cluster", "clusters", "ring", "nodes") for item in items)


def _ends_range(items: Sequence[Item], index: int) -> bool:
    """Whether the number is the upper bound of "6 to 8"; "from 6 to 8" is a change, and 8 counts."""
    if not 2 <= index < len(items) or items[index].kind != "number" or items[index - 2].kind != "number":
        return False
    return items[index - 1].word in ("to", "-", "–", "or") and not (index > 2 and items[index - 3].word == "from")


def _role(items: Sequence[Item], index: int) -> str:
    """What the number at ``index`` counts: "node", "head", "machine", "gpu" or nothing."""
    item = items[index]
    after = [*items[index + 1 : index + 7]]
    is_article = bool(item.word)
    if (
        not is_article
        and item.hint in ("one", "1", "a single", "single")
        and index
        and items[index - 1].word in _PRONOUN_BEFORE
    ):
        return ""
    if after and after[0].word in ("-", "*"):
        after = after[1:]
    is_times = bool(after and after[0].word == "x")
    if is_times:
        after = after[1:]
    seen_gpu: Item | None = None
    seen_named = False
    for position, other in enumerate(after):
        word = other.word
        if other.kind == "gpu_type":
            seen_gpu = other
            continue
        if word in _NODE:
            return "gpu" if seen_gpu and is_times and not word.endswith("s") else "node"
        if word in _HEAD:
            return "head"
        if word in _GPU or word == "graphics":
            seen_gpu = other
            continue
        if word in _MACHINE:
            if seen_gpu and (is_article or is_times or not word.endswith("s")):
                return "gpu"
            return "machine" if not is_article else ""
        if (
            word in ("nos", "no's", "no", "pieces", "pcs")
            and position < 2
            and any(later.word in _MACHINE | _NODE for later in after[position + 1 : position + 6])
        ):
            continue
        if word == "." and position and after[position - 1].word in ("nos", "no"):
            continue
        if other.kind == "provider" and other.hint in ("droplet", "droplets", "linode", "linodes"):
            return "machine"
        if (word == "of" and position == 0) or word in ("them", "those", "these"):
            if word != "of":
                return "machine"
            continue
        if other.kind in ("size_name", "os", "software", "provider"):
            seen_named = True
            if other.kind == "provider":
                continue
            continue
        if other.kind in ("gb", "memory_gb", "storage_gb", "vcpus", "spot", "region"):
            seen_named = seen_named or is_times
            continue
        if word in _BARRIERS or other.kind in ("number", "duration", "until", "price"):
            break
    if seen_gpu:
        return "gpu"
    if is_article:
        return ""
    if is_times or (index and items[index - 1].word in ("x", "×")):
        before = items[index - 2].kind if index > 1 else ""
        return "gpu" if before == "gpu_type" else "machine"
    if (
        after
        and after[0].word in _PER
        and any(other.kind == "gpu_type" or other.word in _GPU for other in items[:index])
    ):
        return "gpu"
    if after and (
        after[0].kind in ("size_name", "os") or (after[0].kind in ("software", "provider") and item.value > 1)
    ):
        return "machine"
    if seen_named and after and after[0].word in ("x", "×", "of"):
        return "machine"
    before_words = [other.word for other in items[max(0, index - 3) : index]]
    if before_words and (before_words[-1] in (":", "=") and any(word in _NODE for word in before_words)):
        return "node"
    if (
        index
        and any(word == "just" for word in before_words)
        and index > 1
        and any(other.kind == "gpu_type" for other in items[max(0, index - 4) : index])
    ):
        return "gpu"
    return ""


def _is_bare_head(items: Sequence[Item], index: int) -> bool:
    """ "master and two slaves": a head without a number or an article."""
    if items[index].word not in _HEAD or items[index].word.endswith("s"):
        return False
    before = items[index - 1] if index else None
    after = items[index + 1].word if index + 1 < len(items) else ""
    return (before is None or (before.word not in ("a", "an", "one") and before.kind != "number")) and after in (
        "and",
        "&",
        "plus",
        "+",
        ",",
        "with",
    )


def _is_article_head(items: Sequence[Item], index: int) -> bool:
    return items[index].word in ("a", "an") and _role(items, index) == "head"


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
        if is_word and index and items[index - 1].word in ("no", "without", "any", "negated", "per", "non"):
            continue
        return replace(item, value=1)
    return None


def _asks_for_one(items: Sequence[Item], index: int, intent: str) -> bool:
    """In a request a model's name is enough; elsewhere it must be "an A100" or "an A100 box"."""
    if intent.startswith("create"):
        return True
    before = {other.word for other in items[max(0, index - 2) : index]}
    return bool(before & {"a", "an", "single"}) or (index + 1 < len(items) and items[index + 1].word in _MACHINE)


def _target(items: Sequence[Item]) -> Item | None:
    """The number said for a resize: the one after "to" where there is one."""
    numbers = [index for index, item in enumerate(items) if item.kind == "number"]
    numbers = [
        index
        for index in numbers
        if not (index and items[index - 1].word in ("from", "of", "#", "than", "step", "epoch", "port", "version"))
    ]
    for index in numbers:
        before = {other.word for other in items[max(0, index - 2) : index]}
        if before & {"to", "into", "at"}:
            return items[index]
    total = _total(items)
    if total:
        return total
    heads = [index for index in numbers if _role(items, index) == "head"]
    if heads or any(_is_bare_head(items, index) or _is_article_head(items, index) for index in range(len(items))):
        workers = [items[index] for index in numbers if _role(items, index) == "node"]
        if workers:
            return replace(workers[0], value=workers[0].value + 1)
    for index in numbers:
        following = items[index + 1].word if index + 1 < len(items) else ""
        if following in ("of", "is", "are") and items[index].value > 1 and index:
            return items[index]
    for index in numbers:
        role = _role(items, index)
        if role in ("node", "machine", "head"):
            return items[index]
    return items[numbers[0]] if numbers else None
