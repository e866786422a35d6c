"""What Azure says of its sizes, and how many more machines of one an account may have."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from clouddesk.model.errors import NoCapacity, QuotaExceeded, RequestRejected
from clouddesk.model.node import NodeOrder
from clouddesk.providers.azure_driver import ArmDriver, Item
from clouddesk.providers.specs.azure import AZURE

_SECONDS = 3600
"""The list of a region's sizes is long, and Azure takes seconds for it."""
_KIND = "virtualMachines"
_ADDRESSES = ("standardskupublicipaddresses", "ipv4standardskupublicipaddresses")
"""What the limit on addresses was called, and is."""


@dataclass(frozen=True)
class Size:
    """A size in one region."""

    family: str
    vcpus: int
    is_second_generation: bool
    """It starts from images of generation 2."""
    is_open: bool
    """The subscription may use it there."""


def check_room(driver: ArmDriver, size: Size, order: NodeOrder, count: int) -> None:
    """Raises QuotaExceeded when what the region's limits leave is not enough."""
    region = order.region
    compute = driver.list(driver.provider(f"Microsoft.Compute/locations/{region}/usages"))
    network = driver.list(driver.provider(f"Microsoft.Network/locations/{region}/usages"))
    left = {item["name"]["value"].lower(): (item["currentValue"], item["limit"]) for item in (*compute, *network)}
    cpus = count * size.vcpus
    needed = {"virtualmachines": count, **dict.fromkeys(_ADDRESSES, count)}
    needed |= {"lowprioritycores": cpus} if order.spot else {"cores": cpus, size.family.lower(): cpus}
    for name, more in needed.items():
        used, limit = left.get(name, (0, more))
        if used + more > limit:
            raise QuotaExceeded(AZURE.name, f"{name} in {region}: {used} of {limit} used, {more} more asked")


class Sizes:
    """Sizes by region, for an hour each."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], tuple[float, dict[str, Size]]] = {}
        self._lock = Lock()

    def find(self, account: str, region: str, name: str, read: Callable[[], list[Item]]) -> Size:
        """Raises NoCapacity when the size is not sold there, or not to this account."""
        with self._lock:
            at, sizes = self._read.get((account, region), (0.0, {}))
        if not sizes or time.monotonic() - at > _SECONDS:
            sizes = {item["name"]: _size(item, region) for item in read() if item["resourceType"] == _KIND}
            with self._lock:
                self._read[account, region] = (time.monotonic(), sizes)
        size = sizes.get(name)
        if size is None and not name.startswith(("Standard_", "Basic_")):
            raise RequestRejected(AZURE.name, f"{name} is no size of Azure's")
        if size is None or not size.is_open:
            raise NoCapacity(AZURE.name, f"{name} is not sold in {region}, or not to this subscription")
        return size


def _size(item: Item, region: str) -> Size:
    facts = {fact["name"]: fact["value"] for fact in item.get("capabilities") or []}
    closed = [
        limit
        for limit in item.get("restrictions") or []
        if limit.get("type") == "Location" and region in map(str.lower, limit.get("values") or [])
    ]
    return Size(
        family=item["family"],
        vcpus=int(facts["vCPUs"]),
        is_second_generation="V2" in facts.get("HyperVGenerations", "V1,V2").split(","),
        is_open=not closed,
    )
