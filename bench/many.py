"""Ten thousand live reservations: what the servers need for them, and how quickly lists come.

The reservations are of machines that were adopted, so that no cloud takes part: each is a workflow that sleeps until
its first warning, and a view in Redis.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timezone
from statistics import median
from typing import Any

import psutil
from temporalio.client import Client

from bench.figures import Figure, against
from bench.stack import running_stack
from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.model.actor import Person
from clouddesk.model.node import RUNNING, Node, NodeOrder, NodePlan
from clouddesk.model.order import ReservationOrder
from clouddesk.settings import Settings
from clouddesk.workflows.client import TemporalReservations

MANY = 10_000
OF_ONE = 20
AT_ONCE = 100
REPEATS = 20
PROCESSES = ("temporal", "worker", "redis")


def figures() -> Iterator[Figure]:
    """Memory, start rate, list latency; the lists also in ratio to the same with few reservations."""
    with running_stack() as settings:
        yield from asyncio.run(_measure(settings))


async def _measure(settings: Settings) -> list[Figure]:
    redis = open_redis(settings.redis_url)
    views = RedisReservationViews(redis)
    client = await Client.connect(settings.temporal_address)
    engine = TemporalReservations(client, patience_seconds=120)
    somebody = Person("local", "somebody")
    before = _memory_mb(settings)
    await _reserve(engine, [_order(somebody, number) for number in range(OF_ONE)])
    await _until_listed(views, OF_ONE)
    few = await _timed(lambda: views.of_person(somebody, only_live=True))
    began = time.perf_counter()
    crowd = [_order(Person("local", f"person-{number % 500}"), OF_ONE + number) for number in range(MANY - OF_ONE)]
    await _reserve(engine, crowd)
    await _until_listed(views, MANY)
    seconds = time.perf_counter() - began
    many = await _timed(lambda: views.of_person(somebody, only_live=True))
    everybody = await _timed(lambda: views.all(only_live=True), repeats=5)
    truth = await _timed(lambda: engine.get(crowd[0].reservation_id))
    after = _memory_mb(settings)
    grown = sum(after.values()) - sum(before.values())
    await redis.close()
    return [
        Figure("many.reservations_begun_per_second", round(MANY / seconds, 1), "1/s"),
        against("many.list_of_one_person", many, "s", few),
        Figure("many.list_of_everybody", round(everybody, 4), "s"),
        Figure("many.truth_of_one", round(truth, 4), "s"),
        *(Figure(f"many.memory.{name}", round(after[name], 1), "MB") for name in PROCESSES),
        Figure("many.memory_per_reservation", round(1024 * grown / MANY, 1), "KB"),
    ]


async def _reserve(engine: TemporalReservations, orders: list[ReservationOrder]) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def reserve(order: ReservationOrder) -> None:
        async with slots:
            nodes = [Node(f"i-{order.reservation_id}", "node-1", "node", RUNNING, "aws", "us-east-1", "t3.medium")]
            await engine.adopt(order, tuple(nodes))

    await asyncio.gather(*(reserve(order) for order in orders))


async def _until_listed(views: RedisReservationViews, count: int) -> None:
    for _ in range(3600):
        if len(await views.all(only_live=True)) >= count:
            return
        await asyncio.sleep(1.0)
    raise SystemExit("bench: the reservations do not appear. Look into the worker's log.")


async def _timed(call: Callable[[], Awaitable[Any]], *, repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        await call()
        times.append(time.perf_counter() - began)
    return median(times)


def _memory_mb(settings: Settings) -> dict[str, float]:
    """Resident, with children."""
    found = {}
    running = json.loads(settings.run_file.read_text())["processes"]
    for name in PROCESSES:
        process = psutil.Process(running[name]["pid"])
        family = [process, *process.children(recursive=True)]
        found[name] = sum(one.memory_info().rss for one in family) / 2**20
    return found


def _order(person: Person, number: int) -> ReservationOrder:
    reservation_id = f"r-{number:08x}"
    return ReservationOrder(
        reservation_id=reservation_id,
        name=f"vm-{number}",
        workspace_id=person.workspace_id,
        owner=person.user_id,
        conversation="",
        kind="vm",
        software=None,
        provider="aws",
        vcpus=2,
        memory_gb=4.0,
        credential_ref=f"people/{person}/aws",
        nodes=NodeOrder(
            installation="cd-bench",
            reservation_id=reservation_id,
            owner=str(person),
            region="us-east-1",
            size="t3.medium",
            os="ubuntu-22.04",
            nodes=(NodePlan("node-1"),),
            disk_gb=8.0,
            name=f"vm-{number}",
        ),
        lease_seconds=10 * 86400,
        max_lease_seconds=30 * 86400,
        warning_seconds=(2 * 86400, 7200, 1800),
        hourly_price_usd=0.0416,
        stopped_hourly_price_usd=0.001,
        created_at=datetime.now(timezone.utc),
        is_simulated=True,
    )
