"""The search: what fits, the cheapest whole machine first; what comes nearest when nothing does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from clouddesk.catalog import MemoryCatalog, load_catalog, offers_from_json, offers_to_json
from clouddesk.model.errors import UnknownRegion
from clouddesk.model.offer import ARM64, Offer, Requirements

AS_OF = datetime(2026, 11, 1, tzinfo=timezone.utc)


def droplet(
    size: str, vcpus: int, memory_gb: float, disk_gb: float, price: float | None, region: str = "nyc1"
) -> Offer:
    return Offer("digitalocean", region, size, vcpus, memory_gb, disk_gb, price, "DigitalOcean API", AS_OF)


def instance(size: str, vcpus: int, memory_gb: float, price: float | None, region: str = "us-east-1") -> Offer:
    return Offer("aws", region, size, vcpus, memory_gb, 0, price, "list", AS_OF, disk_price_usd_gb_month=0.073)


def catalog(*offers: Offer, only_by_name: tuple[str, ...] = ()) -> MemoryCatalog:
    made = MemoryCatalog([])
    made.replace("aws", [offer for offer in offers if offer.provider == "aws"], only_by_name=only_by_name)
    made.replace("digitalocean", [offer for offer in offers if offer.provider == "digitalocean"])
    return made


@pytest.fixture(scope="module")
def bundled() -> MemoryCatalog:
    return load_catalog(("aws",))


def sizes(offers: list[Offer]) -> list[str]:
    return [offer.size for offer in offers]


def test_the_disk_is_part_of_the_price_that_is_compared() -> None:
    # 100 GB at 0.073 a month are one cent an hour.
    known = catalog(instance("t3.small", 2, 2, 0.02), droplet("s-2vcpu-2gb", 2, 2, 100, 0.025))
    assert sizes(known.cheapest(Requirements(vcpus=2))) == ["t3.small", "s-2vcpu-2gb"]
    assert sizes(known.cheapest(Requirements(vcpus=2, storage_gb=100))) == ["s-2vcpu-2gb", "t3.small"]


def test_an_included_disk_must_suffice_where_none_is_sold() -> None:
    known = catalog(droplet("small", 2, 2, 50, 0.02), droplet("big", 2, 2, 200, 0.09))
    assert sizes(known.cheapest(Requirements(storage_gb=100))) == ["big"]


@pytest.mark.parametrize("price", [None, 0.0, 0.00001])
def test_an_unknown_price_never_wins_and_is_never_within_a_budget(price: float | None) -> None:
    known = catalog(instance("t3.free", 2, 2, price), instance("t3.small", 2, 2, 0.02))
    assert sizes(known.cheapest(Requirements())) == ["t3.small"]
    assert known.cheapest(Requirements(size_names=("t3.free",), max_hourly_price_usd=1)) == []


def test_a_cap_holds_for_the_machine_with_its_disk() -> None:
    known = catalog(instance("t3.small", 2, 2, 0.02))
    assert known.cheapest(Requirements(storage_gb=100, max_hourly_price_usd=0.03))
    assert not known.cheapest(Requirements(storage_gb=100, max_hourly_price_usd=0.029))


def test_of_equal_prices_the_usual_region_comes_first_then_the_name() -> None:
    known = catalog(
        instance("t3.b", 2, 2, 0.02, "us-west-2"),
        instance("t3.b", 2, 2, 0.02),
        instance("t3.a", 2, 2, 0.02, "us-west-2"),
    )
    found = known.cheapest(Requirements())
    assert [(offer.size, offer.region) for offer in found] == [
        ("t3.b", "us-east-1"),
        ("t3.a", "us-west-2"),
        ("t3.b", "us-west-2"),
    ]


def test_special_sizes_and_other_architectures_come_only_by_name() -> None:
    arm = replace(instance("t4g.small", 2, 2, 0.005), architecture=ARM64)
    known = catalog(
        instance("m1.small", 1, 2, 0.001), arm, instance("t3.small", 2, 2, 0.02), only_by_name=("m1.small",)
    )
    assert sizes(known.cheapest(Requirements())) == ["t3.small"]
    assert sizes(known.cheapest(Requirements(size_names=("M1.small", "t4g.small")))) == ["m1.small", "t4g.small"]
    assert sizes(known.cheapest(Requirements(architecture=ARM64))) == ["t4g.small"]


def test_a_region_that_must_be_switched_on_is_only_taken_by_name() -> None:
    known = catalog(instance("t3.small", 2, 2, 0.01, "af-south-1"), instance("t3.small", 2, 2, 0.02))
    assert [offer.region for offer in known.cheapest(Requirements())] == ["us-east-1"]
    assert [offer.region for offer in known.cheapest(Requirements(region="cape town"))] == ["af-south-1"]


def test_region_words_and_providers_narrow_the_search(bundled: MemoryCatalog) -> None:
    europe = bundled.cheapest(Requirements(vcpus=2, region="europe"), limit=50)
    assert {offer.region[:3] for offer in europe} == {"eu-"}
    with pytest.raises(UnknownRegion):
        bundled.cheapest(Requirements(region="narnia"))


def test_a_provider_that_is_not_offered_is_found_only_by_its_name(bundled: MemoryCatalog) -> None:
    assert {offer.provider for offer in bundled.cheapest(Requirements(), limit=1000)} == {"aws"}
    named = bundled.cheapest(Requirements(providers=("digitalocean",)))
    assert {offer.provider for offer in named} == {"digitalocean"}


def test_places_and_sizes_that_are_ruled_out_are_not_taken(bundled: MemoryCatalog) -> None:
    cheapest = bundled.cheapest(Requirements(vcpus=2, memory_gb=4), limit=1)[0]
    elsewhere = bundled.cheapest(Requirements(vcpus=2, memory_gb=4, excluded_regions=("us",)), limit=20)
    other = bundled.cheapest(Requirements(vcpus=2, memory_gb=4, excluded_sizes=(cheapest.size,)), limit=20)
    assert not any(offer.region.startswith("us-") for offer in elsewhere)
    assert cheapest.size not in sizes(other)
    assert bundled.cheapest(Requirements(vcpus=2, memory_gb=4, excluded_regions=("nowhere",)), limit=1) == [cheapest]


def test_accelerators_are_found_by_the_name_people_say(bundled: MemoryCatalog) -> None:
    assert bundled.cheapest(Requirements(gpu_count=1, gpu_types=("t4",)))[0].size == "g4dn.xlarge"
    assert bundled.cheapest(Requirements(gpu_types=("a10",)))[0].gpu_type == "a10g"
    eight = bundled.cheapest(Requirements(gpu_count=8, gpu_types=("a100",)))
    assert eight[0].size == "p4d.24xlarge"


def test_ten_terabytes_of_memory_bring_the_biggest_machines(bundled: MemoryCatalog) -> None:
    wish = Requirements(memory_gb=10 * 1024)
    assert bundled.cheapest(wish) == []
    nearest = bundled.nearest(wish)
    assert len(nearest) == 3
    assert max(offer.memory_gb for offer in nearest) == 4096


def test_a_budget_that_is_too_small_brings_the_cheapest_above_it(bundled: MemoryCatalog) -> None:
    wish = Requirements(vcpus=8, memory_gb=32, max_hourly_price_usd=0.01, region="frankfurt")
    nearest = bundled.nearest(wish)
    assert nearest == bundled.cheapest(replace(wish, max_hourly_price_usd=None), limit=1)


def test_more_disk_than_is_sold_brings_something_near(bundled: MemoryCatalog) -> None:
    wish = Requirements(storage_gb=10_000_000)
    assert bundled.cheapest(wish) == []
    assert bundled.nearest(wish)


def test_spot_is_never_answered_with_on_demand(bundled: MemoryCatalog) -> None:
    wish = Requirements(vcpus=2, memory_gb=4, spot=True)
    assert bundled.cheapest(wish) == []
    assert bundled.nearest(wish)[0].spot is False


def test_offers_survive_the_way_through_json() -> None:
    offers = [droplet("s-1vcpu-1gb", 1, 1, 25, None), instance("t3.small", 2, 2, 0.02)]
    offers.append(replace(offers[1], address_hourly_price_usd=0.005, address_stays=True, disk_doubles=True, spot=True))
    assert list(offers_from_json(offers_to_json(offers))) == offers
    assert list(offers_from_json(offers_to_json([]))) == []


@pytest.mark.parametrize("text", ["[]", "{}", '[{"provider": "aws"}]', "spoilt", '{"places": [1]}'])
def test_offers_of_another_version_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"another version|Expecting"):
        offers_from_json(text)


def test_replacing_takes_effect_at_once() -> None:
    known = catalog(droplet("old", 1, 1, 25, 0.01))
    assert sizes(known.cheapest(Requirements())) == ["old"]
    known.replace("digitalocean", [droplet("new", 1, 1, 25, 0.02)])
    assert sizes(known.cheapest(Requirements())) == ["new"]


def test_the_lists_tell_source_date_and_number_of_what_is_known(bundled: MemoryCatalog) -> None:
    known = catalog(droplet("new", 1, 1, 25, 0.02), replace(droplet("old", 1, 1, 25, 0.02), as_of=AS_OF.replace(day=2)))
    (one,) = [item for item in known.lists() if item.provider == "digitalocean"]
    assert (one.source, one.as_of, one.offers) == ("DigitalOcean API", AS_OF, 2)
    (aws,) = bundled.lists()
    assert (aws.provider, aws.as_of.year) == ("aws", 2025)
    assert aws.offers > 10_000
