"""What somebody left behind: an admin takes it over, or has a colleague asked; nobody's but a leaver's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.model import audit, notice
from clouddesk.model.actor import ADMIN, DEACTIVATED, LOCAL_WORKSPACE, MEMBER, Actor
from clouddesk.model.errors import Denied, NotFound, WrongState
from clouddesk.model.handover import NotHandedOver, NotLeft
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import PROVISIONING, Reservation
from clouddesk.model.timer import EVERY_DAY, STOP, Weekly
from clouddesk.timers import Switch
from tests.conversation.memory import MemoryDesk

ROOT, RITA = (Actor(LOCAL_WORKSPACE, name, roles=(MEMBER, ADMIN)) for name in ("root", "rita"))
BEN, CARLA = Actor(LOCAL_WORKSPACE, "ben"), Actor(LOCAL_WORKSPACE, "carla")
ROBOT = Actor(LOCAL_WORKSPACE, "", roles=(MEMBER, ADMIN))


@pytest.fixture
async def world() -> MemoryDesk:
    """Root and Rita are the admins."""
    made = MemoryDesk()
    made.admins = ["root", "rita"]
    return made


async def order(world: MemoryDesk, actor: Actor = BEN, name: str = "kiln") -> Reservation:
    await world.accounts.welcome(actor.person)
    quote = await world.desk.quote(actor, ResourceRequest(kind="vm", name=name))
    item = await world.desk.reserve(actor, quote.id, conversation="c")
    world.engine.finish_provisioning(item.id)
    return world.views.items[item.id]


async def leave(world: MemoryDesk, user_id: str = "ben") -> None:
    world.colleagues.refused[user_id] = DEACTIVATED
    await world.desk.leavers.left(ROBOT, user_id)


def told(world: MemoryDesk, kind: str) -> list[str]:
    return ["admins" if item.is_for_admins else item.user_id for item in world.notices.sent if item.kind == kind]


async def test_an_admin_takes_over_what_somebody_left_behind_with_all_that_goes_with_it(world: MemoryDesk) -> None:
    item = await order(world)
    await world.desk.timers.schedule(BEN, item.id, [Switch(STOP, Weekly(EVERY_DAY, 19))], conversation="c")
    await leave(world)
    done = await world.desk.handovers.take_over(ROOT, item.id)
    assert (done.owner, done.account_owner) == ("root", "ben"), "the cloud account stays"
    assert [(tenure.owner, tenure.has_left) for tenure in done.earlier_owners] == [("ben", True)]
    assert not done.has_owner_keys
    assert [timer.what for timer in await world.desk.timers.schedule_of(ROOT, item.id)] == [STOP]
    assert told(world, notice.HANDED_OVER) == ["admins"], "who left reads nothing"
    assert told(world, notice.HANDOVER) == [], "nobody was asked"
    assert [owned.id for owned in await world.desk.reservations(ROOT)] == [item.id]


async def test_what_is_of_somebody_who_is_there_is_not_taken_over(world: MemoryDesk) -> None:
    item = await order(world)
    with pytest.raises(NotLeft):
        await world.desk.handovers.take_over(ROOT, item.id)
    await leave(world)
    with pytest.raises(NotFound):
        await world.desk.handovers.take_over(CARLA, item.id)
    del world.colleagues.refused["ben"]  # they are back before anybody has pressed
    with pytest.raises(NotLeft):
        await world.desk.handovers.take_over(ROOT, item.id)
    assert world.views.items[item.id].owner == "ben"


async def test_only_the_first_admin_takes_it(world: MemoryDesk) -> None:
    item = await order(world)
    await leave(world)
    await world.desk.handovers.take_over(RITA, item.id)
    for actor in (ROOT, RITA):
        with pytest.raises(NotLeft):
            await world.desk.handovers.take_over(actor, item.id)
    assert world.views.items[item.id].owner == "rita"


async def test_a_colleague_is_asked_as_with_any_hand_over_and_admins_hear_the_answer(world: MemoryDesk) -> None:
    item = await order(world)
    await leave(world)
    await world.desk.handovers.offer(ROOT, item.id, "carla")
    assert told(world, notice.HANDOVER) == ["carla"]
    asked = next(one for one in world.notices.sent if one.kind == notice.HANDOVER)
    assert (asked.values["owner"], asked.values["person"]) == ("ben", "root"), "it is the admin who asks"
    await world.desk.handovers.decline(CARLA, item.id)
    assert told(world, notice.HANDOVER_DECLINED) == ["admins"]
    assert world.views.items[item.id].owner == "ben"
    with pytest.raises(NotFound):
        await world.desk.handovers.accept(CARLA, item.id)
    await world.desk.handovers.offer(ROOT, item.id, "carla")
    assert (await world.desk.handovers.accept(CARLA, item.id)).owner == "carla"
    assert told(world, notice.HANDED_OVER) == ["admins", "carla"]


async def test_what_cannot_be_moved_is_not_taken_over(world: MemoryDesk) -> None:
    item = await order(world)
    await leave(world)
    world.views.items[item.id] = replace(item, state=PROVISIONING)
    with pytest.raises(WrongState):
        await world.desk.handovers.take_over(ROOT, item.id)
    # The leaver's own keys would go on letting them in.
    world.views.items[item.id] = replace(item, is_simulated=False)
    with pytest.raises(NotHandedOver):
        await world.desk.handovers.take_over(ROOT, item.id)


async def test_a_viewer_takes_nothing(world: MemoryDesk) -> None:
    item = await order(world)
    await leave(world)
    with pytest.raises((Denied, NotFound)):
        await world.desk.handovers.take_over(Actor(LOCAL_WORKSPACE, "vic", roles=("viewer",)), item.id)


async def test_it_is_in_the_trail_whose_it_was_and_that_they_had_left(world: MemoryDesk) -> None:
    item = await order(world)
    await leave(world)
    await world.desk.handovers.take_over(ROOT, item.id)
    entries = [entry for entry in world.engine.written if entry.action == audit.HANDED_OVER]
    assert [(entry.by, entry.facts["before"], entry.facts["has_left"]) for entry in entries] == [("root", "ben", "yes")]
