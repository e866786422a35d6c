"""Azure's prices of today, on demand and spot: the public list of retail prices, and what a subscription may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from functools import partial
from typing import Any

import requests
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.offer import ARM64, LEAST_PRICE_USD, X86_64, Offer
from clouddesk.providers.cloud import TIMEOUT_SECONDS
from clouddesk.providers.live_prices import Listing, Shape, read_all
from clouddesk.providers.specs.azure import AZURE

RETAIL_PRICES = "https://prices.azure.com/api/retail/prices"
SOURCE = "Azure retail prices"
_KIND = "virtualMachines"
_HOURLY = "1 Hour"
_SPOT, _BATCH = " Spot", " Low Priority"
_OTHER_PRODUCTS = re.compile(r"Windows$|Cloud ?Services|Dedicated Host")
_GPU = re.compile(r"_(T4|A10|A100|H100|H200|MI300X|V620|V710)_")
_UNNAMED_A100 = "Standard_ND96asr_v4"
"""The one size with A100s of 40 GB; those that are named after the A100 have the one of 80 GB."""
_MOST_PAGES = 100

Item = dict[str, Any]
ListSizes = Callable[[str], list[Item]]
"""A region's ``Microsoft.Compute/skus``."""


def live_offers(list_sizes: ListSizes, regions: Iterable[str], *, address: str = RETAIL_PRICES) -> list[Offer]:
    """All sizes that the subscription may use; a region that cannot be read is left out.

    Raises the error when nothing at all could be read.
    """
    as_of = datetime.now(timezone.utc)
    listings = [Listing(AZURE.name, region, SOURCE, as_of) for region in regions]
    work = [(listing, partial(_read, address, list_sizes, listing)) for listing in listings]
    return read_all(work, errors=(BaseHTTPError, requests.RequestException))


def _read(address: str, list_sizes: ListSizes, listing: Listing) -> list[Offer]:
    """One for each size and kind: where there are two prices, the dearer is the one that is safe to promise."""
    shapes = dict(_shapes(list_sizes(listing.region), listing.region))
    dearest: dict[tuple[str, bool], float] = {}
    for item in _prices(address, listing.region):
        size, name, price = item["armSkuName"], item["skuName"], float(item["retailPrice"])
        is_machine = item["unitOfMeasure"] == _HOURLY and not _OTHER_PRODUCTS.search(item["productName"])
        if is_machine and price >= LEAST_PRICE_USD and size in shapes and not name.endswith(_BATCH):
            kind = size, name.endswith(_SPOT)
            dearest[kind] = max(price, dearest.get(kind, 0.0))
    return [
        listing.offer(size, price, shapes[size], spot=is_spot, disk_doubles=True)
        for (size, is_spot), price in dearest.items()
    ]


def _prices(address: str, region: str) -> Iterator[Item]:
    """All pages of a region's prices of machines, as they are paid without a commitment."""
    wish = f"serviceName eq 'Virtual Machines' and armRegionName eq '{region}' and priceType eq 'Consumption'"
    page, query = address, {"currencyCode": "USD", "$filter": wish}
    for _ in range(_MOST_PAGES):
        answer = requests.get(page, params=query, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        found = answer.json()
        yield from found["Items"]
        page, query = found.get("NextPageLink") or "", {}  # the link has the question in it
        if not page:
            return


def _shapes(sizes: Iterable[Item], region: str) -> Iterator[tuple[str, Shape]]:
    """Of sizes that are open to the subscription; a size with a part of a GPU counts as one without."""
    for item in sizes:
        if item["resourceType"] != _KIND or _is_closed(item, region):
            continue
        facts = {fact["name"]: fact["value"] for fact in item.get("capabilities") or []}
        gpus = int(float(facts.get("GPUs", 0)))
        yield (
            item["name"],
            Shape(
                vcpus=int(facts.get("vCPUsAvailable") or facts["vCPUs"]),
                memory_gb=float(facts["MemoryGB"]),
                gpus=gpus,
                gpu_type=_gpu_type(item["name"]) if gpus else None,
                architecture=ARM64 if facts.get("CpuArchitectureType") == "Arm64" else X86_64,
            ),
        )


def _is_closed(item: Item, region: str) -> bool:
    return any(
        limit.get("type") == "Location" and region in map(str.lower, limit.get("values") or [])
        for limit in item.get("restrictions") or []
    )


def _gpu_type(size: str) -> str | None:
    """ "Standard_NC4as_T4_v3" → "t4"."""
    if size == _UNNAMED_A100:
        return "a100"
    found = _GPU.search(size)
    kind = found[1].lower() if found else None
    return "a100-80gb" if kind == "a100" else kind
