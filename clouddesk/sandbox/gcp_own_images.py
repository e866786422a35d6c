"""What machines of the simulated Compute Engine are made from: public images, and those that people have made."""

from __future__ import annotations

import re

from clouddesk.sandbox import gcp_catalog as catalog
from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.gcp_errors import invalid, not_found, not_ready
from clouddesk.sandbox.gcp_operations import GcpAsk
from clouddesk.sandbox.rest import Item
from clouddesk.sandbox.timed import Timed

KIND = "images"
PENDING, READY, FAILED, DELETING = "PENDING", "READY", "FAILED", "DELETING"


def find(store: Documents, project: str, name_or_id: str) -> Item | None:
    """One that is not gone, by its name or its number."""
    return next((item for item in existing(store, project) if name_or_id in (item["name"], item["id"])), None)


def existing(store: Documents, project: str) -> list[Item]:
    """The project's own, oldest first."""
    return [item for item in store.all(KIND) if item["project"] == project and not Timed.of(item["life"]).is_gone]


def source(ask: GcpAsk, asked: str) -> catalog.Image:
    """What an order names as its disk's image. Raises ApiError, also for one that is not READY."""
    found = re.fullmatch(
        r"(?:https://(?:www|compute)\.googleapis\.com/compute/v1/)?projects/([^/]+)/global/images/(.+)", asked
    )
    if not found:
        raise invalid("resource.disks[0].initializeParams.sourceImage", asked, "The URL is malformed.")
    project, name = found[1], found[2]
    family = name.removeprefix("family/")
    image = catalog.image_of_family(project, family) if family != name else catalog.image(project, name)
    if image is None:
        image = _own(ask, project, name)
    return image


def _own(ask: GcpAsk, project: str, name: str) -> catalog.Image:
    resource = f"projects/{project}/global/images/{name}"
    known = find(ask.store, project, name) if project == ask.path["project"] else None
    if known is None:
        raise not_found(resource)
    if Timed.of(known["life"]).state != READY:
        raise not_ready(resource)
    return catalog.Image(project, "", known["name"], known["architecture"], known["size_gb"])
