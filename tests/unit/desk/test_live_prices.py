"""Prices that clouds tell: taken over when they are new, asked for when they are old, never waited for too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from clouddesk.accounts import OFFERS_MAX_AGE, REFRESH_AGAIN_AFTER, Accounts
from clouddesk.catalog import MemoryCatalog, offers_to_json
from clouddesk.model.actor import Person
from clouddesk.model.credentials import Secret
from clouddesk.model.errors import Invalid
from clouddesk.model.offer import Offer, OwnCloud, Requirements
from clouddesk.providers import PROVIDERS
from tests.unit.desk.conftest import NOW, offer

DROPLET = offer("digitalocean", "s-2vcpu-4gb", 2, 4, 0.03571, disk_gb=80)
INSTANCE = replace(offer("aws", "t3.medium", 2, 4, 0.05), disk_price_usd_gb_month=None)
SPOT = replace(INSTANCE, spot=True, hourly_price_usd=0.0183)


class Lists:
    """Lists in memory; counts how often one is read."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.reads: list[str] = []

    async def put(self, provider: str, text: str) -> None:
        self.texts[provider] = text

    async def get(self, provider: str) -> str | None:
        self.reads.append(provider)
        return self.texts.get(provider)

    async def versions(self, providers: Sequence[str]) -> dict[str, str]:
        return {name: str(hash(self.texts[name])) for name in providers if name in self.texts}


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def accounts(
    lists: Lists, clock: Hand, *, simulated: frozenset[str] = frozenset(), own: OwnCloud | None = None
) -> Accounts:
    return Accounts(
        specs={name: PROVIDERS[name] for name in ("aws", "digitalocean", *(("openstack",) if own else ()))},
        own_clouds={} if own is None else {"openstack": own},
        credentials=None,  # type: ignore[arg-type]
        open_provider=None,  # type: ignore[arg-type]
        offers=lists,
        grants=None,
        simulated=simulated,
        clock=clock,
    )


async def put(lists: Lists, provider: str, *offers: Offer, as_of: datetime = NOW) -> None:
    await lists.put(provider, offers_to_json([replace(item, as_of=as_of) for item in offers]))


async def test_a_list_is_read_once_until_it_changes() -> None:
    lists, catalog, known = Lists(), MemoryCatalog(["aws"]), Requirements(providers=("digitalocean",))
    desk_side = accounts(lists, Hand())
    await put(lists, "digitalocean", DROPLET)
    for _ in range(3):
        await desk_side.refresh_offers(catalog)
    assert lists.reads == ["digitalocean"]
    assert [item.size for item in catalog.cheapest(known)] == ["s-2vcpu-4gb"]
    await put(lists, "digitalocean", replace(DROPLET, size="s-4vcpu-8gb"))
    await desk_side.refresh_offers(catalog)
    assert [item.size for item in catalog.cheapest(known)] == ["s-4vcpu-8gb"]


async def test_who_has_no_list_or_an_old_one_is_asked_but_not_every_time() -> None:
    lists, clock, catalog = Lists(), Hand(), MemoryCatalog([])
    desk_side = accounts(lists, clock)
    assert await desk_side.refresh_offers(catalog) == ("aws", "digitalocean")
    desk_side.asked_for_offers("aws")
    assert await desk_side.refresh_offers(catalog) == ("digitalocean",)
    clock.now += REFRESH_AGAIN_AFTER + timedelta(seconds=1)
    assert await desk_side.refresh_offers(catalog) == ("aws", "digitalocean")
    await put(lists, "aws", INSTANCE, as_of=clock.now)
    await put(lists, "digitalocean", DROPLET, as_of=clock.now)
    assert await desk_side.refresh_offers(catalog) == ()
    clock.now += OFFERS_MAX_AGE + timedelta(seconds=1)
    assert await desk_side.refresh_offers(catalog) == ("aws", "digitalocean")


async def test_a_simulated_cloud_whose_prices_are_bundled_is_not_asked() -> None:
    desk_side = accounts(Lists(), Hand(), simulated=frozenset({"aws", "digitalocean"}))
    assert await desk_side.refresh_offers(MemoryCatalog([])) == ("digitalocean",)
    assert desk_side.is_worth_waiting("digitalocean")
    assert not desk_side.is_worth_waiting("aws")


async def test_prices_that_refine_the_bundled_list_leave_the_rest_of_it() -> None:
    lists, catalog = Lists(), MemoryCatalog(["aws"])
    await put(lists, "aws", INSTANCE, SPOT)
    await accounts(lists, Hand()).refresh_offers(catalog)
    wish = Requirements(vcpus=2, memory_gb=4, storage_gb=20, providers=("aws",), size_names=("t3.medium",))
    here = catalog.cheapest(replace(wish, region="us-east-1"))[0]
    assert (here.hourly_price_usd, here.source) == (0.05, "test")
    # What a disk and an address cost there, the bundled list says.
    assert here.machine_hourly_price_usd(20) == 0.05 + 0.005 + 20 * 0.08 / 730
    there = catalog.cheapest(replace(wish, region="frankfurt"))[0]
    assert (there.hourly_price_usd, there.source) == (0.048, "libcloud 3.9.1 price list, mended")
    cheap = catalog.cheapest(replace(wish, spot=True))
    assert [(item.region, item.hourly_price_usd) for item in cheap] == [("us-east-1", 0.0183)]
    assert catalog.cheapest(replace(wish, region="us-east-1", size_names=("t3.large",))) == []


async def test_a_list_of_nothing_leaves_the_prices_that_there_were() -> None:
    lists, catalog = Lists(), MemoryCatalog(["aws", "digitalocean"])
    await put(lists, "aws")
    await put(lists, "digitalocean")
    await accounts(lists, Hand()).refresh_offers(catalog)
    assert {item.provider for item in catalog.lists()} == {"aws", "digitalocean"}


async def test_a_list_of_another_version_counts_as_none() -> None:
    lists, catalog = Lists(), MemoryCatalog(["aws"])
    await lists.put("digitalocean", '[{"provider": "digitalocean"}]')
    desk_side = accounts(lists, Hand(), simulated=frozenset({"aws"}))
    assert await desk_side.refresh_offers(catalog) == ("digitalocean",)
    found = catalog.cheapest(Requirements(providers=("digitalocean",)))
    assert {offer.source for offer in found} == {"DigitalOcean price list, compiled"}


FLAVOR = replace(offer("openstack", "m1.small", 1, 2, None, disk_gb=20), region="RegionOne")


async def with_flavors(own: OwnCloud) -> tuple[Accounts, MemoryCatalog]:
    lists, catalog = Lists(), MemoryCatalog([])
    await put(lists, "openstack", FLAVOR, replace(FLAVOR, size="m1.large", vcpus=4))
    desk_side = accounts(lists, Hand(), own=own)
    assert "openstack" not in await desk_side.refresh_offers(catalog)
    return desk_side, catalog


async def test_a_cloud_of_the_teams_own_is_offered_at_the_teams_prices() -> None:
    desk_side, catalog = await with_flavors(OwnCloud({"m1.small": 0.02}))
    assert [item.hourly_price_usd for item in catalog.cheapest(Requirements(providers=("openstack",)))] == [0.02]
    assert desk_side.no_price("openstack", ()) is None
    missing = desk_side.no_price("openstack", ("M1.Large", "m1.small"))
    assert missing is not None
    assert missing.sizes == ("m1.large",)


async def test_a_cloud_of_the_teams_own_without_prices_is_told_as_such() -> None:
    desk_side, catalog = await with_flavors(OwnCloud())
    assert catalog.cheapest(Requirements(providers=("openstack",))) == []
    missing = desk_side.no_price("openstack", ())
    assert missing is not None
    assert (missing.provider, missing.sizes) == ("openstack", ())
    assert desk_side.no_price("digitalocean", ()) is None


async def test_a_project_without_flavors_is_not_one_without_prices() -> None:
    lists, catalog = Lists(), MemoryCatalog([])
    await put(lists, "openstack")
    desk_side = accounts(lists, Hand(), own=OwnCloud())
    await desk_side.refresh_offers(catalog)
    assert desk_side.no_price("openstack", ()) is None


@pytest.mark.parametrize(
    ("address", "named", "refused"),
    [
        ("https://keystone.example:5000/v3", "https://Keystone.example:5000/", None),
        ("https://keystone.example:5000/v3", "https://elsewhere.example:5000/v3", "another one"),
        ("", "https://keystone.example:5000/v3", "openstack_auth_url"),
    ],
)
async def test_of_clouds_of_the_teams_own_there_is_one(address: str, named: str, refused: str | None) -> None:
    desk_side = accounts(Lists(), Hand(), own=OwnCloud(address=address))
    # What comes after the check is to open the provider, which this one cannot.
    with pytest.raises(Invalid if refused else TypeError, match=refused):
        await desk_side.add(Person("local", "ann"), "openstack", {"auth_url": Secret(named)})
