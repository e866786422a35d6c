"""Budgets: what counts against them, that no yes goes beyond a hard limit, and who sees and sets them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clouddesk.budgets import EACH, TEAM
from clouddesk.model.actor import ADMIN, MEMBER, VIEWER, Actor
from clouddesk.model.approval import OverBudget
from clouddesk.model.budget import HOUR, MACHINES, MONTH, Bound, Budget, BudgetBook
from clouddesk.model.errors import Denied, RequestRejected, Unavailable, Undecided
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from tests.conversation.memory import MemoryDesk

ANN, BEN = Actor("local", "ann"), Actor("local", "ben")
ROOT = Actor("local", "root", roles=(ADMIN, MEMBER))
HOURLY = 0.03571
"""Of the cheapest that fits a plain wish, on DigitalOcean."""


@pytest.fixture
async def world() -> MemoryDesk:
    made = MemoryDesk()
    for actor in (ANN, BEN):
        await made.accounts.welcome(actor.person)
    return made


async def order(world: MemoryDesk, actor: Actor = ANN, **wish: Any) -> Reservation:
    quote = await world.desk.quote(actor, ResourceRequest(**{"duration_seconds": 36_000, **wish}))
    made = await world.desk.reserve(actor, quote.id, conversation="c")
    world.engine.finish_provisioning(made.id)
    return made


async def bind(world: MemoryDesk, whose: str, **bounds: float) -> None:
    await world.desk.budgets.set(ROOT, whose, {measure: Bound(most) for measure, most in bounds.items()})


@pytest.mark.parametrize("whose", ["ann", EACH, TEAM])
@pytest.mark.parametrize(
    ("measure", "enough", "too_little"),
    [
        (MONTH, 20 * HOURLY, 19 * HOURLY),
        (HOUR, 2 * HOURLY, 1.9 * HOURLY),
        (MACHINES, 2, 1),
    ],
)
async def test_a_second_machine_is_only_to_be_had_within_the_limit(
    world: MemoryDesk, whose: str, measure: str, enough: float, too_little: float
) -> None:
    await order(world)
    await bind(world, whose, **{measure: too_little})
    with pytest.raises(OverBudget) as refused:
        await order(world)
    (finding,) = refused.value.findings
    assert (finding.measure, finding.is_over, finding.limit) == (measure, True, too_little)
    assert len(world.views.items) == 1
    await bind(world, whose, **{measure: enough})
    await order(world)
    assert len(world.views.items) == 2


async def test_the_price_of_one_reservation_is_bound_by_itself(world: MemoryDesk) -> None:
    await bind(world, EACH, lease=10 * HOURLY)
    await order(world)
    await order(world)
    with pytest.raises(OverBudget):
        await order(world, duration_seconds=39_600)


async def test_without_a_budget_nothing_is_kept_and_nothing_asked(world: MemoryDesk) -> None:
    await order(world)
    assert world.budgets.held == {}


async def test_what_is_spent_stays_spent_and_what_was_given_back_is_free_again(world: MemoryDesk) -> None:
    await bind(world, "ann", month=15 * HOURLY)
    made = await order(world)
    world.clock.forward(hours=4)
    await world.desk.release(ANN, made.id)
    view = await world.desk.budgets.view(ANN, "ann")
    (use,) = view.uses
    assert (use.spent, use.committed) == (pytest.approx(4 * HOURLY), 0)
    await order(world)
    with pytest.raises(OverBudget):
        await order(world, duration_seconds=7200)


async def test_a_stopped_machine_commits_what_it_costs_stopped_and_starting_it_takes_room(world: MemoryDesk) -> None:
    await bind(world, "ann", hour=0.2)
    made = await order(world, memory_gb=16, providers=("aws",))
    await world.desk.power.stop(ANN, made.id)
    world.clock.forward(minutes=2)
    other = await order(world, memory_gb=16, providers=("digitalocean",))
    with pytest.raises(OverBudget):
        await world.desk.power.start(ANN, made.id)
    assert world.views.items[made.id].state == "stopped"
    await world.desk.release(ANN, other.id)
    await world.desk.power.start(ANN, made.id)


async def test_longer_leases_more_machines_and_holding_need_room_as_well(world: MemoryDesk) -> None:
    made = await order(world)
    await bind(world, "ann", lease=12 * HOURLY)
    desk = world.desk
    with pytest.raises(OverBudget):
        await desk.leases.extend(ANN, made.id, 3 * 3600, request_id="one")
    with pytest.raises(OverBudget):
        await desk.leases.hold(ANN, made.id)
    quote = await desk.scaling.quote(ANN, made.id, 2)
    with pytest.raises(OverBudget):
        await desk.scaling.scale(ANN, made.id, quote.scale, request_id="two")
    before = world.views.items[made.id]
    assert before.expires_at - before.created_at == timedelta(hours=10)
    await desk.leases.extend(ANN, made.id, 2 * 3600, request_id="three")
    await desk.leases.extend(ANN, made.id, 2 * 3600, request_id="three")
    with pytest.raises(OverBudget):
        await desk.leases.extend(ANN, made.id, 1800, request_id="four")


async def test_a_colleague_extends_on_the_owners_budget(world: MemoryDesk) -> None:
    made = await order(world)
    await bind(world, "ann", lease=10 * HOURLY)
    with pytest.raises(OverBudget) as refused:
        await world.desk.leases.extend(ROOT, made.id, 3600, request_id="one")
    assert refused.value.purchase.owner == "ann"


async def test_a_lease_that_reaches_into_the_next_month_is_checked_there_too(world: MemoryDesk) -> None:
    world.clock.now = world.clock.now.replace(day=31, hour=20)
    await bind(world, "ann", month=10 * HOURLY)
    await order(world, duration_seconds=10 * 3600)  # four hours in March, six in April
    await order(world, duration_seconds=8 * 3600)
    with pytest.raises(OverBudget) as refused:
        await order(world, duration_seconds=5 * 3600)
    assert {item.month for item in refused.value.findings} == {"2026-03", "2026-04"}
    findings = await world.desk.leases.look_at_extension(ANN, next(iter(world.views.items)), 3600)
    assert [item.month for item in findings] == ["2026-04"]


async def test_two_yes_at_once_do_not_both_use_the_last_of_a_budget(world: MemoryDesk) -> None:
    await bind(world, TEAM, month=25 * HOURLY)
    quotes = [
        (actor, await world.desk.quote(actor, ResourceRequest(duration_seconds=36_000)))
        for actor in (ANN, BEN, ANN, BEN, ANN)
    ]
    answers = await asyncio.gather(
        *(world.desk.reserve(actor, quote.id, conversation="c") for actor, quote in quotes), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["OverBudget"] * 3 + ["Reservation"] * 2


async def test_a_yes_that_fails_gives_its_money_free_and_one_that_may_be_done_does_not(world: MemoryDesk) -> None:
    await bind(world, "ann", machines=1)
    world.engine.fault = RequestRejected("aws")
    with pytest.raises(RequestRejected):
        await order(world)
    world.engine.fault = Unavailable("Temporal")
    with pytest.raises(Unavailable):
        await order(world)
    with pytest.raises(OverBudget):
        await order(world)
    world.clock.forward(hours=2)
    await order(world)


async def test_an_extension_that_may_still_be_done_takes_its_room_for_an_hour(world: MemoryDesk) -> None:
    made = await order(world)
    await bind(world, "ann", lease=12 * HOURLY)
    world.engine.fault = Undecided("Temporal")
    with pytest.raises(Undecided):
        await world.desk.leases.extend(ANN, made.id, 2 * 3600, request_id="one")
    world.clock.forward(minutes=5)
    with pytest.raises(OverBudget):
        await world.desk.leases.extend(ANN, made.id, 3600, request_id="two")
    await world.desk.leases.extend(ANN, made.id, 2 * 3600, request_id="one")
    world.clock.forward(minutes=5)
    with pytest.raises(OverBudget):
        await world.desk.leases.extend(ANN, made.id, 60, request_id="three")


async def test_a_soft_limit_is_told_and_bars_nothing(world: MemoryDesk) -> None:
    await world.desk.budgets.set(ROOT, "ann", {MONTH: Bound(warn=HOURLY)})
    quote = await world.desk.quote(ANN, ResourceRequest(duration_seconds=36_000))
    (finding,) = await world.desk.budgets.look_at_quote(ANN, quote)
    assert (finding.is_over, finding.limit, finding.adds) == (False, HOURLY, pytest.approx(10 * HOURLY))
    await world.desk.reserve(ANN, quote.id, conversation="c")


async def test_ones_own_bounds_come_before_everybodys_and_these_before_the_configured() -> None:
    defaults = BudgetBook(each=Budget(month=Bound(1), hour=Bound(1), lease=Bound(1)), approvers=("cid",))
    book = BudgetBook(each=Budget(hour=Bound(2)), people={"ann": Budget(lease=Bound(3))}).over(defaults)
    assert book.of("ann") == Budget(month=Bound(1), hour=Bound(2), lease=Bound(3))
    assert book.of("ben") == Budget(month=Bound(1), hour=Bound(2), lease=Bound(1))
    assert book.approvers == ("cid",)


async def test_a_warning_of_ones_own_leaves_the_limit_that_everybody_has(world: MemoryDesk) -> None:
    await bind(world, EACH, month=5 * HOURLY)
    await world.desk.budgets.set(ROOT, "ann", {MONTH: Bound(warn=HOURLY)})
    with pytest.raises(OverBudget) as refused:
        await order(world)
    assert [(item.is_over, item.limit) for item in refused.value.findings] == [(True, 5 * HOURLY)]
    view = await world.desk.budgets.view(ROOT, "ann", bounds={MONTH: Bound(warn=2 * HOURLY)})
    assert view.budget.month == Bound(5 * HOURLY, 2 * HOURLY)


async def test_a_warning_that_is_set_leaves_the_limit_that_is_configured(world: MemoryDesk) -> None:
    world.desk = replace(world.desk, budget_defaults=BudgetBook(team=Budget(month=Bound(5 * HOURLY))))
    await world.desk.budgets.set(ROOT, TEAM, {MONTH: Bound(warn=HOURLY)})
    with pytest.raises(OverBudget) as refused:
        await order(world)
    assert [(item.whose, item.limit) for item in refused.value.findings] == [(TEAM, 5 * HOURLY)]


def test_a_mark_beyond_the_limit_is_none() -> None:
    assert Bound(5).over(Bound(9, 7)) == Bound(5)
    assert Bound(warn=7).over(Bound(9, 3)) == Bound(9, 7)


async def test_only_admins_set_budgets_and_see_those_of_others(world: MemoryDesk) -> None:
    desk = world.desk
    for actor in (ANN, Actor("local", "eye", roles=(VIEWER,))):
        for attempt in (
            desk.budgets.set(actor, "ann", {MONTH: None}),
            desk.budgets.name_approver(actor, "ann"),
            desk.budgets.book(actor),
            desk.budgets.view(actor, "ben"),
            desk.budgets.view(actor, EACH),
        ):
            with pytest.raises(Denied):
                await attempt
    assert (await desk.budgets.view(ANN, TEAM)).uses == ()
    await desk.budgets.set(Actor("other", "root", roles=(ADMIN, MEMBER)), "ann", {MACHINES: Bound(0)})
    await order(world)


async def test_every_change_is_in_the_audit_trail(world: MemoryDesk) -> None:
    await bind(world, "ann", month=200.0)
    world.clock.forward(seconds=1)
    await world.desk.budgets.set(ROOT, "ann", {MONTH: None})
    await world.desk.budgets.name_approver(ROOT, "cid")
    found = [(item.action, item.by, item.name, item.facts) for item in world.trail.entries[-3:]]
    assert found == [
        ("budget_set", "root", "ann", {"month": "200"}),
        ("budget_set", "root", "ann", {"month": "none"}),
        ("approver_named", "root", "cid", {}),
    ]
    assert (await world.desk.budgets.book(ROOT)).people == {}
