"""Long leases on which nobody was seen: one question, where the one about unused machines does not come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from clouddesk.model.idleness import Thresholds
from clouddesk.model.idling import IdleState, kept, shown_alive, switched
from clouddesk.model.long_leases import asked, due
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import Node
from clouddesk.model.reservation import RUNNING, STARTING, STOPPED, Reservation
from clouddesk.model.utilisation import Sample
from clouddesk.workflows.idle_check import IdleCheck
from clouddesk.workflows.wishes import Sighting
from tests.builders import NOW, a_reservation
from tests.conversation.memory_reservations import MemoryUtilisation

DAY, ROUND = timedelta(days=1), timedelta(minutes=5)
USUAL = Thresholds()


def a_lease(days: float = 30, **changes: object) -> Reservation:
    return a_reservation(**{"state": RUNNING, "created_at": NOW, "expires_at": NOW + days * DAY, **changes})


def test_it_is_asked_after_four_days_without_anybody_and_never_twice_for_the_same_time() -> None:
    item = a_lease()
    assert due(item, None, USUAL, NOW + 4 * DAY - ROUND) is None
    assert due(item, None, USUAL, NOW + 4 * DAY) == NOW
    item = replace(item, idling=asked(item.idling, NOW + 4 * DAY))
    assert item.idling.is_asked
    assert [due(item, None, USUAL, NOW + day * DAY) for day in range(5, 28)] == [None] * 23
    # Kept for a week: the same time without use goes on.
    item = replace(item, idling=kept(item.idling, NOW + 12 * DAY, is_protected=False))
    assert not item.idling.is_asked
    assert due(item, None, USUAL, NOW + 20 * DAY) is None
    # Somebody was there: a new one has begun.
    assert due(item, NOW + 13 * DAY, USUAL, NOW + 20 * DAY) == NOW + 13 * DAY


@pytest.mark.parametrize(
    "item",
    [
        a_lease(7),
        a_lease(7.5, expires_at=NOW + 6 * DAY),
        a_lease(is_protected=True),
        a_lease(is_held=True),
        a_lease(state=STARTING),
        a_lease(idling=IdleState(kept_until=NOW + 9 * DAY)),
        a_lease(idling=IdleState(asked_at=NOW)),
        a_lease(state=STOPPED, idling=IdleState(stopped_at=NOW)),
        a_lease(idling=shown_alive(IdleState(), NOW + 2 * DAY)),
    ],
    ids=["short", "ends soon", "protected", "held", "starting", "kept", "asked about", "stopped as unused", "extended"],
)
def test_it_is_not_asked_where_that_is_no_question(item: Reservation) -> None:
    assert due(item, None, USUAL, NOW + 5 * DAY) is None


def test_a_team_may_want_no_such_question_or_another_length() -> None:
    assert due(a_lease(), None, replace(USUAL, long_lease_seconds=0), NOW + 9 * DAY) is None
    assert due(a_lease(), None, replace(USUAL, long_lease_seconds=31 * 86400), NOW + 9 * DAY) is None
    assert due(a_lease(), None, replace(USUAL, long_unused_seconds=86400), NOW + DAY) == NOW


def test_what_is_switched_off_and_left_is_asked_about_after_a_week_and_what_a_schedule_switches_is_not() -> None:
    item = a_lease(state=STOPPED, idling=switched(IdleState(), NOW + DAY))
    assert due(item, None, USUAL, NOW + 8 * DAY - ROUND) is None
    assert due(item, None, USUAL, NOW + 8 * DAY) == NOW + DAY
    for day in range(1, 28):
        item = replace(item, idling=switched(item.idling, NOW + day * DAY))
        assert due(item, None, USUAL, NOW + day * DAY + DAY / 2) is None


class Heard:
    """The engine, as far as it hears of sightings."""

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []

    async def seen(self, reservation_id: str, sighting: Sighting) -> None:
        self.sightings.append(sighting)


class World:
    """One machine, looked at by a check whose clock is handed in."""

    def __init__(self, now: datetime, thresholds: Thresholds = USUAL) -> None:
        self.engine, self.series = Heard(), MemoryUtilisation()
        node = Node("i-1", "node-1", "node", NODE_RUNNING, "aws", "us-east-1", "t3.medium")
        self.item = a_lease(nodes=(node,), node_count=1)
        self.check = IdleCheck(
            engine=self.engine, series=self.series, thresholds=thresholds, blueprints={}, clock=lambda: now
        )

    async def look(self, *samples: Sample) -> list[datetime | None]:
        await self.series.append(self.item.id, samples)
        await self.check.check(self.item)
        return [sighting.unused_since for sighting in self.engine.sightings]


async def test_where_nothing_can_be_learned_it_is_asked_and_said_that_nobody_could_look() -> None:
    world = World(NOW + 5 * DAY)
    assert await world.look() == [NOW]
    assert not world.engine.sightings[0].is_looked_at


async def test_a_processor_at_work_is_somebody_and_the_last_time_counts() -> None:
    world = World(NOW + 9 * DAY)
    assert await world.look(Sample("node-1", NOW + 6 * DAY, cpu_percent=60.0)) == []
    world = World(NOW + 9 * DAY)
    assert await world.look(Sample("node-1", NOW + 3 * DAY, cpu_percent=60.0)) == [NOW + 3 * DAY]


async def test_where_the_question_about_unused_machines_comes_there_is_no_second_one() -> None:
    quiet = [Sample("node-1", NOW + 5 * DAY - step * ROUND, cpu_percent=1.0, logins=0, jobs=0) for step in range(24)]
    world = World(NOW + 5 * DAY)
    assert await world.look(*quiet) == [], "it comes in an hour"
    world = World(NOW + 5 * DAY, replace(USUAL, ask_seconds=0))
    assert await world.look(*quiet) == [NOW], "this team is never asked that"
    assert world.engine.sightings[0].is_looked_at


async def test_machines_that_are_off_are_looked_after_too() -> None:
    world = World(NOW + 9 * DAY)
    world.item = replace(world.item, state=STOPPED, idling=switched(IdleState(), NOW + DAY))
    assert await world.check.check_lease(world.item)
    assert [sighting.unused_since for sighting in world.engine.sightings] == [NOW + DAY]
