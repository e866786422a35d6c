"""Sharing: who may do what with a reservation, for every way into it and every part that somebody may have in it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clouddesk.desk import Desk
from clouddesk.handovers import Handovers
from clouddesk.leases import Leases
from clouddesk.model.actor import ADMIN, MEMBER, VIEWER, Actor
from clouddesk.model.errors import CloudDeskError, Denied, NotFound
from clouddesk.model.invalid import NoColleague, ShareIsOver
from clouddesk.model.node import Opening
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import GO_ON, PARTIAL, STOPPED, Reservation
from clouddesk.model.scaling import Scale
from clouddesk.model.share import EXTEND, MANAGE, USE, Share
from clouddesk.model.timer import EVERY_DAY, STOP, Weekly
from clouddesk.openings import Openings
from clouddesk.peers import Peers
from clouddesk.power import Power
from clouddesk.scaling import Sizes
from clouddesk.sharing import Shares
from clouddesk.templates import Templates
from clouddesk.timers import Switch, Timers
from clouddesk.utilisation import Utilisation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")
NIGHTLY = Switch(STOP, Weekly(EVERY_DAY, 19))
Call = Callable[[Desk, Actor, str], Awaitable[Any]]

GROWN = Scale(3, 2, "node", hourly_price_usd=1.0, stopped_hourly_price_usd=1.0)
SEE, LENGTHEN, SWITCH, OWN, OPEN, OFFERED = "see", "lengthen", "switch", "own", "open", "offered"
CALLS: dict[str, tuple[str, Call]] = {
    "reservation": (SEE, lambda desk, actor, id_: desk.reservation(actor, id_)),
    "extension_price_usd": (SEE, lambda desk, actor, id_: desk.leases.extension_price_usd(actor, id_, 3600)),
    "extend": (LENGTHEN, lambda desk, actor, id_: desk.leases.extend(actor, id_, 3600, request_id="r")),
    "hold": (LENGTHEN, lambda desk, actor, id_: desk.leases.hold(actor, id_)),
    "stop": (SWITCH, lambda desk, actor, id_: desk.power.stop(actor, id_)),
    "start": (SWITCH, lambda desk, actor, id_: desk.power.start(actor, id_)),
    "reboot": (SWITCH, lambda desk, actor, id_: desk.power.reboot(actor, id_)),
    "choose": (OWN, lambda desk, actor, id_: desk.choose(actor, id_, GO_ON)),
    "report": (SEE, lambda desk, actor, id_: desk.utilisation.report(actor, id_)),
    "release": (OWN, lambda desk, actor, id_: desk.release(actor, id_)),
    "owned": (OWN, lambda desk, actor, id_: desk.owned(actor, id_)),
    "quote": (OWN, lambda desk, actor, id_: desk.scaling.quote(actor, id_, 3)),
    "scale": (OWN, lambda desk, actor, id_: desk.scaling.scale(actor, id_, GROWN, request_id="r")),
    "look": (OWN, lambda desk, actor, id_: desk.openings.look(actor, id_)),
    "change": (OWN, lambda desk, actor, id_: desk.openings.change(actor, id_, [Opening(80, 80)], before=())),
    "share": (OWN, lambda desk, actor, id_: desk.shares.share(actor, id_, Share("cid", USE), request_id="r")),
    "open_to_team": (OWN, lambda desk, actor, id_: desk.peers.open_to_team(actor, id_, is_open=True)),
    "check": (OWN, lambda desk, actor, id_: desk.handovers.check(actor, id_, "cid")),
    "offer": (OWN, lambda desk, actor, id_: desk.handovers.offer(actor, id_, "cid")),
    "accept": (OFFERED, lambda desk, actor, id_: desk.handovers.accept(actor, id_)),
    "decline": (OFFERED, lambda desk, actor, id_: desk.handovers.decline(actor, id_)),
    "secrets_of": (OPEN, lambda desk, actor, id_: desk.secrets_of(actor, id_)),
    "schedule": (SWITCH, lambda desk, actor, id_: desk.timers.schedule(actor, id_, [NIGHTLY], conversation="c")),
    "schedule_of": (SEE, lambda desk, actor, id_: desk.timers.schedule_of(actor, id_)),
    "unschedule": (SWITCH, lambda desk, actor, id_: desk.timers.unschedule(actor, id_)),
    "remind": (
        SEE,
        lambda desk, actor, id_: desk.timers.remind(actor, reservation_id=id_, before_end_seconds=60, conversation="c"),
    ),
    "request_of": (SEE, lambda desk, actor, id_: desk.templates.request_of(actor, id_)),
    "unshare": (OWN, lambda desk, actor, id_: desk.shares.unshare(actor, id_, "cid", request_id="r")),
}
PARTS = (Desk, Handovers, Leases, Openings, Peers, Power, Shares, Sizes, Templates, Timers, Utilisation)
STATES = {"start": STOPPED, "choose": PARTIAL}
"""The state that a call needs; running for the others."""

ALL = {SEE, LENGTHEN, SWITCH, OWN}
PEOPLE: dict[str, tuple[Actor, set[str]]] = {
    "the owner": (ANN, {*ALL, OPEN}),
    "an admin": (Actor("local", "root", roles=(ADMIN, MEMBER)), ALL),
    "the owner as a viewer": (Actor("local", "ann", roles=(VIEWER,)), {SEE}),
    "an admin it is shared with": (Actor("local", "use", roles=(ADMIN, MEMBER)), {*ALL, OPEN}),
    "a colleague who may use": (Actor("local", "use"), {SEE, OPEN}),
    "a colleague who may extend": (Actor("local", "extend"), {SEE, OPEN, LENGTHEN}),
    "a colleague who may manage": (Actor("local", "manage"), {SEE, OPEN, LENGTHEN, SWITCH}),
    "a viewer who may manage": (Actor("local", "viewer", roles=(VIEWER,)), {SEE}),
    "a colleague whose part is over": (Actor("local", "over"), set()),
    "a stranger": (Actor("local", "bob"), set()),
    "an admin of another workspace": (Actor("other", "root", roles=(ADMIN, MEMBER)), set()),
    "a namesake of a colleague in another workspace": (Actor("other", "manage"), set()),
}


async def shared(world: MemoryDesk, *, state: str = "") -> Reservation:
    """A reservation of Ann's in which people have parts of every kind."""
    await world.accounts.welcome(ANN.person)
    quote = await world.desk.quote(ANN, ResourceRequest(kind="vm", count=2))
    item = await world.desk.reserve(ANN, quote.id, conversation="local:console:-:ann")
    world.engine.finish_provisioning(item.id)
    now = world.clock()
    shares = (
        *(Share(level, level) for level in (USE, EXTEND, MANAGE)),
        Share("viewer", MANAGE),
        Share("over", MANAGE, now),
    )
    item = replace(world.views.items[item.id], shares=shares)
    if state == PARTIAL:
        item = replace(item, state=PARTIAL, nodes=item.nodes[:-1], choose_by=now + timedelta(hours=1), can_go_on=True)
    elif state:
        item = replace(item, state=state)
    world.views.items[item.id] = item
    return item


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("method", CALLS)
async def test_every_method_allows_exactly_what_the_part_allows(method: str, who: str) -> None:
    world = MemoryDesk()
    item = await shared(world, state=STATES.get(method, ""))
    (takes, call), (actor, rights) = CALLS[method], PEOPLE[who]
    if takes in rights:
        await call(world.desk, actor, item.id)
        return
    wanted: type[CloudDeskError] = Denied if SEE in rights else NotFound
    with pytest.raises(wanted) as refused:
        await call(world.desk, actor, item.id)
    assert type(refused.value) is wanted
    assert world.views.items[item.id] == item, "nothing was changed"


def test_no_method_that_takes_a_reservation_is_left_out_of_the_matrix() -> None:
    methods = [item for part in PARTS for item in inspect.getmembers(part, inspect.isfunction)]
    taking = {name for name, method in methods if "reservation_id" in inspect.signature(method).parameters}
    assert {name for name in taking if not name.startswith("_")} == set(CALLS)


async def test_a_colleague_may_give_up_their_own_part_and_nobody_elses() -> None:
    world = MemoryDesk()
    item = await shared(world)
    ben = Actor("local", USE)
    with pytest.raises(Denied):
        await world.desk.shares.unshare(ben, item.id, MANAGE, request_id="one")
    await world.desk.shares.unshare(ben, item.id, USE, request_id="two")
    assert {share.user_id for share in world.views.items[item.id].shares} == {EXTEND, MANAGE, "viewer", "over"}
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


@pytest.mark.parametrize("why", ["bot", "guest", "deactivated", "foreign"])
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
