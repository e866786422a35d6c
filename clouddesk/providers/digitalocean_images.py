"""Images of droplets' disks: snapshots, which have no tags when they are made, so that their names tell whose they are.

A snapshot is listed when it is done; until then, and when it fails, only the droplet's action tells of it. It is read
as one of the account's own images, which every token may that can make droplets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clouddesk.model.errors import RequestRejected
from clouddesk.model.node import AVAILABLE, ERROR, PENDING, STOPPED, Belonging, Node, NodeImage, NodeOrder
from clouddesk.providers.cloud import IMAGE, in_parallel
from clouddesk.providers.digitalocean_driver import DropletDriver
from clouddesk.providers.named_facts import read, written
from clouddesk.providers.specs.digitalocean import DIGITALOCEAN

_KIND, _FACTS = "clouddesk-image", 5
_LIST = "/v2/images?private=true"
_STATES = {"available": AVAILABLE, "new": PENDING, "pending": PENDING}
ACTION = "snapshot"
_NOT_YET = "action-"


@dataclass(frozen=True)
class Snapshot:
    """A droplet's snapshot of ours."""

    image: NodeImage
    regions: tuple[str, ...]
    reservation_id: str
    owner: str


def name_of(order: NodeOrder, node: Node) -> str:
    """The snapshot's."""
    return written(_KIND, order.installation, order.reservation_id, node.key, node.id, order.owner)


def listed(driver: DropletDriver, installation: str) -> list[Snapshot]:
    """All of the installation, oldest first."""
    found = []
    for item in sorted(driver.read_all(_LIST, "images"), key=_age):
        facts = read(_KIND, str(item["name"]), _FACTS)
        if facts and facts[0] == installation:
            _, reservation_id, key, node_id, owner = facts
            state = _STATES.get(str(item["status"]).lower(), ERROR)
            image = NodeImage(str(item["id"]), key, state, float(item["size_gigabytes"] or 0), node_id)
            found.append(Snapshot(image, tuple(item["regions"]), reservation_id, owner))
    return found


def pending(driver: DropletDriver, nodes: Iterable[Node], known: Iterable[NodeImage]) -> list[NodeImage]:
    """What is being made of these droplets, of which no image is known."""
    done = {image.node_id for image in known}
    open_ = [node for node in nodes if node.state == STOPPED and node.id not in done]
    busy = in_parallel(DIGITALOCEAN.name, lambda node: driver.under_way(node.id, ACTION), open_)
    return [
        NodeImage(f"{_NOT_YET}{action}", node.key, PENDING, 0.0, node_id=node.id)
        for node, action in zip(open_, busy, strict=True)
        if action
    ]


def delete(driver: DropletDriver, ids: Iterable[str]) -> None:
    """What is still being made can be deleted only when it is done."""
    for id_ in ids:
        if not id_.startswith(_NOT_YET):
            driver.end("images", id_)


def number(id_: str) -> int:
    """As orders name an image. Raises RequestRejected."""
    if not id_.isdigit():
        raise RequestRejected(DIGITALOCEAN.name, f"the image {id_} is not done yet")
    return int(id_)


def belongings(driver: DropletDriver, installation: str) -> list[Belonging]:
    """All snapshots of the installation."""
    return [
        Belonging(found.image.id, IMAGE, next(iter(found.regions), ""), found.reservation_id, found.owner)
        for found in listed(driver, installation)
    ]


def _age(item: dict[str, Any]) -> tuple[str, str]:
    return str(item["created_at"]), str(item["id"])
