"""EC2's offers from libcloud's own data, mended: no account and no network needed."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import yaml

from clouddesk.catalog.wire import offers_from_json, offers_to_json
from clouddesk.model.offer import ARM64, X86_64, Offer

PROVIDER = "aws"
SOURCE = "libcloud 3.9.1 price list"

LEAST_PRICE_USD = 0.0001
"""Anything below is a hole in the data, not a price."""

_FACTS = Path(__file__).parent / "ec2.yml"
_REGIONS = Path(__file__).parent / "regions.yml"

_ROUNDING = 0.03
# AWS rounds small sizes by up to 2 %; dedicated-tenancy prices, which the data mixes in, are 5–11 % higher.

Prices = dict[str, dict[str, float]]
"""USD per hour by size and region."""


@dataclass(frozen=True)
class BundledEc2:
    """All EC2 offers that libcloud's data holds, and the sizes among them that nobody gets unless by name."""

    offers: tuple[Offer, ...]
    only_by_name: frozenset[str]

    @classmethod
    def load(cls, cache: Path | None = None) -> BundledEc2:
        """Read and mend the data (0.4 s), or take what an earlier call left in the folder ``cache`` (0.1 s)."""
        if cache is None:
            return cls(*_read())
        digest = sha256(_FACTS.read_bytes() + _REGIONS.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
        path = cache / f"ec2-{version('apache-libcloud')}-{digest}.json"
        try:
            names, _, offers = path.read_text().partition("\n")
            return cls(tuple(offers_from_json(offers)), frozenset(names.split()))
        except (OSError, ValueError, TypeError):
            # Not there yet, or spoilt: it is only a cache.
            found = cls(*_read())
            _write(path, " ".join(sorted(found.only_by_name)) + "\n" + offers_to_json(found.offers))
            return found


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


def _read() -> tuple[tuple[Offer, ...], frozenset[str]]:
    types, raw = _libcloud_data()
    facts = yaml.safe_load(_FACTS.read_text())
    as_of = datetime.combine(facts["as_of"], datetime.min.time(), timezone.utc)
    regions = yaml.safe_load(_REGIONS.read_text())["regions"][PROVIDER]
    prices = mend(raw, {size: _number(details["extra"]["normalizationSizeFactor"]) for size, details in types.items()})
    special = set(facts["only_by_name"])
    offers: list[Offer] = []
    only_by_name: set[str] = set()
    for size, details in types.items():
        shape = _shape(size, details, facts["gpus"])
        if family(size) in special or details["extra"]["currentGeneration"] != "Yes":
            only_by_name.add(size)
        offers.extend(
            Offer(
                provider=PROVIDER,
                region=region,
                size=size,
                disk_gb=0.0,
                hourly_price_usd=prices[size].get(region),
                source=SOURCE,
                as_of=as_of,
                disk_price_usd_gb_month=facts["gp3_usd_gb_month"].get(region),
                **shape,
            )
            for region in raw.get(size, {})
            if region in regions
        )
    return tuple(offers), frozenset(only_by_name)


def _write(path: Path, text: str) -> None:
    """Whole or not at all; a cache that cannot be written is no trouble."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)


def _libcloud_data() -> tuple[dict[str, Any], Prices]:
    # By name, because the module is big: it is read at the first query, not whenever the catalogue is imported.
    # The price file is read here because libcloud's pricing module prefers one of unknown date in the home directory.
    types: dict[str, Any] = import_module("libcloud.compute.constants.ec2_instance_types").INSTANCE_TYPES
    path = Path(import_module("libcloud").__file__ or "").parent / "data" / "pricing.json"
    raw: Prices = json.loads(path.read_text())["compute"]["ec2_linux"]
    return types, raw


def _shape(size: str, details: dict[str, Any], gpu_types: dict[str, str]) -> dict[str, Any]:
    extra = details["extra"]
    gpus = int(extra.get("gpu", 0))
    return {
        "vcpus": int(extra["vcpu"]),
        "memory_gb": details["ram"] / 1024,
        "gpus": gpus,
        "gpu_type": gpu_types.get(family(size)) if gpus else None,
        "architecture": ARM64 if "Graviton" in extra["physicalProcessor"] else X86_64,
    }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
