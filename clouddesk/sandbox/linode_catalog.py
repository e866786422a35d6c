"""What the simulated Linode sells: types with prices, regions and images, from the data files beside this."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clouddesk.sandbox.rest import Item

DATA = Path(__file__).parent


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / f"linode_{name}.json").read_text())
    return content


_REGIONS = _read("regions")
TYPES: dict[str, Item] = {item["id"]: item for item in _read("types")["types"]}
IMAGES: dict[str, Item] = {
    item["id"]: {**item, "is_shared": None, "image_sharing": None} for item in _read("images")["images"]
}
REGIONS: dict[str, Item] = {
    item["id"]: {
        **item,
        "monitors": {"alerts": [], "metrics": []},
        "placement_group_limits": {"maximum_pgs_per_customer": None, "maximum_linodes_per_pg": 10},
    }
    for item in _REGIONS["regions"]
}


def is_sold(type_id: str, region_id: str) -> bool:
    """Whether a region has machines of the type."""
    item, region = TYPES[type_id], REGIONS[region_id]
    capabilities = region["capabilities"]
    if item["class"] == "gpu":
        has_old = region_id in _REGIONS["rtx6000_regions"]
        return "GPU Linodes" in capabilities and ("rtx6000" in type_id) == has_old
    return ("Premium Plans" if item["class"] == "premium" else "Linodes") in capabilities


def availability() -> list[Item]:
    """As GET /v4/regions/availability tells it: of premium and GPU types only."""
    return [
        {"region": region, "plan": item["id"], "available": is_sold(item["id"], region)}
        for region in REGIONS
        for item in TYPES.values()
        if item["class"] in ("gpu", "premium")
    ]
