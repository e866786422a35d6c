"""Sharing: with whom, until when, and what colleagues find. Who may do what is in ``test_authorisation.py``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from actions.sharing import ActionShareResource
from actions.turn import Turn
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.errors import Denied, NotFound
from clouddesk.model.invalid import NoColleague, ShareIsOver
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import EXTEND, MANAGE, USE, Share
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")


async def shared(world: MemoryDesk) -> Reservation:
    """A reservation of Ann's in which people have parts of every kind."""
    await world.accounts.welcome(ANN.person)
    quote = await world.desk.quote(ANN, ResourceRequest(kind="vm", count=2))
    item = await world.desk.reserve(ANN, quote.id, conversation="local:console:-:ann")
    world.engine.finish_provisioning(item.id)
    shares = (*(Share(level, level) for level in (USE, EXTEND, MANAGE)), Share("over", MANAGE, world.clock()))
    world.views.items[item.id] = item = replace(world.views.items[item.id], shares=shares)
    return item


async def test_a_colleague_may_give_up_their_own_part_and_nobody_elses() -> None:
    world = MemoryDesk()
    item = await shared(world)
    ben = Actor("local", USE)
    with pytest.raises(Denied):
        await world.desk.shares.unshare(ben, item.id, MANAGE, request_id="one")
    await world.desk.shares.unshare(ben, item.id, USE, request_id="two")
    assert {share.user_id for share in world.views.items[item.id].shares} == {EXTEND, MANAGE, "over"}
    with pytest.raises(NotFound):
        await world.desk.reservation(ben, item.id)


async def test_lists_hold_what_is_shared_only_where_that_is_asked_for() -> None:
    world = MemoryDesk()
    item = await shared(world)
    ben, cid = Actor("local", MANAGE), Actor("local", "over")
    assert await world.desk.reservations(ben) == []
    assert await world.desk.reservations(ben, with_shared=True) == [item]
    assert await world.desk.reservations(cid, with_shared=True) == []
    assert await world.desk.reservations(ANN, with_shared=True) == [item]
    assert await world.desk.find(ben, None) == [], "what is meant by no name is one's own"
    assert await world.desk.find(ben, item.name) == [item]
    assert await world.desk.find(cid, item.name) == []


async def test_ones_own_machine_comes_before_a_colleagues_of_the_same_name() -> None:
    world = MemoryDesk()
    item = await shared(world)
    ben = Actor("local", MANAGE)
    await world.accounts.welcome(ben.person)
    quote = await world.desk.quote(ben, ResourceRequest(kind="vm"))
    own = await world.desk.reserve(ben, quote.id, conversation="local:console:-:manage")
    world.views.items[own.id] = own = replace(own, name=item.name)
    assert [found.id for found in await world.desk.find(ben, item.name)] == [own.id]


@pytest.mark.parametrize("why", ["bot", "guest", "deactivated", "foreign", "unknown"])
async def test_nothing_is_shared_with_who_is_no_colleague(why: str) -> None:
    world = MemoryDesk()
    item = await shared(world)
    world.colleagues.refused["eve"] = why
    with pytest.raises(NoColleague) as refused:
        await world.desk.shares.share(ANN, item.id, Share("eve", USE), request_id="one")
    assert refused.value.why == why
    assert world.views.items[item.id] == item


async def test_nothing_is_shared_with_the_owner_also_not_by_an_admin() -> None:
    world = MemoryDesk()
    item = await shared(world)
    for actor in (ANN, Actor("local", "root", roles=(ADMIN, MEMBER))):
        with pytest.raises(NoColleague) as refused:
            await world.desk.shares.share(actor, item.id, Share("ann", MANAGE), request_id="one")
        assert refused.value.why == "owner"


async def test_nothing_is_shared_until_a_time_that_has_passed() -> None:
    world = MemoryDesk()
    item = await shared(world)
    with pytest.raises(ShareIsOver):
        await world.desk.shares.share(ANN, item.id, Share("cid", USE, world.clock()), request_id="one")
    await world.desk.shares.share(
        ANN, item.id, Share("cid", USE, world.clock() + timedelta(seconds=1)), request_id="two"
    )
    cid = Actor("local", "cid")
    assert (await world.desk.reservation(cid, item.id)).id == item.id
    world.clock.forward(seconds=1)
    with pytest.raises(NotFound):
        await world.desk.reservation(cid, item.id)


async def test_the_owner_of_machines_that_are_not_reached_gets_the_command_that_lets_a_colleague_in() -> None:
    world = MemoryDesk()
    item = await shared(world)
    for count, which in ((1, ""), (2, ", for each of its 2 machines")):
        nodes = tuple(replace(item.nodes[0], key=f"node-{number}", ssh_port=2200) for number in range(count))
        world.views.items[item.id] = replace(item, nodes=nodes, is_simulated=False, is_reached=False)
        turn = Turn(
            desk=world.desk,
            actor=ANN,
            conversation="local:console:-:ann",
            text="share it with eve",
            intent="share_resource",
            entities={},
            message_id=f"m-{count}",
        )
        await ActionShareResource().do(turn, world.views.items[item.id], "eve")
        assert turn.replies[0]["response"] == "utter_shared"
        assert turn.replies[0]["which"] == which
        login = f"{item.nodes[0].login}@{item.nodes[0].address} -p 2200"
        assert turn.replies[0]["command"] == f"echo 'THEIR PUBLIC KEY' | ssh {login} 'cat >> ~/.ssh/authorized_keys'"
