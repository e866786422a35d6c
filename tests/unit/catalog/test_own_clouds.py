"""A cloud of the team's own: it tells its sizes and regions, the team their prices and where they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.catalog import MemoryCatalog, OfferTable, Regions
from clouddesk.model.errors import UnknownRegion
from clouddesk.model.offer import HOURS_PER_MONTH, OwnCloud, Requirements
from tests.unit.desk.conftest import NOW, offer

SMALL = replace(offer("openstack", "m1.small", 1, 2, None, disk_gb=20), region="RegionOne")
LARGE = replace(SMALL, size="m1.large", vcpus=4, memory_gb=8.0)
BARE = replace(SMALL, size="v1.small", disk_gb=0.0)
WISH = Requirements(storage_gb=20, providers=("openstack",))


def catalog_with(own: OwnCloud) -> MemoryCatalog:
    found = MemoryCatalog([])
    table = OfferTable.of([SMALL, LARGE, BARE]).priced_by(own)
    found.replace("openstack", table, whereabouts=own.regions)
    return found


def test_only_what_the_team_has_priced_is_offered() -> None:
    found = catalog_with(OwnCloud({"m1.large": 0.08})).cheapest(WISH)
    assert [(one.size, one.hourly_price_usd, one.source, one.as_of) for one in found] == [
        ("m1.large", 0.08, "your team's price list", NOW)
    ]


def test_without_prices_nothing_is_offered_not_even_as_the_nearest() -> None:
    found = catalog_with(OwnCloud())
    assert found.cheapest(WISH) == []
    assert found.nearest(WISH) == []


def test_a_price_that_the_cloud_tells_itself_does_not_count() -> None:
    free = OfferTable.of([replace(SMALL, hourly_price_usd=0.5)]).priced_by(OwnCloud({"m1.large": 0.08}))
    assert [one.hourly_price_usd for one in free] == [None]
    assert free.unpriced_sizes == {"m1.small"}


def test_further_disk_costs_what_the_team_says_and_else_is_not_to_be_had() -> None:
    prices = {"m1.small": 0.02, "v1.small": 0.01}
    wish = replace(WISH, storage_gb=100)
    assert catalog_with(OwnCloud(prices)).cheapest(wish) == []
    small, bare = sorted(catalog_with(OwnCloud(prices, 0.073)).cheapest(wish), key=lambda one: one.size)
    assert small.machine_hourly_price_usd(100) == pytest.approx(0.02 + 80 * 0.073 / HOURS_PER_MONTH)
    assert bare.machine_hourly_price_usd(100) == pytest.approx(0.01 + 100 * 0.073 / HOURS_PER_MONTH)


def test_a_machine_without_a_disk_of_its_own_needs_a_price_for_volumes() -> None:
    assert catalog_with(OwnCloud({"v1.small": 0.01})).cheapest(WISH) == []
    assert [one.size for one in catalog_with(OwnCloud({"v1.small": 0.01}, 0.0)).cheapest(WISH)] == ["v1.small"]


def test_a_region_that_no_list_has_is_known_by_its_name() -> None:
    found = catalog_with(OwnCloud({"m1.small": 0.02}))
    assert found.regions("openstack") == ["RegionOne"]
    for words in ("RegionOne", "regionone", None, "anywhere"):
        assert [one.region for one in found.cheapest(replace(WISH, region=words))] == ["RegionOne"]
    with pytest.raises(UnknownRegion) as caught:
        found.cheapest(replace(WISH, region="regiontwo"))
    assert caught.value.known == ("RegionOne",)


@pytest.mark.parametrize("words", ["frankfurt", "Frankfurt, Germany", "germany", "europe", "central europe"])
def test_where_a_region_is_the_team_says_in_words(words: str) -> None:
    found = catalog_with(OwnCloud({"m1.small": 0.02}, regions={"RegionOne": "Frankfurt"}))
    assert [one.region for one in found.cheapest(replace(WISH, region=words))] == ["RegionOne"]


@pytest.mark.parametrize("words", ["london", "us", "asia"])
def test_a_region_is_not_where_it_is_not(words: str) -> None:
    found = catalog_with(OwnCloud({"m1.small": 0.02}, regions={"RegionOne": "frankfurt"}))
    assert found.cheapest(replace(WISH, region=words)) == []


def test_a_place_that_nobody_knows_is_a_word_for_its_region_only() -> None:
    found = catalog_with(OwnCloud({"m1.small": 0.02}, regions={"RegionOne": "the cellar"}))
    assert [one.region for one in found.cheapest(replace(WISH, region="the cellar"))] == ["RegionOne"]


def test_other_clouds_regions_keep_their_words() -> None:
    known = Regions.load()
    more = known.with_places([("openstack", "RegionOne")], {("openstack", "RegionOne"): "frankfurt"})
    assert more.resolve("frankfurt", ["aws", "digitalocean"]) == known.resolve("frankfurt", ["aws", "digitalocean"])
    assert more.resolve("eu-central-1") == known.resolve("eu-central-1"), "another region's name is no word for it"
    assert known.with_places([("aws", "eu-central-1")], {}) is known


def test_regions_of_a_cloud_of_ones_own_are_unknown_until_it_has_told_them() -> None:
    assert MemoryCatalog(["aws"]).regions("openstack") == []
    assert "eu-central-1" in MemoryCatalog(["aws"]).regions("aws")
