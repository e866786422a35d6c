"""Images of the simulated OpenStack: the cloud's own, and the project's of its servers' disks, as Glance v2 has them.

An image of a server is there at once, and active when Nova has written it; what fails, and whose server is ended
before Nova is done, Nova deletes (nova/compute/manager.py, ``delete_image_on_error``). It needs a disk like that of its
server's flavor, and has the properties of the image that the server was made from (nova/utils.py,
``get_system_metadata_from_image``). One region keeps images in Ceph, where servers' disks are clones of them: an image
that is in use cannot be deleted there (api-ref/image/v2, 409).
"""

from __future__ import annotations

import json
import math
import time
import uuid
from typing import Any

from clouddesk.sandbox.openstack_catalog import FLAVORS, IMAGES, PROJECT
from clouddesk.sandbox.openstack_errors import of_image, refusal
from clouddesk.sandbox.openstack_store import Ask, Store, instant
from clouddesk.sandbox.rest import Answer, Done, Item, Listed
from clouddesk.sandbox.timed import Timed

_DISKS = "images_of_servers"
CLOSING_SECONDS = 0.3
"""How long a server is busy with its image when that is active already."""
_LONGEST, _MOST_FACTS = 255, 128
_WRITTEN = 0.1
"""The part of a disk that is taken to be written on."""
_OF_ITS_OWN = {
    "id", "name", "status", "visibility", "disk_format", "container_format", "size", "virtual_size", "checksum",
    "os_hash_algo", "os_hash_value", "os_hidden", "protected", "owner", "tags", "created_at", "updated_at", "self",
    "file", "schema", "min_disk",
}  # fmt: skip
"""What an image does not have from the one that its server was made from."""
_GB = 2**30
_CEPH = ("Sto2",)
_PATCH = "application/openstack-images-v2.1-json-patch"


def list_images(ask: Ask) -> Answer:
    """Newest first; every field and property can be asked for."""
    wanted = {name: value for name, value in ask.query.items() if name not in ("limit", "marker", "sort")}
    now = time.time()
    own = [_shown(item) for item in reversed(_existing(ask.store)) if _is_in(item, ask) and item["listed_at"] <= now]
    found = [*own, *IMAGES.values()]
    return Listed("images", [item for item in found if all(item.get(name) == text for name, text in wanted.items())])


def get_image(ask: Ask) -> Answer:
    return Done(_wanted(ask))


def delete_image(ask: Ask) -> Answer:
    with ask.store.atomic():
        found = _wanted(ask)
        if found["id"] in IMAGES:
            raise of_image(403, "Forbidden", "You are not authorized to complete delete_image action.")
        if ask.path["region"] in _CEPH and _is_used(ask.store, found["id"]):
            raise of_image(
                409, "Conflict", f"Image {found['id']} could not be deleted because it is in use: it has clones"
            )
        ask.store.remove(_DISKS, found["id"])
    return Done(status=204)


def rename_image(ask: Ask) -> Answer:
    """Other changes are not simulated."""
    if ask.request.mimetype != _PATCH:
        raise of_image(415, "Unsupported Media Type", "The server does not support this media type")
    try:
        (change,) = json.loads(ask.request.get_data())
        operation, path, name = (change[key] for key in ("op", "path", "value"))
    except (ValueError, TypeError, KeyError):
        raise of_image(400, "Bad Request", "Request body must be a JSON array of operation objects.") from None
    if (operation, path) != ("replace", "/name") or not isinstance(name, str) or len(name) > _LONGEST:
        raise of_image(400, "Bad Request", "This simulated cloud changes names only.")
    with ask.store.atomic():
        id_ = _wanted(ask)["id"]
        if id_ in IMAGES:
            raise of_image(403, "Forbidden", "You are not authorized to complete modify_image action.")
        document = ask.store.get(_DISKS, id_) or {}
        ask.store.put(_DISKS, id_, {**document, "known": {**document["known"], "name": name}})
    return Done(_wanted(ask))


def find(ask: Ask, id_: str) -> Item | None:
    """As Glance shows it."""
    own = (_shown(item) for item in _existing(ask.store) if item["id"] == id_ and _is_in(item, ask))
    return IMAGES.get(id_) or next(own, None)


def order(body: Any) -> tuple[str, dict[str, str]]:
    """The name and the further properties of an image that Nova would make. Raises its refusal."""
    if not isinstance(body, dict) or set(body) - {"name", "metadata"}:
        raise refusal(400, "Invalid input for field/attribute createImage.")
    name, more = body.get("name"), body.get("metadata") or {}
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST or name != name.strip():
        raise refusal(400, f"Invalid input for field/attribute name. Value: {name}.")
    is_fitting = isinstance(more, dict) and len(more) <= _MOST_FACTS
    if not is_fitting or any(not isinstance(text, str) or len(text) > _LONGEST for text in more.values()):
        raise refusal(400, "Invalid input for field/attribute metadata.")
    return name, dict(more)


def begin(ask: Ask, server: Item, wanted: tuple[str, dict[str, str]], *, seconds: float) -> str:
    """Make one of the server's disk, which takes so long, infinity: for ever."""
    name, more = wanted
    id_, now = str(uuid.uuid4()), time.time()
    disk_gb = FLAVORS[server["flavor"]]["disk"]
    source = find(ask, server["image"]) or {}
    known = {
        **{field: value for field, value in source.items() if field not in _OF_ITS_OWN},
        "min_disk": disk_gb,
        "image_type": "snapshot",
        "instance_uuid": server["id"],
        "base_image_ref": server["image"],
        "user_id": uuid.uuid5(uuid.NAMESPACE_URL, ask.owner).hex,
        **more,
        "id": id_,
        "name": name,
        "created_at": instant(now),
    }
    document = {
        "id": id_,
        "region": ask.path["region"],
        "server": server["id"],
        "known": known,
        "size": int(disk_gb * _WRITTEN * _GB),
        "saving_at": now + min(seconds, ask.short_seconds) / 2,
        "active_at": math.inf if ask.fate.is_broken else now + seconds,
        "gone_at": now + seconds if ask.fate.is_broken else math.inf,
        "closed_at": now + seconds + CLOSING_SECONDS,
        "listed_at": now + ask.fate.listed_after_seconds,
    }
    ask.store.put(_DISKS, id_, document)
    return id_


def abandon(store: Store, server: str) -> None:
    """Delete what Nova is not done with: its server ends."""
    for item in _existing(store):
        if item["server"] == server and time.time() < item["closed_at"]:
            store.remove(_DISKS, item["id"])


def _existing(store: Store) -> list[Item]:
    """Oldest first, in all regions."""
    return [item for item in store.all(_DISKS) if time.time() < item["gone_at"]]


def _is_used(store: Store, id_: str) -> bool:
    return any(item["image"] == id_ and not Timed.of(item["life"]).is_gone for item in store.all("servers"))


def _is_in(item: Item, ask: Ask) -> bool:
    return bool(item["region"] == ask.path["region"])


def _wanted(ask: Ask) -> Item:
    found = find(ask, ask.path["id"])
    if found is None:
        raise of_image(404, "Not Found", f"No image found with ID {ask.path['id']}")
    return found


def _shown(item: Item) -> Item:
    now, id_ = time.time(), item["id"]
    is_active = item["active_at"] <= now
    return {
        **item["known"],
        "status": "active" if is_active else "saving" if item["saving_at"] <= now else "queued",
        "visibility": "private",
        "disk_format": "qcow2",
        "container_format": "bare",
        "size": item["size"] if is_active else None,
        "virtual_size": None,
        "checksum": uuid.UUID(id_).hex if is_active else None,
        "os_hash_algo": "sha512" if is_active else None,
        "os_hash_value": uuid.UUID(id_).hex * 4 if is_active else None,
        "os_hidden": False,
        "protected": False,
        "owner": PROJECT["id"],
        "tags": [],
        "updated_at": item["known"]["created_at"],
        "self": f"/v2/images/{id_}",
        "file": f"/v2/images/{id_}/file",
        "schema": "/v2/schemas/image",
    }
