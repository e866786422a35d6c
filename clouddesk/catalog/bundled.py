"""The price lists that come with the product, so that it works with no account: ``prices/*.csv``."""

from __future__ import annotations

import csv
from collections.abc import Collection
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clouddesk.catalog.table import Column, OfferTable, Origin, Place

PRICES = Path(__file__).parent / "prices"
Numbers = NDArray[np.float64]

_FACTS = 8
"""Columns before those of the regions: size, vcpus, memory_gb, disk_gb, gpus, gpu_type, arm, special."""
_GPU_TYPE = 5


def bundled_providers() -> tuple[str, ...]:
    """The providers that there are lists of."""
    return tuple(dict.fromkeys(path.stem.partition("_")[0] for path in sorted(PRICES.glob("*.csv"))))


def bundled_prices(provider: str, regions: Collection[str] | None = None) -> OfferTable:
    """All of a provider's offers, from its lists (``gcp.csv``, ``gcp_gpu.csv`` …); in these regions, or in all."""
    paths = sorted([*PRICES.glob(f"{provider}.csv"), *PRICES.glob(f"{provider}_*.csv")])
    return OfferTable.joined([_read(path, provider, regions) for path in paths])


def _read(path: Path, provider: str, regions: Collection[str] | None) -> OfferTable:
    """One file. Its first two rows hold what further disk and a public address cost in each region."""
    lines = path.read_text().splitlines()
    head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("#"))
    origin: Origin = (head["source"], datetime.fromisoformat(head["as_of"]).replace(tzinfo=timezone.utc))
    names, disk, address, *rows = csv.reader(line for line in lines if not line.startswith("#"))
    known = [at for at, region in enumerate(names) if at >= _FACTS and (regions is None or region in regions)]
    prices = np.array([_numbers(row, known) for row in rows]).reshape(len(rows), len(known))
    size, place = np.nonzero(~np.isnan(prices))
    _, vcpus, memory_gb, disk_gb, gpus, _, arm, special = (
        [row[at] for row in rows] for at in range(_FACTS)
    )  # fmt: skip
    gpu_types = tuple(dict.fromkeys(row[_GPU_TYPE] or None for row in rows))
    kinds = [gpu_types.index(row[_GPU_TYPE] or None) for row in rows]

    def facts(texts: list[str], type_: type) -> Column:
        values: Column = np.array(texts, dtype=np.float64).astype(type_)
        of_each: Column = values[size]
        return of_each

    columns: dict[str, Column] = {
        "place": place.astype(np.int32),
        "size": size.astype(np.int32),
        "gpu_type": np.array(kinds, dtype=np.int16)[size],
        "origin": np.zeros(len(size), dtype=np.int32),
        "vcpus": facts(vcpus, np.float64),
        "memory_gb": facts(memory_gb, np.float64),
        "disk_gb": facts(disk_gb, np.float64),
        "price": prices[size, place],
        "disk_price": _numbers(disk, known)[place],
        "address_price": np.nan_to_num(_numbers(address, known))[place],
        "gpus": facts(gpus, np.int16),
        "is_spot": np.zeros(len(size), dtype=np.bool_),
        "is_arm": facts(arm, np.bool_),
        "address_stays": np.full(len(size), head["address_stays"] == "1"),
        "disk_doubles": np.full(len(size), head["disk_doubles"] == "1"),
        "is_special": facts(special, np.bool_),
    }
    places: tuple[Place, ...] = tuple((provider, names[at]) for at in known)
    return OfferTable(places, tuple(row[0] for row in rows), gpu_types, (origin,), columns)


def _numbers(row: list[str], which: list[int]) -> Numbers:
    """What is not known is not a number."""
    return np.array([float(row[at] or "nan") for at in which], dtype=np.float64)
