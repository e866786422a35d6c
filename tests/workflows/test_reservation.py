"""The life of a reservation when all goes well: states, notices, warnings, extension, expiry, release, cost."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.model.errors import LimitExceeded, NotFound, NotLookedAfter, ProviderDown, WrongState
from tests.workflows.conftest import Bench


async def test_a_reservation_runs_when_all_its_nodes_run(bench: Bench):
    order = await bench.reserve(nodes=3)
    view = await bench.until(order, lambda view: view.state == "running")
    assert [node.key for node in view.nodes] == ["node-0", "node-1", "node-2"]
    assert {node.state for node in view.nodes} == {"running"}
    assert view.expires_at - datetime.now(timezone.utc) > timedelta(seconds=590)
    ready = await bench.notice("ready")
    assert ready.values["addresses"] == "192.0.2.1, 192.0.2.2, 192.0.2.3"
    assert ready.values["name"] == order.name
    assert ready.values["hourly"] == "$3,600.00"
    assert ready.values["simulated"] == "yes"
    assert ready.conversation == order.conversation


async def test_it_is_seen_as_provisioning_before_its_nodes_run(bench: Bench):
    bench.cloud.boot_seconds = 1.0
    order = await bench.reserve()
    view = await bench.until(order, lambda view: view.revision > 0)
    assert view.state == "provisioning"
    assert view.accrued_at is None
    assert (await bench.engine.get(order.reservation_id)).state == "provisioning"


async def test_the_same_order_twice_begins_once(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.start(order)
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    await bench.engine.start(order)
    await asyncio.sleep(0.3)
    assert bench.cloud.made == 2
    assert (await bench.engine.get(order.reservation_id)).state == "ended"


async def test_expiry_warns_then_tears_down_and_tells_the_cost(bench: Bench):
    order = await bench.reserve(lease_seconds=3)
    view = await bench.ended(order)
    assert view.reason == "expired"
    assert not bench.cloud.nodes
    assert {node.state for node in view.nodes} == {"gone"}
    assert await bench.kinds() == ["ready", "expiring", "ended"]
    ended = await bench.notice("ended")
    assert ended.values["reason"] == "expired"
    assert 3.0 <= view.accrued_usd <= 20.0, "a dollar a second, for the lease and the teardown"
    assert ended.values["cost"] == f"${view.accrued_usd:.2f}"


async def test_a_warning_that_lies_behind_at_the_start_is_not_given(bench: Bench):
    await bench.reserve_and_wait(lease_seconds=300)
    await asyncio.sleep(0.5)
    assert await bench.kinds(at_least=1) == ["ready"], "the lease is shorter than the longest warning"


async def test_an_extension_moves_the_end_and_arms_the_warnings_again(bench: Bench):
    order = await bench.reserve_and_wait(lease_seconds=3)
    first = await bench.notice("expiring")
    before = await bench.engine.get(order.reservation_id)
    end = await bench.engine.extend(order.reservation_id, 3, "request-1")
    assert end == before.expires_at + timedelta(seconds=3)
    assert (await bench.views.get(order.reservation_id)).expires_at == end, "people see it at once"
    view = await bench.ended(order)
    assert await bench.kinds() == ["ready", "expiring", "expiring", "ended"]
    warnings = [notice for notice in await bench.notices() if notice.kind == "expiring"]
    assert warnings[0].id == first.id != warnings[1].id
    assert view.ended_at >= end


async def test_the_same_request_extends_once(bench: Bench):
    order = await bench.reserve_and_wait()
    ends = await asyncio.gather(
        *(bench.engine.extend(order.reservation_id, 100, "request-1") for _ in range(3)),
    )
    assert len(set(ends)) == 1
    assert (await bench.engine.get(order.reservation_id)).expires_at == ends[0]
    assert await bench.engine.extend(order.reservation_id, 100, "request-2") == ends[0] + timedelta(seconds=100)


async def test_a_lease_grows_to_its_limit_and_no_further(bench: Bench):
    order = await bench.reserve_and_wait(lease_seconds=600)
    with pytest.raises(LimitExceeded) as caught:
        await bench.engine.extend(order.reservation_id, 601, "request-1")
    assert (caught.value.asked, caught.value.limit) == pytest.approx((1201 / 3600, 1200 / 3600))
    await bench.engine.extend(order.reservation_id, 600, "request-2")


async def test_an_extension_while_provisioning_counts(bench: Bench):
    bench.cloud.boot_seconds = 1.0
    order = await bench.reserve(lease_seconds=100)
    await bench.engine.extend(order.reservation_id, 100, "request-1")
    view = await bench.until(order, lambda view: view.state == "running")
    assert view.expires_at - view.accrued_at == timedelta(seconds=200)


async def test_a_release_tears_down_and_says_so(bench: Bench):
    bench.cloud.destroy_rounds = 3
    order = await bench.reserve_and_wait()
    await bench.engine.release(order.reservation_id)
    assert (await bench.views.get(order.reservation_id)).state == "releasing", "people see it at once"
    view = await bench.ended(order)
    assert view.reason == "released"
    assert bench.cloud.count("destroy_nodes") == 4
    assert (await bench.notice("ended")).values["reason"] == "released"


async def test_a_release_of_what_has_ended_is_no_error(bench: Bench):
    order = await bench.reserve_and_wait()
    await asyncio.gather(bench.engine.release(order.reservation_id), bench.engine.release(order.reservation_id))
    await bench.ended(order)
    await bench.engine.release(order.reservation_id)
    assert (await bench.kinds()).count("ended") == 1


async def test_what_has_ended_can_do_nothing_else(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    with pytest.raises(WrongState) as caught:
        await bench.engine.extend(order.reservation_id, 60, "request-1")
    assert (caught.value.name, caught.value.state, caught.value.wanted) == (order.name, "ended", "extend")


async def test_a_reservation_that_never_was_is_not_found(bench: Bench):
    with pytest.raises(NotFound):
        await bench.engine.get("r-nothing")
    with pytest.raises(NotFound):
        await bench.engine.release("r-nothing")


async def test_a_stop_keeps_the_disks_and_a_start_brings_the_nodes_back(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id)
    view = await bench.until(order, lambda view: view.state == "stopped")
    assert {node.state for node in view.nodes} == {"stopped"}
    assert view.current_hourly_price_usd == 360.0
    await bench.notice("stopped")
    await bench.engine.stop(order.reservation_id)
    assert bench.cloud.count("stop_nodes") == 1, "stopping what is stopped does nothing"
    await bench.engine.start_nodes(order.reservation_id)
    await bench.until(order, lambda view: view.state == "running")
    await bench.notice("started")
    await bench.engine.start_nodes(order.reservation_id)
    await bench.engine.reboot(order.reservation_id)
    await bench.notice("rebooted")
    assert (bench.cloud.count("start_nodes"), bench.cloud.count("reboot_nodes")) == (1, 1)


async def test_what_cannot_be_done_in_a_state_is_refused(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    with pytest.raises(WrongState) as caught:
        await bench.engine.reboot(order.reservation_id)
    assert (caught.value.state, caught.value.wanted) == ("stopped", "reboot")


async def test_nothing_can_be_stopped_while_it_is_being_provisioned(bench: Bench):
    bench.cloud.boot_seconds = 2.0
    order = await bench.reserve()
    with pytest.raises(WrongState):
        await bench.engine.stop(order.reservation_id)


async def test_only_the_disks_are_counted_while_stopped(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id)
    stopped = await bench.until(order, lambda view: view.state == "stopped")
    await asyncio.sleep(2.0)
    await bench.engine.start_nodes(order.reservation_id)
    started = await bench.until(order, lambda view: view.state in ("starting", "running"))
    seconds = (started.accrued_at - stopped.accrued_at).total_seconds()
    grown = started.accrued_usd - stopped.accrued_usd
    assert seconds >= 2.0
    assert grown < seconds * 0.6, f"{grown} for {seconds} s: running would be a dollar a second"


async def test_prices_are_refreshed_with_somebodys_access(bench: Bench):
    assert await bench.engine.refresh_offers("fake", "people/local/ann/fake") == 0
    assert await bench.offers.get("fake") == "0"


async def test_a_stopped_one_costs_its_disks_only_while_it_is_given_back(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    bench.cloud.broken["destroy_nodes"] = ProviderDown("fake")
    await bench.engine.release(order.reservation_id)
    view = await bench.until(order, lambda view: view.state == "releasing")
    assert view.current_hourly_price_usd == order.stopped_hourly_price_usd
    del bench.cloud.broken["destroy_nodes"]
    await bench.ended(order)


async def test_a_release_that_nobody_would_carry_out_is_not_said_to_begin(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.handle(order).terminate()
    with pytest.raises(NotLookedAfter):
        await bench.engine.release(order.reservation_id)
