"""Who is away is asked once: what is the same absence, what is counted, and when nobody is asked."""

from __future__ import annotations

from datetime import timedelta

from clouddesk.model.absence import KEEP, NOTHING, STATUS
from clouddesk.model.actor import MEMBER, Actor
from clouddesk.model.notice import AWAY
from connectors.notices import Wording
from tests.builders import a_reservation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann", roles=(MEMBER,))
BO = Actor("local", "bo", roles=(MEMBER,))
DAY = timedelta(days=1)


async def with_machine(days: float = 30, **more: object) -> MemoryDesk:
    world = MemoryDesk()
    now = world.clock()
    item = a_reservation(workspace_id="local", owner="ann", created_at=now, expires_at=now + days * DAY, **more)
    await world.views.put(item)
    return world


async def test_it_is_new_once_and_told_again_only_its_end_moves() -> None:
    world = await with_machine()
    now, absences = world.clock(), world.desk.absences
    first = await absences.note(ANN, now + 5 * DAY, now + 12 * DAY)
    assert first.is_new
    assert [item.owner for item in first.running] == ["ann"]
    await absences.answer(ANN, KEEP)
    again = await absences.note(ANN, now + 5 * DAY, now + 20 * DAY)
    assert not again.is_new
    assert (again.absence.answer, again.absence.until) == (KEEP, now + 20 * DAY)
    assert (await absences.note(ANN, now + 40 * DAY, now + 50 * DAY)).is_new
    assert await absences.current(BO) is None


async def test_a_status_asks_by_one_notice_and_not_when_it_was_told_already() -> None:
    world = await with_machine()
    now, absences = world.clock(), world.desk.absences
    assert await absences.status_seen(ANN, (now, now + 7 * DAY))
    assert not await absences.status_seen(ANN, (now + DAY / 24, now + 8 * DAY))
    (notice,) = [item for item in await world.notices.latest(ANN.person, limit=10) if item.kind == AWAY]
    assert "until you are back" in notice.values["lines"]
    assert not await absences.status_seen(ANN, None)
    assert await absences.current(ANN) is None, "the status is over, and so is the absence"

    await absences.note(ANN, now + DAY, now + 3 * DAY)
    assert not await absences.status_seen(ANN, (now + DAY, None))
    assert not await absences.status_seen(ANN, None)
    assert await absences.current(ANN) is not None, "what was told does not end with a status"


async def test_a_status_that_is_told_in_words_as_well_does_not_end_with_the_status() -> None:
    world = await with_machine()
    now, absences = world.clock(), world.desk.absences
    assert await absences.status_seen(ANN, (now, None))
    assert not (await absences.note(ANN, now, now + 7 * DAY)).is_new
    assert not await absences.status_seen(ANN, None)
    assert await absences.current(ANN) is not None


async def test_nobody_is_asked_about_nothing_and_is_once_something_runs() -> None:
    world = await with_machine(days=2)
    now, absences = world.clock(), world.desk.absences
    assert not await absences.status_seen(BO, (now, None))
    known = await absences.current(BO)
    assert known is not None
    assert (known.answer, known.source) == (NOTHING, STATUS)
    assert (await absences.note(ANN, now + 5 * DAY, None)).absence.answer == NOTHING
    assert (await absences.note(ANN, now + DAY, None)).is_new


async def test_what_runs_costs_until_the_return_or_the_end_of_its_lease() -> None:
    world = await with_machine(days=10)
    now, absences = world.clock(), world.desk.absences
    (item,) = await absences.running(ANN, now)
    daily = item.current_hourly_price_usd * 24
    assert round(absences.cost_usd(item, now + 3 * DAY), 6) == round(3 * daily, 6)
    assert round(absences.cost_usd(item, None), 6) == round(10 * daily, 6)
    assert round(absences.cost_usd(item, now + 30 * DAY), 6) == round(10 * daily, 6)
    assert await absences.running(ANN, now + 11 * DAY) == []


async def test_the_return_ends_it_once_and_one_that_is_over_is_none() -> None:
    world = await with_machine()
    now, absences = world.clock(), world.desk.absences
    await absences.note(ANN, now, now + DAY)
    assert await absences.end(ANN) is not None
    assert await absences.end(ANN) is None
    await absences.note(ANN, now, now + DAY)
    world.clock.forward(days=2)
    assert await absences.current(ANN) is None
    assert await absences.end(ANN) is None


async def test_whose_machines_are_there_is_told_of_one_workspace() -> None:
    world = await with_machine()
    assert [person.user_id for person in await world.desk.absences.owners("local")] == ["ann"]
    assert await world.desk.absences.owners("T1") == []


async def test_a_status_about_next_week_is_asked_about_once_and_says_from_when() -> None:
    world = await with_machine()
    now, absences = world.clock(), world.desk.absences
    assert await absences.status_seen(ANN, (now + 5 * DAY, now + 12 * DAY))
    (notice,) = [item for item in await world.notices.latest(ANN.person, limit=10) if item.kind == AWAY]
    reply = Wording().render(notice, timezone_name="UTC")
    assert "away* from Mon 9 Mar" in reply.text
    assert reply.buttons[0].title == "Stop all when I leave"
    world.clock.forward(days=5)
    assert not await absences.status_seen(ANN, (now + 12 * DAY, now + 19 * DAY)), "the status is still there"


async def test_a_status_of_now_says_so() -> None:
    world = await with_machine()
    assert await world.desk.absences.status_seen(ANN, (world.clock(), None))
    (notice,) = [item for item in await world.notices.latest(ANN.person, limit=10) if item.kind == AWAY]
    reply = Wording().render(notice, timezone_name="UTC")
    assert reply.text.startswith("Your status says that you are *away*. This")
    assert [button.title for button in reply.buttons] == ["Stop all now", "Keep all", "Choose"]
