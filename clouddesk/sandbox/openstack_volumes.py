"""Volumes of the simulated OpenStack, as Cinder has them."""

from __future__ import annotations

import uuid

from clouddesk.sandbox.openstack_errors import refusal
from clouddesk.sandbox.openstack_store import Ask, instant
from clouddesk.sandbox.rest import Answer, Done, Item, Listed

VOLUMES = "volumes"


def list_volumes(ask: Ask) -> Answer:
    return Listed(VOLUMES, _all(ask), _shown)


def create_volume(ask: Ask) -> Answer:
    wanted = ask.body.get("volume")
    if not isinstance(wanted, dict) or set(wanted) - {"size", "name", "description", "metadata", "volume_type"}:
        raise refusal(400, "Invalid input for field/attribute volume.")
    if not isinstance(wanted.get("size"), int) or wanted["size"] < 1:
        raise refusal(400, "Invalid input for field/attribute size.")
    made_at = instant().removesuffix("Z") + ".000000"
    item = {
        "id": str(uuid.uuid4()),
        "region": ask.path["region"],
        "name": str(wanted.get("name") or ""),
        "description": wanted.get("description"),
        "metadata": dict(wanted.get("metadata") or {}),
        "size": wanted["size"],
        "status": "available",
        "attachments": [],
        "bootable": "false",
        "encrypted": False,
        "multiattach": False,
        "availability_zone": "nova",
        "volume_type": "__DEFAULT__",
        "user_id": uuid.uuid5(uuid.NAMESPACE_URL, ask.owner).hex,
        "replication_status": None,
        "snapshot_id": None,
        "source_volid": None,
        "consistencygroup_id": None,
        "links": [],
        "created_at": made_at,
        "updated_at": made_at,
    }
    ask.store.put(VOLUMES, item["id"], item)
    return Done({"volume": _shown(item)}, 202)


def delete_volume(ask: Ask) -> Answer:
    if not any(item["id"] == ask.path["id"] for item in _all(ask)):
        raise refusal(404, f"Volume {ask.path['id']} could not be found.")
    ask.store.remove(VOLUMES, ask.path["id"])
    return Done(status=202)


def _all(ask: Ask) -> list[Item]:
    return [item for item in ask.store.all(VOLUMES) if item["region"] == ask.path["region"]]


def _shown(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "region"}
