"""A bench whose worker rings timers, and timers for its reservations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clouddesk.adapters.budgets import RedisApprovals, RedisBudgets
from clouddesk.adapters.costs import RedisCosts
from clouddesk.budgets import Budgets
from clouddesk.language.localtime import utc_now
from clouddesk.model.budget import BudgetBook
from clouddesk.model.order import ReservationOrder
from clouddesk.model.timer import EVERY_DAY, Timer, Weekly, power_id
from clouddesk.workflows.ringing import (
    TimerActivities,
)
from clouddesk.workflows.timers import TemporalTimers
from clouddesk.workflows.timing import Ring
from tests.workflows.conftest import Bench

NOON = Weekly(EVERY_DAY, 12)


@pytest.fixture
def timers(idle_bench: Bench) -> TemporalTimers:
    return TemporalTimers(idle_bench.client, task_queue=idle_bench.queue)


@pytest.fixture
def ringing(idle_bench: Bench, timers: TemporalTimers) -> TimerActivities:
    return TimerActivities(
        engine=idle_bench.engine,
        views=idle_bench.views,
        notices=idle_bench.notices_port,
        timers=timers,
        budgets=budgets_of(idle_bench),
        clock=utc_now,
    )


@pytest.fixture
async def bench(idle_bench: Bench, ringing: TimerActivities) -> Bench:
    await idle_bench.start_worker(ringing=ringing)
    return idle_bench


def budgets_of(bench: Bench) -> Budgets:
    redis = bench.redis
    stores = (RedisBudgets(redis), RedisApprovals(redis), RedisCosts(redis))
    return Budgets(*stores, bench.audit, BudgetBook(), utc_now)


def timer_of(bench: Bench, order: ReservationOrder, what: str, **changes: Any) -> Timer:
    is_once = "at" in changes
    timer = Timer(
        id=power_id(order.reservation_id, what, is_once=is_once),
        what=what,
        workspace_id=bench.person.workspace_id,
        by=bench.person.user_id,
        conversation="local:console:-:ann",
        timezone="Europe/Berlin",
        weekly=None if is_once else NOON,
        reservation_id=order.reservation_id,
    )
    return replace(timer, **changes)


def ring(timer: Timer, key: str = "one") -> Ring:
    return Ring(timer, key, utc_now())


async def handed_over(bench: Bench, order: ReservationOrder, to: str = "ben") -> None:
    await bench.engine.offer_handover(order.reservation_id, to, by=order.owner)
    await bench.engine.hand_over(order.reservation_id, to, "etl", by=to)
