"""Requests beyond a budget: who is asked, who may decide, and that what is approved is done exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clouddesk.model.actor import ADMIN, MEMBER, VIEWER, Actor
from clouddesk.model.approval import (
    CHANGED,
    DECLINED,
    DONE,
    EXPIRED,
    FAILED,
    LONGER,
    OWN,
    PARTY,
    PENDING,
    WITHDRAWN,
    AlreadyDecided,
    Approval,
    NobodyApproves,
    NotYoursToDecide,
    OverBudget,
)
from clouddesk.model.budget import HOUR, LEASE, MACHINES, Bound
from clouddesk.model.errors import NotFound, Unavailable, WrongState
from clouddesk.model.orphan import Orphan
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import EXTEND, MANAGE, Share
from connectors.notices import Wording
from tests.conversation.memory import MemoryDesk

ANN, BEN, CID = (Actor("local", name) for name in ("ann", "ben", "cid"))
ROOT, SUE = (Actor("local", name, roles=(ADMIN, MEMBER)) for name in ("root", "sue"))


@pytest.fixture
async def world() -> MemoryDesk:
    made = MemoryDesk()
    made.admins = ["root", "sue"]
    for actor in (ANN, BEN, ROOT):
        await made.accounts.welcome(actor.person)
    await made.desk.budgets.set(ROOT, "each", {MACHINES: Bound(1)})
    return made


async def ask(world: MemoryDesk, actor: Actor = ANN, **wish: Any) -> Approval:
    """For one machine too many."""
    quote = await world.desk.quote(actor, ResourceRequest(**{"count": 2, "duration_seconds": 36_000, **wish}))
    with pytest.raises(OverBudget) as refused:
        await world.desk.reserve(actor, quote.id, conversation="c")
    return await world.desk.approvals.ask(actor, refused.value, conversation="c")


async def running(world: MemoryDesk, actor: Actor = ANN) -> Reservation:
    quote = await world.desk.quote(actor, ResourceRequest(duration_seconds=36_000))
    made = await world.desk.reserve(actor, quote.id, conversation="c")
    world.engine.finish_provisioning(made.id)
    return made


def told(world: MemoryDesk, kind: str) -> list[tuple[str, str]]:
    return [(item.user_id, item.values["status"]) for item in world.notices.sent if item.kind == kind]


async def test_every_manager_is_asked_once_and_it_waits_a_day(world: MemoryDesk) -> None:
    approval = await ask(world)
    assert approval.status == PENDING
    assert sorted(told(world, "approval_asked")) == [("root", PENDING), ("sue", PENDING)]
    (timer,) = world.timers.items.values()
    assert timer.at == approval.expires_at
    assert (approval.expires_at - approval.created_at).total_seconds() == 24 * 3600


async def test_two_managers_who_click_at_the_same_time_get_one_reservation(world: MemoryDesk) -> None:
    approval = await ask(world)
    answers = await asyncio.gather(
        *(world.desk.approvals.approve(actor, approval.id) for actor in (ROOT, SUE, ROOT, SUE)),
        return_exceptions=True,
    )
    (made,) = world.views.items.values()
    assert made.owner == "ann"
    assert len(world.engine.orders) == 1
    for answer in answers:
        assert isinstance(answer, AlreadyDecided) or answer[1] == made  # type: ignore[index]
    assert {status for _, status in told(world, "approval_decided")} == {DONE}
    assert len({item.id for item in world.notices.sent if item.kind == "approval_decided"}) == 1
    assert world.timers.items == {}


async def test_the_same_yes_again_is_the_same_request(world: MemoryDesk) -> None:
    quote = await world.desk.quote(ANN, ResourceRequest(count=2))
    approvals = []
    for _ in range(2):
        with pytest.raises(OverBudget) as refused:
            await world.desk.reserve(ANN, quote.id, conversation="c")
        approvals.append(await world.desk.approvals.ask(ANN, refused.value, conversation="c"))
    assert approvals[0] == approvals[1]
    assert len({item.id for item in world.notices.sent}) == 2


async def test_who_asked_or_whose_budget_it_is_never_decides(world: MemoryDesk) -> None:
    own = await ask(world, ROOT)
    for decision in (world.desk.approvals.approve(ROOT, own.id), world.desk.approvals.decline(ROOT, own.id)):
        with pytest.raises(NotYoursToDecide) as refused:
            await decision
        assert refused.value.why == OWN
    assert [user_id for user_id, _ in told(world, "approval_asked")] == ["sue"]
    assert await world.desk.approvals.waiting(ROOT) == []


async def test_nobody_lets_a_colleague_ask_for_what_is_on_their_own_budget(world: MemoryDesk) -> None:
    """An admin shares a machine and approves what the colleague then asks for: that is their own."""
    made = await running(world, ROOT)
    world.views.items[made.id] = replace(world.views.items[made.id], shares=(Share("ben", EXTEND),))
    await world.desk.budgets.set(ROOT, "root", {LEASE: Bound(0.1)})
    with pytest.raises(OverBudget) as refused:
        await world.desk.leases.extend(BEN, made.id, 3600, request_id="one")
    approval = await world.desk.approvals.ask(BEN, refused.value, conversation="c")
    with pytest.raises(NotYoursToDecide):
        await world.desk.approvals.approve(ROOT, approval.id)
    await world.desk.approvals.approve(SUE, approval.id)
    assert world.views.items[made.id].expires_at - made.expires_at == (made.expires_at - made.created_at) / 10


async def test_who_has_a_part_in_a_machine_does_not_decide_on_it(world: MemoryDesk) -> None:
    made = await running(world)
    world.views.items[made.id] = replace(world.views.items[made.id], shares=(Share("sue", MANAGE),))
    await world.desk.budgets.set(ROOT, "ann", {LEASE: Bound(0.1)})
    with pytest.raises(OverBudget) as refused:
        await world.desk.leases.extend(ANN, made.id, 3600, request_id="one")
    approval = await world.desk.approvals.ask(ANN, refused.value, conversation="c")
    assert [user_id for user_id, _ in told(world, "approval_asked")] == ["root"]
    with pytest.raises(NotYoursToDecide) as not_hers:
        await world.desk.approvals.approve(SUE, approval.id)
    assert not_hers.value.why == PARTY


@pytest.mark.parametrize(
    "actor",
    [
        BEN,
        Actor("local", "eye", roles=(VIEWER,)),
        Actor("other", "root", roles=(ADMIN, MEMBER)),
        Actor("other", "ann"),
        Actor("local", "cid", roles=(VIEWER,)),
    ],
)
async def test_who_is_no_manager_does_not_even_learn_of_a_request(world: MemoryDesk, actor: Actor) -> None:
    await world.desk.budgets.name_approver(ROOT, "cid")
    approval = await ask(world)
    approvals = world.desk.approvals
    for attempt in (
        approvals.get(actor, approval.id),
        approvals.approve(actor, approval.id),
        approvals.decline(actor, approval.id, "no"),
        approvals.withdraw(actor, approval.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await approvals.waiting(actor), await approvals.own(actor)) == ([], [])
    assert world.views.items == {}


async def test_a_named_approver_decides_and_a_removed_one_does_not(world: MemoryDesk) -> None:
    world.admins = []
    await world.desk.budgets.name_approver(ROOT, "cid")
    approval = await ask(world)
    await world.desk.budgets.name_approver(ROOT, "cid", is_wanted=False)
    with pytest.raises(NotFound):
        await world.desk.approvals.approve(CID, approval.id)
    await world.desk.budgets.name_approver(ROOT, "cid")
    await world.desk.approvals.approve(CID, approval.id)
    assert len(world.views.items) == 1


@pytest.mark.parametrize(("admins", "asker"), [([], ANN), (["root"], ROOT), (["root"], ANN)])
async def test_where_nobody_could_approve_nothing_is_asked(world: MemoryDesk, admins: list[str], asker: Actor) -> None:
    world.admins = admins
    if admins and asker is ANN:
        await ask(world, ANN)
        return
    with pytest.raises(NobodyApproves) as refused:
        await ask(world, asker)
    assert refused.value.is_admin is (asker is ROOT)
    assert (world.approvals.items, world.timers.items) == ({}, {})


async def test_a_declined_request_tells_why_and_can_be_given_a_reason_later(world: MemoryDesk) -> None:
    approval = await ask(world)
    await world.desk.approvals.decline(ROOT, approval.id)
    declined = await world.desk.approvals.decline(ROOT, approval.id, "too big")
    assert (declined.status, declined.by, declined.reason) == (DECLINED, "root", "too big")
    assert told(world, "approval_decided") == [("ann", DECLINED), ("ann", DECLINED)]
    for actor in (ROOT, SUE):
        with pytest.raises(AlreadyDecided):
            await world.desk.approvals.approve(actor, approval.id)
    with pytest.raises(AlreadyDecided):
        await world.desk.approvals.decline(SUE, approval.id, "me too")
    assert world.views.items == {}


async def test_nothing_is_approved_after_its_time_or_after_it_was_withdrawn(world: MemoryDesk) -> None:
    late, unwanted = await ask(world), await ask(world, BEN)
    await world.desk.approvals.withdraw(BEN, unwanted.id)
    with pytest.raises(AlreadyDecided) as refused:
        await world.desk.approvals.approve(ROOT, unwanted.id)
    assert refused.value.approval.status == WITHDRAWN
    world.clock.forward(hours=24)
    with pytest.raises(AlreadyDecided) as refused:
        await world.desk.approvals.approve(ROOT, late.id)
    assert refused.value.approval.status == EXPIRED
    assert world.views.items == {}


async def test_what_costs_more_by_the_time_of_the_approval_is_asked_anew(world: MemoryDesk) -> None:
    approval = await ask(world)
    world.catalog.reprice("s-2vcpu-4gb", 0.05)
    changed, made = await world.desk.approvals.approve(ROOT, approval.id)
    assert (changed.status, made) == (CHANGED, None)
    assert told(world, "approval_decided") == [("ann", CHANGED)]
    assert world.views.items == {}


async def test_what_cannot_be_done_any_more_is_said_to_both(world: MemoryDesk) -> None:
    await world.desk.budgets.set(ROOT, "each", {MACHINES: None})
    made = await running(world)
    await world.desk.budgets.set(ROOT, "ann", {LEASE: Bound(0.1)})
    with pytest.raises(OverBudget) as refused:
        await world.desk.leases.extend(ANN, made.id, 3600, request_id="one")
    approval = await world.desk.approvals.ask(ANN, refused.value, conversation="c")
    world.engine.fault = WrongState(made.name, state="releasing", wanted="extend")
    with pytest.raises(WrongState):
        await world.desk.approvals.approve(ROOT, approval.id)
    assert told(world, "approval_decided") == [("ann", FAILED)]


async def test_an_approval_whose_order_met_an_outage_is_carried_out_with_the_next_click(world: MemoryDesk) -> None:
    approval = await ask(world)
    world.engine.fault = Unavailable("Temporal")
    with pytest.raises(Unavailable):
        await world.desk.approvals.approve(ROOT, approval.id)
    assert told(world, "approval_decided") == []
    done, made = await world.desk.approvals.approve(SUE, approval.id)
    assert (done.status, done.by) == (DONE, "root")
    assert made is not None
    assert len(world.views.items) == 1


async def test_an_approval_allows_just_what_was_asked_for(world: MemoryDesk) -> None:
    approval = await ask(world)
    await world.desk.approvals.approve(ROOT, approval.id)
    made = await running(world, BEN)
    await world.desk.budgets.set(ROOT, "ben", {LEASE: Bound(0.1)})
    with pytest.raises(OverBudget):
        await world.desk.leases.extend(BEN, made.id, 3600, request_id="one", approval_id=approval.id)


async def starting(world: MemoryDesk) -> tuple[Reservation, Approval]:
    """Ann's stopped machine with ten hours left, which she asks to have switched on."""
    await world.desk.budgets.set(ROOT, "each", {MACHINES: None})
    made = await running(world)
    await world.desk.power.stop(ANN, made.id)
    world.clock.forward(minutes=2)
    await world.desk.budgets.set(ROOT, "ann", {HOUR: Bound(0.01)})
    with pytest.raises(OverBudget) as refused:
        await world.desk.power.start(ANN, made.id, request_id="one")
    return made, await world.desk.approvals.ask(ANN, refused.value, conversation="c")


async def growing(world: MemoryDesk) -> tuple[Reservation, Approval]:
    """Ann's machine with ten hours left, of which she asks to have five."""
    made = await running(world)
    quote = await world.desk.scaling.quote(ANN, made.id, 5)
    with pytest.raises(OverBudget) as refused:
        await world.desk.scaling.scale(ANN, made.id, quote.scale, request_id="one")
    return made, await world.desk.approvals.ask(ANN, refused.value, conversation="c")


@pytest.mark.parametrize("asking", [growing, starting])
async def test_what_is_approved_for_ten_hours_is_not_done_for_twenty_days(
    world: MemoryDesk, asking: Callable[[MemoryDesk], Awaitable[tuple[Reservation, Approval]]]
) -> None:
    # AWS bills what is stopped less, so that starting costs.
    world.catalog.offers = tuple(item for item in world.catalog.offers if item.provider == "aws")
    made, approval = await asking(world)
    before = world.views.items[made.id]
    world.views.items[made.id] = replace(before, expires_at=before.expires_at + timedelta(days=20))
    changed, done = await world.desk.approvals.approve(ROOT, approval.id)
    assert (changed.status, changed.reason, done) == (CHANGED, LONGER, None)
    after = world.views.items[made.id]
    assert (after.state, after.node_count) == (before.state, 1)


@pytest.mark.parametrize("asking", [growing, starting])
async def test_the_numbers_that_are_approved_name_the_end_and_the_sum(
    world: MemoryDesk, asking: Callable[[MemoryDesk], Awaitable[tuple[Reservation, Approval]]]
) -> None:
    world.catalog.offers = tuple(item for item in world.catalog.offers if item.provider == "aws")
    _, approval = await asking(world)
    asked = next(item for item in world.notices.sent if item.kind == "approval_asked")
    whole = approval.planned.usd(approval.created_at.timestamp(), approval.planned.ends_at)
    assert f", ${whole:.2f} until Wed 4 Mar 22:00 UTC" in asked.values["what"]


async def test_a_lease_that_begins_with_the_yes_may_end_later_by_the_time_that_the_yes_took(world: MemoryDesk) -> None:
    approval = await ask(world)
    world.clock.forward(hours=20)
    done, made = await world.desk.approvals.approve(ROOT, approval.id)
    assert (done.status, made is not None) == (DONE, True)


async def test_only_what_has_a_quote_can_be_looked_at_again(world: MemoryDesk) -> None:
    """A button that does nothing would be dead."""
    made, approval = await growing(world)
    before = world.views.items[made.id]
    world.views.items[made.id] = replace(before, expires_at=before.expires_at + timedelta(days=20))
    await world.desk.approvals.approve(ROOT, approval.id)
    quoted = await ask(world, BEN)
    world.catalog.reprice("s-2vcpu-4gb", 0.05)
    await world.desk.approvals.approve(ROOT, quoted.id)
    told = [item for item in world.notices.sent if item.kind == "approval_decided"]
    since, anew = (Wording().render(item, timezone_name="UTC") for item in told)
    assert "it would last longer than was asked about, so nothing was done" in since.text
    assert since.buttons == ()
    assert "it costs more by now" in anew.text
    assert [item.title for item in anew.buttons] == ["Look again"]


async def test_orphans_are_adopted_within_the_budget_or_with_an_approval(world: MemoryDesk) -> None:
    made = await running(world)
    orphan = Orphan(
        id="o-1",
        provider="digitalocean",
        credential_ref="people/local/ann/digitalocean",
        workspace_id="local",
        owner="ann",
        reservation_id="r-0000beef",
        name="etl",
        nodes=world.views.items[made.id].nodes,
        belongings=(),
        found_at=world.clock(),
        account_id="",
    )
    await world.orphans.note(orphan)
    with pytest.raises(OverBudget) as refused:
        await world.desk.orphans.adopt(ANN, "o-1")
    approval = await world.desk.approvals.ask(ANN, refused.value, conversation="c")
    await world.desk.approvals.approve(ROOT, approval.id)
    assert world.views.items["r-0000beef"].owner == "ann"
