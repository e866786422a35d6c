"""Nothing fits because nobody has set a price: that is said, and not that there is no such machine."""

from __future__ import annotations

import pytest

from clouddesk.model.actor import Actor
from clouddesk.model.errors import NothingFits
from clouddesk.model.invalid import NoPrice
from clouddesk.model.request import ResourceRequest
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")
HUGE = ResourceRequest(vcpus=9999)


async def world_without_prices_of(*providers: str) -> MemoryDesk:
    world = MemoryDesk()
    world.accounts.unpriced.update(providers)
    await world.accounts.welcome(ANN.person)
    return world


async def test_a_cloud_without_prices_is_named() -> None:
    world = await world_without_prices_of("digitalocean")
    with pytest.raises(NoPrice) as caught:
        await world.desk.quote(ANN, ResourceRequest(vcpus=9999, providers=("digitalocean",)))
    assert caught.value.provider == "digitalocean"


async def test_when_other_clouds_have_prices_nothing_fits() -> None:
    world = await world_without_prices_of("digitalocean")
    with pytest.raises(NothingFits):
        await world.desk.quote(ANN, HUGE)


async def test_when_no_cloud_has_prices_that_is_the_reason() -> None:
    world = await world_without_prices_of("aws", "digitalocean")
    with pytest.raises(NoPrice):
        await world.desk.quote(ANN, HUGE)


async def test_what_fits_is_quoted_whatever_has_no_price() -> None:
    world = await world_without_prices_of("aws", "digitalocean")
    assert (await world.desk.quote(ANN, ResourceRequest())).hourly_price_usd > 0
