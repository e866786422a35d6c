"""A price list as it is bundled: one line per size, one column per region, and where its numbers are from."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

LEAST_PRICE_USD = 0.0001
"""Anything below is a hole in the data, not a price."""
FACTS = Path(__file__).parent / "facts"
PRICES = Path(__file__).parents[2] / "clouddesk" / "catalog" / "prices"


@dataclass(frozen=True)
class Row:
    """A size, and what an hour of it costs in each region; a region where that is unknown is not there."""

    size: str
    vcpus: int
    memory_gb: float
    prices: dict[str, float]
    disk_gb: float = 0
    gpus: int = 0
    gpu_type: str = ""
    is_arm: bool = False
    is_special: bool = False
    """Nobody gets it unless by name."""


@dataclass(frozen=True)
class Sheet:
    """One file; ``disk`` is USD per further GB and month, ``address`` USD per hour of a public address."""

    name: str
    source: str
    as_of: date
    rows: Iterable[Row]
    disk: dict[str, float] = field(default_factory=dict)
    address: dict[str, float] = field(default_factory=dict)
    disk_doubles: bool = False
    address_stays: bool = False
    """A stopped machine's address is paid."""

    def write(self, folder: Path = PRICES) -> int:
        """Returns how many prices the file holds."""
        rows = [row for row in sorted(self.rows, key=lambda row: row.size) if row.prices]
        regions = sorted({region for row in rows for region in row.prices})
        with (folder / f"{self.name}.csv").open("w", newline="") as file:
            file.write(f"# source: {self.source}\n# as_of: {self.as_of}\n")
            file.write(f"# disk_doubles: {int(self.disk_doubles)}\n# address_stays: {int(self.address_stays)}\n")
            write = csv.writer(file, lineterminator="\n").writerow
            write(["size", "vcpus", "memory_gb", "disk_gb", "gpus", "gpu_type", "arm", "special", *regions])
            for name, prices in (("(disk)", self.disk), ("(address)", self.address)):
                write([name, *[""] * 7, *(_number(prices.get(region)) for region in regions)])
            for row in rows:
                facts = (row.vcpus, f"{row.memory_gb:.6g}", f"{row.disk_gb:g}", row.gpus, row.gpu_type)
                marks = (int(row.is_arm), int(row.is_special))
                write([row.size, *facts, *marks, *(_number(row.prices.get(region)) for region in regions)])
        return sum(len(row.prices) for row in rows)


def _number(price: float | None) -> str:
    return "" if price is None else f"{price:.10g}"
