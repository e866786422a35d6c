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
from clouddesk.providers.answers import is_about
from clouddesk.providers.cloud import Image
from clouddesk.providers.named_facts import read, written
from clouddesk.providers.openstack_driver import COMPUTE, CONFLICT, IMAGE, OpenStackDriver
from clouddesk.providers.specs.openstack import OPENSTACK

Item = dict[str, Any]

_KIND, _FACTS = "clouddesk-image", 5
_PATH = "/images"
_STATES = dict.fromkeys(("queued", "saving", "uploading", "importing"), PENDING) | {"active": AVAILABLE}
_GB = 2**30


@dataclass(frozen=True)
class DiskImage:
    """An image of ours."""

    image: NodeImage
    reservation_id: str
    owner: str


class Disks:
    """One region's, through a thread's own driver."""

    def __init__(self, driver: OpenStackDriver, region: str, installation: str) -> None:
        self._driver = driver
        self._region = region
        self._installation = installation

    def listed(self) -> list[DiskImage]:
        """All of the installation, oldest first."""
        query = {"owner": str(self._driver.project["id"])}
        found = self._driver.list(IMAGE, self._region, _PATH, "images", query)
        told = [_told(item) for item in sorted(found, key=lambda item: (str(item["created_at"]), str(item["id"])))]
        return [image for installation, image in filter(None, told) if installation == self._installation]

    def keep(self, order: NodeOrder, node: Node) -> None:
        """Raises CannotArchive for a server on a volume, whose image would be nothing but a name of its snapshot."""
        path = f"/servers/{node.id}"
        found = self._driver.find(COMPUTE, self._region, path)
        if found is None:
            return
        if not found["server"]["image"]:
            raise CannotArchive(order.name, provider=OPENSTACK.name)
        name = written(_KIND, order.installation, order.reservation_id, node.key, node.id, order.owner)
        try:
            self._driver.ask(COMPUTE, self._region, f"{path}/action", "POST", {"createImage": {"name": name}})
        except BaseHTTPError as error:
            if not is_about(error, CONFLICT, "task_state image_"):
                raise

    def delete(self, ids: Iterable[str]) -> None:
        """What is in use is listed still, and tried again."""
        for id_ in ids:
            self._driver.delete(IMAGE, self._region, f"{_PATH}/{id_}", is_used=True)

    def find(self, order: NodeOrder, id_: str, system: str) -> Image:
        """To make a machine from. Raises RequestRejected when it is not there, not done, or not the reservation's."""
        item = self._driver.find(IMAGE, self._region, f"{_PATH}/{id_}")
        told = _told(item) if item else None
        if (
            item is None
            or told is None
            or (told[0], told[1].reservation_id)
            != (
                order.installation,
                order.reservation_id,
            )
        ):
            raise RequestRejected(OPENSTACK.name, f"the image {id_} is not there")
        if told[1].image.state != AVAILABLE:
            raise RequestRejected(OPENSTACK.name, f"the image {id_} is {item['status']}")
        return Image(id=id_, system=system, least_disk_gb=int(item.get("min_disk") or 0))


def settled(images: Iterable[NodeImage], writing: Collection[str]) -> list[NodeImage]:
    """With those pending of which Nova is not done: it deletes an image whose server is ended before."""
    return [
        replace(image, state=PENDING) if image.state == AVAILABLE and image.node_id in writing else image
        for image in images
    ]


def _told(item: Item) -> tuple[str, DiskImage] | None:
    """The installation and the image; None for what somebody else made."""
    facts = read(_KIND, str(item.get("name") or ""), _FACTS)
    if not facts:
        return None
    installation, reservation_id, key, node_id, owner = facts
    state = _STATES.get(str(item["status"]), ERROR)
    image = NodeImage(str(item["id"]), key, state, (item.get("size") or 0) / _GB, node_id)
    return installation, DiskImage(image, reservation_id, owner)
