"""Snapshots of the simulated DigitalOcean's droplets: images of their disks, there when the action is done."""

from __future__ import annotations

import math
import time
from typing import Any

from clouddesk.sandbox import rest
from clouddesk.sandbox.digitalocean_catalog import IMAGES, SIZES
from clouddesk.sandbox.digitalocean_errors import not_found, unprocessable
from clouddesk.sandbox.digitalocean_shapes import instant
from clouddesk.sandbox.digitalocean_store import Action, Droplet, Store
from clouddesk.sandbox.rest import Answer, Done, Item, Listed

Ask = rest.Ask[Store]

SNAPSHOTS = "snapshots"
_FIRST = 148_000_000
_LONGEST_NAME = 255
_WRITTEN = 0.1
"""The part of a disk that is taken to be written on, and so is billed."""


def list_snapshots(ask: Ask) -> Answer:
    of_volumes = ask.query.get("resource_type") == "volume"
    return Listed(SNAPSHOTS, [] if of_volumes else existing(ask.store), _snapshot)


def get_snapshot(ask: Ask) -> Answer:
    return Done({"snapshot": _snapshot(_wanted(ask))})


def delete_snapshot(ask: Ask) -> Answer:
    ask.store.remove(SNAPSHOTS, _wanted(ask)["id"])
    return Done(status=204)


def take(ask: Ask, droplet: Droplet) -> Action:
    """Begin one of a droplet, whatever that does otherwise."""
    name = ask.body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
        raise unprocessable("Name can't be blank")
    seconds = math.inf if ask.fate.is_stuck else ask.boot_seconds
    action = ask.store.change(droplet, "snapshot", after=droplet.status, seconds=seconds, is_failing=ask.fate.is_broken)
    disk = SIZES[droplet.facts["size"]]["disk"]
    known = {
        "id": ask.store.number(SNAPSHOTS, _FIRST),
        "name": name,
        "created_at": instant(time.time()),
        "regions": [droplet.region],
        "resource_id": str(droplet.id),
        "min_disk_size": disk,
        "size_gigabytes": round(disk * _WRITTEN, 2),
        "distribution": _distribution(droplet),
        "done_at": action.completes_at + ask.fate.listed_after_seconds,
    }
    if not ask.fate.is_broken:
        ask.store.put(SNAPSHOTS, known["id"], known)
    return action


def existing(store: Store) -> list[Item]:
    """Those that are done, oldest first."""
    now = time.time()
    return [item for item in store.all(SNAPSHOTS) if item["done_at"] <= now]


def find(store: Store, wanted: object) -> Item | None:
    """By number, which may come as text."""
    return next((item for item in existing(store) if str(item["id"]) == str(wanted)), None)


def image(known: Item) -> Item:
    """As the list of images shows it."""
    return {
        "id": known["id"],
        "name": known["name"],
        "type": "snapshot",
        "distribution": known["distribution"],
        "slug": None,
        "public": False,
        "regions": known["regions"],
        "created_at": known["created_at"],
        "min_disk_size": known["min_disk_size"],
        "size_gigabytes": known["size_gigabytes"],
        "description": "",
        "tags": [],
        "status": "available",
        "error_message": "",
    }


def _snapshot(known: Item) -> Item:
    return {
        "id": str(known["id"]),
        "resource_type": "droplet",
        "tags": [],
        **{
            name: known[name]
            for name in ("name", "created_at", "regions", "resource_id", "min_disk_size", "size_gigabytes")
        },
    }


def _distribution(droplet: Droplet) -> str:
    source: dict[str, Any] = droplet.facts.get("snapshot") or IMAGES[droplet.facts["image"]]
    return str(source["distribution"])


def _wanted(ask: Ask) -> Item:
    found = find(ask.store, ask.path["wanted"])
    if found is None:
        raise not_found()
    return found
