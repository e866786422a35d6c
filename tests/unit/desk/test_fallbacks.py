"""What is taken instead when a cloud has none of the quoted machines left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.catalog import load_catalog
from clouddesk.fallbacks import archived_hourly_price_usd, fallbacks
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.fallback import Fallback
from clouddesk.model.offer import Offer
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.ordering import make_order
from clouddesk.providers import PROVIDERS
from clouddesk.quoting import make_quote
from tests.conversation.memory import MemoryDesk
from tests.unit.desk.conftest import NOW

ANN = Actor("local", "ann")
BOTH = ("aws", "digitalocean")
CATALOG = load_catalog(BOTH)


def quote(*, providers: tuple[str, ...] = BOTH, **facts: object) -> Quote:
    return make_quote(
        ANN,
        ResourceRequest(**facts),  # type: ignore[arg-type]
        blueprint=None,
        providers=providers,
        catalog=CATALOG,
        limits=Limits(),
        now=NOW,
        is_simulated=True,
    )


def next_of(made: Quote, most: int = 3) -> tuple[Fallback, ...]:
    return fallbacks(
        ANN, made, most=most, catalog=CATALOG, bills_stopped_machines=lambda provider: provider == "digitalocean"
    )


def place(item: Fallback | Offer) -> tuple[str, str, str]:
    return item.provider, item.region, item.size


def test_they_are_others_that_fit_cheapest_first_and_not_all_in_one_place():
    made = quote(vcpus=2, memory_gb=4.0, count=2)
    found = next_of(made)
    assert len({place(made.offer), *map(place, found)}) == 4
    assert [item.hourly_price_usd for item in found] == sorted(item.hourly_price_usd for item in found)
    assert all(item.vcpus >= 2 and item.memory_gb >= 4 for item in found)
    assert any(item.provider != made.offer.provider for item in found)
    assert any(item.region != made.offer.region for item in found)
    assert min(item.hourly_price_usd for item in found) >= made.hourly_price_usd


def test_the_price_is_that_of_a_quote_for_it():
    made = quote(vcpus=2, memory_gb=4.0, count=3, storage_gb=100.0)
    for item in next_of(made):
        same = quote(providers=(item.provider,), region=item.region, size_names=(item.size,), count=3, storage_gb=100.0)
        assert item.hourly_price_usd == pytest.approx(same.hourly_price_usd)
        assert item.disk_gb == same.disk_gb
        assert item.credential_ref == f"people/local/ann/{item.provider}"
        is_billed_stopped = item.provider == "digitalocean"
        assert (item.stopped_hourly_price_usd == pytest.approx(item.hourly_price_usd)) is is_billed_stopped


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ({"region": "frankfurt"}, lambda item: item.region in ("eu-central-1", "fra1")),
        ({"region": "us-east-1"}, lambda item: item.region == "us-east-1"),
        ({"size_names": ("m5.large",)}, lambda item: item.size == "m5.large"),
        ({"excluded_regions": ("europe",)}, lambda item: not item.region.startswith(("eu-", "fra", "ams", "lon"))),
        ({"os": "amazon-linux"}, lambda item: item.provider == "aws"),
        ({"spot": True, "memory_gb": 8.0}, lambda item: item.spot == quote(spot=True, memory_gb=8.0).offer.spot),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_was_said_holds_for_all_of_them(said, holds):
    found = next_of(quote(**said))
    assert found
    assert all(holds(item) for item in found)


def test_clouds_without_access_and_prices_above_the_cap_are_none():
    assert {item.provider for item in next_of(quote(providers=("aws",)))} == {"aws"}
    price = quote(vcpus=2).hourly_price_usd
    assert all(
        item.hourly_price_usd <= price * 1.2 for item in next_of(quote(vcpus=2, max_hourly_price_usd=price * 1.2))
    )


def test_one_place_and_size_have_no_other():
    assert next_of(quote(providers=("aws",), region="us-east-1", size_names=("m5.large",))) == ()


def test_none_are_looked_for_when_that_is_switched_off_or_the_quote_is_of_before():
    made = quote()
    assert next_of(made, most=0) == ()
    assert next_of(replace(made, requirements=None)) == ()


async def test_the_order_holds_them_for_whoever_said_yes():
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    made = await world.desk.quote(ANN, ResourceRequest(vcpus=4, memory_gb=16.0))
    reservation = await world.desk.reserve(ANN, made.id, conversation="local:console:-:ann")
    order = world.engine.orders[reservation.id]
    assert [place(item) for item in order.fallbacks] == [
        ("aws", "us-east-1", "m5.xlarge"),
        ("aws", "eu-central-1", "m5.xlarge"),
        ("aws", "us-east-1", "r5.24xlarge"),
    ]
    assert order.dearer_percent == Limits().failover_dearer_percent
    moved = order.at(order.fallbacks[1], rest=order.fallbacks[2:])
    assert (moved.provider, moved.nodes.region, moved.nodes.size) == ("aws", "eu-central-1", "m5.xlarge")
    assert (moved.hourly_price_usd, len(moved.fallbacks)) == (order.fallbacks[1].hourly_price_usd, 1)
    assert (moved.reservation_id, moved.nodes.nodes, moved.lease_seconds) == (
        order.reservation_id,
        order.nodes.nodes,
        order.lease_seconds,
    )


def test_where_one_limit_counts_in_all_regions_the_offer_says_so():
    assert {item.provider: item.has_one_limit for item in next_of(quote(vcpus=2, memory_gb=4.0))} == {
        "aws": False,
        "digitalocean": True,
    }


def test_where_further_disk_is_not_kept_only_the_disk_that_comes_with_the_machine_has_a_price() -> None:
    assert archived_hourly_price_usd("openstack", "Fra1", disk_gb=20) == 0.0
    assert archived_hourly_price_usd("openstack", "Fra1", disk_gb=50, further_gb=30) is None
    whole = archived_hourly_price_usd("aws", "eu-central-1", disk_gb=50)
    assert archived_hourly_price_usd("aws", "eu-central-1", disk_gb=50, further_gb=50) == whole


@pytest.mark.parametrize(("comes_with_gb", "archived_usd"), [(100.0, 0.0), (20.0, None)])
def test_an_order_with_further_disk_that_is_not_kept_cannot_be_archived(
    comes_with_gb: float, archived_usd: float | None
) -> None:
    made = quote(vcpus=2, storage_gb=100.0)
    made = replace(made, offer=replace(made.offer, provider="openstack", disk_gb=comes_with_gb), disk_gb=100.0)
    order = make_order(
        ANN,
        made,
        name="vm-1",
        conversation="c",
        installation="i",
        limits=Limits(),
        catalog=CATALOG,
        bills_stopped_machines=lambda _: True,
        now=NOW,
    )
    assert order.archived_hourly_price_usd == archived_usd


def test_what_is_taken_instead_with_further_disk_that_is_not_kept_cannot_be_archived(monkeypatch) -> None:
    made = quote(vcpus=2, storage_gb=500.0, providers=("aws",))
    assert all(item.archived_hourly_price_usd for item in next_of(made))
    known = {name: replace(spec, keeps_further_disk=False) for name, spec in PROVIDERS.items()}
    monkeypatch.setattr("clouddesk.fallbacks.PROVIDERS", known)
    assert {item.archived_hourly_price_usd for item in next_of(made)} == {None}
