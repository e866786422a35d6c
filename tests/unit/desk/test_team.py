"""The team view: what admins see and stop, protection, and times without new machines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clouddesk.model import audit
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.errors import Frozen, Protected, Unavailable
from clouddesk.model.invalid import TimeIsOver
from clouddesk.model.notice import LEAVER, TEAM_STOPPED
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation
from clouddesk.model.share import MANAGE, Share
from clouddesk.model.utilisation import Sample
from clouddesk.team_view import AGE, COST, IDLENESS, PROTECTED, idle_since, most_machines
from tests.builders import NOW
from tests.conversation.memory import MemoryDesk

ROOT = Actor("local", "root", roles=(MEMBER, ADMIN))
ANN, BEN = Actor("local", "ann"), Actor("local", "ben")


async def order(world: MemoryDesk, actor: Actor, name: str, *, count: int = 1, is_ready: bool = True) -> Reservation:
    await world.accounts.welcome(actor.person)
    quote = await world.desk.quote(actor, ResourceRequest(kind="vm", count=count, name=name))
    item = await world.desk.reserve(actor, quote.id, conversation="c")
    if is_ready:
        world.engine.finish_provisioning(item.id)
    return world.views.items[item.id]


async def names(world: MemoryDesk, by: str) -> list[str]:
    return [found.item.name for found in await world.desk.team_view.running(ROOT, by=by)]


async def test_all_that_runs_is_sorted_by_cost_by_age_and_by_idleness() -> None:
    world = MemoryDesk()
    old = await order(world, ANN, "old")
    world.clock.forward(hours=1)
    dear = await order(world, BEN, "dear", count=3)
    world.clock.forward(hours=1)
    await order(world, BEN, "new")
    for item, minutes in ((old, 30), (dear, 90)):
        await world.series.append(
            item.id, [Sample("node-1", world.clock() - timedelta(minutes=minutes), cpu_percent=1.0, logins=0, jobs=0)]
        )
    assert await names(world, COST) == ["dear", "old", "new"]
    assert await names(world, AGE) == ["old", "dear", "new"]
    assert await names(world, IDLENESS) == ["dear", "old", "new"]


def test_idle_is_what_no_sample_shows_in_use_and_nothing_is_said_where_nothing_was_learned() -> None:
    quiet = [Sample("node-1", NOW + timedelta(minutes=minutes), cpu_percent=1.0, logins=0) for minutes in (5, 10)]
    assert idle_since([]) is None
    assert idle_since([Sample("node-1", NOW)]) is None
    assert idle_since(quiet) == NOW + timedelta(minutes=5)
    assert idle_since([Sample("node-2", NOW, logins=1), *quiet]) == NOW + timedelta(minutes=5)
    for busy in ({"logins": 1}, {"jobs": 2}, {"cpu_percent": 40.0}, {"gpu_percent": 9.0}):
        assert idle_since([*quiet, Sample("node-2", NOW + timedelta(minutes=10), **busy)]) is None


async def test_who_has_the_most_machines_comes_first() -> None:
    world = MemoryDesk()
    items = [await order(world, ANN, "a"), await order(world, ANN, "b"), await order(world, BEN, "c", count=3)]
    assert [(owner, machines) for owner, machines, _ in most_machines(items)] == [("ben", 3), ("ann", 2)]


async def test_what_cannot_be_stopped_is_named_with_the_reason_and_left_alone() -> None:
    world = MemoryDesk()
    runs, kept = await order(world, BEN, "runs"), await order(world, BEN, "kept")
    slept, comes = await order(world, BEN, "slept"), await order(world, BEN, "comes", is_ready=False)
    other = await order(world, ANN, "other")
    await world.desk.power.stop(BEN, slept.id)
    await world.desk.protection.protect(BEN, kept.id)
    plan = await world.desk.team_view.plan_stop(ROOT, owner="ben")
    assert [item.name for item in plan.stopping] == ["runs"]
    assert {item.name: why for item, why in plan.left} == {
        "kept": PROTECTED,
        "slept": STOPPED,
        "comes": comes.state,
    }
    done = await world.desk.team_view.stop(ROOT, [runs.id, kept.id], reason="the audit", request_id="one")
    assert [item.name for item in done.stopped] == ["runs"]
    assert world.views.items[kept.id].state == world.views.items[other.id].state == RUNNING


async def test_owners_are_told_once_who_stopped_what_and_why_and_it_is_in_the_trail() -> None:
    world = MemoryDesk()
    items = [await order(world, ANN, "a"), await order(world, BEN, "b"), await order(world, BEN, "c")]
    items.append(await order(world, ROOT, "own"))
    await world.desk.team_view.stop(ROOT, [item.id for item in items], reason="the audit", request_id="one")
    told = {notice.user_id: notice.values for notice in world.notices.sent if notice.kind == TEAM_STOPPED}
    assert told.keys() == {"ann", "ben"}, "nobody is told of what they did themselves"
    assert (told["ben"]["by"], told["ben"]["why"]) == ("root", "the audit")
    assert set(told["ben"]["name"].split(", ")) == {"b", "c"}
    (entry,) = [entry for entry in world.trail.entries if entry.action == audit.TEAM_STOPPED]
    assert (entry.by, entry.facts["reason"]) == ("root", "the audit")


async def test_one_that_fails_does_not_keep_the_others_from_being_stopped() -> None:
    world = MemoryDesk()
    items = [await order(world, BEN, name) for name in ("a", "b")]
    world.engine.fault = Unavailable("Temporal")
    done = await world.desk.team_view.stop(ROOT, [item.id for item in items], request_id="one")
    assert len(done.stopped) == len(done.failed) == 1


async def test_what_is_protected_is_released_only_after_that_was_taken_off() -> None:
    world = MemoryDesk()
    item = await order(world, ANN, "etl")
    await world.desk.protection.protect(ANN, item.id)
    for actor in (ANN, ROOT):
        with pytest.raises(Protected):
            await world.desk.release(actor, item.id)
    assert world.views.items[item.id].state == RUNNING
    await world.desk.power.stop(ANN, item.id)
    await world.desk.protection.unprotect(ROOT, item.id)
    assert (await world.desk.release(ANN, item.id)).state != RUNNING


async def test_what_a_leaver_leaves_is_offered_to_the_admins_and_their_parts_in_others_machines_end() -> None:
    world = MemoryDesk()
    world.admins = ["root", "rita"]
    left, other = await order(world, BEN, "left"), await order(world, ANN, "other")
    await world.desk.shares.share(ANN, other.id, Share("ben", MANAGE), request_id="one")
    robot = Actor("local", "", roles=(MEMBER, ADMIN))
    assert await world.desk.leavers.concerned(robot) == ["ann", "ben", "rita", "root"]
    for _ in range(2):
        assert [item.id for item in await world.desk.leavers.left(robot, "ben")] == [left.id]
    told = {notice.id: notice for notice in world.notices.sent if notice.kind == LEAVER}
    assert {notice.user_id for notice in told.values()} == {"root", "rita"}
    assert len(told) == 2
    assert world.views.items[other.id].shares == ()
    assert world.views.items[left.id].state == RUNNING, "it goes on until its lease ends"
    assert [(entry.name, entry.owner) for entry in world.trail.entries if entry.action == audit.LEFT] == [
        ("left", "ben")
    ]


async def test_a_freeze_refuses_orders_and_growth_and_nothing_else() -> None:
    world = MemoryDesk()
    item, late = await order(world, ANN, "etl"), await world.desk.quote(ANN, ResourceRequest(kind="vm"))
    made = await world.desk.freezing.freeze(ROOT, until=world.clock() + timedelta(days=2), reason="the audit")
    with pytest.raises(Frozen) as refused:
        await world.desk.reserve(ANN, late.id, conversation="c")
    assert refused.value.freeze == made
    world.views.items[item.id] = replace(world.views.items[item.id], disk_gb=80.0)
    quote = await world.desk.scaling.quote(ANN, item.id, 2)
    with pytest.raises(Frozen):
        await world.desk.scaling.scale(ANN, item.id, quote.scale, request_id="r")
    assert (await world.desk.reserve(ANN, "q-" + item.id.removeprefix("r-"), conversation="c")).id == item.id
    await world.desk.power.stop(ANN, item.id)
    await world.desk.power.start(ANN, item.id)
    await world.desk.leases.extend(ANN, item.id, 3600, request_id="r")
    assert await world.desk.freezing.current(Actor("other", "ann")) is None, "it is of one workspace"


async def test_a_freeze_is_over_at_its_end_or_when_it_is_lifted() -> None:
    world = MemoryDesk()
    with pytest.raises(TimeIsOver):
        await world.desk.freezing.freeze(ROOT, until=world.clock())
    await world.desk.freezing.freeze(ROOT, until=world.clock() + timedelta(hours=1))
    world.clock.forward(hours=1)
    await world.desk.freezing.check(ANN)
    await world.desk.freezing.freeze(ROOT)
    assert await world.desk.freezing.unfreeze(ROOT) is not None
    assert await world.desk.freezing.unfreeze(ROOT) is None
    await world.desk.freezing.check(ANN)
    assert [entry.action for entry in world.trail.entries if entry.by == "root"] == [
        audit.FROZEN,
        audit.FROZEN,
        audit.UNFROZEN,
    ]
