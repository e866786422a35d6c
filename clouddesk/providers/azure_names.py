"""What things of a reservation are called in Azure, and the tags that say whose they are. No I/O."""

from __future__ import annotations

import re
from hashlib import sha256

from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.providers.cloud import INSTALLATION, NODE, OWNER, RESERVATION, ROLE, SYSTEM

FIREWALL_NAME, NETWORK_NAME, SUBNET_NAME = "firewall", "network", "machines"
"""What a reservation's machines share, in a resource group of its own."""

_LONGEST_GROUP = 90
_LONGEST_MACHINE = 64
_LONGEST_HOST = 63
_DIGEST = 8


def group_name(installation: str, reservation_id: str, region: str) -> str:
    """The resource group of a reservation's machines in a region. Azure takes capital and small letters as the same."""
    return _unique(f"clouddesk-{installation}-{reservation_id}", _LONGEST_GROUP, installation, reservation_id, region)


def machine_name(key: str) -> str:
    """A machine's name inside its group, which follows from its key alone: who asks twice gets one machine."""
    is_fit = re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", key) and len(key) <= _LONGEST_MACHINE - _DIGEST - 2
    return key if is_fit else _unique(key, _LONGEST_MACHINE, key)


def host_name(order: NodeOrder, plan: NodePlan) -> str:
    """What the machine calls itself."""
    return _plain(f"{order.name}-{plan.key}")[:_LONGEST_HOST].strip("-") or "machine"


def group_tags(order: NodeOrder) -> dict[str, str]:
    """Tags hold any characters, up to 256 of them."""
    return {INSTALLATION: order.installation, RESERVATION: order.reservation_id, OWNER: order.owner}


def machine_tags(order: NodeOrder, plan: NodePlan, system: str) -> dict[str, str]:
    return {**group_tags(order), NODE: plan.key, ROLE: plan.role, SYSTEM: system}


def tag_filter(name: str, value: str) -> str:
    """For lists of resource groups."""
    quoted = value.replace("'", "''")
    return f"tagName eq '{name}' and tagValue eq '{quoted}'"


def _unique(words: str, longest: int, *facts: str) -> str:
    digest = sha256(repr(facts).encode()).hexdigest()[:_DIGEST]
    said = _plain(words)[: longest - _DIGEST - 1].strip("-")
    return f"{said}-{digest}" if said else f"m-{digest}"


def _plain(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
