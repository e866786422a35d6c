"""The objects of DigitalOcean's API, made from what the store knows."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timezone

from clouddesk.sandbox.digitalocean_catalog import IMAGES, REGIONS, SIZES, Item
from clouddesk.sandbox.digitalocean_store import NEW, Action, Droplet, SshKey, Volume

DROPLET_LIMIT = 300

_NAMES = uuid.UUID("6f0c2f0e-6f0b-4d0c-9b0a-2f5f0c7d1e55")


def account(owner: str) -> Item:
    """One shared account, of which every owner of a token is a member."""
    return {
        "droplet_limit": DROPLET_LIMIT,
        "floating_ip_limit": 3,
        "reserved_ip_limit": 3,
        "volume_limit": 100,
        "email": f"{owner.replace('/', '.')}@sandbox.example",
        "name": owner,
        "uuid": uuid.uuid5(_NAMES, owner).hex,
        "email_verified": True,
        "status": "active",
        "status_message": "",
        "team": {"uuid": uuid.uuid5(_NAMES, "team").hex, "name": "Sandbox"},
    }


def droplet(known: Droplet) -> Item:
    size = SIZES[known.facts["size"]]
    return {
        "id": known.id,
        "name": known.name,
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": size["disk"],
        "disk_info": [{"type": "local", "size": {"amount": size["disk"], "unit": "gib"}}],
        "locked": known.is_locked,
        "status": known.status,
        "kernel": None,
        "created_at": instant(known.created_at),
        "features": known.facts["features"],
        "backup_ids": [],
        "next_backup_window": None,
        "snapshot_ids": [],
        "image": known.facts.get("snapshot") or IMAGES[known.facts["image"]],
        "volume_ids": [],
        "size": size,
        "size_slug": size["slug"],
        "networks": networks(known),
        "region": REGIONS[known.region],
        "tags": list(known.tags),
        "vpc_uuid": str(uuid.uuid5(_NAMES, known.region)),
    }


def networks(known: Droplet) -> Item:
    """Nothing until it has started. 198.18.0.0/15 is set aside for tests: nobody's machine answers there."""
    if known.status == NEW:
        return {"v4": [], "v6": []}
    high, low = divmod(known.id % 62_500, 250)
    region = list(REGIONS).index(known.region)
    private = {"ip_address": f"10.{110 + region}.{high}.{low + 2}", "netmask": "255.255.0.0", "gateway": "<nil>"}
    public = {"ip_address": f"198.19.{high}.{low + 2}", "netmask": "255.255.240.0", "gateway": "198.19.0.1"}
    return {"v4": [{**private, "type": "private"}, {**public, "type": "public"}], "v6": []}


def machine(known: Droplet) -> Item:
    """For ``/_sandbox/machines``."""
    address = {network["type"]: network["ip_address"] for network in networks(known)["v4"]}
    return {
        "id": str(known.id),
        "name": known.name,
        "region": known.region,
        "size": known.facts["size"],
        "image": known.facts["image"],
        "state": known.status,
        "address": address.get("public"),
        "private_address": address.get("private"),
        "created_at": instant(known.created_at),
        "user_data": known.facts.get("user_data", ""),
        "tags": dict(tag.partition(":")[::2] for tag in known.tags),
    }


def action(known: Action) -> Item:
    is_done = time.time() >= known.completes_at
    outcome = "errored" if known.is_failing else "completed"
    return {
        "id": known.id,
        "status": outcome if is_done else "in-progress",
        "type": known.type,
        "started_at": instant(known.started_at),
        "completed_at": instant(known.completes_at) if is_done else None,
        "resource_id": known.droplet,
        "resource_type": "droplet",
        "region": REGIONS[known.region],
        "region_slug": known.region,
    }


def volume(known: Volume) -> Item:
    return {
        "id": known.id,
        "name": known.name,
        "description": "",
        "region": REGIONS[known.region],
        "size_gigabytes": known.size_gb,
        "created_at": instant(known.created_at),
        "droplet_ids": [] if known.droplet is None else [known.droplet],
        "filesystem_type": "",
        "filesystem_label": "",
        "tags": list(known.tags),
    }


def ssh_key(known: SshKey) -> Item:
    return dict(vars(known))


def instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
