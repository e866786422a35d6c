"""After Redis was lost: what comes back from Temporal, and what a rebuild never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

import pytest
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from clouddesk.adapters.completeness import RedisCompleteness
from clouddesk.adapters.redis import open_redis
from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import Unavailable
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import Reservation, first_view
from clouddesk.workflows import rebuild as rebuilding
from clouddesk.workflows.contracts import ReservationStart
from clouddesk.workflows.rebuild import Rebuild
from tests.workflows.conftest import Bench
from tests.workflows.strays import abandon, begin_sweeping, found

BEGINNING = datetime(2020, 1, 1, tzinfo=timezone.utc)


@dataclass
class Lossy:
    """A Redis that may be emptied, and the rebuild of what one bench has in it."""

    bench: Bench
    redis: Any
    completeness: RedisCompleteness
    rebuild: Rebuild

    async def lose(self) -> None:
        await self.redis.flushall()

    async def seen(self) -> tuple[list[Reservation], list[AuditEntry]]:
        """What people read."""
        entries = [entry async for entry in self.bench.audit.read(since=BEGINNING)]
        mine = [entry for entry in entries if entry.owner == self.bench.person.user_id]
        return await self.bench.views.of_person(self.bench.person), mine


@pytest.fixture
async def lossy(idle_bench: Bench, redis_url: str) -> AsyncIterator[Lossy]:
    redis = open_redis(redis_url)
    completeness = RedisCompleteness(redis)
    rebuild = Rebuild(
        idle_bench.client,
        views=idle_bench.views,
        audit=idle_bench.audit,
        completeness=completeness,
        task_queue=idle_bench.queue,
    )
    yield Lossy(idle_bench, redis, completeness, rebuild)
    await redis.close()


async def one_ended_and_one_running(bench: Bench) -> tuple[ReservationOrder, ReservationOrder]:
    await bench.start_worker()
    ended = await bench.reserve_and_wait(nodes=2)
    await bench.engine.extend(ended.reservation_id, 60, "request-1")
    await bench.engine.release(ended.reservation_id)
    await bench.ended(ended)
    return ended, await bench.reserve_and_wait(nodes=3)


async def test_lists_names_and_trail_come_back_as_they_were(lossy: Lossy):
    ended, running = await one_ended_and_one_running(lossy.bench)
    before = await lossy.seen()
    assert [view.id for view in before[0]] == [running.reservation_id, ended.reservation_id]
    assert {"requested", "extended", "released", "ended"} <= {entry.action for entry in before[1]}
    await lossy.lose()
    assert await lossy.seen() == ([], [])

    steps: list[tuple[int, int]] = []
    rebuilt = await lossy.rebuild.run(lambda done, total: steps.append((done, total)))
    assert (rebuilt.live, rebuilt.ended, rebuilt.entries) == (1, 1, len(before[1]))
    assert (rebuilt.unanswered, rebuilt.without_trail) == ([], [])
    assert steps == [(0, 2), (1, 2), (2, 2)]
    assert await lossy.seen() == before
    views, person = lossy.bench.views, lossy.bench.person
    assert await views.get(running.reservation_id) == before[0][0]
    assert await views.claim_name(person, running.name, "r-new", is_exact=True) != running.name

    await lossy.rebuild.run()
    assert await lossy.seen() == before, "once more changes nothing"


async def test_what_was_lost_goes_on_as_if_nothing_had_been(lossy: Lossy):
    bench = lossy.bench
    _, running = await one_ended_and_one_running(bench)
    await lossy.lose()
    await lossy.rebuild.run()
    await bench.engine.release(running.reservation_id)
    await bench.ended(running)
    views, entries = await lossy.seen()
    assert [view.state for view in views] == ["ended", "ended"]
    of_it = [entry.action for entry in entries if entry.reservation_id == running.reservation_id]
    assert of_it.count("requested") == of_it.count("released") == of_it.count("ended") == 1


async def test_a_newer_view_is_never_overwritten(lossy: Lossy):
    _, running = await one_ended_and_one_running(lossy.bench)
    view = await lossy.bench.views.get(running.reservation_id)
    assert view is not None
    newer = replace(view, revision=view.revision + 1, state="stopping")
    await lossy.bench.views.put(newer)
    await lossy.rebuild.run()
    assert await lossy.bench.views.get(running.reservation_id) == newer


async def test_only_an_empty_redis_is_rebuilt_unasked_and_only_by_one_at_a_time(lossy: Lossy):
    await one_ended_and_one_running(lossy.bench)
    before = await lossy.seen()
    await lossy.lose()
    several = await asyncio.gather(*(lossy.rebuild.run_if_empty() for _ in range(4)))
    assert [rebuilt.reservations for rebuilt in several if rebuilt] == [2]
    assert await lossy.seen() == before
    assert await lossy.rebuild.run_if_empty() is None, "all is there"
    await lossy.lose()
    assert await lossy.completeness.begin(is_alone=True)
    assert await lossy.rebuild.run_if_empty() is None, "another process is at it"
    await lossy.completeness.let_go()
    rebuilt = await lossy.rebuild.run_if_empty()
    assert rebuilt
    assert rebuilt.reservations == 2, "the other one died half way"


async def test_a_redis_that_is_lost_meanwhile_is_not_called_complete(lossy: Lossy, monkeypatch):
    await one_ended_and_one_running(lossy.bench)
    await lossy.lose()
    finish = lossy.completeness.finish

    async def lose_and_finish() -> bool:
        await lossy.lose()
        return await finish()

    monkeypatch.setattr(lossy.completeness, "finish", lose_and_finish)
    await lossy.rebuild.run()
    monkeypatch.undo()
    assert not await lossy.completeness.is_complete()
    assert await lossy.rebuild.run_if_empty()
    assert await lossy.completeness.is_complete()


async def test_a_worker_notices_the_loss_by_itself(lossy: Lossy, monkeypatch):
    monkeypatch.setattr(rebuilding, "CHECK_SECONDS", 0.1)
    _, running = await one_ended_and_one_running(lossy.bench)
    keeping = asyncio.create_task(lossy.rebuild.keep())
    try:
        for _ in range(2):
            await lossy.lose()
            await lossy.bench.until(running, lambda view: view.state == "running")
    finally:
        keeping.cancel()


async def test_without_a_worker_it_says_so_and_counts_nothing_as_done(lossy: Lossy, monkeypatch):
    await one_ended_and_one_running(lossy.bench)
    await lossy.bench.stop_worker()
    await lossy.lose()
    monkeypatch.setattr(rebuilding, "_PATIENCE", rebuilding.timedelta(seconds=0.5))
    with pytest.raises(Unavailable) as refusal:
        await lossy.rebuild.run()
    assert refusal.value.server == "the worker"
    assert not await lossy.completeness.is_complete()
    monkeypatch.undo()
    await lossy.bench.start_worker()
    assert await lossy.rebuild.run_if_empty(), "nothing bars the next attempt"


async def test_one_that_an_operator_terminated_is_shown_as_it_stood(lossy: Lossy):
    _, running = await one_ended_and_one_running(lossy.bench)
    before = await lossy.seen()
    await lossy.bench.client.get_workflow_handle(running.reservation_id).terminate()
    await lossy.lose()
    rebuilt = await lossy.rebuild.run()
    assert (rebuilt.live, rebuilt.ended) == (0, 2)
    assert await lossy.seen() == before


@workflow.defn(name="ReservationWorkflow")
class OldReservationWorkflow:
    """As one was that did not write down yet what was done."""

    @workflow.init
    def __init__(self, start: ReservationStart) -> None:
        self._view = first_view(start.order)

    @workflow.run
    async def run(self, start: ReservationStart) -> Reservation:
        await workflow.wait_condition(lambda: False)
        return self._view

    @workflow.query
    def view(self) -> Reservation:
        if self._view.name == "broken":
            raise ValueError("it cannot tell")
        return self._view


@pytest.fixture
async def old_worker(idle_bench: Bench) -> AsyncIterator[Worker]:
    """A worker that knows but the old one."""
    worker = Worker(
        idle_bench.client,
        task_queue=idle_bench.queue,
        workflows=[OldReservationWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        yield worker


async def test_one_without_a_trail_gives_at_least_its_view(lossy: Lossy, old_worker: Worker):
    order = await lossy.bench.reserve()
    rebuilt = await lossy.rebuild.run()
    assert rebuilt.without_trail == [order.reservation_id]
    assert (rebuilt.live, rebuilt.unanswered) == (1, [])
    assert await lossy.seen() == ([first_view(order)], [])
    assert await lossy.completeness.is_complete()


async def test_one_that_cannot_tell_is_named_and_keeps_no_other_from_coming_back(lossy: Lossy, old_worker: Worker):
    broken = await lossy.bench.reserve(name="broken")
    whole = await lossy.bench.reserve()
    rebuilt = await lossy.rebuild.run()
    assert rebuilt.unanswered == [broken.reservation_id]
    assert rebuilt.live == 1
    assert await lossy.seen() == ([first_view(whole)], [])
    assert not await lossy.completeness.is_complete(), "it is to be tried again"


async def test_one_that_was_adopted_after_its_end_is_two_lives(lossy: Lossy):
    bench = lossy.bench
    await bench.start_worker()
    first = await bench.reserve_and_wait()
    late = tuple(node for node, _ in bench.cloud.nodes.values())
    kept = dict(bench.cloud.nodes)
    await bench.engine.release(first.reservation_id)
    await bench.ended(first)
    bench.cloud.nodes = kept
    again = replace(first, created_at=datetime.now(timezone.utc))
    await bench.engine.adopt(again, late, by="ann")
    await bench.until(again, lambda view: view.state == "running")
    await lossy.lose()
    rebuilt = await asyncio.wait_for(lossy.rebuild.run(), 12)
    assert (rebuilt.live, rebuilt.ended) == (1, 1)
    assert (await bench.views.get(first.reservation_id)).state == "running"


async def test_what_was_deleted_after_its_workflow_was_lost_stays_ended(lossy: Lossy):
    bench = lossy.bench
    await begin_sweeping(bench)
    order = await abandon(bench)
    orphan = await found(bench)
    await bench.engine.clear(orphan, by="ann")
    await asyncio.wait_for(bench.handle(order).result(), 15)
    await lossy.lose()
    await lossy.rebuild.run()
    (view,) = (await lossy.seen())[0]
    assert (view.is_live, view.reason, view.current_hourly_price_usd) == (False, "released", 0.0)
    over = (await bench.handle(order).describe()).close_time
    assert view.ended_at == over
    await bench.engine.sweep()
    assert await bench.kinds() == [], "nothing is told once more"
