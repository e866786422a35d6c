"""Snapshots of the simulated Vultr's machines: images of their whole disks, which lock the machine while they are made.

As docs.vultr.com/products/orchestration/snapshots and the API's reference (api.vultr.com/v2, "snapshot") tell. That a
locked machine cannot be ended either: github.com/vultr/ansible-collection-vultr/issues/113.
"""

from __future__ import annotations

from dataclasses import replace

from clouddesk.sandbox.rest import Answer, Done, Item, Listed
from clouddesk.sandbox.timed import Timed, living
from clouddesk.sandbox.vultr_catalog import PLANS
from clouddesk.sandbox.vultr_errors import not_found, refusal
from clouddesk.sandbox.vultr_fields import GIB, SNAPSHOTS, Ask, new_id, now, only, text
from clouddesk.sandbox.vultr_instances import KIND, alive, refuse_locked

_PENDING, _COMPLETE, _DELETED = "pending", "complete", "deleted"
_WRITTEN = 0.1
"""The part of a disk that is taken to be written on."""


def list_snapshots(ask: Ask) -> Answer:
    found = [item for item in living(ask.store, SNAPSHOTS) if Timed.of(item["life"]).is_listed]
    if "description" in ask.query:
        found = [item for item in found if item["description"] == ask.query["description"]]
    return Listed(SNAPSHOTS, found, _shown)


def create_snapshot(ask: Ask) -> Answer:
    only(ask, {"instance_id", "description"})
    description = text(ask, "description")
    with ask.store.atomic():
        machine = next((one for one in alive(ask.store) if one["id"] == ask.body.get("instance_id")), None)
        if machine is None:
            raise refusal("Invalid instance_id.")
        refuse_locked(machine)
        life = Timed.born(ask.fate, pending=_PENDING, running=_COMPLETE, broken=_DELETED, boot_seconds=ask.boot_seconds)
        if ask.fate.is_broken:
            life = replace(life, gone_at=life.changes_at + ask.short_seconds)
        item = {
            "id": new_id(),
            "date_created": now(),
            "description": description,
            "disk_gb": PLANS[machine["plan"]]["disk"],
            "os_id": machine["os_id"],
            "life": life.as_dict(),
        }
        ask.store.put(SNAPSHOTS, item["id"], item)
        ask.store.put(KIND, machine["id"], {**machine, "locked_until": life.changes_at})
    return Done({"snapshot": _shown(item)}, 201)


def get_snapshot(ask: Ask) -> Answer:
    return Done({"snapshot": _shown(_wanted(ask))})


def update_snapshot(ask: Ask) -> Answer:
    only(ask, {"description"})
    with ask.store.atomic():
        item = _wanted(ask)
        ask.store.put(SNAPSHOTS, item["id"], {**item, "description": text(ask, "description")})
    return Done(status=204)


def delete_snapshot(ask: Ask) -> Answer:
    """It is listed as deleted for a moment longer."""
    with ask.store.atomic():
        item = _wanted(ask)
        life = Timed.of(item["life"]).ending(seconds=ask.short_seconds, meanwhile=_DELETED)
        ask.store.put(SNAPSHOTS, item["id"], {**item, "life": life.as_dict()})
    return Done(status=204)


def _wanted(ask: Ask) -> Item:
    found = next((item for item in living(ask.store, SNAPSHOTS) if item["id"] == ask.path["id"]), None)
    if found is None:
        raise not_found("snapshot")
    return found


def _shown(item: Item) -> Item:
    """Its sizes, in bytes, are known when it is complete."""
    life = Timed.of(item["life"])
    size = item["disk_gb"] * GIB if life.state == _COMPLETE else 0
    return {
        "id": item["id"],
        "date_created": item["date_created"],
        "description": item["description"],
        "size": size,
        "compressed_size": int(size * _WRITTEN),
        "status": life.state,
        "os_id": item["os_id"],
        "app_id": 0,
    }
