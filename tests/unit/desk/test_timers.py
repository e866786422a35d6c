"""Timers: what there is of them, whose they are, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clouddesk.model.actor import Actor
from clouddesk.model.errors import WrongState
from clouddesk.model.invalid import TimeIsOver, TooManyReminders
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import ENDED, RELEASING, Reservation
from clouddesk.model.timer import EVERY_DAY, START, STOP, WORKING_DAYS, Weekly
from clouddesk.timers import MOST_REMINDERS, Switch
from tests.conversation.memory import MemoryDesk

ANN, BEN = Actor("local", "ann", timezone="Europe/Berlin"), Actor("local", "ben")
NIGHTLY = Switch(STOP, Weekly(EVERY_DAY, 19))
OFFICE = (Switch(START, Weekly(WORKING_DAYS, 9)), Switch(STOP, Weekly(WORKING_DAYS, 18)))


@pytest.fixture
def world() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
async def item(world: MemoryDesk) -> Reservation:
    await world.accounts.welcome(ANN.person)
    quote = await world.desk.quote(ANN, ResourceRequest(kind="vm"))
    made = await world.desk.reserve(ANN, quote.id, conversation="c")
    world.engine.finish_provisioning(made.id)
    return world.views.items[made.id]


async def test_one_stop_and_one_start_a_week_and_one_of_each_for_once(world: MemoryDesk, item: Reservation) -> None:
    once = Switch(STOP, at=world.clock() + timedelta(hours=1))
    await world.desk.timers.schedule(ANN, item.id, [NIGHTLY], conversation="c")
    await world.desk.timers.schedule(ANN, item.id, [once], conversation="c")
    known = await world.desk.timers.schedule(ANN, item.id, OFFICE, conversation="c")
    assert [(timer.what, timer.weekly or timer.at) for timer in known] == [
        (START, OFFICE[0].weekly),
        (STOP, OFFICE[1].weekly),
        (STOP, once.at),
    ]
    assert {timer.timezone for timer in known} == {"Europe/Berlin"}
    gone = await world.desk.timers.unschedule(ANN, item.id, powers=(START,))
    assert [timer.what for timer in gone] == [START]
    assert len(await world.desk.timers.schedule_of(ANN, item.id)) == 2
    await world.desk.timers.unschedule(ANN, item.id)
    assert await world.desk.timers.schedule_of(ANN, item.id) == []


async def test_of_several_times_none_is_set_when_one_has_passed(world: MemoryDesk, item: Reservation) -> None:
    with pytest.raises(TimeIsOver):
        await world.desk.timers.schedule(ANN, item.id, [NIGHTLY, Switch(START, at=world.clock())], conversation="c")
    assert await world.desk.timers.schedule_of(ANN, item.id) == []


@pytest.mark.parametrize("state", [RELEASING, ENDED])
async def test_what_is_on_its_way_out_gets_no_schedule(world: MemoryDesk, item: Reservation, state: str) -> None:
    world.views.items[item.id] = replace(item, state=state)
    with pytest.raises(WrongState):
        await world.desk.timers.schedule(ANN, item.id, [NIGHTLY], conversation="c")


async def test_a_reminder_is_its_owners_and_nobody_elses(world: MemoryDesk, item: Reservation) -> None:
    at = world.clock() + timedelta(hours=1)
    own = await world.desk.timers.remind(ANN, at=at, note="stop it", conversation="c")
    assert await world.desk.timers.reminders(ANN) == [own]
    assert await world.desk.timers.reminders(BEN) == []
    await world.desk.timers.forget_reminders(BEN, [own])
    assert await world.desk.timers.reminders(ANN) == [own]
    await world.desk.timers.forget_reminders(ANN, [own])
    assert await world.desk.timers.reminders(ANN) == []


async def test_a_reminder_before_an_end_is_due_so_much_before_it(world: MemoryDesk, item: Reservation) -> None:
    timer = await world.desk.timers.remind(ANN, reservation_id=item.id, before_end_seconds=1800, conversation="c")
    assert timer.at == item.expires_at - timedelta(minutes=30)
    with pytest.raises(TimeIsOver):
        await world.desk.timers.remind(ANN, reservation_id=item.id, before_end_seconds=30 * 86400, conversation="c")


async def test_there_is_a_most_of_reminders_and_a_free_place_is_taken_again(world: MemoryDesk) -> None:
    at = world.clock() + timedelta(hours=1)
    made = [await world.desk.timers.remind(ANN, at=at, conversation="c") for _ in range(MOST_REMINDERS)]
    assert len({timer.id for timer in made}) == MOST_REMINDERS
    with pytest.raises(TooManyReminders):
        await world.desk.timers.remind(ANN, at=at, conversation="c")
    await world.desk.timers.forget_reminders(ANN, [made[3]])
    assert (await world.desk.timers.remind(ANN, at=at, conversation="c")).id == made[3].id


async def test_holidays_are_left_out_by_the_persons_own_place_and_a_new_place_changes_what_is_set(
    world: MemoryDesk, item: Reservation
) -> None:
    timers = world.desk.timers
    assert await timers.place_of(ANN) == "DE", "by the time zone"
    assert await timers.leave_out(ANN, item.id, "DE") == [], "there is no schedule yet"
    await timers.schedule(ANN, item.id, [replace(switch, holidays="DE") for switch in OFFICE], conversation="c")
    assert await timers.use_place(ANN, "DE-BY") == [item.name]
    assert await timers.place_of(ANN) == "DE-BY"
    assert {timer.holidays for timer in await timers.schedule_of(ANN, item.id)} == {"DE-BY"}
    assert {timer.holidays for timer in await timers.leave_out(ANN, item.id, "")} == {""}
    assert await timers.use_place(ANN, "FR") == []


async def test_what_is_set_for_once_is_taken_away_alone(world: MemoryDesk, item: Reservation) -> None:
    once = Switch(STOP, at=world.clock() + timedelta(hours=1))
    await world.desk.timers.schedule(ANN, item.id, [*OFFICE, once], conversation="c")
    gone = await world.desk.timers.unschedule(ANN, item.id, powers=(STOP,), only_once=True)
    assert [timer.weekly for timer in gone] == [None]
    assert len(await world.desk.timers.schedule_of(ANN, item.id)) == 2
