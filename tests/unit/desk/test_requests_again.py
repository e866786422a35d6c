"""Requests that are closed: they can be asked again, they go with who asked, and an outage does not hide their end."""

from __future__ import annotations

import pytest

from clouddesk.model.actor import ADMIN, DEACTIVATED, MEMBER, Actor
from clouddesk.model.approval import (
    APPROVED,
    DONE,
    EXPIRED,
    FAILED,
    GONE,
    PENDING,
    WITHDRAWN,
    AlreadyDecided,
    Approval,
    NobodyApproves,
    OverBudget,
)
from clouddesk.model.budget import LEASE, MACHINES, Bound
from clouddesk.model.errors import Unavailable
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from clouddesk.workflows.ringing import TimerActivities
from clouddesk.workflows.timing import Ring
from connectors.notices import Wording
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")
ROOT, SUE = (Actor("local", name, roles=(ADMIN, MEMBER)) for name in ("root", "sue"))


@pytest.fixture
async def world() -> MemoryDesk:
    made = MemoryDesk()
    made.admins = ["root", "sue"]
    await made.accounts.welcome(ANN.person)
    return made


async def running(world: MemoryDesk) -> Reservation:
    quote = await world.desk.quote(ANN, ResourceRequest(duration_seconds=5 * 86_400))
    made = await world.desk.reserve(ANN, quote.id, conversation="c")
    world.engine.finish_provisioning(made.id)
    return made


async def holding(world: MemoryDesk, made: Reservation) -> Approval:
    """Asks for the same wish whenever it is said."""
    with pytest.raises(OverBudget) as refused:
        await world.desk.leases.hold(ANN, made.id)
    return await world.desk.approvals.ask(ANN, refused.value, conversation="c")


async def ordering(world: MemoryDesk) -> Approval:
    await world.desk.budgets.set(ROOT, "ann", {MACHINES: Bound(0)})
    quote = await world.desk.quote(ANN, ResourceRequest(duration_seconds=36_000))
    with pytest.raises(OverBudget) as refused:
        await world.desk.reserve(ANN, quote.id, conversation="c")
    return await world.desk.approvals.ask(ANN, refused.value, conversation="c")


async def ring(world: MemoryDesk, approval: Approval) -> Approval:
    """Its time is over."""
    timer = world.timers.items[f"approval-local-{approval.id}"]
    activities = TimerActivities(
        engine=world.engine,
        views=world.views,
        notices=world.notices,
        timers=world.timers,
        budgets=world.desk.budgets,
        clock=world.clock,
    )
    await activities.ring(Ring(timer, "k", timer.at))
    return world.approvals.items["local", approval.id]


@pytest.mark.parametrize("how", ["withdrawn", "declined", "over", "expired"])
async def test_a_wish_that_was_closed_can_be_asked_for_again(world: MemoryDesk, how: str) -> None:
    made = await running(world)
    await world.desk.budgets.set(ROOT, "ann", {LEASE: Bound(6)})
    first = await holding(world, made)
    if how == "withdrawn":
        await world.desk.approvals.withdraw(ANN, first.id)
    elif how == "declined":
        await world.desk.approvals.decline(ROOT, first.id)
    else:
        world.clock.forward(hours=25)
        if how == "expired":
            await ring(world, first)
    before = {item.id for item in world.notices.sent}
    again = await holding(world, made)
    assert (again.status, again.id != first.id) == (PENDING, True)
    assert await holding(world, made) == again
    sent = {item.id: item for item in world.notices.sent if item.id not in before}
    assert sorted(item.user_id for item in sent.values()) == ["root", "sue"], "what is told once is told again"
    done, _ = await world.desk.approvals.approve(ROOT, again.id)
    assert done.status == DONE
    assert world.views.items[made.id].is_held


async def test_what_is_being_carried_out_or_done_is_not_asked_for_again(world: MemoryDesk) -> None:
    made = await running(world)
    await world.desk.budgets.set(ROOT, "ann", {LEASE: Bound(6)})
    first = await holding(world, made)
    with pytest.raises(OverBudget) as refused:
        await world.desk.leases.hold(ANN, made.id)
    world.engine.fault = Unavailable("Temporal")
    with pytest.raises(Unavailable):
        await world.desk.approvals.approve(ROOT, first.id)
    again = await world.desk.approvals.ask(ANN, refused.value, conversation="c")
    assert (again.id, again.status) == (first.id, APPROVED)
    await world.desk.approvals.approve(ROOT, first.id)
    again = await world.desk.approvals.ask(ANN, refused.value, conversation="c")
    assert (again.id, again.status) == (first.id, DONE)


async def test_an_extension_in_between_does_not_make_a_hold_another_wish(world: MemoryDesk) -> None:
    made = await running(world)
    await world.desk.budgets.set(ROOT, "ann", {LEASE: Bound(6)})
    first = await holding(world, made)
    await world.desk.leases.extend(ANN, made.id, 3600, request_id="one")
    done, _ = await world.desk.approvals.approve(ROOT, first.id)
    assert done.status == DONE


async def test_what_who_left_asked_for_is_withdrawn(world: MemoryDesk) -> None:
    approval = await ordering(world)
    assert {"ann", "root", "sue"} <= {*await world.desk.leavers.concerned(ROOT)}
    await world.desk.leavers.left(ROOT, "ann")
    await world.desk.leavers.left(ROOT, "ann")
    (known,) = world.approvals.items.values()
    assert (known.status, known.reason, world.timers.items) == (WITHDRAWN, GONE, {})
    with pytest.raises(AlreadyDecided):
        await world.desk.approvals.approve(ROOT, approval.id)
    (entry,) = (item for item in world.trail.entries if item.facts.get("status") == WITHDRAWN)
    assert (entry.by, entry.facts["reason"]) == ("", GONE)


@pytest.mark.parametrize("had_outage", [False, True])
async def test_nothing_is_got_for_who_left_before_anybody_noticed(world: MemoryDesk, had_outage: bool) -> None:
    approval = await ordering(world)
    if had_outage:
        world.engine.fault = Unavailable("Temporal")
        with pytest.raises(Unavailable):
            await world.desk.approvals.approve(SUE, approval.id)
    world.colleagues.refused["ann"] = DEACTIVATED
    with pytest.raises(AlreadyDecided) as refused:
        await world.desk.approvals.approve(ROOT, approval.id)
    assert (refused.value.approval.status, refused.value.approval.reason) == (WITHDRAWN, GONE)
    assert world.views.items == {}


async def test_who_left_decides_nothing_and_is_waited_for_by_nobody(world: MemoryDesk) -> None:
    await world.desk.budgets.name_approver(ROOT, "cid")
    for user_id in ("cid", "sue"):
        world.colleagues.refused[user_id] = DEACTIVATED
    assert await world.desk.approvals.managers(ANN) == ["root"]
    approval = await ordering(world)
    assert {item.user_id for item in world.notices.sent} == {"root"}
    assert await world.desk.approvals.deciders(ANN, approval.id) == ["root"]
    world.colleagues.refused["root"] = DEACTIVATED
    with pytest.raises(NobodyApproves):
        await ordering(world)


async def test_what_was_done_before_an_outage_is_not_told_to_have_lapsed(
    world: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = await ordering(world)
    start = world.engine.start

    async def silent(order: object) -> None:
        await start(order)  # type: ignore[arg-type]
        raise Unavailable("Temporal")

    monkeypatch.setattr(world.engine, "start", silent)
    with pytest.raises(Unavailable):
        await world.desk.approvals.approve(ROOT, approval.id)
    world.clock.forward(hours=24)
    known = await ring(world, approval)
    (told,) = (item for item in world.notices.sent if item.kind == "approval_decided")
    assert (known.status, known.by) == (DONE, "root")
    assert "root approved *ubuntu*" in Wording().render(told, timezone_name="UTC").text


async def test_what_was_approved_and_never_done_is_told_to_be_that(world: MemoryDesk) -> None:
    approval = await ordering(world)
    world.engine.fault = Unavailable("Temporal")
    with pytest.raises(Unavailable):
        await world.desk.approvals.approve(ROOT, approval.id)
    world.clock.forward(hours=24)
    known = await ring(world, approval)
    (told,) = (item for item in world.notices.sent if item.kind == "approval_decided")
    text = Wording().render(told, timezone_name="UTC").text
    assert (known.status, known.by) == (FAILED, "root")
    assert "root approved *ubuntu*" in text
    assert "could not be done" in text


async def test_what_nobody_decided_on_lapses_as_before(world: MemoryDesk) -> None:
    approval = await ordering(world)
    world.clock.forward(hours=24)
    assert (await ring(world, approval)).status == EXPIRED
