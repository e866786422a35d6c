"""An end that was said as a time, and a yes that takes a while: nothing is got for a time that is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.approval import CHANGED, EXPIRED, OFFER, AlreadyDecided, Approval, OverBudget
from clouddesk.model.budget import MACHINES, Bound
from clouddesk.model.errors import OfferChanged
from clouddesk.model.request import ResourceRequest
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")
ROOT = Actor("local", "root", roles=(ADMIN, MEMBER))


@pytest.fixture
async def world() -> MemoryDesk:
    made = MemoryDesk()  # Wednesday noon
    await made.accounts.welcome(ANN.person)
    return made


async def ask(world: MemoryDesk, until: str) -> Approval:
    await world.desk.budgets.set(ROOT, "ann", {MACHINES: Bound(0)})
    quote = await world.desk.quote(ANN, ResourceRequest(until=until))
    with pytest.raises(OverBudget) as refused:
        await world.desk.reserve(ANN, quote.id, conversation="c")
    return await world.desk.approvals.ask(ANN, refused.value, conversation="c")


async def test_a_yes_after_the_said_end_gets_nothing(world: MemoryDesk) -> None:
    quote = await world.desk.quote(ANN, ResourceRequest(until="until 12:10"))
    world.clock.forward(minutes=9, seconds=30)
    with pytest.raises(OfferChanged):
        await world.desk.reserve(ANN, quote.id, conversation="c")
    assert world.views.items == {}


async def test_a_request_lapses_with_the_end_of_what_was_asked_for(world: MemoryDesk) -> None:
    approval = await ask(world, "until 6pm")
    assert approval.expires_at == world.clock() + timedelta(hours=6)
    (timer,) = world.timers.items.values()
    assert timer.at == approval.expires_at
    world.clock.forward(hours=21)
    with pytest.raises(AlreadyDecided) as refused:
        await world.desk.approvals.approve(ROOT, approval.id)
    assert refused.value.approval.status == EXPIRED
    assert world.views.items == {}


async def test_what_has_no_time_left_is_not_got_in_the_last_moment(world: MemoryDesk) -> None:
    approval = await ask(world, "until 6pm")
    world.clock.forward(hours=5, minutes=59, seconds=30)
    changed, made = await world.desk.approvals.approve(ROOT, approval.id)
    assert (changed.status, changed.reason, made) == (CHANGED, OFFER, None)


async def test_machines_that_come_up_after_the_said_end_run_no_longer_than_was_left_of_it(world: MemoryDesk) -> None:
    """Their workflow takes the length then, which is what was left when the yes came."""
    approval = await ask(world, "until 6pm")
    world.clock.forward(hours=5, minutes=55)
    _, made = await world.desk.approvals.approve(ROOT, approval.id)
    assert made is not None
    assert world.engine.orders[made.id].lease_seconds == 300


async def test_what_lasts_longer_than_a_day_is_open_for_a_day(world: MemoryDesk) -> None:
    approval = await ask(world, "until friday 6pm")
    assert approval.expires_at == world.clock() + timedelta(days=1)
