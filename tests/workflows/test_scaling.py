"""Machines come and leave while the others run; what fails leaves all as it was, and whoever owns it is told why."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import pytest

from clouddesk.model.configuration import STEP_FAILED
from clouddesk.model.errors import CredentialsRejected, NoCapacity, ProviderDown, QuotaExceeded, WrongState
from clouddesk.model.node import NodePlan
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import Reservation
from clouddesk.model.scaling import Scale
from tests.workflows.conftest import Bench
from tests.workflows.machines import SOFTWARE, broken

PLANS = (NodePlan("controller", "controller"), NodePlan("worker-1", "worker"), NodePlan("worker-2", "worker"))


async def cluster(bench: Bench, **changes) -> ReservationOrder:
    """A controller with two workers, each for $1200 an hour."""
    order = bench.order(**changes)
    order = replace(order, nodes=replace(order.nodes, nodes=PLANS))
    await bench.engine.start(order)
    await bench.until(order, lambda view: view.state == "running")
    return order


async def scale(bench: Bench, order: ReservationOrder, count: int, *, before: int = 3, request_id: str = "") -> None:
    wish = Scale(count, before, "worker", hourly_price_usd=1500.0, stopped_hourly_price_usd=150.0)
    await bench.engine.scale(order.reservation_id, wish, request_id or uuid.uuid4().hex, by="ann")


async def rested(bench: Bench, order: ReservationOrder, kind: str) -> Reservation:
    """How it is after this notice."""
    await bench.notice(kind)
    return await bench.until(order, lambda view: view.state == "running")


def keys(view: Reservation) -> list[str]:
    return [node.key for node in view.nodes]


async def test_further_machines_come_beside_the_others_and_cost_what_was_agreed(bench: Bench):
    order = await cluster(bench)
    await scale(bench, order, 5)
    view = await rested(bench, order, "scaled")
    assert keys(view) == ["controller", "worker-1", "worker-2", "worker-3", "worker-4"]
    assert [node.role for node in view.nodes] == ["controller", *["worker"] * 4]
    assert (view.node_count, view.scaling_to) == (5, None)
    assert view.hourly_price_usd == pytest.approx(3600 + 2 * 1500)
    assert view.stopped_hourly_price_usd == pytest.approx(360 + 2 * 150)
    assert view.current_hourly_price_usd == pytest.approx(view.hourly_price_usd)
    notice = await bench.notice("scaled")
    assert (notice.values["before"], notice.values["nodes"]) == ("3", "5")
    assert bench.configuration.orders == [], "there is nothing on the machines"


async def test_the_newest_machines_leave_and_cost_no_more(bench: Bench):
    order = await cluster(bench)
    await scale(bench, order, 2)
    view = await rested(bench, order, "scaled")
    assert keys(view) == ["controller", "worker-1"]
    assert sorted(bench.cloud.nodes) == ["controller", "worker-1"]
    assert (view.node_count, view.hourly_price_usd) == (2, pytest.approx(2400))


async def test_it_can_grow_and_shrink_again_and_all_of_it_goes_with_a_release(bench: Bench):
    order = await cluster(bench)
    for count, before in ((4, 3), (2, 4), (3, 2)):
        await scale(bench, order, count, before=before)
        await bench.until(order, lambda view, count=count: view.state == "running" and view.node_count == count)
    assert keys(await bench.engine.get(order.reservation_id)) == ["controller", "worker-1", "worker-2"]
    assert len(await bench.told("scaled", 3)) == 3
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert bench.cloud.nodes == {}


async def test_new_machines_get_the_software_together_with_the_others_before_it_is_told(bench: Bench):
    order = await cluster(bench, configuration=SOFTWARE)
    bench.configuration.may_go_on.clear()
    await scale(bench, order, 4)
    # The step is told beside the view, which may be written a moment later.
    view = await bench.until(order, lambda view: view.step != "" and len(view.nodes) == 4)
    assert (view.state, view.scaling_to) == ("scaling", 4)
    assert view.current_hourly_price_usd == pytest.approx(3600 + 1500), "the cloud bills it already"
    assert "scaled" not in await bench.kinds()
    bench.configuration.may_go_on.set()
    await rested(bench, order, "scaled")
    configured = bench.configuration.orders[-1]
    assert {target.key: target.role for target in configured.targets} == {
        "controller": "controller",
        **{f"worker-{number}": "worker" for number in (1, 2, 3)},
    }
    assert [bool(target.host_keys) for target in configured.targets] == [True, True, True, False]
    assert configured.leaving == ()
    assert bench.cloud.public_keys[-1] == (f"ssh-ed25519 AAAA clouddesk-{order.reservation_id}",)


async def test_leaving_machines_are_taken_out_before_they_end_and_the_rest_is_set_up_without_them(bench: Bench):
    order = await cluster(bench, configuration=SOFTWARE)
    bench.configuration.may_go_on.clear()
    await scale(bench, order, 2)
    await bench.until(order, lambda view: view.step != "")
    assert len(bench.cloud.nodes) == 3
    bench.configuration.may_go_on.set()
    await rested(bench, order, "scaled")
    out, rest = bench.configuration.orders[1:]
    assert (out.leaving, len(out.targets)) == (("worker-2",), 3)
    assert (rest.leaving, [target.key for target in rest.targets]) == ((), ["controller", "worker-1"])


@pytest.mark.parametrize("refusal", [NoCapacity("fake"), QuotaExceeded("fake")])
async def test_without_room_at_the_cloud_all_stays_as_it_was(bench: Bench, refusal: Exception):
    order = await cluster(bench, configuration=SOFTWARE)
    before = await bench.engine.get(order.reservation_id)
    bench.cloud.create_at_most = 1
    bench.cloud.faults["create_nodes"] = [refusal]
    await scale(bench, order, 5)
    view = await rested(bench, order, "not_scaled")
    assert (keys(view), view.node_count) == (keys(before), 3)
    assert view.hourly_price_usd == before.hourly_price_usd
    assert sorted(bench.cloud.nodes) == ["controller", "worker-1", "worker-2"], "the one that was made is ended again"
    notice = await bench.notice("not_scaled")
    told = (notice.values["reason"], notice.values["action"], notice.values["count"])
    assert told == (refusal.code, "grow", "2")
    assert len(bench.configuration.orders) == 1, "nothing was done to the others"


async def test_machines_that_do_not_come_up_are_ended_again(bench: Bench):
    order = await cluster(bench)
    bench.cloud.broken_keys = {"worker-4"}
    await scale(bench, order, 5)
    view = await rested(bench, order, "not_scaled")
    assert len(view.nodes) == len(bench.cloud.nodes) == 3
    assert (await bench.notice("not_scaled")).values["reason"] == "provision_failed"


async def test_machines_that_cannot_be_set_up_are_ended_again_and_the_others_set_up_without_them(bench: Bench):
    order = await cluster(bench, configuration=SOFTWARE)
    bench.configuration.faults = [broken()]
    await scale(bench, order, 4)
    view = await rested(bench, order, "not_scaled")
    assert (len(view.nodes), view.node_count, len(bench.cloud.nodes)) == (3, 3, 3)
    assert view.hourly_price_usd == pytest.approx(3600)
    told = (await bench.notice("not_scaled")).values
    assert (told["reason"], told["step"]) == (STEP_FAILED, "starting Redis")
    assert len(bench.configuration.orders[-1].targets) == 3
    assert "unproven" not in await bench.kinds()


async def test_machines_that_cannot_be_taken_out_stay_and_are_taken_in_again(bench: Bench):
    order = await cluster(bench, configuration=SOFTWARE)
    bench.configuration.faults = [broken()]
    await scale(bench, order, 2)
    view = await rested(bench, order, "not_scaled")
    assert (len(view.nodes), len(bench.cloud.nodes), bench.cloud.count("end_nodes")) == (3, 3, 0)
    assert (await bench.notice("not_scaled")).values["action"] == "shrink"
    again = bench.configuration.orders[-1]
    assert (again.leaving, len(again.targets)) == ((), 3)


async def test_a_rest_that_does_not_work_without_those_that_left_is_told(bench: Bench):
    order = await cluster(bench, configuration=SOFTWARE)
    bench.configuration.may_go_on.clear()
    await scale(bench, order, 2)
    await bench.until(order, lambda view: view.step != "")
    bench.configuration.may_go_on.set()
    await bench.until_asked("end_nodes", 1)
    bench.configuration.faults = [broken()]
    view = await rested(bench, order, "unproven")
    assert (view.node_count, len(bench.cloud.nodes)) == (2, 2)
    assert (await bench.notice("unproven")).values["action"] == "shrink"
    assert not (await bench.notice("scaled")).values["found"], "what was found before says nothing now"


@pytest.mark.parametrize("fault", [ProviderDown("fake"), CredentialsRejected("fake")])
async def test_ending_machines_is_not_given_up(bench: Bench, fault: Exception):
    order = await cluster(bench)
    bench.cloud.faults["end_nodes"] = [fault]
    await scale(bench, order, 2)
    await rested(bench, order, "scaled")
    assert len(bench.cloud.nodes) == 2
    assert ("credentials" in await bench.kinds()) == isinstance(fault, CredentialsRejected)


async def test_a_machine_without_a_key_that_belongs_to_it_stays_when_others_leave(bench: Bench):
    order = await cluster(bench)
    nameless = replace(bench.cloud.nodes["worker-1"][0], key="")
    bench.cloud.nodes |= {"worker-1": (nameless, 0.0), "double": (replace(nameless, id="i-double"), 0.0)}
    await scale(bench, order, 2)
    await rested(bench, order, "scaled")
    assert sorted(bench.cloud.nodes) == ["controller", "worker-1"], "one without a key that nobody knows goes, too"


async def test_the_same_request_scales_once(bench: Bench):
    order = await cluster(bench)
    await scale(bench, order, 4, request_id="one")
    await rested(bench, order, "scaled")
    await bench.handle(order).execute_update(
        "scale",
        {
            "scale": {
                "count": 4,
                "before": 3,
                "role": "worker",
                "hourly_price_usd": 1.0,
                "stopped_hourly_price_usd": 1.0,
            },
            "request_id": "one",
            "by": "ann",
        },
    )
    view = await bench.engine.get(order.reservation_id)
    assert (view.state, view.node_count, bench.cloud.made) == ("running", 4, 4)


async def test_what_goes_by_another_number_of_machines_or_takes_the_controller_is_refused(bench: Bench):
    order = await cluster(bench)
    for count, before in ((5, 4), (3, 3), (0, 3)):
        with pytest.raises(WrongState):
            await scale(bench, order, count, before=before)
    assert (await bench.engine.get(order.reservation_id)).state == "running"


async def test_the_first_of_machines_that_are_all_alike_never_leaves(bench: Bench):
    order = bench.order(nodes=3)
    await bench.engine.start(order)
    await bench.until(order, lambda view: view.state == "running")
    wish = Scale(1, 3, "node", hourly_price_usd=1.0, stopped_hourly_price_usd=1.0)
    await bench.engine.scale(order.reservation_id, wish, "one")
    assert keys(await rested(bench, order, "scaled")) == ["node-0"]


async def test_nothing_else_is_done_to_machines_that_come_or_leave(bench: Bench):
    order = await cluster(bench)
    bench.cloud.boot_seconds = 30.0
    await scale(bench, order, 4)
    id_ = order.reservation_id
    for wish in (bench.engine.stop, bench.engine.reboot, bench.engine.start_nodes):
        with pytest.raises(WrongState) as refused:
            await wish(id_)
        assert refused.value.state == "scaling"
    with pytest.raises(WrongState):
        await scale(bench, order, 5)
    await bench.engine.extend(id_, 60, "request-1")
    await bench.engine.release(id_)
    view = await bench.ended(order)
    assert (view.reason, bench.cloud.nodes) == ("released", {})
    assert "scaled" not in await bench.kinds()


async def test_a_release_while_new_machines_are_set_up_wins(bench: Bench):
    order = await cluster(bench, configuration=SOFTWARE)
    bench.configuration.may_go_on.clear()
    await scale(bench, order, 4)
    await bench.until(order, lambda view: view.step != "")
    await bench.engine.release(order.reservation_id)
    view = await bench.ended(order)
    assert (view.reason, bench.cloud.nodes, bench.configuration.ended) == ("released", {}, 2)


@pytest.mark.parametrize("is_growing", [True, False])
async def test_a_creation_that_a_release_broke_off_must_be_listed_no_more_twice(bench: Bench, is_growing: bool):
    order = await cluster(bench)
    bench.cloud.destroy_rounds = 0
    if is_growing:
        bench.cloud.boot_seconds = 30.0
        await scale(bench, order, 4)
        await bench.until_made(4)
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert bench.cloud.count("destroy_nodes") == (2 if is_growing else 1)


async def test_the_lease_ends_in_the_middle_of_it(bench: Bench):
    order = await cluster(bench, lease_seconds=3)
    bench.cloud.boot_seconds = 30.0
    await scale(bench, order, 4)
    view = await bench.ended(order)
    assert (view.reason, bench.cloud.nodes) == ("expired", {})


async def test_another_worker_goes_on_with_it(bench: Bench):
    order = await cluster(bench, configuration=SOFTWARE)
    bench.configuration.may_go_on.clear()
    await scale(bench, order, 4)
    await bench.until(order, lambda view: view.step != "")
    await bench.stop_worker()
    bench.configuration.may_go_on.set()
    await bench.start_worker()
    view = await rested(bench, order, "scaled")
    assert (view.node_count, bench.cloud.made) == (4, 4)


async def test_a_machine_that_vanished_is_no_part_of_the_new_number_and_its_name_is_not_given_again(bench: Bench):
    order = await cluster(bench)
    bench.cloud.nodes.pop("worker-2")
    await bench.handle(order).signal("look")
    await bench.notice("drift")
    await scale(bench, order, 3, before=2)
    view = await rested(bench, order, "scaled")
    assert keys(view) == ["controller", "worker-1", "worker-3"]
    assert view.hourly_price_usd == pytest.approx(2 * 1200 + 1500)


async def test_a_machine_that_vanished_unseen_is_not_made_anew_beside_those_that_come(bench: Bench):
    order = await cluster(bench)
    bench.cloud.nodes.pop("worker-2")
    await scale(bench, order, 4, before=3)
    await rested(bench, order, "scaled")
    assert sorted(bench.cloud.nodes) == ["controller", "worker-1", "worker-3"]


async def test_a_fresh_history_knows_the_machines_that_came(bench: Bench):
    bench.use_timing(history_events=30)
    order = await cluster(bench, configuration=SOFTWARE)
    first = (await bench.handle(order).describe()).run_id
    await scale(bench, order, 4, request_id="one")
    await rested(bench, order, "scaled")
    for _ in range(200):
        if (await bench.handle(order).describe()).run_id != first:
            break
        await bench.pause()
    assert (await bench.handle(order).describe()).run_id != first
    await scale(bench, order, 9, request_id="one")
    await scale(bench, order, 3, before=4)
    await bench.told("scaled", 2)
    rest = bench.configuration.orders[-1]
    assert [(target.key, bool(target.host_keys)) for target in rest.targets] == [(plan.key, True) for plan in PLANS]


# --- Started again ----------------------------------------------------------------------------------------------------


async def stopped(bench: Bench) -> ReservationOrder:
    order = await cluster(bench, configuration=SOFTWARE)
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    return order


async def test_software_is_set_up_again_on_machines_that_start_before_that_is_told(bench: Bench):
    order = await stopped(bench)
    bench.configuration.may_go_on.clear()
    bench.cloud.change("worker-1", address="192.0.2.99")
    await bench.engine.start_nodes(order.reservation_id)
    view = await bench.until(order, lambda view: view.step != "")
    assert view.state == "starting"
    assert "started" not in await bench.kinds()
    bench.configuration.may_go_on.set()
    await rested(bench, order, "started")
    assert [target.address for target in bench.configuration.orders[-1].targets][1] == "192.0.2.99"


async def test_software_that_does_not_come_back_is_told_and_the_machines_are_kept(bench: Bench):
    order = await stopped(bench)
    bench.configuration.faults = [broken()]
    await bench.engine.start_nodes(order.reservation_id)
    view = await rested(bench, order, "unproven")
    assert len(view.living_nodes) == 3
    told = (await bench.notice("unproven")).values
    assert (told["action"], told["reason"], told["lines"]) == ("start", STEP_FAILED, "first\nthe last words")
    assert "started" not in await bench.kinds()


async def test_a_release_while_software_is_set_up_again_wins(bench: Bench):
    order = await stopped(bench)
    bench.configuration.may_go_on.clear()
    await bench.engine.start_nodes(order.reservation_id)
    await bench.until(order, lambda view: view.step != "")
    await bench.engine.release(order.reservation_id)
    view = await bench.ended(order)
    assert (view.reason, bench.cloud.nodes) == ("released", {})
    await asyncio.sleep(0)
    assert bench.configuration.ended == 2
