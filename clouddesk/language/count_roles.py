"""What a number counts: nodes, heads of a cluster, machines, GPUs, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from clouddesk.language.scan import Item
from clouddesk.language.words import words

NODES = words(
    """
    node nodes worker workers broker brokers datanode datanodes member members executor executors slave slaves
    replica replicas shards peers wrokers wokers worekrs agents regionserver regionservers follower followers
    taskmanager taskmanagers secondary secondaries segment segments bookies standby standbys nods nodez ndoes brokrs
    """
)
HEADS = words(
    """
    master masters head heads driver drivers controller controllers coordinator coordinators namenode namenodes
    scheduler schedulers leader leaders manager managers primary control jobmanager jobmanagers hub webserver mastr
    """
)
MACHINES = words(
    """
    vm vms box boxes machine machines instance instances server servers host hosts container containers desktop
    desktops pc pcs computer computers system systems workstation workstations guest guests vps rigs rig boxen
    notebook notebooks ones pieces piece copies copy units times nos nos. no boxs devbox devboxes runner runners
    client clients environment environments generator generators vsm jumphost
    """
)
_GPU = words("gpu gpus card cards accelerator accelerators")
_BARRIERS = words(
    """
    for with on in and or to at from that until which , . ; : ? ! ( ) but as is are per each while by plus minus
    more extra & / than = + if so then when there can could please
    """
)
PRONOUN_BEFORE = words(
    """
    the this that which any some every another old new big small bigger smaller spot last first cheap cheaper
    other wrong right no my your spare same
    """
)
_PER = words("each per apiece every")


def ends_range(items: Sequence[Item], index: int) -> bool:
    """Whether the number is the upper bound of "6 to 8"; "from 6 to 8" is a change, and 8 counts."""
    if not 2 <= index < len(items) or items[index].kind != "number" or items[index - 2].kind != "number":
        return False
    lower = items[index - 3].word if index > 2 else ""
    link = items[index - 1].word
    return (link in ("to", "-", "–", "or") and lower != "from") or (link == "and" and lower == "between")


def role_of(items: Sequence[Item], index: int) -> str:
    """What the number at ``index`` counts: "node", "head", "machine", "gpu" or nothing."""
    item = items[index]
    after = [*items[index + 1 : index + 7]]
    is_article = bool(item.word)
    if (
        not is_article
        and item.hint in ("one", "a single", "single")
        and index
        and items[index - 1].word in PRONOUN_BEFORE
        and not (index > 1 and items[index - 2].word in ("just", "only"))
    ):
        return ""
    is_inside = item.value == 1 and index > 0 and items[index - 1].word in ("in", "on", "into")
    if is_inside and any(other.kind == "gpu_type" for other in items[:index]):
        return ""  # "four A100 in one server" asks for the cards
    if after and after[0].word in ("more", "extra", "additional", "further", "new"):
        after = after[1:]
    if after and after[0].word in ("-", "*"):
        after = after[1:]
    is_times = bool(after and after[0].word == "x")
    if is_times:
        after = after[1:]
    seen_gpu: Item | None = None
    seen_named = seen_machine = False
    for position, other in enumerate(after):
        word = other.word
        if other.kind == "gpu_type":
            seen_gpu = other
            continue
        if word in NODES:
            return "gpu" if seen_gpu and is_times and not word.endswith("s") else "node"
        if word in HEADS or (
            word == "name" and after[position + 1 : position + 2] and after[position + 1].word == "node"
        ):
            return "head"
        if word in ("pieces", "piece", "pcs", "units") and any(
            later.kind == "gpu_type" for later in after[position + 1 :]
        ):
            return "gpu"
        if word in _GPU or word == "graphics":
            seen_gpu = other
            continue
        if word in MACHINES:
            if seen_gpu and (is_article or is_times or not word.endswith("s")):
                return "gpu"
            return "machine" if not is_article else ""
        if (
            word in ("nos", "no's", "no", "pieces", "pcs")
            and position < 2
            and any(later.word in MACHINES | NODES for later in after[position + 1 : position + 6])
        ):
            continue
        if word == "." and position and after[position - 1].word in ("nos", "no"):
            continue
        if other.kind == "provider" and other.hint in ("droplet", "droplets", "linode", "linodes"):
            return "machine"
        if (word == "of" and position == 0) or (word in ("'", "those") and position == 1):
            continue
        if word in ("them", "em", "those", "these"):
            if any(later.word in NODES for later in after[position + 1 : position + 2]):
                return "node"
            near = [*items[max(0, index - 2) : index], *after[position + 1 : position + 3]]
            return "gpu" if any(other.kind == "gpu_type" for other in near) else "machine"
        if other.kind in ("size_name", "os", "software", "provider"):
            seen_named = True
            seen_machine = seen_machine or other.kind in ("size_name", "os")
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
    if seen_machine and (item.value > 1 or item.hint == "one"):
        return "machine"
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
    if before_words and (before_words[-1] in (":", "=", "to", "-", "count") or before_words[-1] in NODES):
        if any(word in NODES and word.endswith("s") for word in before_words):
            return "node"
        if before_words[-1] in (":", "=", "-") and any(word in MACHINES for word in before_words):
            return "machine"
    if (
        index
        and any(word == "just" for word in before_words)
        and index > 1
        and any(other.kind == "gpu_type" for other in items[max(0, index - 4) : index])
    ):
        return "gpu"
    return ""


def is_bare_head(items: Sequence[Item], index: int) -> bool:
    """ "master and two slaves": a head without a number or an article."""
    if items[index].word not in HEADS or items[index].word.endswith("s"):
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


def is_article_head(items: Sequence[Item], index: int) -> bool:
    return items[index].word in ("a", "an") and role_of(items, index) == "head"
