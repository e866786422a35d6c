"""How long reports of costs take: a quarter of 200 people with 10,000 reservations, and whether they are right.

Beside it the same report made of the reservations' whole views, and the sum of every machine's hours, which is counted
while the quarter is made up and knows nothing of what the report reads.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from statistics import median

from bench.figures import Figure, against
from clouddesk.adapters.costs import RedisCosts
from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.costs import TEAM, Costs, CostWish
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.costs import PERSON, CostAccount, report
from clouddesk.model.node import RUNNING, STOPPED, Node, NodeOrder, NodePlan
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import REASON_EXPIRED, REASON_RELEASED, Reservation
from clouddesk.workflows.state import ReservationState
from tests.conversation.memory_bills import MemoryBills
from tests.servers import running_redis

RESERVATIONS, PEOPLE, DAYS = 10_000, 200, 90
REPEATS = 10
SIZES = (("aws", "t3.large", 832), ("digitalocean", "s-4vcpu-16gb-amd", 1250), ("gcp", "n2-standard-8", 3885))
"""Prices in hundredths of a cent an hour."""
SOFTWARE = (None, None, "spark", "dask", "jupyter")


def figures() -> Iterator[Figure]:
    """Of everybody for the quarter, and of one person for the month."""
    with tempfile.TemporaryDirectory(prefix="clouddesk-bench-") as folder, running_redis(Path(folder)) as url:
        yield from asyncio.run(_measure(url))


async def _measure(url: str) -> list[Figure]:
    now = datetime.now(timezone.utc)
    begin = now - timedelta(days=DAYS)
    made, expected = _quarter(random.Random(9), begin, now)
    redis = open_redis(url)
    views = RedisReservationViews(redis)
    began = time.perf_counter()
    for view in made:
        await views.put(view)
    writing = (time.perf_counter() - began) / len(made)
    ledger = RedisCosts(redis)
    # No cloud is asked for its bill here.
    costs = Costs(ledger=ledger, bills=MemoryBills(ledger, dict, lambda: now), clock=lambda: now)
    admin, one = Actor("local", "root", roles=(MEMBER, ADMIN)), Actor("local", "person-7")
    quarter, month = (CostWish(since, now, whose=whose) for since, whose in ((begin, TEAM), (_month(now), "own")))
    all_seconds, all_cpu, own_seconds, from_views = [], [], [], []
    for _ in range(REPEATS):
        began, began_cpu = time.perf_counter(), time.process_time()
        told = await costs.report(admin, quarter)
        sums = told.by(PERSON)
        all_seconds.append(time.perf_counter() - began)
        all_cpu.append(time.process_time() - began_cpu)
        began = time.perf_counter()
        await costs.report(one, month)
        own_seconds.append(time.perf_counter() - began)
    for _ in range(2):
        began = time.perf_counter()
        report([CostAccount.of(view) for view in await views.all()], begin, now, now)
        from_views.append(time.perf_counter() - began)
    size = sum([await redis.memory_usage(key) or 0 for key in await redis.keys("clouddesk:costs:*")])
    await redis.close()
    return [
        against(f"costs.report_of_{len(made)}", median(all_seconds), "s", median(from_views)),
        Figure(f"costs.report_of_{len(made)}.processor", round(median(all_cpu), 4), "s"),
        Figure("costs.report_of_one_person_this_month", round(median(own_seconds), 4), "s"),
        Figure("costs.unlike_independent", round(abs(sum(item.cost_usd for item in sums) - expected), 6), "USD"),
        Figure("costs.total", round(expected, 2), "USD"),
        Figure("costs.saved_by_stopping", round(told.saved_usd, 2), "USD"),
        Figure("costs.saved_by_giving_back_early", round(told.unused_usd, 2), "USD"),
        Figure("costs.written_each", round(writing, 5), "s"),
        Figure("costs.memory_each", round(size / len(made)), "B"),
    ]


def _quarter(chance: random.Random, begin: datetime, now: datetime) -> tuple[list[Reservation], float]:
    """The reservations as their workflows leave them, and what they cost in all."""
    made, expected = [], Fraction(0)
    for number in range(RESERVATIONS):
        start = begin + timedelta(seconds=chance.randrange(DAYS * 86400))
        view, cost = _life(chance, number, start, now)
        made.append(view)
        expected += cost
    return made, float(expected)


def _life(chance: random.Random, number: int, start: datetime, now: datetime) -> tuple[Reservation, Fraction]:
    """A lease of up to a fortnight, some of them stopped for the nights, some given back early."""
    provider, size, price = chance.choice(SIZES)
    nodes, software = chance.choice((1, 1, 1, 3, 5)), chance.choice(SOFTWARE)
    hours = chance.choice((2, 8, 24, 72, 168, 336))
    state = ReservationState.of(_order(number, start, provider, size, price, nodes, hours, software))
    running = tuple(_node(place, provider, size) for place in range(nodes))
    stopped = tuple(replace(node, state=STOPPED) for node in running)
    hourly, asleep = Fraction(price * nodes, 10_000), Fraction(price * nodes, 100_000)
    state.begin_lease(start, running)
    is_early, sleeps = chance.random() < 0.3, chance.random() < 0.4
    end = start + timedelta(seconds=chance.randrange(3600, hours * 3600 + 1) if is_early else hours * 3600)
    cost, moment, is_on = Fraction(0), start, True
    while moment < min(end, now):
        following = min(moment + timedelta(hours=14 if is_on and sleeps else 10 if sleeps else 10_000), end, now)
        cost += Fraction((following - moment) // timedelta(microseconds=1), 3_600_000_000) * (
            hourly if is_on else asleep
        )
        moment = following
        if moment < min(end, now):
            is_on = not is_on
            state.change(moment, state=RUNNING if is_on else STOPPED, nodes=running if is_on else stopped)
    if end <= now:
        state.end(end, REASON_RELEASED if is_early else REASON_EXPIRED)
        state.finish(end)
    return state.view, cost


def _order(
    number: int, start: datetime, provider: str, size: str, price: int, nodes: int, hours: int, software: str | None
) -> ReservationOrder:
    owner, name = f"person-{number % PEOPLE}", f"{software or 'vm'}-{number}"
    return ReservationOrder(
        reservation_id=f"r-{number:08x}",
        name=name,
        workspace_id="local",
        owner=owner,
        conversation=f"local:console:-:{owner}",
        kind="cluster" if software else "vm",
        software=software,
        provider=provider,
        vcpus=4,
        memory_gb=16.0,
        credential_ref=f"people/local/{owner}/{provider}",
        nodes=NodeOrder(
            installation="bench",
            reservation_id=f"r-{number:08x}",
            owner=f"local/{owner}",
            region="somewhere",
            size=size,
            os="ubuntu-24.04",
            nodes=tuple(NodePlan(f"node-{place}") for place in range(nodes)),
            disk_gb=20.0,
            name=name,
        ),
        lease_seconds=hours * 3600,
        max_lease_seconds=hours * 3600,
        warning_seconds=(),
        hourly_price_usd=price * nodes / 10_000,
        stopped_hourly_price_usd=price * nodes / 100_000,
        created_at=start,
        is_simulated=True,
    )


def _node(place: int, provider: str, size: str) -> Node:
    return Node(f"i-{place}", f"node-{place}", "node", RUNNING, provider, "somewhere", size)


def _month(now: datetime) -> datetime:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
