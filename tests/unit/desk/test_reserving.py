"""A yes that the engine took is an order, whatever becomes of what only people read."""

from __future__ import annotations

import pytest

from clouddesk.model.actor import Actor
from clouddesk.model.errors import Unavailable
from clouddesk.model.request import ResourceRequest
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")


@pytest.mark.parametrize("place", ["views", "habits"])
async def test_an_order_that_has_begun_is_not_called_off_by_redis(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    quote = await world.desk.quote(ANN, ResourceRequest())

    async def fails(*_: object) -> None:
        raise Unavailable("Redis")

    monkeypatch.setattr(getattr(world, place), "put", fails)
    reservation = await world.desk.reserve(ANN, quote.id, conversation="local:console:-:ann")
    assert reservation.id in world.views.items
    assert (await world.desk.reserve(ANN, quote.id, conversation="local:console:-:ann")).id == reservation.id
