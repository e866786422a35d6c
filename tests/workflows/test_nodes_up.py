"""While machines are made, people see how many run already; it costs the reservation neither time nor history."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from clouddesk.adapters.redis import RedisReservationViews
from clouddesk.model.errors import Unavailable
from clouddesk.model.node import RUNNING
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import RETRY
from clouddesk.workflows import registration
from tests.workflows.conftest import Bench

FOR_EVER = 3600.0


async def come_up_one_by_one(bench: Bench, order: ReservationOrder) -> list[int | None]:
    """What people read after each machine but the last, which comes up too."""
    keys = [plan.key for plan in order.nodes.nodes]
    await bench.until_made(len(keys))
    seen = []
    for count, key in enumerate(keys, start=1):
        bench.cloud.change(key, state=RUNNING)
        if count < len(keys):
            seen.append((await bench.until(order, lambda view, count=count: view.nodes_up == count)).nodes_up)
    return seen


async def test_people_see_how_many_run_while_the_others_boot(bench: Bench):
    bench.cloud.boot_seconds = FOR_EVER
    order = await bench.reserve(nodes=4)
    assert await come_up_one_by_one(bench, order) == [1, 2, 3]
    view = await bench.until(order, lambda view: view.state == "running")
    assert view.nodes_up is None, "they are the nodes of the view now"
    assert len(view.nodes) == 4


async def test_the_history_does_not_grow_with_the_machines(bench: Bench):
    bench.cloud.boot_seconds = FOR_EVER
    order = await bench.reserve(nodes=12)
    await come_up_one_by_one(bench, order)
    await bench.notice("ready")
    history = await bench.handle(order).fetch_history()
    happened = [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events]
    assert happened.count("ACTIVITY_TASK_SCHEDULED") == 3, "the first view, the machines, the ready notice"
    assert "WORKFLOW_EXECUTION_SIGNALED" not in happened


async def test_another_worker_counts_on(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    await bench.stop_worker()
    monkeypatch.setattr(registration, "GRACE", timedelta(0))
    await bench.start_worker()
    bench.cloud.boot_seconds = FOR_EVER
    order = await bench.reserve(nodes=3)
    await bench.until_made(3)
    bench.cloud.change("node-0", state=RUNNING)
    await bench.until(order, lambda view: view.nodes_up == 1)
    await bench.stop_worker()
    bench.cloud.change("node-1", state=RUNNING)
    await bench.start_worker()
    await bench.until(order, lambda view: view.nodes_up == 2)
    bench.cloud.change("node-2", state=RUNNING)
    await bench.until(order, lambda view: view.state == "running")


async def test_a_retry_goes_on_counting_from_those_that_run(bench: Bench):
    bench.cloud.broken_keys = {"node-1"}
    order = await bench.reserve(nodes=3)
    await bench.until(order, lambda view: view.state == "partial")
    bench.cloud.boot_seconds = FOR_EVER
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda view: view.state == "provisioning" and view.nodes_up == 2)
    await bench.until_made(4)
    bench.cloud.change("node-1", state=RUNNING)
    await bench.until(order, lambda view: view.state == "running")


async def refuse() -> None:
    raise Unavailable("Redis")


async def hang() -> None:
    await asyncio.sleep(FOR_EVER)


@pytest.mark.parametrize("put", [refuse, hang])
async def test_machines_come_up_also_when_nobody_can_be_shown_how_far_they_are(
    idle_bench: Bench, put: Callable[[], Awaitable[None]]
):
    class Blind(RedisReservationViews):
        async def put_nodes_up(self, reservation_id: str, count: int) -> None:
            await put()

    idle_bench.views = Blind(idle_bench.redis)
    await idle_bench.start_worker()
    idle_bench.cloud.boot_seconds = 0.5
    view = await idle_bench.until(
        await idle_bench.reserve(nodes=3), lambda view: view.state == "running" and view.nodes_up is None
    )
    assert len(view.nodes) == 3
