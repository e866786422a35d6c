"""Images of servers' disks at OpenStack: Nova writes them to Glance, under names that tell whose they are.

Properties would not do: Nova hands an image's down to the servers that are made from it, and on to whatever images
people make of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import RequestRejected
from clouddesk.model.invalid import CannotArchive
from clouddesk.model.node import AVAILABLE, ERROR, PENDING, Node, NodeImage, NodeOrder
from clouddesk.providers.cloud import Image
from clouddesk.providers.named_facts import read, written
from clouddesk.providers.openstack_driver import COMPUTE, CONFLICT, IMAGE, OpenStackDriver
from clouddesk.providers.openstack_machine import is_writing_image
from clouddesk.providers.specs.openstack import OPENSTACK

Item = dict[str, Any]

_IMAGE, _USED, _FACTS = "clouddesk-image", "clouddesk-disk", 5
"""The second is what an image is called that is set aside."""
_PATH = "/images"
_STATES = dict.fromkeys(("queued", "saving", "uploading", "importing"), PENDING) | {"active": AVAILABLE}
_GB = 2**30


@dataclass(frozen=True)
class DiskImage:
    """An image of an installation's."""

    image: NodeImage
    installation: str
    reservation_id: str
    owner: str
    is_set_aside: bool
    """Its deletion was refused, since a machine's disk stands on it."""


class Disks:
    """One region's, through a thread's own driver."""

    def __init__(self, driver: OpenStackDriver, region: str, installation: str) -> None:
        self._driver = driver
        self._region = region
        self._installation = installation

    def listed(self) -> list[DiskImage]:
        """All of the installation, oldest first; none in a region without images, where no machine can be made."""
        if not self._driver.has(IMAGE, self._region):
            return []
        query = {"owner": str(self._driver.project["id"])}
        found = self._driver.list(IMAGE, self._region, _PATH, "images", query)
        told = map(_told, sorted(found, key=lambda item: (str(item["created_at"]), str(item["id"]))))
        return [disk for disk in told if disk and disk.installation == self._installation]

    def keep(self, order: NodeOrder, node: Node) -> None:
        """Raises CannotArchive for a server on a volume, whose image would be nothing but a name of its snapshot.

        While Nova is making another image it refuses, as for all that is under way.
        """
        path = f"/servers/{node.id}"
        found = self._driver.find(COMPUTE, self._region, path)
        if found is None:
            return
        if not found["server"]["image"]:
            raise CannotArchive(order.name, provider=OPENSTACK.name)
        name = written(_IMAGE, order.installation, order.reservation_id, node.key, node.id, order.owner)
        self._driver.ask(COMPUTE, self._region, f"{path}/action", "POST", {"createImage": {"name": name}})

    def delete(self, ids: Iterable[str]) -> None:
        """Where images are Ceph's, one is in use while there is a machine from it: it is set aside until then."""
        for id_ in ids:
            self._delete(f"{_PATH}/{id_}")

    def find(self, order: NodeOrder, id_: str, system: str) -> Image:
        """To make a machine from. Raises RequestRejected when it is not there, not done, or not the reservation's."""
        item = self._driver.find(IMAGE, self._region, f"{_PATH}/{id_}") or {}
        told = _told(item)
        if told is None or (told.installation, told.reservation_id) != (order.installation, order.reservation_id):
            raise RequestRejected(OPENSTACK.name, f"the image {id_} is not there")
        if told.image.state != AVAILABLE:
            raise RequestRejected(OPENSTACK.name, f"the image {id_} is {item['status']}")
        return Image(id=id_, system=system, least_disk_gb=int(item.get("min_disk") or 0))

    def _delete(self, path: str) -> None:
        try:
            self._driver.delete(IMAGE, self._region, path)
        except BaseHTTPError as error:
            if error.code != CONFLICT:
                raise
            self._set_aside(path)

    def _set_aside(self, path: str) -> None:
        found = self._driver.find(IMAGE, self._region, path)
        name = str(found["name"]) if found else ""
        if name.startswith(f"{_IMAGE}:"):
            change = {"op": "replace", "path": "/name", "value": _USED + name.removeprefix(_IMAGE)}
            self._driver.ask(IMAGE, self._region, path, "PATCH", [change])


def settled(disks: Iterable[DiskImage], servers: Collection[Item]) -> list[NodeImage]:
    """A reservation's images beside its servers.

    Those are pending of which Nova is not done: it deletes an image whose server is ended before. What is set aside is
    for the teardown, when no server is left.
    """
    writing = {str(item["id"]) for item in servers if is_writing_image(item)}
    return [
        replace(disk.image, state=PENDING)
        if disk.image.state == AVAILABLE and disk.image.node_id in writing
        else disk.image
        for disk in disks
        if not (disk.is_set_aside and servers)
    ]


def _told(item: Item) -> DiskImage | None:
    """None for what somebody else made."""
    name = str(item.get("name") or "")
    set_aside = read(_USED, name, _FACTS)
    facts = set_aside or read(_IMAGE, name, _FACTS)
    if not facts:
        return None
    installation, reservation_id, key, node_id, owner = facts
    state = _STATES.get(str(item["status"]), ERROR)
    image = NodeImage(str(item["id"]), key, state, (item.get("size") or 0) / _GB, node_id)
    return DiskImage(image, installation, reservation_id, owner, bool(set_aside))
