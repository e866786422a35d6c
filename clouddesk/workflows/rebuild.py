"""Makes the views in Redis again from Temporal, after Redis was lost: reservations, names and the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TypeVar

import structlog
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError, RPCStatusCode

from clouddesk.adapters.audit import RedisAuditTrail
from clouddesk.adapters.completeness import RedisCompleteness
from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.model.errors import Unavailable
from clouddesk.model.reservation import REASON_RELEASED, Reservation
from clouddesk.model.stores import AuditTrail, ReservationViews
from clouddesk.settings import Settings
from clouddesk.workflows.contracts import TASK_QUEUE
from clouddesk.workflows.findings import ended
from clouddesk.workflows.reservation import ReservationWorkflow
from clouddesk.workflows.sweep import ClearOrphan

log = structlog.get_logger()
T = TypeVar("T")

AT_ONCE = 16
"""Workflows that are asked at a time: an answer may cost a worker the replay of a whole history."""
PAGE = 500
_PATIENCE = timedelta(seconds=20)
"""Longer than Temporal waits for a worker that is gone before it asks another one."""
ATTEMPTS = 2
CHECK_SECONDS = 15.0
LONGEST_CHECK_SECONDS = 900.0

# What still lives first. A run that ended by beginning anew is left out: the one that follows knows it all.
_LIVE = "ExecutionStatus = 'Running'"
_ENDED = "ExecutionStatus IN ('Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut')"

Tell = Callable[[int, int], None]
"""Called with how many reservations are done, and of how many."""


@dataclass
class Rebuilt:
    """What came back."""

    live: int = 0
    ended: int = 0
    entries: int = 0
    without_trail: list[str] = field(default_factory=list)
    """Reservations whose workflow could not tell what was done with them."""
    unanswered: list[str] = field(default_factory=list)
    """Reservations whose workflow could not even tell how it stands: their views are still missing."""

    @property
    def reservations(self) -> int:
        return self.live + self.ended


class Rebuild:
    """Safe to run at any time and any number of times: a view that is newer stays, an entry that is there stays one.

    Lists what the namespace still retains. Needs a worker, since workflows themselves are asked.
    """

    def __init__(
        self,
        client: Client,
        *,
        views: ReservationViews,
        audit: AuditTrail,
        completeness: RedisCompleteness,
        task_queue: str = TASK_QUEUE,
    ) -> None:
        self._client = client
        self._views = views
        self._audit = audit
        self._completeness = completeness
        self._filter = f"WorkflowType = '{ReservationWorkflow.__name__}' AND TaskQueue = '{task_queue}'"

    async def run(self, tell: Tell = lambda done, total: None) -> Rebuilt:
        """Make everything again now. Raises Unavailable when Redis, Temporal or every worker is silent."""
        await self._completeness.begin(is_alone=False)
        return await self._run(tell)

    async def run_if_empty(self) -> Rebuilt | None:
        """As ``run``, when Redis was lost and no other process is at it; None when there is nothing to do.

        A worker must be polling already, this one or another: it is workers who answer for workflows.
        """
        if await self._completeness.is_complete() or not await self._completeness.begin(is_alone=True):
            return None
        return await self._run(lambda done, total: None)

    async def keep(self) -> None:
        """Look again and again whether Redis was lost, until cancelled; for workers, beside their work."""
        pause_seconds = CHECK_SECONDS
        while True:
            try:
                rebuilt = await self.run_if_empty()
                is_well = rebuilt is None or not rebuilt.unanswered
            except Unavailable as error:
                log.warning("views.rebuild_later", server=error.server)
                is_well = False
            except Exception:
                log.exception("views.rebuild_broke")
                is_well = False
            pause_seconds = CHECK_SECONDS if is_well else min(pause_seconds * 2, LONGEST_CHECK_SECONDS)
            await asyncio.sleep(pause_seconds)

    # --- inside --------------------------------------------------------------------------------------------------

    async def _run(self, tell: Tell) -> Rebuilt:
        rebuilt = Rebuilt()
        try:
            total = await self._count(_LIVE) + await self._count(_ENDED)
            tell(0, total)
            for status in (_LIVE, _ENDED):
                await self._each(status, lambda execution: self._restore(execution, rebuilt, total, tell))
            if not rebuilt.unanswered:
                await self._completeness.finish()
        finally:
            await self._completeness.let_go()
        log.info("views.rebuilt", **asdict(rebuilt))
        return rebuilt

    async def _count(self, status: str) -> int:
        return (await _reached(self._client.count_workflows(f"{self._filter} AND {status}"))).count

    async def _each(self, status: str, work: Callable[[WorkflowExecution], Awaitable[None]]) -> None:
        """Do the work for every such reservation, a few at a time, reading their list page by page."""
        listed = self._client.list_workflows(f"{self._filter} AND {status}", page_size=PAGE)
        reading = asyncio.Lock()

        async def take() -> None:
            while True:
                async with reading:
                    execution = await _reached(anext(listed, None))
                if execution is None:
                    return
                await work(execution)

        takers = [asyncio.create_task(take()) for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*takers)
        finally:
            for taker in takers:
                taker.cancel()

    async def _restore(self, execution: WorkflowExecution, rebuilt: Rebuilt, total: int, tell: Tell) -> None:
        # This run and no later one: who adopts machines begins another under the same id.
        handle = self._client.get_workflow_handle_for(ReservationWorkflow.run, execution.id, run_id=execution.run_id)
        if execution.status == WorkflowExecutionStatus.COMPLETED:
            view = await _told(lambda: handle.result(follow_runs=False, rpc_timeout=_PATIENCE), rebuilt)
        else:
            # One that an operator terminated has no result either; it still tells how it stood.
            view = await _told(lambda: handle.query(ReservationWorkflow.view, rpc_timeout=_PATIENCE), rebuilt)
            if view is not None and view.is_live and execution.status != WorkflowExecutionStatus.RUNNING:
                view = await self._after_all(view)
        if view is None:
            rebuilt.unanswered.append(execution.id)
        else:
            await self._views.put(view)
            if execution.status == WorkflowExecutionStatus.RUNNING:
                rebuilt.live += 1
            else:
                rebuilt.ended += 1
            entries = await _told(lambda: handle.query(ReservationWorkflow.trail, rpc_timeout=_PATIENCE), rebuilt)
            if entries is None:
                rebuilt.without_trail.append(execution.id)
            else:
                await self._audit.append(entries)
                rebuilt.entries += len(entries)
        await self._completeness.go_on()
        tell(rebuilt.reservations + len(rebuilt.unanswered), total)

    async def _after_all(self, view: Reservation) -> Reservation:
        """How it is with a reservation whose workflow was ended from outside: over, when its things were deleted."""
        latest = await _reached(self._client.get_workflow_handle(view.id).describe())
        is_deleted = latest.workflow_type == ClearOrphan.__name__
        if is_deleted and latest.status == WorkflowExecutionStatus.COMPLETED and latest.close_time is not None:
            return ended(view, REASON_RELEASED, latest.close_time)
        return view


@asynccontextmanager
async def open_rebuild(settings: Settings) -> AsyncIterator[Rebuild]:
    """For whoever is no worker: with connections of its own, for as long as the context lasts."""
    redis = open_redis(settings.redis_url)
    try:
        yield Rebuild(
            await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace, lazy=True),
            views=RedisReservationViews(redis),
            audit=RedisAuditTrail(redis, keep_days=settings.audit_days),
            completeness=RedisCompleteness(redis),
        )
    finally:
        await redis.close()


async def _told(ask: Callable[[], Awaitable[T]], rebuilt: Rebuilt) -> T | None:
    """What the workflow answers; None when it cannot. Raises Unavailable when no worker ever answered for any."""
    for attempt in range(ATTEMPTS):
        await asyncio.sleep(attempt)
        try:
            return await ask()
        except RPCError as error:
            if error.status == RPCStatusCode.UNAVAILABLE:
                raise Unavailable("Temporal") from error
        except Exception:
            # It refuses, or its answer is of a kind that is not understood any more: the others come back all the same.
            log.exception("workflow.cannot_tell")
            return None
    if not rebuilt.live and not rebuilt.entries:
        raise Unavailable("the worker")
    return None


async def _reached(call: Awaitable[T]) -> T:
    """The answer of Temporal itself. Raises Unavailable."""
    try:
        return await call
    except (RPCError, RuntimeError) as error:
        # A RuntimeError: the lazy connection could not be made.
        raise Unavailable("Temporal") from error
