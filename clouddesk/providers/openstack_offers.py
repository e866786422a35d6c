"""Flavors as offers, without prices: OpenStack knows none, and the team sets them (``OwnCloud``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from clouddesk.model.offer import ARM64, X86_64, Offer
from clouddesk.providers.specs.openstack import OPENSTACK

Item = dict[str, Any]

_ALIASES, _VIRTUAL = "pci_passthrough:alias", "resources:VGPU"
_CARDS = re.compile(r"(?<![a-z0-9])([ahlptv]\d{1,3}s?|rtx[ -]?a?\d{4})(?:-(\d+)gb?)?(?![a-z0-9])")
_MEMORY_MATTERS = ("a100-80gb", "v100-32gb")


def offers(flavors: Iterable[Item], region: str) -> list[Offer]:
    """Each flavor that the project may use. One without a disk of its own starts from a volume, as large as is asked.

    What volumes cost, the team says as well.
    """
    as_of = datetime.now(timezone.utc)
    return [_offer(item, region, as_of) for item in flavors if not item.get("OS-FLV-DISABLED:disabled")]


def _offer(item: Item, region: str, as_of: datetime) -> Offer:
    specs = item.get("extra_specs") or {}
    gpus, gpu_type = _gpus(str(item["name"]), specs)
    is_arm = re.search(r"arm|aarch", str(specs.get("capabilities:cpu_arch") or specs.get("hw:architecture") or ""))
    return Offer(
        provider=OPENSTACK.name,
        region=region,
        size=str(item["name"]),
        vcpus=int(item["vcpus"]),
        memory_gb=item["ram"] / 1024,
        disk_gb=float(item["disk"]),
        hourly_price_usd=None,
        source="OpenStack API",
        as_of=as_of,
        gpus=gpus,
        gpu_type=gpu_type,
        architecture=ARM64 if is_arm else X86_64,
    )


def _gpus(name: str, specs: Item) -> tuple[int, str | None]:
    """Cards are PCI devices under names that the cloud chose ("nvidia-a100:2"), or parts of cards."""
    told = [part.rpartition(":") for part in str(specs.get(_ALIASES, "")).split(",") if ":" in part]
    cards = [(alias, int(number)) for alias, _, number in told if number.isdigit() and _is_card(alias)]
    if cards:
        return sum(number for _, number in cards), _kind(cards[0][0]) or _kind(name)
    if str(specs.get(_VIRTUAL, "")).isdigit():
        return int(specs[_VIRTUAL]), _kind(name)
    return 0, None


def _is_card(alias: str) -> bool:
    return bool(_kind(alias) or re.search(r"gpu|nvidia|tesla", alias.lower()))


def _kind(text: str) -> str | None:
    """ "nvidia-a100" → "a100", "Tesla V100" → "v100", "gpu-rtx-4000" → "rtx4000"."""
    found = _CARDS.search(text.lower().replace("_", "-"))
    if found is None:
        return None
    card = re.sub(r"[ -]", "", found[1])
    with_memory = f"{card}-{found[2]}gb"
    return with_memory if with_memory in _MEMORY_MATTERS else card
