"""From a machine to a cluster and back: what of an open request still applies, and whether a message means that."""

from __future__ import annotations

import re
from typing import Any

from actions.turn import Turn
from clouddesk.model.request import CLUSTER, VM

_STAYS = (
    "duration_seconds",
    "until",
    "region",
    "excluded_regions",
    "providers",
    "os",
    "vcpus",
    "memory_gb",
    "storage_gb",
    "gpu_count",
    "gpu_types",
    "size_names",
    "excluded_sizes",
    "max_hourly_price_usd",
    "spot",
    "open_to",
    "open_ports",
)
"""What is said of each machine or of the time holds for the other kind too; a number of machines, software and a
name do not."""
_REVISES = re.compile(
    r"\b(?:actually|instead|rather|wait|scratch that|change (?:it|that|this)|switch|turn (?:it|that|this) into"
    r"|make (?:it|that|this)|i meant|on second thoughts?|changed my mind|better|sorry|nah|no)\b"
)
_BESIDES = re.compile(
    r"\b(?:first|before that|before(?=[ ,.!]*$)|in the meantime|meanwhile|also|as well|too|another|additional(?:ly)?"
    r"|besides|separate(?:ly)?|in addition|on top|a new|new one)\b"
)
_SECOND = re.compile(
    r"\b(?:also|as well|besides|separate(?:ly)?|additional(?:ly)?|in addition|on top|before that|meanwhile"
    r"|in the meantime)\b"
)
""" "A new cluster" is no second one while it is asked what the first is for."""
_A_VM = re.compile(
    r"\b(?:just|only|single|plain|simple|normal|standalone|regular|ordinary)\s+"
    r"(?:an?\s+|one\s+|single\s+|plain\s+|ordinary\s+|normal\s+)*"
    r"(?:vm|virtual machine|machine|server|box|instance)\b"
    r"|\ban?\s+(?:[\w.-]+\s+)?(?:vm|virtual machine)\b|\bvms? (?:instead|rather)\b"
)
_PLAIN_MACHINES = re.compile(
    r"\b(?:plain|simple|normal|standalone|regular|ordinary|bare)\s+(?:linux\s+)?"
    r"(?:vms?|virtual machines?|machines?|servers?|boxe?s?|instances?)\b"
)
_ONE = re.compile(r"\b(?:vm|machine|server|box|instance|computer|one)\b")
_NOTHING_ON_IT = re.compile(
    r"(?:(?:no|nah|nope|oh|ok|okay|well|please|then|i (?:just )?(?:want|need|meant)|just|only|simply|of|with|the|it'?s"
    r"|make (?:it|them|that))[ ,]+)*"
    r"(?:(?:plain|bare|empty|simple|normal|ordinary|regular|linux|some)\s+)*"
    r"(?:(?:vms?|virtual machines?|machines?|servers?|box(?:es)?|instances?|computers?)"
    r"(?: (?:only|without (?:any )?software|with nothing (?:on (?:it|them)|installed)))?"
    r"|(?:no|(?:i |we )?(?:do not|don'?t|dont) (?:need|want)(?: any)?) (?:software|applications?|apps?|programs?)"
    r"|without (?:any )?software|nothing (?:special|on (?:it|them)"
    r"|in particular|installed|at all)|(?:plain|bare|empty) ones?|plain|bare|linux)"
    r"(?:[ ,]+(?:please|pls|thanks|then|at all|needed|is fine|will do|on (?:it|them)|really))*"
)
""" "Just plain machines", "no software": asked what should run on a cluster."""
_ONLY_ONE = re.compile(r"^(?:(?:no|nah|nope|ok|okay|hmm|well|please|then|oh)[ ,]+)*(?:just|only)\b")
_ONE_MORE = re.compile(
    r"\b(?:an?|another|one more)\s+(?:[\w.+-]+\s+){0,3}(?:vm|virtual machine|machine|server|box|cluster)\b"
)
_A_CLUSTER = re.compile(r"(?<!instead of )(?<!instead of a )(?<!not )(?<!not a )(?<!no )\bcluster\b")

_INSTALLED = re.compile(r"\b(?:with|and|install(?:ed)?|plus|including|on it|on them)\b")


def kept_of(before: dict[str, Any]) -> dict[str, Any]:
    """What of the request applies to another kind: a cluster runs what the machine was for."""
    stays = ("software", *_STAYS) if before.get("kind") == VM else _STAYS
    return {field: before[field] for field in stays if before.get(field)}


def says_vm(turn: Turn) -> bool:
    """Whether it is a machine by its word: "a postgres vm" is no cluster."""
    return not turn.is_button and bool(_A_VM.search(turn.text.lower()))


def says_machines(turn: Turn) -> bool:
    """Whether it is machines with nothing on them: "just one ordinary machine", "plain vms"."""
    text = turn.text.lower()
    return not turn.is_button and bool(_A_VM.search(text) or _PLAIN_MACHINES.search(text))


def says_nothing_on_it(turn: Turn) -> bool:
    """Whether the answer to what a cluster is for is that nothing runs on it: "no software", "of vms"."""
    text = " ".join(turn.text.lower().replace("’", "'").strip(" .!").split())
    return not turn.is_button and _NOTHING_ON_IT.fullmatch(text) is not None


def count_kept(turn: Turn, before: dict[str, Any], kind: str | None) -> dict[str, Any]:
    """As many machines as the cluster would have had, unless it is to be one: "just plain machines", "no software"."""
    is_from_cluster = kind == VM and before.get("kind") == CLUSTER and before.get("count")
    return {"count": before["count"]} if is_from_cluster and not _ONE.search(turn.text.lower()) else {}


def revises(turn: Turn) -> bool:
    """Whether a wish for machines changes the open one ("actually a spark cluster") instead of being a new one."""
    text = turn.text.lower()
    if turn.is_button or _BESIDES.search(text):
        return False
    # "Just one ordinary machine", after a cluster.
    is_only_that = (turn.request or {}).get("kind") == CLUSTER and _ONLY_ONE.search(text) and says_machines(turn)
    return bool(_REVISES.search(text) or is_only_that)


def is_besides(turn: Turn) -> bool:
    """Whether it comes before or beside the open one: "first a small vm", "also a kafka cluster"."""
    return not turn.is_button and bool(_BESIDES.search(turn.text.lower()))


def is_second(turn: Turn) -> bool:
    """Whether it can only come beside the open one: "also get me a kafka cluster"."""
    return not turn.is_button and bool(_SECOND.search(turn.text.lower()))


def asks_for_second(turn: Turn) -> str | None:
    """The kind of what is wanted beside the open one ("also a cluster"), though it was taken for a change."""
    text = turn.text.lower()
    if not is_second(turn) or not _ONE_MORE.search(text):
        return None
    return CLUSTER if _A_CLUSTER.search(text) else VM


def kind_said(turn: Turn, before: dict[str, Any], said: dict[str, Any], *, has_blueprint: bool) -> str | None:
    """The other kind, when the message turns the open request into it."""
    text, kind = turn.text.lower(), before.get("kind")
    if turn.is_button or kind is None:
        return None
    is_of_nodes = turn.one_of("node_count") is not None
    is_software = has_blueprint and (is_of_nodes or not _INSTALLED.search(text))
    if kind == VM and (is_software or _A_CLUSTER.search(text)) and not turn.one_of("vm_count"):
        return CLUSTER
    if kind == CLUSTER and not said.get("software") and says_machines(turn) and not _A_CLUSTER.search(text):
        return VM
    return None
