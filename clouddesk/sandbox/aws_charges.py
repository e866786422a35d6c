"""What Amazon would charge for machines' lives: seconds that they ran, GB-months of disk, hours of public addresses."""

from __future__ import annotations

import calendar
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache

from clouddesk.catalog.bundled import PRICES
from clouddesk.sandbox.aws_lives import Life

COMPUTE = "Amazon Elastic Compute Cloud - Compute"
DISKS = "EC2 - Other"
NETWORK = "Amazon Virtual Private Cloud"

_LEAST_SECONDS = 60.0
"""Of each time that a machine is started."""
_HOUR = 3600.0
_FACTS = 8
"""Columns of the price lists before those of the regions."""


@dataclass(frozen=True)
class Charge:
    """One line. ``tags`` are those of what is charged: a public address has none."""

    service: str
    usage_type: str
    region: str
    tags: dict[str, str]
    quantity: float
    cost_usd: float
    record_type: str = "Usage"


@dataclass(frozen=True)
class Prices:
    """Of one region."""

    hourly_usd: dict[str, float]
    disk_gb_month_usd: float
    address_hourly_usd: float


def charges(lives: Iterable[Life], since: float, until: float, now: float) -> Iterator[Charge]:
    """All that falls between the two, of what has been used by now. The two are within one calendar month."""
    for life in lives:
        prices = prices_of(life.region)
        prefix = _prefix(life.region)
        hours = sum(_overlap(begin, end, since, until) for begin, end in _runs(life, now)) / _HOUR
        price = prices.hourly_usd.get(life.size)
        if hours and price is not None:
            usage = f"{prefix}{'SpotUsage' if life.is_spot else 'BoxUsage'}:{life.size}"
            yield Charge(COMPUTE, usage, life.region, life.tags, hours, hours * price)
        if hours:
            usage = f"{prefix}PublicIPv4:InUseAddress"
            yield Charge(NETWORK, usage, life.region, {}, hours, hours * prices.address_hourly_usd)
        there = _overlap(life.begun_at, life.ended_at or now, since, until) / _HOUR
        for disk in life.disks if there else ():
            gb_months = disk["gb"] * there / _hours_of_month(since)
            cost = gb_months * prices.disk_gb_month_usd
            yield Charge(DISKS, f"{prefix}EBS:VolumeUsage.gp3", life.region, disk["tags"], gb_months, cost)


@cache
def prices_of(region: str) -> Prices:
    """From the bundled lists; {} where they do not know the region."""
    hourly: dict[str, float] = {}
    disk = address = 0.0
    for path in sorted([*PRICES.glob("aws.csv"), *PRICES.glob("aws_*.csv")]):
        with path.open() as lines:
            names, disks, addresses, *rows = csv.reader(line for line in lines if not line.startswith("#"))
        if region not in names:
            continue
        at = names.index(region, _FACTS)
        hourly.update({row[0]: float(row[at]) for row in rows if row[at]})
        disk, address = float(disks[at] or 0), float(addresses[at] or 0)
    return Prices(hourly, disk, address)


def _runs(life: Life, now: float) -> Iterator[tuple[float, float]]:
    for begin, end in life.runs:
        if begin is not None and begin < now:
            yield begin, now if end is None else max(end, begin + _LEAST_SECONDS)


def _overlap(begin: float, end: float, since: float, until: float) -> float:
    return max(0.0, min(end, until) - max(begin, since))


def _hours_of_month(moment: float) -> float:
    day = datetime.fromtimestamp(moment, timezone.utc)
    return calendar.monthrange(day.year, day.month)[1] * 24.0


def _prefix(region: str) -> str:
    """ "EUC1-" of eu-central-1; the first region has none."""
    if region == "us-east-1":
        return ""
    area, place, number = region.rsplit("-", 2)[0], region.rsplit("-", 2)[1], region.rsplit("-", 1)[1]
    return f"{area.replace('-', '').upper()}{place[0].upper()}{number}-"
