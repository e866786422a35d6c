"""The search finds what looking at every offer finds, for any combination of wishes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from bench.catalog import catalog_of, chooser, made_up_offers, random_wish
from clouddesk.catalog import Regions, search
from clouddesk.model.offer import Offer, Requirements

LIMIT = 10
GPU_NAMES = {"a10": {"a10", "a10g"}, "a100": {"a100", "a100-80gb"}}


def fits(offer: Offer, wish: Requirements, places: Iterable[tuple[str, str]]) -> bool:
    price = offer.machine_hourly_price_usd(wish.storage_gb)
    kinds = {kind for said in wish.gpu_types for kind in GPU_NAMES.get(said, {said})}
    gpus = max(wish.gpu_count, 1 if wish.gpu_types else 0)
    return (
        price is not None
        and (wish.max_hourly_price_usd is None or round(price, 7) <= wish.max_hourly_price_usd + 1e-9)
        and (offer.provider, offer.region) in places
        and (not wish.providers or offer.provider in wish.providers)
        and offer.vcpus >= wish.vcpus
        and offer.memory_gb >= wish.memory_gb
        and offer.gpus >= gpus
        and (not kinds or offer.gpu_type in kinds)
        and offer.spot == wish.spot
        and (offer.size in wish.size_names if wish.size_names else offer.architecture == wish.architecture)
        and offer.size not in wish.excluded_sizes
    )


def by_looking_at_all(offers: list[Offer], wish: Requirements) -> list[float]:
    regions = Regions.load()
    places = regions.resolve(wish.region, wish.providers) if wish.region else regions.usual()
    for words in wish.excluded_regions:
        places -= regions.known(words)
    prices = [offer.machine_hourly_price_usd(wish.storage_gb) for offer in offers if fits(offer, wish, places)]
    return sorted(price for price in prices if price is not None)[:LIMIT]


@pytest.mark.parametrize("seed", range(5))
def test_the_cheapest_are_those_that_brute_force_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_FIRST_PART", 32)  # so that few offers are as many parts as many
    choose = chooser(seed)
    offers = made_up_offers(choose, 2000)
    catalog = catalog_of(offers)
    answers = 0
    for _ in range(50):
        wish = random_wish(choose)
        found = catalog.cheapest(wish, limit=LIMIT)
        prices = [offer.machine_hourly_price_usd(wish.storage_gb) or 0.0 for offer in found]
        assert prices == pytest.approx(by_looking_at_all(offers, wish), abs=1e-6), wish
        assert set(found) <= set(offers)
        answers += bool(found)
    assert answers > 10


def test_the_cheapest_of_equals_is_one_of_a_provider_named_first() -> None:
    offers = [replace(offer, hourly_price_usd=0.05) for offer in made_up_offers(chooser(1), 300)]
    catalog = catalog_of(offers)
    for first, second in (("aws", "digitalocean"), ("digitalocean", "aws")):
        found = catalog.cheapest(Requirements(providers=(first, second)), limit=300)
        taken = [offer.provider for offer in found if offer.address_hourly_price_usd == 0]
        assert {first, second} == set(taken)
        assert taken == sorted(taken, key=(first, second).index)


def test_a_dearer_machine_with_a_cheaper_disk_is_found_behind_many() -> None:
    """The list is sorted by the price without the disk: it must not be left too early."""
    model = made_up_offers(chooser(2), 1)[0]
    shape = {"spot": False, "architecture": "x86_64", "provider": "aws", "region": "us-east-1", "disk_doubles": False}
    plain = replace(model, **shape, vcpus=4, memory_gb=16, disk_gb=0, gpus=0, gpu_type=None)  # type: ignore[arg-type]
    many = [replace(plain, size=f"cheap-{n}", hourly_price_usd=0.1, disk_price_usd_gb_month=0.5) for n in range(20_000)]
    one = replace(plain, size="dear", hourly_price_usd=0.12, disk_price_usd_gb_month=0.05)
    found = catalog_of([*many, one]).cheapest(Requirements(storage_gb=500), limit=1)
    assert found == [one]


def test_a_doubled_disk_is_paid_up_to_its_next_size() -> None:
    model = replace(made_up_offers(chooser(3), 1)[0], disk_gb=0, disk_price_usd_gb_month=0.073, disk_doubles=True)
    assert model.disk_hourly_price_usd(100) == pytest.approx(128 * 0.073 / 730)
    assert model.disk_hourly_price_usd(128) == pytest.approx(128 * 0.073 / 730)
    assert model.disk_hourly_price_usd(129) == pytest.approx(256 * 0.073 / 730)
    assert model.disk_hourly_price_usd(0) == 0
