"""Machines that get another owner, and budgets: whose they count to, and who may decide on them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.approval import CHANGED, DONE, OTHERS, PARTY, NotYoursToDecide, OverBudget
from clouddesk.model.budget import HOUR, LEASE, MACHINES, MONTH, Bound, commitments
from clouddesk.model.costs import CostAccount
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from tests.conversation.memory import MemoryDesk

ANN, BEN = Actor("local", "ann"), Actor("local", "ben")
ROOT, SUE = (Actor("local", name, roles=(ADMIN, MEMBER)) for name in ("root", "sue"))


@pytest.fixture
async def world() -> MemoryDesk:
    made = MemoryDesk()
    made.admins = ["root", "sue"]
    for actor in (ANN, BEN, ROOT):
        await made.accounts.welcome(actor.person)
    return made


async def running(world: MemoryDesk) -> Reservation:
    quote = await world.desk.quote(ANN, ResourceRequest(duration_seconds=36_000))
    made = await world.desk.reserve(ANN, quote.id, conversation="c")
    world.engine.finish_provisioning(made.id)
    return made


@pytest.mark.parametrize(("measure", "most"), [(MONTH, 0.2), (HOUR, 0.02), (LEASE, 0.2), (MACHINES, 0)])
async def test_taking_over_goes_beyond_a_budget_only_with_an_approval(
    world: MemoryDesk, measure: str, most: float
) -> None:
    made = await running(world)
    await world.desk.budgets.set(ROOT, "ben", {measure: Bound(most)})
    await world.desk.handovers.offer(ANN, made.id, "ben")
    with pytest.raises(OverBudget) as refused:
        await world.desk.handovers.accept(BEN, made.id)
    (finding,) = refused.value.findings
    assert (finding.measure, refused.value.purchase.owner) == (measure, "ben")
    assert world.views.items[made.id].owner == "ann"
    approval = await world.desk.approvals.ask(BEN, refused.value, conversation="c")
    done, taken = await world.desk.approvals.approve(SUE, approval.id)
    assert (done.status, taken and taken.owner) == (DONE, "ben")
    assert world.views.items[made.id].owner == "ben"


async def test_what_is_handed_over_is_on_the_new_owners_budget_at_once(world: MemoryDesk) -> None:
    """Two are taken at the same time, and there is room for one: the ledger shows neither yet."""
    first, second = await running(world), await running(world)
    await world.desk.budgets.set(ROOT, "ben", {MACHINES: Bound(1)})
    ledger = world.desk.ledger
    before = await ledger.accounts("local", since=world.clock())

    class Behind:
        async def accounts(self, workspace_id: str, *, since: object) -> list[CostAccount]:
            return before

    world.desk = replace(world.desk, ledger=Behind())  # type: ignore[arg-type]
    for item in (first, second):
        await world.desk.handovers.offer(ANN, item.id, "ben")
    answers = await asyncio.gather(
        *(world.desk.handovers.accept(BEN, item.id) for item in (first, second)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["OverBudget", "Reservation"]


async def test_the_offer_names_what_the_rest_costs(world: MemoryDesk) -> None:
    made = await running(world)
    world.clock.forward(hours=4)
    await world.desk.handovers.offer(ANN, made.id, "ben")
    (offered,) = (item for item in world.notices.sent if item.kind == "handover")
    assert offered.values["rest"] == "$0.21"


async def test_nothing_is_left_of_what_was_handed_over_and_given_back(world: MemoryDesk) -> None:
    """All parts of it were made at the same time; the last one says how it stands."""
    await world.desk.budgets.set(ROOT, "ben", {HOUR: Bound(1)})
    made = await running(world)
    world.clock.forward(hours=1)
    await world.desk.handovers.offer(ANN, made.id, "ben")
    await world.desk.handovers.accept(BEN, made.id)
    world.clock.forward(minutes=5)
    await world.desk.leases.extend(BEN, made.id, 3600, request_id="one")
    world.clock.forward(minutes=1)
    await world.desk.release(BEN, made.id)
    world.engine.end(made.id)
    (use,) = (await world.desk.budgets.view(ROOT, "ben")).uses
    assert use.committed == 0


async def test_who_had_it_before_has_no_part_in_what_the_ledger_says_is_anothers(world: MemoryDesk) -> None:
    await world.desk.budgets.set(ROOT, "each", {MACHINES: Bound(2)})
    made = await running(world)
    world.clock.forward(minutes=1)
    await world.desk.leases.extend(ANN, made.id, 3600, request_id="one")
    world.clock.forward(minutes=1)
    await world.desk.handovers.offer(ANN, made.id, "ben")
    await world.desk.handovers.accept(BEN, made.id)
    accounts = await world.desk.ledger.accounts("local", since=world.clock())
    holds = [hold for hold in world.budgets.held["local"] if hold.commitment.owner == "ann"]
    known = commitments(accounts, holds, world.clock().timestamp())
    assert [item.owner for item in known.values()] == ["ben"]


async def test_who_takes_it_over_does_not_approve_what_was_asked_for_it(world: MemoryDesk) -> None:
    made = await running(world)
    await world.desk.budgets.set(ROOT, "ann", {LEASE: Bound(0.1)})
    with pytest.raises(OverBudget) as refused:
        await world.desk.leases.extend(ANN, made.id, 3600, request_id="one")
    approval = await world.desk.approvals.ask(ANN, refused.value, conversation="c")
    await world.desk.handovers.offer(ANN, made.id, "root")
    await world.desk.handovers.accept(ROOT, made.id)
    ends = world.views.items[made.id].expires_at
    with pytest.raises(NotYoursToDecide) as not_his:
        await world.desk.approvals.approve(ROOT, approval.id)
    assert not_his.value.why == PARTY
    changed, done = await world.desk.approvals.approve(SUE, approval.id)
    assert (changed.status, changed.reason, done) == (CHANGED, OTHERS, None)
    assert world.views.items[made.id].expires_at == ends


async def test_an_admin_who_asked_does_not_get_it_for_somebody_elses_machine(world: MemoryDesk) -> None:
    """The admin may still extend it, and the new owner has room: but the approval was for the budget of another."""
    made = await running(world)
    await world.desk.budgets.set(ROOT, "ann", {LEASE: Bound(0.1)})
    with pytest.raises(OverBudget) as refused:
        await world.desk.leases.extend(ROOT, made.id, 3600, request_id="one")
    approval = await world.desk.approvals.ask(ROOT, refused.value, conversation="c")
    await world.desk.handovers.offer(ANN, made.id, "ben")
    await world.desk.handovers.accept(BEN, made.id)
    changed, _ = await world.desk.approvals.approve(SUE, approval.id)
    assert (changed.status, changed.reason) == (CHANGED, OTHERS)
    assert world.views.items[made.id].expires_at - made.expires_at < timedelta(minutes=1)
