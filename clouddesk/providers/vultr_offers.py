"""Vultr's plans as offers: each tells where it is sold, and its price by the hour."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from clouddesk.model.offer import LEAST_PRICE_USD, Offer
from clouddesk.providers.specs.vultr import VULTR

_HOURS_PER_MONTH = 672
"""Vultr's month, after which a machine costs no more."""
_CARD_GB = {"a16": 16, "a40": 48, "l40s": 48, "a100": 80, "h100": 80, "gh200": 96, "b200": 192, "mi300x": 192,
            "mi325x": 256, "mi355x": 288}  # fmt: skip
"""Memory of one whole card."""


def offers(plans: Iterable[dict[str, Any]]) -> list[Offer]:
    """Each plan in each region that sells it to whoever asks."""
    as_of = datetime.now(timezone.utc)
    return [_offer(plan, region, as_of) for plan in plans if _is_offered(plan) for region in plan["locations"]]


def _is_offered(plan: dict[str, Any]) -> bool:
    """A machine must have a disk and an IPv4 address, and a card that is one: slices of cards are left out."""
    has_cards = plan.get("gpu_type") is None or _gpus(plan) > 0
    return bool(plan.get("deploy_ondemand", True) and plan["disk"] and not plan["id"].endswith("-v6") and has_cards)


def _offer(plan: dict[str, Any], region: str, as_of: datetime) -> Offer:
    hourly = float(plan.get("hourly_cost") or plan["monthly_cost"] / _HOURS_PER_MONTH)
    return Offer(
        provider=VULTR.name,
        region=region,
        size=str(plan["id"]),
        vcpus=int(plan["vcpu_count"]),
        memory_gb=plan["ram"] / 1024,
        disk_gb=float(plan["disk"] * plan.get("disk_count", 1)),
        hourly_price_usd=hourly if hourly >= LEAST_PRICE_USD else None,
        source="Vultr API",
        as_of=as_of,
        gpus=_gpus(plan),
        gpu_type=_gpu_type(plan),
    )


def _gpus(plan: dict[str, Any]) -> int:
    card_gb = _CARD_GB.get(_gpu_type(plan) or "", 0)
    return int(plan.get("gpu_vram_gb") or 0) // card_gb if card_gb else 0


def _gpu_type(plan: dict[str, Any]) -> str | None:
    """ "NVIDIA_A100" → "a100"."""
    return str(plan.get("gpu_type") or "").rpartition("_")[2].lower() or None
