"""Images of machines' boot disks at Compute Engine: global, with labels from the beginning, and kept in their region.

Not snapshots, which need the same rights and cost about as much: from one snapshot six disks an hour can be made, and
each zone that turns out to have no room may take one of them. And Google makes no image of a disk whose machine runs.
A name is there once in a project, and is a digest of the machine, so that asking twice makes one.
"""

from __future__ import annotations

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import RequestRejected
from clouddesk.model.node import AVAILABLE, ERROR, PENDING, Belonging, Node, NodeImage, NodeOrder, NodePlan
from clouddesk.providers.cloud import IMAGE, INSTALLATION, MACHINE, NODE, OWNER, RESERVATION, Image
from clouddesk.providers.gcp_driver import EXISTS, ComputeDriver, Item
from clouddesk.providers.gcp_labels import labels, read, unique_name
from clouddesk.providers.gcp_machine import path_of, region_of
from clouddesk.providers.specs.gcp import GCP

_IMAGES = "/global/images"
_STATES = {"PENDING": PENDING, "READY": AVAILABLE}


def listed(driver: ComputeDriver, wanted: str, region: str) -> list[NodeImage]:
    """Of machines there, oldest first; ``wanted`` is a list's filter."""
    found = [item for item in driver.list_all(_IMAGES, wanted) if _region(item) == region]
    return [_image(item) for item in sorted(found, key=_age)]


def keep(driver: ComputeDriver, order: NodeOrder, node: Node) -> None:
    """That the image is there already is as good."""
    machine = driver.ask(path_of(node.id))
    facts = labels(order, NodePlan(node.key, node.role), GCP.system(order.os), machine=node.id)
    body = {
        "name": unique_name(
            f"{order.name}-{node.key}", order.installation, order.reservation_id, node.key, MACHINE, node.id
        ),
        "labels": facts,
        "sourceDisk": next(disk["source"] for disk in machine["disks"] if disk.get("boot")),
        # Else Google copies it to several regions, and out of the one that people have chosen.
        "storageLocations": [order.region],
    }
    try:
        driver.ask(_IMAGES, "POST", body)
    except BaseHTTPError as error:
        if error.code != EXISTS:
            raise


def delete(driver: ComputeDriver, id_: str) -> None:
    """One that is still being made can be deleted only when it is done."""
    driver.end(f"{_IMAGES}/{id_}")


def find(driver: ComputeDriver, installation: str, id_: str, system: str) -> Image:
    """To make a machine from. Raises RequestRejected when it is not there, or not this installation's."""
    found = driver.find(f"{_IMAGES}/{id_}")
    if found is None or read(found.get("labels") or {}, INSTALLATION) != installation:
        raise RequestRejected(GCP.name, f"the image {id_} is not there")
    id_ = f"projects/{driver.project}{_IMAGES}/{id_}"
    return Image(id=id_, system=system, least_disk_gb=int(found["diskSizeGb"]))


def belongings(driver: ComputeDriver, wanted: str) -> list[Belonging]:
    return [
        Belonging(str(item["name"]), IMAGE, _region(item), _fact(item, RESERVATION), _fact(item, OWNER))
        for item in driver.list_all(_IMAGES, wanted)
    ]


def _image(item: Item) -> NodeImage:
    return NodeImage(
        id=str(item["name"]),
        key=_fact(item, NODE),
        state=_STATES.get(item["status"], ERROR),
        # What is written on the disk is billed, compressed.
        size_gb=float(item.get("diskSizeGb") or 0),
        node_id=_fact(item, MACHINE),
    )


def _region(item: Item) -> str:
    return region_of(_fact(item, MACHINE).partition("/")[0])


def _fact(item: Item, key: str) -> str:
    return read(item.get("labels") or {}, key)


def _age(item: Item) -> tuple[str, int]:
    return str(item["creationTimestamp"]), int(item["id"])
