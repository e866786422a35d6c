"""What the simulated OpenStack has: regions, flavors and images, from the data file beside this; its project."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from clouddesk.sandbox.rest import Item

_DATA: dict[str, Any] = json.loads((Path(__file__).parent / "openstack_catalog.json").read_text())

REGIONS: tuple[str, ...] = tuple(_DATA["regions"])
PROJECT = {"id": "5a9d0b0c5a9d4b0c9a9d0b0c5a9d0b0c", "name": "sandbox", "domain": {"id": "default", "name": "Default"}}
_LISTED_WITH = "2026-09-01T06:00:00Z"


def fixed_id(*words: str) -> str:
    """Of what exists from the beginning: the same whenever the server starts."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(words)))


def _flavor(number: int, item: Item) -> Item:
    return {
        "id": str(number),
        "name": item["name"],
        "description": None,
        "vcpus": item["vcpus"],
        "ram": item["ram"],
        "disk": item["disk"],
        "swap": "",
        "rxtx_factor": 1.0,
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": True,
        "extra_specs": item.get("extra_specs", {}),
        "links": [],
    }


def _image(number: int, item: Item) -> Item:
    id_ = fixed_id("images", str(number))
    return {
        **item,
        "id": id_,
        "status": "active",
        "visibility": "public",
        "disk_format": "qcow2",
        "container_format": "bare",
        "size": 600_000_000 + number,
        "virtual_size": None,
        "checksum": f"{number:032x}",
        "os_hash_algo": "sha512",
        "os_hash_value": f"{number:0128x}",
        "os_hidden": False,
        "protected": True,
        "owner": fixed_id("admin").replace("-", ""),
        "tags": [],
        "updated_at": item["created_at"],
        "self": f"/v2/images/{id_}",
        "file": f"/v2/images/{id_}/file",
        "schema": "/v2/schemas/image",
    }


FLAVORS: dict[str, Item] = {
    item["id"]: item for item in (_flavor(number, item) for number, item in enumerate(_DATA["flavors"], 1))
}
IMAGES: dict[str, Item] = {
    item["id"]: item for item in (_image(number, item) for number, item in enumerate(_DATA["images"], 1))
}


def networks(region: str) -> list[Item]:
    """A private one of the project, behind a router, and the outside network."""
    return [
        _network(region, "private", is_outside=False, project=PROJECT["id"]),
        _network(region, "public", is_outside=True, project=fixed_id("admin").replace("-", "")),
    ]


def _network(region: str, name: str, *, is_outside: bool, project: Any) -> Item:
    return {
        "id": fixed_id(region, "networks", name),
        "name": name,
        "description": "",
        "tenant_id": project,
        "project_id": project,
        "admin_state_up": True,
        "status": "ACTIVE",
        "shared": False,
        "router:external": is_outside,
        "is_default": is_outside,
        "subnets": [fixed_id(region, "subnets", name)],
        "mtu": 1450,
        "port_security_enabled": True,
        "availability_zone_hints": [],
        "availability_zones": ["nova"],
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        "tags": [],
        "revision_number": 2,
        "created_at": _LISTED_WITH,
        "updated_at": _LISTED_WITH,
    }
