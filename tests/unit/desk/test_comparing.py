"""The same machines on every cloud, side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clouddesk.catalog.memory import load_catalog
from clouddesk.comparing import LINES_OF_ONE_CLOUD, compare
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.comparison import PriceComparison
from clouddesk.model.errors import NothingFits, UnknownRegion
from clouddesk.model.invalid import NoImage
from clouddesk.model.request import ResourceRequest
from clouddesk.quoting import make_quote
from tests.unit.desk.conftest import NOW, ListCatalog, offer

CATALOG = load_catalog()
ACTOR = Actor("w", "u")
WEEK = 7 * 86400


def compared(catalog: Any = CATALOG, *, own: tuple[str, ...] = ("aws",), **wish: Any) -> PriceComparison:
    most = wish.pop("most", None)
    request = ResourceRequest(**wish)
    return compare(
        ACTOR,
        request,
        blueprint=None,
        providers=request.providers or catalog.clouds(),
        own=own,
        catalog=catalog,
        limits=Limits(),
        now=NOW,
        is_simulated=False,
        most=most,
    )


def test_every_cloud_has_one_line_cheapest_first_and_says_whether_there_is_access() -> None:
    found = compared(vcpus=8, memory_gb=32)
    prices = [line.hourly_price_usd for line in found.lines]
    assert {line.offer.provider for line in found.lines} == set(CATALOG.clouds())
    assert prices == sorted(prices)
    assert [line.offer.provider for line in found.lines if line.has_access] == ["aws"]
    assert all(line.offer.vcpus >= 8 and line.offer.memory_gb >= 32 for line in found.lines)


@pytest.mark.parametrize(
    "wish",
    [
        {"vcpus": 8, "memory_gb": 32},
        {"vcpus": 4, "count": 3, "duration_seconds": WEEK},
        {"gpu_types": ("a100",)},
        {"memory_gb": 16, "storage_gb": 500, "region": "europe"},
    ],
)
def test_a_line_costs_what_a_quote_on_that_cloud_would(wish: dict[str, Any]) -> None:
    found = compared(**wish)
    for line in found.lines:
        if line.fits:
            quote = make_quote(
                ACTOR,
                ResourceRequest(**wish),
                blueprint=None,
                providers=(line.offer.provider,),
                catalog=CATALOG,
                limits=Limits(),
                now=NOW,
                is_simulated=False,
            )
            assert (line.offer, line.disk_gb) == (quote.offer, quote.disk_gb)
            assert line.hourly_price_usd == pytest.approx(quote.hourly_price_usd)
            assert line.total_price_usd == pytest.approx(quote.total_price_usd)
    assert any(line.fits for line in found.lines)


def test_where_nothing_fits_the_nearest_of_that_cloud_comes_last_with_what_it_lacks() -> None:
    found = compared(gpu_types=("a100",))
    lacking = [line for line in found.lines if not line.fits]
    assert [line.fits for line in found.lines] == sorted((line.fits for line in found.lines), reverse=True)
    assert {line.offer.provider for line in lacking} == {"linode", "digitalocean"}
    assert all(line.gives_up == {"gpu_types": ("a100",)} for line in lacking)


def test_clouds_without_such_a_place_are_named_as_absent() -> None:
    found = compared(region="mumbai")
    assert found.absent == ("digitalocean",)
    assert {line.offer.provider for line in found.lines} == {*CATALOG.clouds()} - {"digitalocean"}


def test_a_cloud_whose_prices_nobody_knows_is_not_called_one_that_has_none() -> None:
    found = compared(providers=("aws", "openstack", "vultr"))
    assert (found.absent, found.unpriced) == ((), ("openstack",))
    assert compared(providers=("aws", "vultr")).unpriced == ()


def test_one_cloud_alone_shows_its_cheapest_sizes_each_once() -> None:
    found = compared(providers=("vultr",), vcpus=2)
    sizes = [line.offer.size for line in found.lines]
    assert len(set(sizes)) == len(sizes) == LINES_OF_ONE_CLOUD
    assert not found.is_by_cloud


def test_the_cheapest_three_of_all_are_the_three_cheapest_sizes() -> None:
    found = compared(gpu_types=("a100",), most=3)
    assert [line.offer.provider for line in found.lines] == ["vultr", "gcp", "azure"]


def test_spot_is_beside_the_normal_price_and_unknown_where_no_price_is() -> None:
    cheap, dear = offer("aws", "m5.large", 2, 8, 0.1), offer("vultr", "vc2", 2, 8, 0.2)
    spot = replace(cheap, spot=True, hourly_price_usd=0.03)

    class WithSpot(ListCatalog):
        def cheapest(self, requirements: Any, *, limit: int = 10) -> list[Any]:
            found = super().cheapest(requirements, limit=100)
            return [item for item in found if item.spot == requirements.spot][:limit]

    found = compared(WithSpot([cheap, dear, spot]), vcpus=2)
    known = {line.offer.provider: line for line in found.lines}
    assert known["aws"].spot_hourly_price_usd is not None
    assert known["aws"].spot_hourly_price_usd < known["aws"].hourly_price_usd
    assert known["vultr"].spot_hourly_price_usd is None
    wished = compared(WithSpot([cheap, dear, spot]), vcpus=2, spot=True)
    assert [line.offer.spot for line in wished.lines] == [True, False]
    assert wished.lines[0].on_demand_hourly_price_usd == known["aws"].hourly_price_usd


def test_nothing_anywhere_raises_as_a_quote_does() -> None:
    with pytest.raises(NothingFits):
        compared(memory_gb=10_000_000)
    with pytest.raises(UnknownRegion):
        compared(region="narnia")
    with pytest.raises(NoImage):
        compared(os="windows-95")


def test_clouds_that_are_not_offered_here_are_found_only_by_their_names() -> None:
    few = load_catalog(("aws",))
    assert "vultr" in few.clouds()
    assert {line.offer.provider for line in compared(few, vcpus=2).lines} == set(few.clouds())
    assert {item.provider for item in few.lists()} == {"aws"}
