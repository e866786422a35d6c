"""Only some of the machines come up: the owner is asked, and nothing is left running that nobody wants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.model.errors import NoCapacity, RequestRejected, WrongState
from clouddesk.model.node import NodePlan
from clouddesk.model.reservation import GIVE_BACK, GO_ON, RETRY
from tests.workflows.conftest import Bench


async def reserve_in_part(bench: Bench, **changes):
    """Two of three nodes come up."""
    bench.cloud.broken_keys = {"node-1"}
    order = await bench.reserve(nodes=3, **changes)
    view = await bench.until(order, lambda view: view.state == "partial")
    return order, view


async def test_the_owner_is_asked_with_numbers(bench: Bench):
    order, view = await reserve_in_part(bench)
    notice = await bench.notice("partial")
    assert (notice.values["up"], notice.values["nodes"], notice.values["missing"]) == ("2", "3", "1")
    assert notice.values["reason"] == "provision_failed"
    assert notice.values["can_go_on"] == "yes"
    assert view.choose_by is not None
    assert view.current_hourly_price_usd == pytest.approx(order.hourly_price_usd * 2 / 3), "two of three are paid for"


async def test_a_retry_replaces_only_the_broken_one(bench: Bench):
    order, view = await reserve_in_part(bench)
    bench.cloud.broken_keys.clear()
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    running = await bench.until(order, lambda view: view.state == "running")
    assert bench.cloud.made == 4
    assert {node.key for node in running.nodes} == {"node-0", "node-1", "node-2"}
    assert {node.id for node in view.nodes} < {node.id for node in running.nodes}
    assert len(bench.cloud.nodes) == 3
    assert await bench.kinds(at_least=2) == ["partial", "ready"]


async def test_a_retry_that_fails_asks_again(bench: Bench):
    order, _ = await reserve_in_part(bench)
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda view: view.state == "partial" and view.revision > 3)
    await bench.engine.choose(order.reservation_id, GIVE_BACK, by="ann")
    view = await bench.ended(order)
    assert view.reason == "released"
    assert not bench.cloud.nodes
    assert await bench.kinds() == ["partial", "partial", "ended"]


async def test_going_on_keeps_what_came_up_and_costs_so_much_less(bench: Bench):
    order, _ = await reserve_in_part(bench, least_nodes=2)
    await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    view = await bench.until(order, lambda view: view.state == "running")
    assert (view.node_count, len(view.nodes), len(bench.cloud.nodes)) == (2, 2, 2)
    assert view.current_hourly_price_usd == pytest.approx(order.hourly_price_usd * 2 / 3)
    ready = await bench.notice("ready")
    assert ready.values["nodes"] == "2"


async def test_giving_back_ends_it(bench: Bench):
    order, _ = await reserve_in_part(bench)
    await bench.engine.choose(order.reservation_id, GIVE_BACK, by="ann")
    view = await bench.ended(order)
    assert not bench.cloud.nodes
    assert view.accrued_usd > 0, "two machines ran while the owner was asked"


async def test_without_an_answer_all_is_given_back_and_said(bench: Bench):
    bench.use_timing(choice_seconds=0.5)
    bench.cloud.broken_keys = {"node-1"}
    order = await bench.reserve(nodes=3)
    view = await bench.ended(order)
    assert view.reason == "unanswered"
    assert not bench.cloud.nodes
    ended = await bench.notice("ended")
    assert ended.values["reason"] == "unanswered"


async def test_too_few_nodes_cannot_go_on(bench: Bench):
    order, view = await reserve_in_part(bench, least_nodes=3)
    assert not view.can_go_on
    with pytest.raises(WrongState):
        await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    await bench.engine.choose(order.reservation_id, GIVE_BACK, by="ann")


async def test_without_its_head_a_cluster_cannot_go_on(bench: Bench):
    order = bench.order(nodes=3)
    plans = (NodePlan("node-0"), NodePlan("node-1", role="head", is_essential=True), NodePlan("node-2"))
    bench.cloud.broken_keys = {"node-1"}
    order = replace(order, nodes=replace(order.nodes, nodes=plans))
    await bench.engine.start(order)
    view = await bench.until(order, lambda view: view.state == "partial")
    assert not view.can_go_on
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)


async def test_a_cloud_with_too_little_room_is_a_question_too(bench: Bench):
    bench.cloud.create_at_most = 2
    bench.cloud.faults["create_nodes"] = [NoCapacity("fake")]
    order = await bench.reserve(nodes=3)
    await bench.until(order, lambda view: view.state == "partial")
    notice = await bench.notice("partial")
    assert (notice.values["up"], notice.values["reason"]) == ("2", "no_capacity")
    bench.cloud.create_at_most = None
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    assert bench.cloud.made == 3


async def test_a_release_while_it_is_asked_wins(bench: Bench):
    order, _ = await reserve_in_part(bench)
    await bench.engine.release(order.reservation_id)
    view = await bench.ended(order)
    assert view.reason == "released"
    assert not bench.cloud.nodes


async def test_an_answer_to_no_question_is_refused(bench: Bench):
    order = await bench.reserve_and_wait()
    with pytest.raises(WrongState):
        await bench.engine.choose(order.reservation_id, GIVE_BACK, by="ann")
    assert (await bench.views.get(order.reservation_id)).state == "running"


async def test_what_comes_late_after_going_on_with_fewer_is_ended(bench: Bench):
    bench.cloud.create_at_most = 2
    bench.cloud.faults["create_nodes"] = [NoCapacity("fake")]
    order = await bench.reserve(nodes=3)
    await bench.until(order, lambda view: view.state == "partial")
    node, at = bench.cloud.nodes["node-0"]
    bench.cloud.nodes["node-2"] = (replace(node, id="i-late", key="node-2"), at)
    await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    view = await bench.until(order, lambda view: view.state == "running")
    assert set(bench.cloud.nodes) == {node.key for node in view.nodes} == {"node-0", "node-1"}


async def test_the_same_answer_twice_is_one(bench: Bench):
    order, _ = await reserve_in_part(bench)
    for _ in range(2):
        await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    with pytest.raises(WrongState):
        await bench.engine.choose(order.reservation_id, GIVE_BACK, by="ann")
    chosen = [entry for entry in await bench.engine.trail(order.reservation_id) if entry.action == "chosen"]
    assert len(chosen) == 1


async def test_an_answer_that_is_delivered_twice_is_no_answer_to_the_next_question(bench: Bench):
    bench.use_timing(choice_seconds=3.0)
    order, first = await reserve_in_part(bench)
    bench.cloud.faults["create_nodes"] = [NoCapacity("fake")] * 2
    await bench.engine.choose(order.reservation_id, RETRY, by="ann", request_id="message-1")
    await bench.until(order, lambda view: view.state == "partial" and view.revision > first.revision + 1)
    await bench.engine.choose(order.reservation_id, RETRY, by="ann", request_id="message-1")
    assert (await bench.engine.get(order.reservation_id)).state == "partial"


async def test_a_retry_that_the_cloud_refuses_asks_again_and_keeps_what_runs(bench: Bench):
    order, first = await reserve_in_part(bench)
    bench.cloud.faults["create_nodes"] = [RequestRejected("fake")]
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    view = await bench.until(order, lambda view: view.state == "partial" and view.revision > first.revision + 1)
    assert [node.key for node in view.nodes] == ["node-0", "node-2"]
    reasons = [told.values["reason"] for told in await bench.told("partial", 2)]
    assert reasons == ["provision_failed", "request_rejected"]
    await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    await bench.until(order, lambda view: view.state == "running")


async def test_going_on_with_what_runs_asks_nothing_more_when_the_cloud_fails_once_more(bench: Bench):
    order, _ = await reserve_in_part(bench)
    bench.cloud.faults["create_nodes"] = [RequestRejected("fake")]
    await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    view = await bench.until(order, lambda view: view.state == "running")
    assert ([node.key for node in view.nodes], view.node_count) == (["node-0", "node-2"], 2)
    assert await bench.kinds(at_least=2) == ["partial", "ready"]


async def test_why_a_retry_failed_is_said_in_words_that_people_know(bench: Bench):
    bench.use_timing(provision_seconds=1.0)
    order, first = await reserve_in_part(bench)
    bench.cloud.broken["create_nodes"] = RuntimeError("made up by a test")
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda view: view.state == "partial" and view.revision > first.revision + 1)
    reasons = [told.values["reason"] for told in await bench.told("partial", 2)]
    assert reasons == ["provision_failed", "provision_failed"]
