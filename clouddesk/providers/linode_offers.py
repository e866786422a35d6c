"""Linode's types as offers: a price for all regions, and others for some; regions that lack a kind of machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from clouddesk.model.offer import LEAST_PRICE_USD, Offer
from clouddesk.providers.specs.linode import LINODE

_NEEDED = {"gpu": "GPU Linodes", "premium": "Premium Plans"}
"""What a region must be capable of for a class of types; for all others, of Linodes."""
_NOT_OFFERED = {"metal", "accelerated"}
"""Classes that need more than a size's name: machines without hypervisor, cards that only encode films."""


def offers(
    *, types: Iterable[dict[str, Any]], regions: Iterable[dict[str, Any]], availability: Iterable[dict[str, Any]]
) -> list[Offer]:
    """Each type in each region that has it."""
    as_of = datetime.now(timezone.utc)
    sold_out = {(item["region"], item["plan"]) for item in availability if not item["available"]}
    places = [
        (str(region["id"]), set(region["capabilities"]))
        for region in regions
        if region.get("site_type", "core") == "core" and region.get("status") == "ok"
    ]
    return [
        _offer(item, region, as_of)
        for item in types
        if item["class"] not in _NOT_OFFERED
        for region, capabilities in places
        if _NEEDED.get(item["class"], "Linodes") in capabilities and (region, item["id"]) not in sold_out
    ]


def _offer(item: dict[str, Any], region: str, as_of: datetime) -> Offer:
    price = next((other for other in item.get("region_prices") or [] if other["id"] == region), item["price"])
    hourly = float(price.get("hourly") or 0)
    return Offer(
        provider=LINODE.name,
        region=region,
        size=str(item["id"]),
        vcpus=int(item["vcpus"]),
        memory_gb=item["memory"] / 1024,
        disk_gb=item["disk"] / 1024,
        hourly_price_usd=hourly if hourly >= LEAST_PRICE_USD else None,
        source="Linode API",
        as_of=as_of,
        gpus=int(item["gpus"]),
        gpu_type=_gpu_type(str(item["id"])) if item["gpus"] else None,
    )


def _gpu_type(size: str) -> str | None:
    """ "g2-gpu-rtx4000a1-s" → "rtx4000", "g3-gpu-rtxpro6000-blackwell-1" → "rtxpro6000"."""
    found = re.search(r"gpu-([a-z]+\d+)", size)
    return found[1] if found else None
