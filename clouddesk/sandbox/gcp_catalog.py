"""What the simulated Compute Engine sells: regions, zones, machine types, GPUs and images, from the data files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_DATA / f"gcp_{name}.json").read_text())
    return found


@dataclass(frozen=True)
class MachineType:
    """A type of machine, the same wherever it is sold."""

    name: str
    vcpus: int
    memory_mb: int
    gpu: str = ""
    gpus: int = 0
    shared: bool = False
    architecture: str = "X86_64"
    zones: str = ""
    """The name of a list of zones; "" for all of them."""

    @property
    def family(self) -> str:
        return self.name.partition("-")[0]


@dataclass(frozen=True)
class Image:
    """What disks are made from."""

    project: str
    family: str
    name: str
    architecture: str
    disk_gb: int


_FOUND = _read("catalog")
REGIONS: dict[str, tuple[str, ...]] = {
    name: tuple(f"{name}-{letter}" for letter in letters) for name, letters in _FOUND["regions"].items()
}
ZONES = tuple(zone for zones in REGIONS.values() for zone in zones)
GPUS_BESIDE = ("nvidia-tesla-t4", "nvidia-tesla-v100")
"""GPUs that are added to N1 machines; all others come with their types."""
DISK_TYPES = ("pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced")
HYPERDISK_ONLY = ("c4", "c4a", "n4")

_TYPES = {item["name"]: MachineType(**item) for item in _FOUND["machine_types"]}
_LISTS: dict[str, list[str]] = _FOUND["zones"]
IMAGES = tuple(Image(**item) for item in _read("images")["images"])


def machine_type(zone: str, name: str) -> MachineType | None:
    """A type that the zone has."""
    found = _TYPES.get(name)
    return found if found and zone in ZONES and (not found.zones or zone in _LISTS[found.zones]) else None


def machine_types(zone: str) -> list[MachineType]:
    return [found for name in _TYPES if (found := machine_type(zone, name))]


def has_gpu(zone: str, gpu: str) -> bool:
    """Whether there are GPUs of the type."""
    return zone in _LISTS.get(f"gpu {gpu}", [])


def image_of_family(project: str, family: str) -> Image | None:
    """The newest."""
    return next((one for one in reversed(IMAGES) if (one.project, one.family) == (project, family)), None)


def image(project: str, name: str) -> Image | None:
    return next((one for one in IMAGES if (one.project, one.name) == (project, name)), None)


def has_images(project: str) -> bool:
    """Whether it is one of the public projects."""
    return any(one.project == project for one in IMAGES)
