"""Azure's prices: libcloud has them by size and region, without what a size is; newer sizes and GPUs from elsewhere."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import yaml

from scripts.prices.ec2 import libcloud_prices
from scripts.prices.sheet import FACTS, LEAST_PRICE_USD, Row, Sheet

_CLOSED = re.compile("^(usgov|germanycentral$|germanynortheast$)")
"""Regions that are not sold to everybody, or not any more."""


def sheets() -> list[Sheet]:
    """A list for each source; no size is in two of them for one region."""
    facts = yaml.safe_load((FACTS / "azure.yml").read_text())
    raw = libcloud_prices()["azure_linux"]
    special = re.compile(facts["special"])

    def row(size: str, prices: dict[str, float]) -> Row:
        vcpus, memory_gb = facts["sizes"][size][:2]
        return Row(size, vcpus, memory_gb, prices, is_special=bool(special.search(size)))

    known = [row(size, _prices(raw, size)) for size in facts["sizes"] if _key(size) in raw]
    newer = [row(size, {facts["newer_region"]: fact[2]}) for size, fact in facts["sizes"].items() if len(fact) > 2]
    latest = [_latest_row(size, fact, facts["latest_region"]) for size, fact in facts["latest"].items()]
    gpus = [_gpu_row(size, fact) for size, fact in facts["gpus"].items()]
    regions = {region for item in (*known, *newer, *latest, *gpus) for region in item.prices}
    rest = (
        dict.fromkeys(regions, facts["disk_usd_gb_month"]),
        dict.fromkeys(regions, facts["address_usd_hour"]),
        True,
        True,
    )
    source = f"libcloud {version('apache-libcloud')} price list"
    return [
        Sheet("azure", source, facts["as_of"], known, *rest),
        Sheet("azure_gpu", facts["gpu_source"], facts["gpu_as_of"], gpus, *rest),
        Sheet("azure_latest", facts["latest_source"], facts["latest_as_of"], latest, *rest),
        Sheet("azure_newer", facts["newer_source"], facts["newer_as_of"], newer, *rest),
    ]


def _key(size: str) -> str:
    """libcloud's spelling: ``Standard_D2s_v3`` → ``standardd2sv3``."""
    return size.lower().replace("_", "").replace("-", "")


def _prices(raw: dict[str, dict[str, float]], size: str) -> dict[str, float]:
    return {
        region: price
        for region, price in raw[_key(size)].items()
        if price >= LEAST_PRICE_USD and not _CLOSED.search(region)
    }


def _latest_row(size: str, fact: list[Any], region: str) -> Row:
    vcpus, memory_gb, price, gpus, kind = [*fact, 0, ""][:5]
    return Row(size, vcpus, memory_gb, {region: price}, gpus=gpus, gpu_type=kind)


def _gpu_row(size: str, fact: dict[str, Any]) -> Row:
    return Row(size, fact["vcpus"], fact["gb"], fact["usd_hour"], gpus=fact["gpus"], gpu_type=fact["kind"])
