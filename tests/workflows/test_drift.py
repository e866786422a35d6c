"""Somebody does something in the cloud that was not done here: it is taken over and told, and nothing is touched."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from clouddesk.model.errors import CredentialsRejected, ProviderDown
from tests.workflows.conftest import Bench
from tests.workflows.strays import adopted, look_while_it_is_stopped


async def look(bench: Bench, order) -> None:
    await bench.handle(order).signal("look")


async def test_a_machine_that_vanished_is_told_and_costs_nothing_more(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.nodes.pop("node-1")
    await look(bench, order)
    notice = await bench.notice("drift")
    assert (notice.values["reason"], notice.values["which"]) == ("vanished", "node-1")
    view = await bench.views.get(order.reservation_id)
    assert [node.state for node in view.nodes] == ["running", "gone"]
    assert view.current_hourly_price_usd == pytest.approx(order.hourly_price_usd / 2)
    assert bench.cloud.made == 2, "nothing is replaced by itself"


async def test_machines_that_all_vanished_stay_a_reservation_until_somebody_says(bench: Bench):
    order = await bench.reserve_and_wait()
    gone, bench.cloud.nodes = dict(bench.cloud.nodes), {}
    await look(bench, order)
    await bench.notice("drift")
    view = await bench.views.get(order.reservation_id)
    assert (view.state, view.current_hourly_price_usd) == ("running", 0.0)
    assert bench.cloud.count("destroy_nodes") == 0
    bench.cloud.nodes = gone
    await look(bench, order)
    view = await bench.until(order, lambda view: view.current_hourly_price_usd > 0)
    assert {node.state for node in view.nodes} == {"running"}
    # The view is written before its notices are.
    await bench.kinds(at_least=3)
    assert [notice.values["reason"] for notice in await bench.notices() if notice.kind == "drift"] == [
        "vanished",
        "back",
    ]


async def test_a_machine_that_is_only_listed_late_is_not_called_gone(bench: Bench):
    order = await bench.reserve_and_wait()
    node = bench.cloud.nodes.pop("node-1")
    await look(bench, order)
    looks = bench.cloud.count("get_nodes")
    await bench.until_asked("get_nodes", looks + 1)
    bench.cloud.nodes["node-1"] = node
    await bench.until_asked("get_nodes", looks + 2)
    await bench.engine.reboot(order.reservation_id)
    await bench.notice("rebooted")
    assert "drift" not in await bench.kinds()


async def test_a_stop_by_hand_makes_it_a_stopped_one_that_can_be_started(bench: Bench):
    order = await bench.reserve_and_wait()
    for key in ("node-0", "node-1"):
        bench.cloud.change(key, state="stopped")
    await look(bench, order)
    view = await bench.until(order, lambda view: view.state == "stopped")
    assert view.current_hourly_price_usd == order.stopped_hourly_price_usd
    assert (await bench.notice("drift")).values["reason"] == "stopped_outside"
    await bench.engine.start_nodes(order.reservation_id)
    await bench.until(order, lambda view: view.state == "running")


async def test_a_start_by_hand_counts_again(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    for key in ("node-0", "node-1"):
        bench.cloud.change(key, state="running")
    await look(bench, order)
    view = await bench.until(order, lambda view: view.state == "running")
    assert view.current_hourly_price_usd == order.hourly_price_usd


async def test_another_size_is_told_once(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.change("node-0", size="huge")
    await look(bench, order)
    assert (await bench.notice("drift")).values["reason"] == "resized"
    looks = bench.cloud.count("get_nodes")
    await look(bench, order)
    await bench.until_asked("get_nodes", looks + 1)
    await bench.engine.reboot(order.reservation_id)
    await bench.notice("rebooted")
    assert (await bench.kinds()).count("drift") == 1


async def test_a_cloud_that_does_not_answer_changes_nothing(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.faults["get_nodes"] = [ProviderDown("fake")] * 3
    await look(bench, order)
    await bench.until_asked("get_nodes", 4)
    assert (await bench.views.get(order.reservation_id)).state == "running"
    assert await bench.kinds(at_least=1) == ["ready"]


async def test_a_hold_keeps_it_as_long_as_is_allowed(bench: Bench):
    order = await bench.reserve_and_wait()
    end = await bench.engine.hold(order.reservation_id, by="ann")
    view = await bench.until(order, lambda view: view.is_held)
    assert view.expires_at == end
    assert await bench.engine.hold(order.reservation_id, by="ann") == end
    entries = [(entry.action, entry.by) for entry in await bench.engine.trail(order.reservation_id)]
    assert entries == [("requested", bench.person.user_id), ("created", ""), ("held", "ann")]


async def test_a_long_history_is_left_behind_and_nothing_is_lost(bench: Bench):
    bench.use_timing(history_events=60)
    order = await bench.reserve_and_wait(lease_seconds=100)
    first = (await bench.handle(order).describe()).run_id
    ends = [await bench.engine.extend(order.reservation_id, 60, f"request-{number}") for number in range(12)]
    for _ in range(100):
        if (await bench.handle(order).describe()).run_id != first:
            break
        await bench.pause()
    assert (await bench.handle(order).describe()).run_id != first
    assert await bench.engine.extend(order.reservation_id, 60, "request-3") == ends[3], "known after the change too"
    view = await bench.engine.get(order.reservation_id)
    assert (view.state, view.expires_at) == ("running", ends[-1])
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert not bench.cloud.nodes
    assert await bench.kinds() == ["ready", "ended"]


async def test_one_of_two_that_was_stopped_by_hand_costs_its_disks_only(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.change("node-0", state="stopped")
    await look(bench, order)
    await bench.notice("drift")
    view = await bench.views.get(order.reservation_id)
    half = (order.hourly_price_usd + order.stopped_hourly_price_usd) / 2
    assert (view.state, view.current_hourly_price_usd) == ("running", pytest.approx(half))


async def test_one_of_two_stopped_ones_that_was_started_by_hand_costs_in_full(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    bench.cloud.change("node-0", state="running")
    await look(bench, order)
    await bench.notice("drift")
    view = await bench.views.get(order.reservation_id)
    half = (order.hourly_price_usd + order.stopped_hourly_price_usd) / 2
    assert (view.state, view.current_hourly_price_usd) == ("stopped", pytest.approx(half))


@pytest.mark.parametrize(("wish", "wanted"), [("start_nodes", "running"), ("stop", "stopped")])
async def test_machines_of_which_some_were_stopped_by_hand_become_alike(bench: Bench, wish: str, wanted: str):
    order = await bench.reserve_and_wait()
    bench.cloud.change("node-0", state="stopped")
    await look(bench, order)
    await bench.notice("drift")
    await getattr(bench.engine, wish)(order.reservation_id)
    view = await bench.until(order, lambda view: view.state == wanted and not view.is_mixed)
    assert {node.state for node in view.nodes} == {node.state for node, _ in bench.cloud.nodes.values()} == {wanted}


async def test_a_stop_that_fails_in_part_is_nobody_elses_doing(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.nodes.pop("node-1")
    await bench.engine.stop(order.reservation_id)
    assert (await bench.notice("trouble")).values["action"] == "stop"
    vanished = await bench.notice("drift")
    assert (vanished.values["reason"], vanished.values["which"]) == ("vanished", "node-1")
    view = await bench.until(order, lambda view: view.state == "stopped")
    assert [node.state for node in view.nodes] == ["stopped", "gone"]
    await look(bench, order)
    await bench.until_asked("get_nodes", 6)
    assert await bench.kinds(at_least=3) == ["ready", "trouble", "drift"]


async def test_of_adopted_machines_one_too_many_is_told(bench: Bench):
    order, nodes = await adopted(bench)
    node, at = bench.cloud.nodes["node-0"]
    bench.cloud.nodes["x"] = (replace(node, id="i-new", key="x"), at)
    await bench.engine.adopt(order, nodes, by="ann")
    assert (await bench.notice("drift")).values["reason"] == "extra"
    assert await bench.kinds(at_least=3) == ["ready", "ready", "drift"]


async def test_adopted_machines_that_are_gone_already_end_at_once(bench: Bench):
    order, nodes = await adopted(bench)
    bench.cloud.nodes.clear()
    await bench.engine.adopt(order, nodes, by="ann")
    view = await bench.ended(order)
    assert view.reason == "nothing_left"
    assert await bench.kinds() == ["ready", "ended"], "never said to be ready a second time"


async def test_adopted_machines_whose_cloud_is_silent_end_with_their_lease(bench: Bench):
    order, nodes = await adopted(bench, lease_seconds=2)
    bench.cloud.broken["get_nodes"] = ProviderDown("fake")
    await bench.engine.adopt(order, nodes, by="ann")
    view = await bench.ended(order)
    assert view.reason == "expired"
    assert not bench.cloud.nodes


async def test_a_change_of_power_that_failed_explains_nothing_after_the_next_one(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.faults["stop_nodes"] = [CredentialsRejected("fake")]
    bench.cloud.broken["get_nodes"] = CredentialsRejected("fake")
    await bench.engine.stop(order.reservation_id)
    await bench.notice("trouble")
    await bench.notice("credentials")  # nobody could look what came of it
    del bench.cloud.broken["get_nodes"]
    await bench.engine.reboot(order.reservation_id)
    await bench.notice("rebooted")
    bench.cloud.change("node-0", state="stopped")
    await look(bench, order)
    assert (await bench.notice("drift")).values["which"] == "node-0"


async def test_what_was_seen_before_a_wish_is_not_taken_for_what_came_of_it(bench: Bench):
    order, nodes = await adopted(bench)
    is_asked = look_while_it_is_stopped(bench)
    await bench.engine.adopt(order, nodes, by="ann")
    await asyncio.to_thread(is_asked.wait, 10)
    await bench.engine.stop(order.reservation_id, by="ann")
    await bench.notice("stopped")
    await bench.until(order, lambda view: view.state == "stopped")
    for _ in range(100):
        kinds = await bench.kinds()
        if len(kinds) == 3:
            break
        await bench.pause()
    assert kinds == ["ready", "stopped", "ready"], "looked at once more, when nothing was under way"
