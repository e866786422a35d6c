"""The round that looks for unused machines: it reads little, and judges as if it had read everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.model.idle_steps import ASK, NOTHING, WITHDRAW, advance
from clouddesk.model.idleness import IDLE, MOMENTS_APART, UNKNOWN, Thresholds, judge
from clouddesk.model.idling import IdleState, IdleWish
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import Node
from clouddesk.model.reservation import RUNNING, Reservation
from clouddesk.model.utilisation import KEPT, Sample, Use
from clouddesk.workflows.idle_check import LOOK_BACK, IdleCheck
from clouddesk.workflows.wishes import Sighting
from tests.builders import a_reservation
from tests.conversation.memory_reservations import MemoryUtilisation

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)
ROUND, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
LIMITS = Thresholds()
QUIET = Use(cpu_percent=1.0)
USES = {
    "quiet": QUIET,
    "nothing learned of people": Use(cpu_percent=1.0, logins=None, jobs=None),
    "a quiet GPU": Use(cpu_percent=1.0, gpu_percent=0.0),
    "a busy GPU": Use(cpu_percent=1.0, gpu_percent=50.0),
    "a processor": Use(cpu_percent=60.0),
    "a processor, and nothing learned of jobs": Use(cpu_percent=60.0, jobs=None),
    "a login": Use(cpu_percent=1.0, logins=1),
    "a job": Use(cpu_percent=60.0, jobs=1),
    "unseen": Use(logins=None, jobs=None),
}


class Series(MemoryUtilisation):
    """Counts what is read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []

    async def read(self, reservation_id: str, *, since: datetime) -> list[Sample]:
        found = await super().read(reservation_id, since=since)
        self.reads.append(len(found))
        return found


class Engine:
    """As far as it hears of sightings."""

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []

    async def seen(self, reservation_id: str, sighting: Sighting) -> None:
        self.sightings.append(sighting)


class World:
    """One reservation of some machines, and the clock."""

    def __init__(self, *keys: str, idling: IdleState | None = None, now: datetime = NOW) -> None:
        self.now, self.series, self.engine = now, Series(), Engine()
        self.item: Reservation = a_reservation(
            state=RUNNING,
            nodes=tuple(Node(key, key, "node", NODE_RUNNING, "aws", "us-east-1", "t3.medium") for key in keys),
            created_at=now - 20 * DAY,
            expires_at=now + 5 * DAY,
            hourly_price_usd=1.0,
            stopped_hourly_price_usd=0.1,
            idling=idling or IdleState(),
        )
        self.check = IdleCheck(
            engine=self.engine, series=self.series, thresholds=LIMITS, blueprints={}, clock=lambda: self.now
        )

    async def look(self, samples: Sequence[Sample] = ()) -> str:
        self.series.samples.setdefault(self.item.id, []).extend(samples)
        return await self.check.check(self.item)


def rounds(use: Use, count: int, *, until: datetime = NOW, node: str = "a") -> list[Sample]:
    return [use.sample(node, until - step * ROUND) for step in range(count)]


async def of_all_that_was_seen(world: World, samples: Sequence[Sample], begin: datetime) -> list[Sighting]:
    """What is told when everything since then is read and judged."""
    nodes = [node.key for node in world.item.living_nodes]
    seen = [one for one in samples if one.at >= begin]
    verdict = judge(seen, nodes, LIMITS, world.now, vcpus=world.item.vcpus)
    step, _ = advance(world.item, verdict, LIMITS, world.now)
    if step != NOTHING:
        return [Sighting(verdict, LIMITS, world.now)]
    other = World(now=world.now)
    other.series.samples[world.item.id] = list(samples)
    if verdict.state == UNKNOWN or (verdict.state == IDLE and world.item.idling.wish.ask_seconds == 0):
        await other.check.check_lease(world.item, verdict)
    return other.engine.sightings


async def test_machines_in_use_are_judged_by_the_latest_looks_alone() -> None:
    world = World("a")
    for use in ("a login", "a job", "a processor", "a busy GPU"):
        assert await world.look(rounds(USES[use], 4000)) == NOTHING
        assert world.series.reads == [5], use
        world.series.samples.clear()
        world.series.reads.clear()


async def test_for_machines_that_are_kept_nothing_is_read() -> None:
    world = World("a", idling=IdleState(kept_until=NOW + HOUR))
    assert await world.look(rounds(QUIET, 4000)) == NOTHING
    assert world.series.reads == []


async def test_machines_that_were_used_lately_are_judged_by_what_it_takes_to_ask() -> None:
    world = World("a")
    seen = [*rounds(QUIET, 12), *rounds(USES["a login"], 4000, until=NOW - HOUR)]
    assert await world.look(seen) == NOTHING
    assert world.series.reads == [5, 61], "the latest looks, and five hours"


async def test_a_step_is_only_told_by_all_that_was_seen() -> None:
    world = World("a")
    seen = rounds(QUIET, 4000)
    assert await world.look(seen) == ASK
    assert world.engine.sightings == await of_all_that_was_seen(world, seen, NOW - LOOK_BACK)
    assert world.engine.sightings[0].verdict.since == NOW - LOOK_BACK


async def test_a_question_that_is_open_for_days_is_asked_again_and_not_taken_back() -> None:
    world = World("a")
    world.item = replace(world.item, stopped_hourly_price_usd=1.0)  # stopping saves nothing: it is only asked
    world.series.samples[world.item.id] = rounds(QUIET, 4000)
    world.now, steps = NOW - 10 * DAY, []
    while world.now < NOW:
        world.now += HOUR
        if (step := await world.check.check(world.item)) != NOTHING:
            steps.append((step, (world.now - NOW) // DAY))
            _, idling = advance(world.item, world.engine.sightings[-1].verdict, LIMITS, world.now)
            world.item = replace(world.item, idling=idling)
    assert steps == [(ASK, -10), (ASK, -9), (ASK, -7), (ASK, -3)]
    assert WITHDRAW not in dict(steps)


@st.composite
def lives(draw: st.DrawFn, node: str) -> list[Sample]:
    """What one machine was seen doing, in stretches back from now."""

    def stretches() -> Iterator[Sample]:
        at = NOW - draw(st.integers(0, 25)) * timedelta(minutes=1)
        for _ in range(draw(st.integers(1, 14))):
            use = USES[draw(st.sampled_from(list(USES)))]
            typed = draw(st.none() | st.integers(0, 300))
            for _ in range(draw(st.sampled_from((1, 1, 2, 2, 3, 7, 12, 40, 75)))):
                last_input_at = None if typed is None else at - typed * timedelta(minutes=1)
                yield replace(use.sample(node, at), last_input_at=last_input_at)
                at -= ROUND
            at -= draw(st.sampled_from((0, 0, 0, 2, 5, 23, 24, 25, 80))) * ROUND

    return list(stretches())


@st.composite
def idle_states(draw: st.DrawFn) -> IdleState:
    def ago(most_minutes: int) -> datetime | None:
        minutes = draw(st.none() | st.integers(0, most_minutes))
        return None if minutes is None else NOW - minutes * timedelta(minutes=1)

    asked_at = ago(5 * 1440)
    stop_at = None if asked_at is None or draw(st.booleans()) else asked_at + 2 * HOUR
    return IdleState(
        wish=IdleWish(
            draw(st.none() | st.sampled_from((0, 900, 7 * 3600))), draw(st.none() | st.sampled_from((0, 3600)))
        ),
        kept_until=ago(60),
        counts_from=ago(600),
        asked_at=asked_at,
        stop_at=stop_at,
        is_announced=stop_at is not None and draw(st.booleans()),
        asked=1 if asked_at else 0,
        withdrawals=draw(st.integers(0, 4)),
        withdrawn_at=ago(2000),
    )


@settings(max_examples=150, deadline=None)
@given(st.tuples(lives("a"), lives("b")) | st.tuples(lives("a")), idle_states())
async def test_what_is_told_is_the_same_as_if_everything_had_been_read(
    machines: tuple[list[Sample], ...], idling: IdleState
) -> None:
    world = World(*("a", "b")[: len(machines)], idling=idling)
    samples = sorted((one for machine in machines for one in machine), key=lambda one: one.at)
    await world.look(samples)
    wait = timedelta(seconds=idling.wish.ask_seconds or LIMITS.ask_seconds)
    matters = min(idling.asked_at or NOW, NOW - wait)
    longest = min(NOW - max(LOOK_BACK, wait * 8 + HOUR), matters - LIMITS.blind - MOMENTS_APART)
    assert steps(world.engine.sightings) == steps(await of_all_that_was_seen(world, samples, longest))
    if not world.engine.sightings:
        assert await of_all_that_was_seen(world, samples, NOW - KEPT) == []


def steps(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The question about a long lease says nothing of the verdict."""
    return [one if one.unused_since is None else replace(one, verdict=None) for one in sightings]
