"""What a round costs that looks for unused machines among a thousand reservations with two weeks of samples each.

On a Redis of its own. The baseline is reading two days of each and judging that, over the same reservations, in turn
with the other; what is told to the workflows must be the same.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from redis.asyncio import Redis

from bench.figures import Figure, against
from clouddesk.adapters.redis import PREFIX, open_redis
from clouddesk.adapters.utilisation import RedisUtilisation
from clouddesk.language.localtime import utc_now
from clouddesk.model.idle_steps import NOTHING, advance, usual
from clouddesk.model.idleness import Thresholds, judge
from clouddesk.model.idling import IdleState, IdleWish
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import Node
from clouddesk.model.reservation import RUNNING, Reservation, first_view
from clouddesk.model.utilisation import KEPT, Sample, Use
from clouddesk.workflows.idle_check import LOOK_BACK, IdleCheck
from clouddesk.workflows.wishes import Sighting
from tests.orders import make_order
from tests.servers import running_redis

RESERVATIONS = 1000
ROUND = timedelta(minutes=5)
HOUR = timedelta(hours=1)
QUIET, JOB, SCRIPT, LOGIN = Use(cpu_percent=1.0), Use(50.0, 30.0, jobs=1), Use(60.0, 30.0), Use(1.0, logins=1)
LIMITS = Thresholds()

Life = Callable[[timedelta], Use]
"""What a machine does so long before now."""
LIVES: dict[str, tuple[int, Life, timedelta | None]] = {
    "a job": (25, lambda _: JOB, None),
    "a script": (20, lambda _: SCRIPT, None),
    "somebody there": (15, lambda ago: LOGIN if ago % timedelta(days=1) < 9 * HOUR else QUIET, None),
    "used an hour ago": (15, lambda ago: QUIET if ago < HOUR else LOGIN, None),
    "and updating itself": (5, lambda ago: SCRIPT if ago == HOUR else QUIET if ago < 2 * HOUR else LOGIN, None),
    "asked an hour ago": (5, lambda ago: QUIET if ago < 4 * HOUR else JOB, HOUR),
    "asked three days ago": (5, lambda ago: QUIET if ago < timedelta(days=4) else JOB, timedelta(days=3)),
    "due to be asked": (1, lambda ago: QUIET if ago < 4 * HOUR else JOB, None),
    "wished to be asked later": (9, lambda ago: QUIET if ago < 5 * HOUR else JOB, None),
}
"""How many of a hundred, what they do, and how long ago a question was asked that is open."""
WISHES = {
    "asked three days ago": IdleWish(stop_seconds=0),
    "wished to be asked later": IdleWish(ask_seconds=6 * 3600),
}


def figures() -> Iterator[Figure]:
    """Processor seconds of this process in one round over all of them."""
    with tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as url:
        yield from asyncio.run(_measure(url))


class _Told:
    """The engine, as far as it hears of sightings."""

    def __init__(self) -> None:
        self.steps: dict[str, Sighting] = {}

    async def seen(self, reservation_id: str, sighting: Sighting) -> None:
        self.steps[reservation_id] = sighting


async def _measure(url: str) -> list[Figure]:
    redis, now = open_redis(url), utc_now().replace(microsecond=0)
    try:
        items = await _fill(redis, now)
        series, told, told_before = RedisUtilisation(redis), _Told(), _Told()
        check = IdleCheck(engine=told, series=series, thresholds=LIMITS, blueprints={}, clock=lambda: now)

        async def as_before(item: Reservation) -> None:
            samples = await series.read(item.id, since=now - LOOK_BACK)
            limits = usual(item, LIMITS, {})
            verdict = judge(samples, [node.key for node in item.living_nodes], limits, now, vcpus=item.vcpus)
            if advance(item, verdict, limits, now)[0] != NOTHING:
                await told_before.seen(item.id, Sighting(verdict, limits, now))

        after, before = await _processor_seconds(check.check, as_before, items)
    finally:
        await redis.close()
    # What is asked about for longer than is read was taken back.
    compared = [item.id for item in items if item.idling.asked_at is None or now - item.idling.asked_at < LOOK_BACK]
    unlike = sum(told.steps.get(id_) != told_before.steps.get(id_) for id_ in compared)
    return [
        Figure("idle.reservations", len(items), ""),
        against("idle.round", after, "processor s", before),
        Figure("idle.steps_due", len(told.steps), ""),
        Figure("idle.unlike_reading_two_days", unlike, f"of {len(compared)}"),
    ]


async def _processor_seconds(
    one: Callable[[Reservation], Awaitable[object]],
    other: Callable[[Reservation], Awaitable[object]],
    items: list[Reservation],
) -> tuple[float, float]:
    """Of each over all of them, one after the other at each reservation."""
    spent = [0.0, 0.0]
    for item in items:
        for place, act in enumerate((one, other)):
            began = time.process_time()
            await act(item)
            spent[place] += time.process_time() - began
    return spent[0], spent[1]


async def _fill(redis: Redis[bytes], now: datetime) -> list[Reservation]:
    """The reservations; the samples of one of each kind are written, and copied for the others."""
    items: list[Reservation] = []
    for kind, (percent, life, asked) in LIVES.items():
        first = ""
        for _ in range(RESERVATIONS * percent // 100):
            item = _reservation(len(items), kind, now, asked)
            items.append(item)
            if first:
                await redis.copy(_stream(first), _stream(item.id))
            else:
                first = item.id
                await _live(RedisUtilisation(redis), first, life, now)
    return items


async def _live(series: RedisUtilisation, id_: str, life: Life, now: datetime) -> None:
    for step in range(KEPT // ROUND, -1, -1):
        ago = step * ROUND
        sample: Sample = life(ago).sample("node-1", now - ago)
        await series.append(id_, [sample])


def _reservation(number: int, kind: str, now: datetime, asked: timedelta | None) -> Reservation:
    id_ = f"r-{number:08x}"
    view = first_view(make_order(now - KEPT, keys=["node-1"], reservation_id=id_, name=f"vm-{number}"))
    node = Node(f"i-{number}", "node-1", "node", NODE_RUNNING, "aws", "us-east-1", "t3.medium")
    asked_at = None if asked is None else now - asked
    idling = IdleState(asked_at=asked_at, asked=3 if asked_at else 0, stop_at=now + HOUR if asked == HOUR else None)
    if kind in WISHES:
        idling = replace(idling, wish=WISHES[kind])
    return replace(view, state=RUNNING, nodes=(node,), idling=idling)


def _stream(id_: str) -> str:
    return f"{PREFIX}:utilisation:{id_}"
