"""Images at the simulated Compute Engine: the public ones, and those that people make of disks.

From the reference of ``images`` (cloud.google.com/compute/docs/reference/rest/v1/images): an image has a name once in a
project, and its labels from the beginning; it is PENDING, then READY or FAILED, and DELETING for a while. None is made
of a disk whose machine is not off, unless that is forced (github.com/ansible/ansible/issues/61634), and a disk stays
while an image of it is made (github.com/hashicorp/packer/issues/6887).
"""

from __future__ import annotations

import math
import re
import time

from clouddesk.sandbox import gcp_catalog as catalog
from clouddesk.sandbox import gcp_instances as instances
from clouddesk.sandbox import gcp_operations as operations
from clouddesk.sandbox import gcp_own_images as own
from clouddesk.sandbox.gcp_checks import check_labels, check_name
from clouddesk.sandbox.gcp_errors import api_error, exists, in_use, invalid, not_found, not_ready, too_many
from clouddesk.sandbox.gcp_operations import GcpAsk, instant, link, new_id
from clouddesk.sandbox.rest import Answer, Done, Item, Listed
from clouddesk.sandbox.timed import Timed

MOST = 2_000
"""How many a project may have."""
_MULTI_REGIONS = ("asia", "eu", "us")
_SINCE = 1_546_300_800.0
_WRITTEN = 0.1
"""The part of a disk that is taken to be written on, and so is kept."""
_FAILURE: Item = {
    "code": "INTERNAL_ERROR",
    "message": "Internal error. Please try again or contact Google Support.",
    "status": 500,
    "words": "INTERNAL SERVER ERROR",
}


def insert(ask: GcpAsk) -> Answer:
    project, name = str(ask.path["project"]), str(ask.body.get("name") or "")
    check_name(name)
    labels = dict(ask.body.get("labels") or {})
    check_labels(labels)
    locations = _locations(ask)
    with ask.store.atomic():
        _forget(ask)
        disk = _source_disk(ask)
        if own.find(ask.store, project, name):
            raise exists(f"projects/{project}/{_path(name)}")
        if len(own.existing(ask.store, project)) >= MOST:
            raise too_many("IMAGES", MOST)
        image: Item = {
            "id": new_id(ask.store),
            "project": project,
            "name": name,
            "labels": labels,
            "architecture": disk.get("architecture") or "X86_64",
            "size_gb": disk["size_gb"],
            "disk_path": instances.disk_path(disk),
            "disk_id": disk["id"],
            "locations": locations or [_region(disk)],
            "made_at": time.time(),
            "life": Timed.born(
                ask.fate, pending=own.PENDING, running=own.READY, broken=own.FAILED, boot_seconds=ask.boot_seconds
            ).as_dict(),
        }
        ask.store.put(own.KIND, image["id"], image)
        return operations.begin(
            ask,
            "insert",
            _path(name),
            image["id"],
            seconds=math.inf if ask.fate.is_stuck else ask.boot_seconds,
            error=_FAILURE if ask.fate.is_broken else None,
        )


def list_all(ask: GcpAsk) -> Answer:
    found = own.existing(ask.store, str(ask.path["project"]))
    return Listed("compute#imageList", [item for item in found if Timed.of(item["life"]).is_listed], _shown)


def get(ask: GcpAsk) -> Answer:
    project, name = str(ask.path["project"]), str(ask.path["image"])
    public = catalog.image(project, name)
    return Done(_public(public) if public else _shown(_found(ask)))


def get_from_family(ask: GcpAsk) -> Answer:
    """Nobody gives images of their own a family here."""
    project, family = str(ask.path["project"]), str(ask.path["family"])
    found = catalog.image_of_family(project, family)
    if found is None:
        raise not_found(f"projects/{project}/global/images/family/{family}")
    return Done(_public(found))


def delete(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        image = _found(ask)
        life = Timed.of(image["life"])
        if life.is_changing or life.is_ending:
            raise not_ready(f"projects/{image['project']}/{_path(image['name'])}")
        ending = life.ending(seconds=ask.short_seconds, meanwhile=own.DELETING)
        ask.store.put(own.KIND, image["id"], {**image, "life": ending.as_dict()})
        return operations.begin(ask, "delete", _path(image["name"]), image["id"], seconds=ask.short_seconds)


def check_unused(ask: GcpAsk, disk: Item) -> None:
    """Raises ApiError while an image of the disk is being made."""
    for image in own.existing(ask.store, disk["project"]):
        if image["disk_id"] == disk["id"] and Timed.of(image["life"]).state == own.PENDING:
            project = disk["project"]
            raise in_use(
                f"projects/{project}/{instances.disk_path(disk)}", f"projects/{project}/{_path(image['name'])}"
            )


def _source_disk(ask: GcpAsk) -> Item:
    asked, project = str(ask.body.get("sourceDisk") or ""), str(ask.path["project"])
    others = {"rawDisk", "sourceImage", "sourceSnapshot"}.intersection(ask.body)
    if not asked or others:
        text = "Invalid resource usage: 'Must specify exactly one source for an image.'"
        raise api_error(400, "invalidResourceUsage", text)
    found = re.fullmatch(r"(?:.*/)?zones/([^/]+)/disks/([^/]+)", asked)
    if not found:
        raise invalid("resource.sourceDisk", asked, "The URL is malformed.")
    disk = instances.find_disk(ask.store, project, found[1], found[2])
    if disk is None:
        raise not_found(f"projects/{project}/zones/{found[1]}/disks/{found[2]}")
    user = instances.find(ask.store, project, disk["zone"], disk["user"]) if disk["user"] else None
    is_off = user is None or Timed.of(user["life"]).state == instances.TERMINATED
    if user is not None and not is_off and ask.query.get("forceCreate") != "true":
        raise in_use(
            f"projects/{project}/{instances.disk_path(disk)}",
            f"projects/{project}/zones/{user['zone']}/instances/{user['name']}",
        )
    return disk


def _locations(ask: GcpAsk) -> list[str]:
    found = [str(one) for one in ask.body.get("storageLocations") or []]
    if len(found) > 1 or any(one not in (*catalog.REGIONS, *_MULTI_REGIONS) for one in found):
        raise invalid("resource.storageLocations", found, "One region or multi-region may be named.")
    return found


def _region(disk: Item) -> str:
    """Google's own choice is the multi-region that is next to the disk."""
    continent = str(disk["zone"]).partition("-")[0]
    return {"europe": "eu", "asia": "asia", "australia": "asia"}.get(continent, "us")


def _found(ask: GcpAsk) -> Item:
    project, name = str(ask.path["project"]), str(ask.path["image"])
    image = own.find(ask.store, project, name)
    if image is None:
        raise not_found(f"projects/{project}/{_path(name)}")
    return image


def _forget(ask: GcpAsk) -> None:
    """What is gone takes time in each list."""
    for item in ask.store.all(own.KIND):
        if Timed.of(item["life"]).is_gone:
            ask.store.remove(own.KIND, item["id"])


def _shown(image: Item) -> Item:
    """As the API shows it."""
    state = Timed.of(image["life"]).state
    item: Item = {
        "kind": "compute#image",
        "id": image["id"],
        "name": image["name"],
        "status": state,
        "architecture": image["architecture"],
        "diskSizeGb": str(image["size_gb"]),
        "labels": image["labels"],
        "labelFingerprint": "vezUS-0000=",
        "sourceType": "RAW",
        "sourceDisk": link(image["project"], image["disk_path"]),
        "sourceDiskId": image["disk_id"],
        "storageLocations": image["locations"],
        "creationTimestamp": instant(image["made_at"]),
        "selfLink": link(image["project"], _path(image["name"])),
    }
    if state == own.READY:
        item["archiveSizeBytes"] = str(int(image["size_gb"] * _WRITTEN * 2**30))
    return item


def _public(found: catalog.Image) -> Item:
    return {
        "kind": "compute#image",
        "id": str(3_000_000_000 + sum(map(ord, found.name))),
        "name": found.name,
        "family": found.family,
        "status": own.READY,
        "architecture": found.architecture,
        "diskSizeGb": str(found.disk_gb),
        "sourceType": "RAW",
        "creationTimestamp": instant(_SINCE),
        "selfLink": link(found.project, _path(found.name)),
    }


def _path(name: str) -> str:
    return f"global/images/{name}"
