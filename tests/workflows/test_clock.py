"""The worker's wall clock jumps while a reservation lives. Temporal's does not: only its clock may count."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import time_machine

from tests.workflows.conftest import Bench

LEASE = timedelta(seconds=4)
AT_ONCE = timedelta(hours=1)
"""Whatever a busy machine takes; a clock that is believed is a day off."""
JUMPS = [timedelta(days=1), timedelta(days=-1)]


@pytest.mark.parametrize("jump", JUMPS, ids=["ahead", "back"])
async def test_a_clock_that_jumps_ends_no_lease_and_prolongs_none(bench: Bench, jump: timedelta):
    bench.cloud.boot_seconds = 1.0
    order = bench.order(lease_seconds=int(LEASE.total_seconds()))
    with jumped(order.created_at, jump):
        await bench.engine.start(order)
        view = await bench.until(order, lambda view: view.state == "running")
        begun = view.expires_at - LEASE
    # Back again in the middle of the lease, and away for its end.
    assert abs(begun - order.created_at) < AT_ONCE
    with jumped(begun + LEASE / 2, jump):
        ended = await bench.ended(order)
    assert ended.reason == "expired"
    assert timedelta() <= ended.ended_at - ended.expires_at < AT_ONCE
    assert await bench.kinds() == ["ready", "expiring", "ended"]
    assert not bench.cloud.nodes
    assert LEASE.total_seconds() <= ended.accrued_usd < AT_ONCE.total_seconds(), "a dollar a second"


@pytest.mark.parametrize("jump", JUMPS, ids=["ahead", "back"])
async def test_what_was_asked_for_before_a_jump_is_done_after_it(bench: Bench, jump: timedelta):
    order = await bench.reserve_and_wait(lease_seconds=600)
    before = await bench.engine.get(order.reservation_id)
    with jumped(order.created_at, jump):
        end = await bench.engine.extend(order.reservation_id, 60, "request-1")
        await bench.engine.stop(order.reservation_id)
        await bench.until(order, lambda view: view.state == "stopped")
        await asyncio.sleep(0.5)
    assert end == before.expires_at + timedelta(seconds=60)
    assert (await bench.engine.get(order.reservation_id)).state == "stopped", "the lease is not over"
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert await bench.kinds() == ["ready", "stopped", "ended"]


def jumped(now: object, jump: timedelta) -> time_machine.travel:
    """This process' wall clock, and so its worker's, goes on from there."""
    return time_machine.travel(now + jump, tick=True)  # type: ignore[operator]
