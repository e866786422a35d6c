"""A yes that the engine took is an order, whatever becomes of what only people read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.errors import Denied, NotFound, Unavailable
from clouddesk.model.request import CLUSTER, VM, ResourceRequest
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


@pytest.mark.parametrize(
    ("is_simulated", "request_", "roles"),
    [
        (False, ResourceRequest(kind=CLUSTER, software=("redis",)), ("redis",)),
        (False, ResourceRequest(kind=CLUSTER), ()),
        (False, ResourceRequest(kind=VM), None),
        (False, ResourceRequest(kind=VM, software=("docker", "postgres")), ("docker", "postgres")),
        (True, ResourceRequest(kind=VM, software=("docker",)), None),
        (True, ResourceRequest(kind=CLUSTER, software=("redis",)), None),
    ],
)
async def test_real_machines_are_ordered_with_what_their_blueprints_put_on_them(
    is_simulated: bool, request_: ResourceRequest, roles: tuple[str, ...] | None
) -> None:
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    desk = replace(world.desk, is_simulated=is_simulated)
    quote = await desk.quote(ANN, request_)
    reservation = await desk.reserve(ANN, quote.id, conversation="local:console:-:ann")
    software = world.engine.orders[reservation.id].configuration
    assert (software.ansible_roles if software else None) == roles


async def test_what_gets_into_the_software_is_for_its_owner_alone() -> None:
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    quote = await world.desk.quote(ANN, ResourceRequest())
    made = await world.desk.reserve(ANN, quote.id, conversation="local:console:-:ann")
    world.software_secrets.kept[made.id] = {"token": "made-up"}
    assert await world.desk.secrets_of(ANN, made.id) == {"token": "made-up"}
    with pytest.raises(NotFound):
        await world.desk.secrets_of(Actor("local", "ben"), made.id)
    with pytest.raises(Denied):
        await world.desk.secrets_of(Actor("local", "ada", roles=(MEMBER, ADMIN)), made.id)
