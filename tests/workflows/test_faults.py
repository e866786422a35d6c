"""What goes wrong: clouds that refuse, releases at the worst moment, workers that die. Nothing is ever left behind."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.worker import Replayer

from clouddesk.model.errors import (
    CredentialsMissing,
    CredentialsRejected,
    NoCapacity,
    NotFound,
    ProviderDown,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    Unavailable,
    Undecided,
    WrongState,
)
from clouddesk.workflows.client import TemporalReservations
from clouddesk.workflows.registration import WORKFLOW_RUNNER
from clouddesk.workflows.reservation import ReservationWorkflow
from tests.servers import running_temporal
from tests.workflows.conftest import Bench


@pytest.mark.parametrize("error", [NoCapacity("fake"), QuotaExceeded("fake"), RequestRejected("fake")])
async def test_a_refusal_before_any_node_ends_the_reservation_and_costs_nothing(bench: Bench, error: Exception):
    bench.cloud.create_at_most = 0
    bench.cloud.faults["create_nodes"] = [error]
    order = await bench.reserve(nodes=3)
    view = await bench.ended(order)
    assert view.reason == error.code
    assert bench.cloud.made == 0
    assert view.accrued_usd == 0.0
    assert await bench.kinds() == ["failed"]
    failed = await bench.notice("failed")
    assert (failed.values["reason"], failed.values["cost"]) == (error.code, "$0.00")


@pytest.mark.parametrize(
    "method_and_error",
    [("get_nodes", CredentialsRejected("fake")), ("open", CredentialsMissing("fake"))],
    ids=["rejected", "missing"],
)
async def test_a_key_that_is_refused_from_the_first_call_ends_the_reservation(bench: Bench, method_and_error):
    method, error = method_and_error
    for refused in (method, "open" if method == "open" else "destroy_nodes"):
        bench.cloud.broken[refused] = error
    order = await bench.reserve()
    view = await bench.ended(order)
    assert view.reason == "credentials_rejected"
    assert await bench.kinds() == ["failed"]
    assert bench.cloud.made == 0


async def test_passing_faults_are_sat_out(bench: Bench):
    bench.cloud.faults["create_nodes"] = [ProviderDown("fake"), RateLimited("fake", retry_after_seconds=0.1)]
    bench.cloud.faults["get_nodes"] = [RateLimited("fake"), ProviderDown("fake")]
    await bench.reserve_and_wait()
    assert bench.cloud.made == 2
    assert await bench.kinds(at_least=1) == ["ready"]


async def test_what_an_earlier_attempt_makes_too_late_is_ended(bench: Bench):
    bench.cloud.faults["create_nodes"] = [ProviderDown("fake")]
    bench.cloud.boot_seconds = 1.5
    order = await bench.reserve()
    await bench.until_asked("create_nodes", 2)
    bench.cloud.doubles = 1
    await bench.until(order, lambda view: view.state == "running")
    assert bench.cloud.doubles == 0


async def test_a_first_attempt_asks_for_its_nodes_once(bench: Bench):
    await bench.reserve_and_wait()
    assert bench.cloud.count("create_nodes") == 1


async def test_a_cloud_that_stays_down_fails_the_reservation_in_the_end(bench: Bench):
    bench.engine = TemporalReservations(
        bench.client, task_queue=bench.queue, timing=dataclasses.replace(bench.engine._timing, provision_seconds=1.0)
    )
    bench.cloud.broken["create_nodes"] = ProviderDown("fake")
    order = await bench.reserve()
    view = await bench.ended(order)
    assert view.reason == "provider_down"
    assert not bench.cloud.nodes


async def test_nodes_that_never_run_fail_the_reservation(bench: Bench):
    bench.engine = TemporalReservations(
        bench.client, task_queue=bench.queue, timing=dataclasses.replace(bench.engine._timing, provision_seconds=1.0)
    )
    bench.cloud.boot_seconds = 3600.0
    order = await bench.reserve()
    view = await bench.ended(order)
    assert view.reason == "provision_failed"
    assert not bench.cloud.nodes


async def test_a_node_that_is_lost_while_booting_fails_the_reservation(bench: Bench):
    bench.cloud.boot_seconds = 3600.0
    order = await bench.reserve()
    await bench.until_made(2)
    bench.cloud.nodes.pop("node-0")
    view = await bench.ended(order)
    assert view.reason == "provision_failed"


async def test_a_release_while_nodes_boot_wins(bench: Bench):
    bench.cloud.boot_seconds = 3600.0
    order = await bench.reserve()
    await bench.until_made(2)
    await bench.engine.release(order.reservation_id)
    view = await bench.ended(order)
    assert view.reason == "released"
    assert view.accrued_usd == 0.0
    assert not bench.cloud.nodes
    assert await bench.kinds() == ["ended"]


async def test_a_release_while_the_cloud_makes_nodes_waits_for_them_and_destroys_them(bench: Bench):
    bench.cloud.create_seconds = 2.0
    order = await bench.reserve()
    await asyncio.sleep(0.5)
    await asyncio.wait_for(bench.engine.release(order.reservation_id), 1)
    assert (await bench.views.get(order.reservation_id)).state == "releasing", "people see it at once"
    await bench.ended(order)
    assert bench.cloud.made == 2
    assert not bench.cloud.nodes
    assert bench.cloud.calls.index("create_nodes") < bench.cloud.calls.index("destroy_nodes")


async def test_a_release_during_a_stop_wins(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.broken["stop_nodes"] = ProviderDown("fake")
    await bench.engine.stop(order.reservation_id)
    with pytest.raises(WrongState):
        await bench.engine.start_nodes(order.reservation_id)
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert await bench.kinds() == ["ready", "ended"]


async def test_a_start_that_the_cloud_refuses_is_told_and_the_reservation_stays_stopped(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    bench.cloud.faults["start_nodes"] = [NoCapacity("fake")]
    await bench.engine.start_nodes(order.reservation_id)
    trouble = await bench.notice("trouble")
    assert (trouble.values["action"], trouble.values["reason"]) == ("start", "no_capacity")
    await bench.until(order, lambda view: view.state == "stopped")


async def test_a_teardown_goes_on_until_the_cloud_lists_nothing(bench: Bench):
    bench.cloud.faults["destroy_nodes"] = [ProviderDown("fake"), RequestRejected("fake"), CredentialsRejected("fake")]
    bench.cloud.destroy_rounds = 2
    order = await bench.reserve_and_wait()
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert not bench.cloud.nodes
    assert bench.cloud.count("destroy_nodes") == 6


async def test_another_worker_goes_on_where_one_stopped_while_provisioning(bench: Bench):
    bench.cloud.boot_seconds = 1.5
    order = await bench.reserve()
    await bench.until_made(2)
    await bench.stop_worker()
    await bench.start_worker()
    await bench.until(order, lambda view: view.state == "running")
    assert bench.cloud.made == 2, "what was made already is found by its tags"


async def test_a_lease_ends_although_workers_change_meanwhile(bench: Bench):
    order = await bench.reserve_and_wait(lease_seconds=3)
    await bench.stop_worker()
    await asyncio.sleep(3)
    await bench.start_worker()
    view = await bench.ended(order)
    assert view.reason == "expired"
    assert not bench.cloud.nodes
    assert await bench.kinds() == ["ready", "ended"], "a warning that comes too late is not given"


async def test_a_release_reaches_the_next_worker_when_none_is_there(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.stop_worker()
    impatient = TemporalReservations(bench.client, task_queue=bench.queue, patience_seconds=1.0)
    with pytest.raises(Unavailable):
        await impatient.get(order.reservation_id)
    with pytest.raises(Undecided):
        await impatient.stop(order.reservation_id)
    await impatient.release(order.reservation_id)
    await bench.start_worker()
    view = await bench.ended(order)
    assert view.reason == "released"


async def test_what_no_worker_answered_is_undecided_and_carried_out_once_when_one_comes(bench: Bench):
    order = await bench.reserve_and_wait()
    before = await bench.engine.get(order.reservation_id)
    await bench.stop_worker()
    impatient = TemporalReservations(bench.client, task_queue=bench.queue, patience_seconds=1.0)
    for _ in range(2):
        with pytest.raises(Undecided):
            await impatient.extend(order.reservation_id, 100, "request-1")
    await bench.start_worker()
    end = before.expires_at + timedelta(seconds=100)
    await bench.until(order, lambda view: view.expires_at == end)
    assert await bench.engine.extend(order.reservation_id, 100, "request-1") == end


async def test_a_second_change_of_power_is_refused_at_once(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.broken["reboot_nodes"] = ProviderDown("fake")
    await bench.engine.reboot(order.reservation_id)
    with pytest.raises(WrongState) as caught:
        await asyncio.wait_for(bench.engine.stop(order.reservation_id), 2)
    assert (caught.value.state, caught.value.wanted) == ("rebooting", "stop")
    await bench.engine.reboot(order.reservation_id)
    del bench.cloud.broken["reboot_nodes"]
    await bench.notice("rebooted")
    assert (await bench.kinds()).count("rebooted") == 1
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")


async def test_an_order_waits_for_the_first_worker(idle_bench: Bench):
    order = await idle_bench.reserve()
    await idle_bench.start_worker()
    await idle_bench.until(order, lambda view: view.state == "running")


async def test_a_cancelled_workflow_leaves_no_machine(bench: Bench):
    bench.cloud.destroy_rounds = 5
    order = await bench.reserve_and_wait()
    handle = bench.client.get_workflow_handle(order.reservation_id)
    await handle.cancel()
    await bench.until(order, lambda view: view.state == "releasing")
    await handle.cancel()
    await bench.ended(order)
    assert not bench.cloud.nodes


async def test_a_temporal_that_is_not_there_is_unavailable(recwarn: pytest.WarningsRecorder):
    engine = await TemporalReservations.connect("127.0.0.1:1")
    with pytest.raises(Unavailable):
        await engine.get("r-1")
    with pytest.raises(Unavailable) as caught:
        await engine.extend("r-1", 60, "request-1")
    assert not isinstance(caught.value, Undecided), "nothing was passed on"
    del caught  # and the frames that it holds
    gc.collect()
    assert not [found for found in recwarn if "never awaited" in str(found.message)]


async def test_a_release_is_not_said_to_be_passed_on_when_temporal_has_gone(tmp_path: Path):
    with running_temporal(tmp_path) as address:
        engine = await TemporalReservations.connect(address)
        with pytest.raises(NotFound):
            await engine.get("r-1")
    for wish in (engine.release, engine.credentials_renewed):
        with pytest.raises(Unavailable) as caught:
            await wish("r-1")
        assert not isinstance(caught.value, Undecided), "nothing was passed on"


async def test_a_view_that_cannot_be_written_holds_nothing_up(bench: Bench):
    order = await bench.reserve_and_wait(lease_seconds=3)

    async def refuse(_view: object) -> None:
        raise Unavailable("Redis")

    put, bench.views.put = bench.views.put, refuse
    await bench.until_empty()
    bench.views.put = put
    view = await bench.ended(order)
    assert view.reason == "expired"


async def test_a_history_can_be_replayed(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.extend(order.reservation_id, 100, "request-1")
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.start_nodes(order.reservation_id)
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.reboot(order.reservation_id)
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    handle = bench.client.get_workflow_handle(order.reservation_id)
    await handle.result()
    await Replayer(workflows=[ReservationWorkflow], workflow_runner=WORKFLOW_RUNNER).replay_workflow(
        await handle.fetch_history()
    )


async def test_no_secret_and_no_vendor_text_is_in_the_history(bench: Bench):
    bench.cloud.create_at_most = 0
    bench.cloud.faults["create_nodes"] = [
        ProviderDown("fake", "token=vendor-words"),
        NoCapacity("fake", "vendor-words"),
    ]
    bench.cloud.faults["destroy_nodes"] = [ValueError("vendor-words")]
    order = await bench.reserve()
    await bench.ended(order)
    history = await bench.client.get_workflow_handle(order.reservation_id).fetch_history()
    assert "vendor-words" not in history.to_json()
    payloads = b"".join(event.SerializeToString() for event in history.events)
    assert b"vendor-words" not in payloads
