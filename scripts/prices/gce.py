"""Google Cloud's prices: libcloud has them per vCPU and per GB; what it lacks or has wrong is in ``facts/gcp.yml``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import yaml

from scripts.prices.ec2 import libcloud_prices
from scripts.prices.sheet import FACTS, LEAST_PRICE_USD, Row, Sheet

Units = dict[str, tuple[float, float]]
"""USD per vCPU and hour, and per GB and hour, by region."""


def sheets() -> list[Sheet]:
    """General sizes, E2 where libcloud does not know the region, and machines with GPUs.

    Sizes with shared cores are a formula of Google's own; libcloud's, which takes two vCPUs for them, is not used.
    """
    facts = yaml.safe_load((FACTS / "gcp.yml").read_text())
    data = libcloud_prices()["gce_instances"]
    rows = [row for family in facts["families"] for row in _family(family, facts, _units(data, family, facts))]
    newer = list(_family("e2", facts, facts["e2"]))
    with_gpus = [row for kind, sold in facts["gpus"].items() for row in _with_gpus(kind, sold)]
    source = f"libcloud {version('apache-libcloud')} price list"
    address = dict.fromkeys(facts["disk_usd_gb_month"], facts["address_usd_hour"])
    rest = (facts["disk_usd_gb_month"], address)
    return [
        Sheet("gcp", source, facts["as_of"], rows, *rest),
        Sheet("gcp_gpu", facts["supplement"], facts["supplement_as_of"], with_gpus, *rest),
        Sheet("gcp_newer", facts["supplement"], facts["supplement_as_of"], newer, *rest),
    ]


def _units(data: dict[str, Any], family: str, facts: dict[str, Any]) -> Units:
    cpu, ram = (data[family][part]["on_demand"] for part in ("cpu", "ram"))
    found = {
        region: (cpu[region]["price"], ram[region]["price"])
        for region in cpu.keys() & ram.keys() - set(facts["wrong"].get(family, []))
        if min(cpu[region]["price"], ram[region]["price"]) >= LEAST_PRICE_USD
    }
    return {**found, **dict.fromkeys(facts["same_as_us_central1"], found["us-central1"])}


def _family(family: str, facts: dict[str, Any], units: Units) -> Iterator[Row]:
    for kind, sold in facts["families"][family].items():
        for vcpus in sold["vcpus"]:
            memory_gb = round(vcpus * sold["gb"], 2)
            most = facts["most_vcpus"].get(family, {})
            there = {region: unit for region, unit in units.items() if vcpus <= most.get(region, vcpus)}
            yield _row(f"{family}-{kind}-{vcpus}", vcpus, vcpus, memory_gb, there)
    for size, (paid, memory_gb) in facts["shared_core"].items():
        if size.startswith(f"{family}-"):
            yield _row(size, 2, paid, memory_gb, units)


def _row(size: str, vcpus: int, paid_vcpus: float, memory_gb: float, units: Units) -> Row:
    prices = {region: round(paid_vcpus * cpu + memory_gb * gb, 7) for region, (cpu, gb) in units.items()}
    return Row(size, vcpus, memory_gb, prices)


def _with_gpus(kind: str, sold: dict[str, Any]) -> Iterator[Row]:
    sizes: dict[str, list[int]] = sold["sizes"]
    first = next(iter(sizes.values()))[0]
    for size, (vcpus, memory_gb, gpus) in sizes.items():
        prices = {
            region: round(machine * vcpus / first + gpus * gpu, 6)
            for region, (machine, gpu) in sold["usd_hour"].items()
        }
        yield Row(size, vcpus, memory_gb, prices, gpus=gpus, gpu_type=kind)
