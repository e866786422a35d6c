"""EC2's prices of today. Moto has the regions and the shapes; prices, which it does not have, are answers that botocore
checks against Amazon's own description of its API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber
from moto import mock_aws

from clouddesk.model.offer import ARM64, Offer
from clouddesk.providers.ec2_prices import ON_DEMAND, SPOT, live_offers

ZONES = ("us-east-1a", "us-east-1b")


class Account:
    """A key that may ask in one region; ``refused`` services say no."""

    def __init__(self, *, refused: tuple[str, ...] = ()) -> None:
        self.refused = refused

    def open(self, service: str, region: str) -> Any:
        client = boto3.client(service, region_name=region, aws_access_key_id="key", aws_secret_access_key="secret")
        if service == "pricing":
            self._stub_products(client)
            return client
        return _OneRegion(client, self._spot_prices(region))

    def _stub_products(self, client: Any) -> None:
        stub = Stubber(client)
        if "pricing" in self.refused:
            stub.add_client_error("get_products", "AccessDeniedException")
        else:
            disk = product({"volumeApiName": "gp3"}, 0.08)
            stub.add_response("get_products", {"PriceList": [disk]})
            sizes = [product({"instanceType": "t3.medium"}, 0.0416), product({"instanceType": "t3.free"}, 0.0)]
            stub.add_response("get_products", {"PriceList": sizes, "NextToken": "2"})
            more = [product({"instanceType": size}, price) for size, price in (("g4dn.xlarge", 0.526), ("new.one", 1))]
            stub.add_response(
                "get_products", {"PriceList": more}, {"ServiceCode": ANY, "Filters": ANY, "NextToken": "2"}
            )
        stub.activate()

    def _spot_prices(self, region: str) -> Any:
        client = boto3.client("ec2", region_name=region, aws_access_key_id="key", aws_secret_access_key="secret")
        stub = Stubber(client)
        if "spot" in self.refused:
            stub.add_client_error("describe_spot_price_history", "UnauthorizedOperation")
        else:
            prices = (("t4g.medium", "0.0100"), ("t4g.medium", "0.0132"), ("t3.medium", "0.00001"))
            history = [
                {"InstanceType": size, "SpotPrice": price, "AvailabilityZone": zone, "ProductDescription": "Linux/UNIX"}
                for (size, price), zone in zip(prices, (*ZONES, ZONES[0]), strict=True)
            ]
            stub.add_response("describe_spot_price_history", {"SpotPriceHistory": history})
        stub.activate()
        return client


class _OneRegion:
    """Moto's EC2, where the account has one region and spot prices of its own."""

    def __init__(self, moto: Any, spot: Any) -> None:
        self._moto, self._spot = moto, spot

    def describe_regions(self) -> dict[str, Any]:
        found: dict[str, Any] = self._moto.describe_regions(RegionNames=["us-east-1"])
        return found

    def get_paginator(self, name: str) -> Any:
        if name == "describe_instance_types":
            return _FewShapes(self._moto.get_paginator(name))
        return self._spot.get_paginator(name)


class _FewShapes:
    """Of the 1,400 shapes that moto knows, those that are asked for here: all of them take seconds."""

    def __init__(self, paginator: Any) -> None:
        self._paginator = paginator

    def paginate(self, **which: Any) -> Any:
        few = [{"Name": "instance-type", "Values": ["t3.medium", "g4dn.xlarge"]}]
        return self._paginator.paginate(**(which or {"Filters": few}))


def product(attributes: dict[str, str], price: float) -> str:
    """An entry of a price list as the API documents it."""
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": f"{price:.10f}"}}
    terms = {"OnDemand": {"SKU.TERM": {"priceDimensions": {"SKU.TERM.RATE": dimension}}}}
    return json.dumps({"product": {"attributes": attributes}, "terms": terms})


@pytest.fixture
def amazon() -> Iterator[None]:
    with mock_aws():
        yield


def by_size(offers: list[Offer]) -> dict[tuple[str, bool], Offer]:
    return {(offer.size, offer.spot): offer for offer in offers}


@pytest.mark.usefixtures("amazon")
def test_prices_of_today_come_with_shape_source_and_date() -> None:
    began = datetime.now(timezone.utc)
    found = by_size(live_offers(Account().open))
    # A price of nothing is a hole; a size whose shape nobody knows cannot be offered.
    assert set(found) == {("t3.medium", False), ("g4dn.xlarge", False), ("t4g.medium", True)}
    medium, gpu = found["t3.medium", False], found["g4dn.xlarge", False]
    assert (medium.vcpus, medium.memory_gb, medium.hourly_price_usd) == (2, 4, 0.0416)
    assert (medium.source, medium.region, medium.disk_price_usd_gb_month) == (ON_DEMAND, "us-east-1", 0.08)
    assert began <= medium.as_of <= datetime.now(timezone.utc)
    assert (gpu.gpus, gpu.gpu_type) == (1, "t4")


@pytest.mark.usefixtures("amazon")
def test_a_spot_price_is_that_of_the_dearest_zone() -> None:
    spot = by_size(live_offers(Account().open))["t4g.medium", True]
    assert (spot.hourly_price_usd, spot.source, spot.architecture) == (0.0132, SPOT, ARM64)


@pytest.mark.usefixtures("amazon")
@pytest.mark.parametrize(("refused", "left"), [("pricing", {True}), ("spot", {False})])
def test_a_key_that_may_not_ask_for_one_kind_of_price_gets_the_other(refused: str, left: set[bool]) -> None:
    assert {offer.spot for offer in live_offers(Account(refused=(refused,)).open)} == left


@pytest.mark.usefixtures("amazon")
def test_a_key_that_may_ask_for_no_price_is_told_so() -> None:
    with pytest.raises(ClientError, match=r"AccessDenied|UnauthorizedOperation"):
        live_offers(Account(refused=("pricing", "spot")).open)
