"""Images of machines' disks at EC2: one AMI each, and the snapshots that it consists of, all with the same tags.

An AMI's name, which an account has once in a region, is a digest of the machine, so that asking twice makes one.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from hashlib import sha256
from typing import Any

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import RequestRejected
from clouddesk.model.node import AVAILABLE, ERROR, PENDING, Node, NodeImage, NodeOrder
from clouddesk.providers.cloud import INSTALLATION, MACHINE, NODE, OWNER, RESERVATION, ROLE, SYSTEM, Image
from clouddesk.providers.ec2_driver import Ec2Driver
from clouddesk.providers.specs.aws import AWS

_STATES = {"available": AVAILABLE, "pending": PENDING, "transient": PENDING}
_TAKEN = ("InvalidAMIName.Duplicate",)
_NO_IMAGE = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")
_NO_SNAPSHOT_OR_USED = ("InvalidSnapshot.NotFound", "InvalidSnapshot.InUse", "IncorrectState")
"""One that is still being made, or still used by an image on its way out, is listed and tried again."""
_SNAPSHOT = "snap-"


def listed(driver: Ec2Driver, filters: dict[str, Any]) -> list[NodeImage]:
    """Oldest first. A snapshot whose image is gone is told as an image that failed."""
    # In this order, no snapshot is seen whose image was not there yet.
    snapshots = driver.list_own_snapshots(filters)
    found = sorted(driver.list_images(ex_owner="self", ex_filters=filters), key=_age)
    images = [_image(item) for item in found]
    used = {id_ for item in found for id_ in _snapshots(item)}
    # What a pending image consists of, it tells later.
    pending = {image.key for image in images if image.state == PENDING}
    left = [item for item in snapshots if item.id not in used and item.tags.get(NODE, "") not in pending]
    return [
        *images,
        *(
            NodeImage(item.id, item.tags.get(NODE, ""), ERROR, item.size_gb, item.tags.get(MACHINE, ""))
            for item in left
        ),
    ]


def keep(driver: Ec2Driver, order: NodeOrder, node: Node) -> None:
    """All of the machine's volumes, of which machines from the image get new ones."""
    tags = {
        "Name": f"{order.name}-{node.key}",
        INSTALLATION: order.installation,
        RESERVATION: order.reservation_id,
        OWNER: order.owner,
        NODE: node.key,
        ROLE: node.role,
        SYSTEM: AWS.system(order.os),
        MACHINE: node.id,
    }
    facts = "\n".join((order.installation, order.reservation_id, node.key, node.id))
    name = f"clouddesk-{sha256(facts.encode()).hexdigest()[:24]}"
    _unless(_TAKEN, partial(driver.keep_image, node.id, name, tags))


def delete(driver: Ec2Driver, installation: str, ids: Collection[str]) -> None:
    """Images first: their snapshots are in use until then. Both kinds of ids that are listed here are taken."""
    snapshots = [id_ for id_ in ids if id_.startswith(_SNAPSHOT)]
    for item in _own(driver, installation, [id_ for id_ in ids if not id_.startswith(_SNAPSHOT)]):
        _unless(_NO_IMAGE, partial(driver.give_back, "DeregisterImage", "ImageId", item.id))
        snapshots += _snapshots(item)
    for id_ in snapshots:
        _unless(_NO_SNAPSHOT_OR_USED, partial(driver.give_back, "DeleteSnapshot", "SnapshotId", id_))


def find(driver: Ec2Driver, installation: str, id_: str, system: str) -> Image:
    """To make a machine from. Raises RequestRejected when it is not there, or not this installation's."""
    found = _own(driver, installation, [id_])
    if not found:
        raise RequestRejected(AWS.name, f"the image {id_} is not there")
    root = found[0].extra["root_device_name"]
    sizes = {disk["device_name"]: _size_gb(disk) for disk in found[0].extra["block_device_mapping"]}
    return Image(id=id_, system=system, root_device=root, least_disk_gb=sizes.get(root, 0))


def _own(driver: Ec2Driver, installation: str, ids: Collection[str]) -> list[Any]:
    if not ids:
        return []
    filters = {f"tag:{INSTALLATION}": installation, "image-id": list(ids)}
    found: list[Any] = driver.list_images(ex_owner="self", ex_filters=filters)
    return found


def _image(item: Any) -> NodeImage:
    tags = item.extra["tags"]
    return NodeImage(
        id=item.id,
        key=tags.get(NODE, ""),
        state=_STATES.get(item.extra["state"], ERROR),
        # Snapshots are billed by what is on the disk.
        size_gb=float(sum(_size_gb(disk) for disk in item.extra["block_device_mapping"])),
        node_id=tags.get(MACHINE, ""),
    )


def _snapshots(item: Any) -> list[str]:
    disks = (disk.get("ebs") or {} for disk in item.extra["block_device_mapping"])
    return [disk["snapshot_id"] for disk in disks if disk.get("snapshot_id")]


def _size_gb(disk: dict[str, Any]) -> int:
    return int((disk.get("ebs") or {}).get("volume_size") or 0)


def _age(item: Any) -> tuple[str, str]:
    return str(item.extra["creation_date"]), item.id


def _unless(codes: Collection[str], call: Any) -> None:
    try:
        call()
    except BaseHTTPError as error:
        if str(error.message).partition(":")[0] not in codes:
            raise
