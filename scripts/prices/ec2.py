"""EC2's prices from libcloud's own data, mended."""

from __future__ import annotations

import json
from collections import defaultdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from scripts.prices.sheet import FACTS, LEAST_PRICE_USD, Row, Sheet

_ROUNDING = 0.03
# AWS rounds small sizes by up to 2 %; dedicated-tenancy prices, which the data mixes in, are 5–11 % higher.

Prices = dict[str, dict[str, float]]
"""USD per hour by size and region."""


def sheets() -> list[Sheet]:
    """The list of ``libcloud``'s installed version."""
    facts = yaml.safe_load((FACTS / "aws.yml").read_text())
    types, raw = _libcloud_data()
    prices = mend(raw, {size: _factor(details["extra"]["normalizationSizeFactor"]) for size, details in types.items()})
    for size in list(prices):
        prices[size] = facts["one_size"].get(family(size), prices[size])
    special = set(facts["only_by_name"])
    rows = [
        _row(size, details, prices.get(size, {}), facts["gpus"], is_special=family(size) in special)
        for size, details in types.items()
    ]
    regions = {region for row in rows for region in row.prices}
    source = f"libcloud {version('apache-libcloud')} price list, mended"
    address = dict.fromkeys(regions, facts["address_usd_hour"])
    return [Sheet("aws", source, facts["as_of"], rows, facts["gp3_usd_gb_month"], address)]


def family(size: str) -> str:
    """``m5.large`` → ``m5``."""
    return size.partition(".")[0]


def mend(raw: Prices, factors: dict[str, float | None]) -> Prices:
    """Prices without holes and without dedicated tenancy's surcharge.

    Within a family and region on-demand prices grow with the size's normalisation factor, so the lowest price per
    factor is the true one. A raw price that agrees with it, but for rounding, stays; unknown ones are left out.
    """
    base: dict[tuple[str, str], float] = defaultdict(lambda: float("inf"))
    for size, regions in raw.items():
        factor = factors.get(size)
        if not factor:
            continue
        for region, price in regions.items():
            if price >= LEAST_PRICE_USD:
                place = (family(size), region)
                base[place] = min(base[place], price / factor)
    mended: Prices = {}
    for size, regions in raw.items():
        factor = factors.get(size)
        mended[size] = {}
        for region, price in regions.items():
            unit = base.get((family(size), region))
            if factor and unit is not None and not unit * factor <= price <= unit * factor * (1 + _ROUNDING):
                mended[size][region] = round(unit * factor, 5)
            elif price >= LEAST_PRICE_USD:
                mended[size][region] = price
    return mended


def _libcloud_data() -> tuple[dict[str, Any], Prices]:
    types: dict[str, Any] = import_module("libcloud.compute.constants.ec2_instance_types").INSTANCE_TYPES
    raw: Prices = libcloud_prices()["ec2_linux"]
    return types, raw


def libcloud_prices() -> dict[str, Any]:
    """The file that comes with the package; libcloud's own function prefers one of unknown date at home."""
    path = Path(import_module("libcloud").__file__ or "").parent / "data" / "pricing.json"
    found: dict[str, Any] = json.loads(path.read_text())["compute"]
    return found


def _row(
    size: str, details: dict[str, Any], prices: dict[str, float], gpu_types: dict[str, str], *, is_special: bool
) -> Row:
    extra = details["extra"]
    gpus = int(extra.get("gpu", 0))
    return Row(
        size,
        int(extra["vcpu"]),
        details["ram"] / 1024,
        {region: price for region, price in prices.items() if not region.startswith(("us-gov", "cn-"))},
        gpus=gpus,
        gpu_type=gpu_types.get(family(size), "") if gpus else "",
        is_arm="Graviton" in extra["physicalProcessor"],
        is_special=is_special or extra["currentGeneration"] != "Yes",
    )


def _factor(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
