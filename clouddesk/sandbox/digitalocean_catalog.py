"""What the simulated DigitalOcean sells: sizes with prices, regions and images, from the data files beside this."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Item = dict[str, Any]
"""An object of the API, as it is shown."""

DATA = Path(__file__).parent


def _read(name: str) -> list[Item]:
    items: list[Item] = json.loads((DATA / f"digitalocean_{name}.json").read_text())[name]
    return items


SIZES = {size["slug"]: size for size in _read("sizes")}
IMAGES = {image["slug"]: image for image in _read("images")}
REGIONS = {
    region["slug"]: {**region, "sizes": [slug for slug, size in SIZES.items() if region["slug"] in size["regions"]]}
    for region in _read("regions")
}


def find_image(wanted: object) -> Item | None:
    """By slug or number; a number may come as text."""
    if isinstance(wanted, str) and wanted in IMAGES:
        return IMAGES[wanted]
    return next((image for image in IMAGES.values() if str(image["id"]) == str(wanted)), None)
