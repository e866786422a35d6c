"""What the simulated Azure sells: the regions and sizes of the price lists, some more sizes, and images."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clouddesk.catalog import Regions
from clouddesk.catalog.bundled import bundled_prices

_PARTS = re.compile(r"^Standard_([A-Z]+)\d+(?:-\d+)?([a-z]*)((?:_[A-Z]+\d*)?)(?:_(v\d+))?$")
_FIRST_GENERATION = re.compile(r"^Standard_([ADEF]\d+[a-z]*)(_v[23])?$")
_SECOND_GENERATION = re.compile(r"^Standard_(DC|NC\d+ads_A100|NC\d+ads_H100|ND)")


@dataclass(frozen=True)
class Size:
    """A size, the same wherever it is sold."""

    name: str
    vcpus: int
    memory_gb: float
    gpus: int
    architecture: str
    """ "x64" or "Arm64"."""
    regions: frozenset[str]

    @property
    def family(self) -> str:
        """By Azure's rule ("Standard_D2s_v3" → "standardDSv3Family"), which it does not always keep itself."""
        found = _PARTS.match(self.name)
        kind, more, accelerator, version = found.groups() if found else (self.name, "", "", "")
        return f"standard{kind}{more.upper()}{version or ''}{accelerator}Family"

    @property
    def generations(self) -> tuple[str, ...]:
        """The generations of images that it starts from."""
        if self.architecture == "Arm64" or _SECOND_GENERATION.match(self.name):
            return ("V2",)
        is_old = _FIRST_GENERATION.match(self.name) and "s" not in self.name.removeprefix("Standard_")
        return ("V1",) if is_old else ("V1", "V2")


@dataclass(frozen=True)
class PlatformImage:
    """A publisher's image."""

    publisher: str
    offer: str
    sku: str
    versions: tuple[str, ...]
    generation: str
    architecture: str
    disk_gb: int
    has_plan: bool


def _read_sizes(more: dict[str, Any]) -> dict[str, Size]:
    table = bundled_prices("azure")
    where: dict[str, set[str]] = {}
    facts: dict[str, tuple[int, float, int]] = {}
    for offer in table:
        where.setdefault(offer.size, set()).add(offer.region)
        facts[offer.size] = (offer.vcpus, offer.memory_gb, offer.gpus)
    listed = {name: Size(name, *facts[name], "x64", frozenset(where[name])) for name in facts}
    others = {
        name: Size(name, vcpus, memory_gb, 0, architecture, frozenset(REGIONS))
        for name, (vcpus, memory_gb, architecture) in more.items()
    }
    return {**others, **listed}


def _read_images(found: list[dict[str, Any]]) -> tuple[PlatformImage, ...]:
    return tuple(
        PlatformImage(
            publisher=item["publisher"],
            offer=item["offer"],
            sku=sku,
            versions=tuple(item["versions"]),
            generation=kind.split(" ")[0],
            architecture=kind.split(" ")[1],
            disk_gb=item["gb"],
            has_plan=item.get("plan", False),
        )
        for item in found
        for sku, kind in item["skus"].items()
    )


_FOUND = json.loads((Path(__file__).parent / "azure_catalog.json").read_text())
REGIONS = Regions.load().names["azure"]
SIZES = _read_sizes(_FOUND["sizes"])
IMAGES = _read_images(_FOUND["images"])


def size(region: str, name: str) -> Size | None:
    """A size that the region has; Azure takes capital and small letters as the same."""
    found = next((one for known, one in SIZES.items() if known.lower() == name.lower()), None)
    return found if found and region in found.regions else None


def sizes(region: str) -> list[Size]:
    return [one for one in SIZES.values() if region in one.regions]


def image(publisher: str, offer: str, sku: str) -> PlatformImage | None:
    wanted = (publisher.lower(), offer.lower(), sku.lower())
    return next((one for one in IMAGES if (one.publisher.lower(), one.offer.lower(), one.sku.lower()) == wanted), None)
