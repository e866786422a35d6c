"""Protection, on a real Temporal: what is protected is not released, and its end is told earlier."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clouddesk.model import audit
from clouddesk.model.errors import Protected, WrongState
from clouddesk.workflows.protection import protect
from clouddesk.workflows.state import ReservationState
from clouddesk.workflows.wishes import Protecting
from tests.builders import NOW
from tests.workflows.conftest import Bench


async def test_what_is_protected_is_released_only_after_that_was_taken_off(bench: Bench):
    order = await bench.reserve_and_wait()
    for _ in range(2):
        await bench.engine.protect(order.reservation_id, is_protected=True, by="ann")
    await bench.until(order, lambda view: view.is_protected)
    with pytest.raises(Protected):
        await bench.engine.release(order.reservation_id, by="root")
    await bench.handle(order).signal("release_soon", {"by": "root"})
    await bench.engine.stop(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.protect(order.reservation_id, is_protected=False, by="root")
    await bench.engine.release(order.reservation_id, by="root")
    assert (await bench.ended(order)).reason == "released"
    with pytest.raises(WrongState):
        await bench.engine.protect(order.reservation_id, is_protected=True)
    trail = await bench.engine.trail(order.reservation_id)
    told = [(item.action, item.by) for item in trail if item.action in (audit.PROTECTED, audit.UNPROTECTED)]
    assert told == [(audit.PROTECTED, "ann"), (audit.UNPROTECTED, "root")]


async def test_the_lease_of_what_is_protected_ends_all_the_same(bench: Bench):
    order = await bench.reserve_and_wait(lease_seconds=3)
    await bench.engine.protect(order.reservation_id, is_protected=True)
    assert (await bench.ended(order)).reason == "expired"


def test_the_end_of_what_is_protected_is_told_three_days_and_one_day_before_as_well(bench: Bench):
    state = ReservationState.of(bench.order(lease_seconds=7 * 86400, max_lease_seconds=30 * 86400))
    state.begin_lease(NOW, ())
    usual = list(state.pending_warnings)
    protect(state, NOW, Protecting(is_protected=True))
    assert set(state.pending_warnings) == {3 * 86400, 86400, *usual}
    protect(state, NOW + timedelta(days=5), Protecting(is_protected=False))
    assert state.pending_warnings == usual
