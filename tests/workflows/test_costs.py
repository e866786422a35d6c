"""The meter of a reservation through a whole life on a real Temporal, and the ledger that reports are read off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clouddesk.adapters.costs import RedisCosts
from clouddesk.model.costs import report
from tests.workflows.conftest import Bench


async def test_the_ledger_tells_what_a_whole_life_cost_and_saved_and_comes_back_from_the_workflow(
    bench: Bench,
) -> None:
    order = await bench.reserve_and_wait(nodes=2)
    id_, by = order.reservation_id, order.owner
    await bench.engine.stop(id_, by=by)
    stopped = await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.start_nodes(id_, by=by)
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.release(id_, by=by)
    over = await bench.ended(order)
    assert over.ended_at is not None
    assert [item.at for item in over.readings] == sorted(item.at for item in over.readings)
    assert len(over.readings) == 4, "it ran, was stopped, was started and ended"

    since, now = order.created_at - timedelta(hours=1), over.ended_at + timedelta(hours=1)
    (account,) = [item for item in await RedisCosts(bench.redis).accounts("local", since=since) if item.id == id_]
    told = report([account], since, now, now)
    assert told.total_usd == pytest.approx(over.accrued_usd)
    assert told.saved_usd == pytest.approx(over.saved_usd)
    assert over.saved_usd > 0
    assert told.unused_usd == pytest.approx(over.unused_usd)
    assert over.unused_usd == pytest.approx(
        (over.expires_at - over.ended_at).total_seconds() / 3600 * order.hourly_price_usd, rel=0.05
    )
    half = report([account], since, stopped.readings[-1].at, now)
    assert 0 < half.total_usd < told.total_usd
    assert half.saved_usd == 0

    await bench.redis.delete(f"clouddesk:costs:local:{over.ended_at:%Y-%m}", f"clouddesk:reservation:{id_}")
    await bench.views.put(await bench.engine.get(id_))
    again = await RedisCosts(bench.redis).accounts("local", since=since)
    assert [item for item in again if item.id == id_] == [account]
