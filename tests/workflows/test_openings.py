"""What machines that run let in: the cloud is told first, then it is shown; what the cloud refuses stays as it was."""

from __future__ import annotations

import pytest

from clouddesk.model.errors import CredentialsRejected, WrongState
from clouddesk.model.node import SSH, Opening
from clouddesk.model.scaling import Scale
from tests.workflows.conftest import Bench

MINE, YOURS = Opening(8080, 8080, "203.0.113.7/32"), Opening(443, 443, "198.51.100.0/24")


async def test_it_is_changed_in_the_cloud_shown_and_kept_for_machines_that_come(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.openings == (SSH, MINE)
    await bench.until(order, lambda view: view.openings == (MINE,))
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.count("let_in") == 1, "the same twice is once"
    count = len(order.nodes.nodes)
    await bench.engine.scale(order.reservation_id, Scale(count + 1, count, "node", 1.0, 1.0), "grow", by="ann")
    await bench.notice("scaled")
    assert bench.cloud.ordered[-1].openings == (SSH, MINE)
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.let_in(order.reservation_id, (), before=(MINE,), by="ann")
    assert bench.cloud.openings == (SSH,)
    entries = [item for item in await bench.engine.trail(order.reservation_id) if item.action == "opened"]
    assert [(item.by, item.facts) for item in entries] == [
        ("ann", {"openings": "8080-8080:203.0.113.7/32"}),
        ("ann", {}),
    ]


async def test_what_goes_by_other_openings_than_there_are_or_comes_too_late_is_refused(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    with pytest.raises(WrongState):
        await bench.engine.let_in(order.reservation_id, (YOURS,), before=(), by="ann")
    await bench.engine.release(order.reservation_id)
    with pytest.raises(WrongState):
        await bench.engine.let_in(order.reservation_id, (YOURS,), before=(MINE,), by="ann")
    await bench.ended(order)
    assert bench.cloud.openings == (SSH, MINE)


async def test_what_the_cloud_refuses_is_told_and_stays_as_it_was(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.faults["let_in"] = [CredentialsRejected("fake")]
    with pytest.raises(CredentialsRejected):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert (await bench.engine.get(order.reservation_id)).openings == ()
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.openings == (SSH, MINE)
