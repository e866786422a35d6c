"""OpenStack's servers: what is ordered of Nova, and how its answers read."""

from __future__ import annotations

import base64
import ipaddress
import math
import re
from typing import Any

from clouddesk.model import node as states
from clouddesk.model.errors import RequestRejected
from clouddesk.model.node import Node, NodeOrder, NodePlan
from clouddesk.providers import flat_tags
from clouddesk.providers.cloud import NODE, OWNER, RESERVATION, ROLE, SYSTEM, Image
from clouddesk.providers.specs.openstack import OPENSTACK
from clouddesk.providers.user_data import with_keys

Item = dict[str, Any]

_STATES = {
    "BUILD": states.PENDING,
    "REBUILD": states.PENDING,
    "UNKNOWN": states.PENDING,
    "ACTIVE": states.RUNNING,
    "REBOOT": states.RUNNING,
    "HARD_REBOOT": states.RUNNING,
    "PASSWORD": states.RUNNING,
    "RESIZE": states.RUNNING,
    "VERIFY_RESIZE": states.RUNNING,
    "REVERT_RESIZE": states.RUNNING,
    "MIGRATING": states.RUNNING,
    "RESCUE": states.RUNNING,
    "SHUTOFF": states.STOPPED,
    "PAUSED": states.STOPPED,
    "SUSPENDED": states.STOPPED,
    "SHELVED": states.STOPPED,
    "SHELVED_OFFLOADED": states.STOPPED,
    "DELETED": states.GONE,
    "SOFT_DELETED": states.GONE,
}
_TASKS = {"deleting": states.GONE, "powering-off": states.STOPPING, "powering-on": states.PENDING}
"""What is being done with a server counts before what it is."""
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_LONGEST_NAME = 63
_LONGEST_USER_DATA = 65_535


def volume_gb(order: NodeOrder, image: Image, flavor: Item) -> int:
    """How large a volume the machine starts from; 0: the flavor's own disk is large enough."""
    wanted_gb = math.ceil(max(order.disk_gb, image.least_disk_gb, 1))
    return 0 if flavor["disk"] >= wanted_gb else wanted_gb


def body(order: NodeOrder, plan: NodePlan, image: Image, flavor: Item, *, port: str) -> Item:
    """One server, on a port that is made already. Its disk is the flavor's own, or a volume where that is too small.

    The keys are in its user data: Nova itself takes one only.
    """
    server: Item = {
        "name": _name(order, plan),
        "flavorRef": flavor["id"],
        "networks": [{"port": port}],
        "tags": [*flat_tags.of_order(order, plan), *flat_tags.written({SYSTEM: image.system})],
    }
    wanted_gb = volume_gb(order, image, flavor)
    if not wanted_gb:
        server["imageRef"] = image.id
    else:
        server["block_device_mapping_v2"] = [
            {
                "boot_index": 0,
                "uuid": image.id,
                "source_type": "image",
                "destination_type": "volume",
                "volume_size": wanted_gb,
                "delete_on_termination": True,
            }
        ]
    told = with_keys(order.user_data, order.public_keys, login=OPENSTACK.images[image.system].login)
    if told:
        server["user_data"] = base64.b64encode(told.encode()).decode()
        if len(server["user_data"]) > _LONGEST_USER_DATA:
            raise RequestRejected(
                OPENSTACK.name, "what the machine is told at its first start is too long for OpenStack"
            )
    return {"server": server}


def node(item: Item, region: str) -> Node:
    facts = flat_tags.read(item.get("tags") or [])
    public, private = _addresses(item)
    image = OPENSTACK.images.get(facts.get(SYSTEM, ""))
    return Node(
        id=str(item["id"]),
        key=facts.get(NODE, ""),
        role=facts.get(ROLE, ""),
        state=_TASKS.get(item.get("OS-EXT-STS:task_state") or "", _STATES.get(item["status"], states.ERROR)),
        provider=OPENSTACK.name,
        region=region,
        size=str(item["flavor"]["original_name"]),
        address=public,
        private_address=private,
        reservation_id=facts.get(RESERVATION, ""),
        login=image.login if image else "root",
        owner=facts.get(OWNER, ""),
    )


def accepted(id_: str, order: NodeOrder, plan: NodePlan, image: Image) -> Node:
    """One that Nova has just said yes to, of which its answer tells the id only."""
    return Node(
        id=id_,
        key=plan.key,
        role=plan.role,
        state=states.PENDING,
        provider=OPENSTACK.name,
        region=order.region,
        size=order.size,
        reservation_id=order.reservation_id,
        login=OPENSTACK.images[image.system].login,
        owner=order.owner,
    )


def is_placed(item: Item) -> bool:
    """Whether it is known if there is a host for it."""
    return item["status"] != "BUILD" or (item.get("OS-EXT-STS:task_state") or "") != "scheduling"


def is_writing_image(item: Item) -> bool:
    """Whether Nova is making an image of its disk."""
    return str(item.get("OS-EXT-STS:task_state") or "").startswith("image_")


def failure(item: Item) -> str:
    """Why there is no host for it, "" when it has not failed for that."""
    said = str((item.get("fault") or {}).get("message", ""))
    return said if item["status"] == "ERROR" and re.search(r"no valid host", said, re.IGNORECASE) else ""


def _addresses(item: Item) -> tuple[str | None, str | None]:
    """The public one and the private one; of the newer kind only where there is nothing else."""
    found = [entry for entries in (item.get("addresses") or {}).values() for entry in entries]
    found.sort(key=lambda entry: (entry["version"], entry.get("OS-EXT-IPS:type") != "floating"))
    is_private = {entry["addr"]: _is_private(entry["addr"]) for entry in found}
    floating = [entry["addr"] for entry in found if entry.get("OS-EXT-IPS:type") == "floating"]
    public = floating + [address for address in is_private if not is_private[address]]
    private = [address for address in is_private if is_private[address] and address not in floating]
    return next(iter(public), None), next(iter(private), None)


def _is_private(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in _PRIVATE if network.version == parsed.version)


def _name(order: NodeOrder, plan: NodePlan) -> str:
    """Which clouds make the machine's host name too."""
    text = re.sub(r"[^A-Za-z0-9]+", "-", f"{order.name}-{plan.key}").strip("-")
    return text[:_LONGEST_NAME].rstrip("-") or "clouddesk"
