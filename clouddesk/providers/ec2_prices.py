"""EC2's prices of today, with somebody's own key: the Price List API, and the history of spot prices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from clouddesk.model.offer import ARM64, LEAST_PRICE_USD, X86_64, Offer
from clouddesk.providers.live_prices import Listing, Shape, read_all
from clouddesk.providers.specs.aws import AWS

HOME_REGION = "us-east-1"
"""The one that no account can disable; the Price List API is served there."""
ON_DEMAND = "AWS Price List API"
SPOT = "EC2 spot price history"
_LINUX = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}
_ASKED_AT_ONCE = 100

OpenClient = Callable[[str, str], Any]
"""From a service's name and a region to boto3's client."""
Shapes = dict[str, Shape]


def live_offers(open_client: OpenClient) -> list[Offer]:
    """All that the key may read; a region or a kind of price that it may not, or that fails, is left out.

    Raises the vendor's error when nothing at all could be read.
    """
    home = open_client("ec2", HOME_REGION)
    regions: list[str] = [item["RegionName"] for item in home.describe_regions()["Regions"]]
    shapes = dict(_shapes(home, {}))
    as_of = datetime.now(timezone.utc)
    listings = [
        (Listing(AWS.name, region, source, as_of), read)
        for region in regions
        for source, read in ((ON_DEMAND, _on_demand), (SPOT, _spot))
    ]
    work = [(listing, partial(read, open_client, listing, shapes)) for listing, read in listings]
    return read_all(work, errors=(ClientError, BotoCoreError))


def _on_demand(open_client: OpenClient, listing: Listing, shapes: Shapes) -> list[Offer]:
    pricing = open_client("pricing", HOME_REGION)
    where = {"regionCode": listing.region}
    disk = min((price for _, price in _products(pricing, {"volumeApiName": "gp3", **where})), default=None)
    prices = {
        attributes["instanceType"]: price
        for attributes, price in _products(pricing, {**_LINUX, **where})
        if "instanceType" in attributes
    }
    known = _known(open_client("ec2", listing.region), prices, shapes)
    return [
        listing.offer(size, price, known[size], disk_price_usd_gb_month=disk)
        for size, price in prices.items()
        if size in known
    ]


def _spot(open_client: OpenClient, listing: Listing, shapes: Shapes) -> list[Offer]:
    """The dearest of a region's zones: nobody knows in which of them the machine will be."""
    ec2 = open_client("ec2", listing.region)
    prices: dict[str, float] = {}
    pages = ec2.get_paginator("describe_spot_price_history").paginate(
        StartTime=listing.as_of, ProductDescriptions=["Linux/UNIX"]
    )
    for entry in (entry for page in pages for entry in page["SpotPriceHistory"]):
        size, price = entry["InstanceType"], float(entry["SpotPrice"])
        prices[size] = max(price, prices.get(size, 0.0))
    known = _known(ec2, prices, shapes)
    return [
        listing.offer(size, price, known[size], spot=True)
        for size, price in prices.items()
        if price >= LEAST_PRICE_USD and size in known
    ]


def _products(pricing: Any, attributes: dict[str, str]) -> Iterator[tuple[dict[str, str], float]]:
    """Attributes and on-demand price of each product with these attributes."""
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()]
    pages = pricing.get_paginator("get_products").paginate(ServiceCode="AmazonEC2", Filters=filters)
    for text in (text for page in pages for text in page["PriceList"]):
        item = json.loads(text)
        for term in item.get("terms", {}).get("OnDemand", {}).values():
            for dimension in term["priceDimensions"].values():
                price = float(dimension["pricePerUnit"].get("USD", 0))
                if price >= LEAST_PRICE_USD:
                    yield item["product"]["attributes"], price


def _known(ec2: Any, sizes: Iterable[str], shapes: Shapes) -> Shapes:
    """The shapes of these sizes: those that only this region has are asked for there."""
    missing = [size for size in sizes if size not in shapes]
    found = dict(shapes)
    for start in range(0, len(missing), _ASKED_AT_ONCE):
        # A filter: a name that the region does not know is an error when it is asked for as such.
        names = missing[start : start + _ASKED_AT_ONCE]
        found.update(_shapes(ec2, {"Filters": [{"Name": "instance-type", "Values": names}]}))
    return found


def _shapes(ec2: Any, which: dict[str, Any]) -> Iterator[tuple[str, Shape]]:
    pages = ec2.get_paginator("describe_instance_types").paginate(**which)
    for item in (item for page in pages for item in page["InstanceTypes"]):
        gpus = (item.get("GpuInfo") or {}).get("Gpus") or []
        kinds = [str(gpu["Name"]).lower().replace(" ", "-") for gpu in gpus]
        is_arm = ARM64 in item["ProcessorInfo"]["SupportedArchitectures"]
        yield (
            item["InstanceType"],
            Shape(
                vcpus=item["VCpuInfo"]["DefaultVCpus"],
                memory_gb=item["MemoryInfo"]["SizeInMiB"] / 1024,
                gpus=sum(gpu["Count"] for gpu in gpus),
                gpu_type=kinds[0] if kinds else None,
                architecture=ARM64 if is_arm else X86_64,
            ),
        )
