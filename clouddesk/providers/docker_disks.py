"""What nodes had on their disks, as images of the engine: what is written of them, and told, is their labels and tags.

An image that a node was made from is part of that node's disk, and cannot go before it. So one that is deleted while
its node is there only loses its name, gets another by which it is not found as a kept one, and goes with the rest of
the reservation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any

from docker import APIClient
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.node import AVAILABLE, Belonging, Node, NodeImage, NodeOrder
from clouddesk.providers.cloud import IMAGE, MACHINE, NODE, OWNER, RESERVATION
from clouddesk.providers.docker_engine import connect, engine_errors

KEPT, _IN_USE = "clouddesk/kept", "clouddesk/disk"
_KEEP_SECONDS = 1800
"""All that a node wrote is copied, while the engine says nothing."""
_GONE, _CONFLICT = 404, 409
_GB = 10**9

Item = dict[str, Any]


def keep(address: str, order: NodeOrder, node: Node) -> None:
    """With all labels of the node. One of the same node that somebody else has just made is replaced."""
    facts = "\n".join((order.installation, order.reservation_id, node.key, node.id))
    engine = connect(address, timeout_seconds=_KEEP_SECONDS)
    try:
        with engine_errors():
            tag = sha256(facts.encode()).hexdigest()[:24]
            engine.commit(node.id, repository=KEPT, tag=tag, conf={"Labels": {MACHINE: node.id}})
    finally:
        engine.close()


def kept(engine: APIClient, labels: Mapping[str, str]) -> list[NodeImage]:
    """Those that carry the labels, oldest first."""
    return [
        NodeImage(
            id=name,
            key=item["Labels"].get(NODE, ""),
            state=AVAILABLE,
            size_gb=item["Size"] / _GB,
            node_id=item["Labels"].get(MACHINE, ""),
        )
        for item in _listed(engine, labels)
        for name in _names(item, KEPT)
    ]


def delete(engine: APIClient, names: Collection[str]) -> None:
    """What is gone is as good."""
    for name in names:
        if not _is_removed(engine, name):
            # Only a name that is not the last one can be taken from an image which is in use.
            with engine_errors():
                engine.tag(name, _IN_USE, name.partition(":")[2])
            _is_removed(engine, name)


def clear(engine: APIClient, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Delete those that nodes were made from, once no node uses them; returns what is left of them."""

    def left() -> list[Item]:
        return [item for item in _listed(engine, labels) if not _names(item, KEPT)]

    # Newest first: one may be the ground of another.
    for item in reversed(left()):
        for name in _names(item, _IN_USE) or [item["Id"]]:
            _is_removed(engine, name)
    return tuple(str(item["Id"]) for item in left())


def belongings(engine: APIClient, labels: Mapping[str, str], region: str) -> Iterator[Belonging]:
    """All that carry the labels, kept or used."""
    for item in _listed(engine, labels):
        told = item["Labels"]
        id_ = next(iter(_names(item, KEPT)), str(item["Id"]))
        yield Belonging(id_, IMAGE, region, told.get(RESERVATION, ""), told.get(OWNER, ""))


def _is_removed(engine: APIClient, name: str) -> bool:
    """What is gone is as good; False for one that is in use."""
    try:
        with engine_errors():
            engine.remove_image(name)
    except BaseHTTPError as error:
        if error.code not in (_GONE, _CONFLICT):
            raise
        return bool(error.code == _GONE)
    return True


def _listed(engine: APIClient, labels: Mapping[str, str]) -> list[Item]:
    with engine_errors():
        found: list[Item] = engine.images(filters={"label": [f"{key}={value}" for key, value in labels.items()]})
    return sorted(found, key=lambda item: (item["Created"], item["Id"]))


def _names(item: Item, repository: str) -> list[str]:
    return [name for name in item.get("RepoTags") or () if name.startswith(f"{repository}:")]
