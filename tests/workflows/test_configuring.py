"""Software is on the machines and proven before they are called ready; when it fails, the owner is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.model.configuration import MIRROR_DOWN, UNREACHABLE
from clouddesk.model.errors import WrongState
from clouddesk.model.node import NodePlan
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import GIVE_BACK, GO_ON, KEEP_BARE, RETRY
from tests.workflows.conftest import Bench
from tests.workflows.machines import FOUND, SOFTWARE, broken


async def reserve(bench: Bench, **changes) -> ReservationOrder:
    return await bench.reserve(configuration=SOFTWARE, **changes)


async def asked(bench: Bench, order: ReservationOrder):
    return await bench.until(order, lambda view: view.is_asked_about_software)


async def running(bench: Bench, order: ReservationOrder):
    return await bench.until(order, lambda view: view.state == "running")


async def test_machines_are_ready_only_when_their_software_was_proven(bench: Bench):
    bench.configuration.may_go_on.clear()
    order = await reserve(bench)
    view = await bench.until(order, lambda view: view.step != "")
    assert (view.state, view.step) == ("configuring", "starting Redis on 2 nodes")
    assert view.current_hourly_price_usd == pytest.approx(order.hourly_price_usd), "the cloud bills them already"
    assert await bench.kinds() == []
    bench.configuration.may_go_on.set()
    view = await running(bench, order)
    assert (view.found, view.links, view.clients, view.step) == (FOUND, SOFTWARE.links, SOFTWARE.clients, "")
    notice = await bench.notice("ready")
    assert notice.values["found"] == "it answers"
    assert notice.values["links"] == "Page: http://127.0.0.1:8080/lab", "without what gets in"


async def test_what_is_configured_is_what_was_ordered_with_the_secrets_of_the_reservation(bench: Bench):
    plans = (NodePlan("head", role="head"), NodePlan("node-1", role="worker"))
    order = bench.order(configuration=SOFTWARE)
    order = replace(order, nodes=replace(order.nodes, nodes=plans, public_keys=("ssh-ed25519 ann",)))
    await bench.engine.start(order)
    await running(bench, order)
    (configured,), (secrets,) = bench.configuration.orders, bench.configuration.secrets
    assert (configured.ansible_roles, configured.versions) == (("redis",), {"redis": "7"})
    assert configured.variables == SOFTWARE.variables
    assert configured.mirrors == {"pip": "https://pip.example"}
    assert {target.key: target.role for target in configured.targets} == {"head": "head", "node-1": "worker"}
    assert (secrets.private_key, secrets.values) == ("made-up", {"password": "x" * 32})


async def test_machines_that_have_it_alone_are_configured_each_by_itself(bench: Bench):
    order = await bench.reserve(configuration=replace(SOFTWARE, is_alone=True))
    view = await running(bench, order)
    keys = sorted(plan.key for plan in order.nodes.nodes)
    assert len(keys) == 2
    assert sorted(target.key for item in bench.configuration.orders for target in item.targets) == keys
    assert [len(item.targets) for item in bench.configuration.orders] == [1, 1]
    assert {item.values["password"] for item in bench.configuration.secrets} == {"x" * 32}
    assert view.found == FOUND, "what was found on both is said once"
    assert view.host_keys == {key: (f"ssh-ed25519 {key}",) for key in keys}


async def test_one_of_them_that_fails_is_asked_about_when_the_others_have_ended(bench: Bench):
    bench.configuration.faults = [broken()]
    order = await bench.reserve(configuration=replace(SOFTWARE, is_alone=True))
    await asked(bench, order)
    assert bench.configuration.ended == len(bench.configuration.orders) == 2
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await running(bench, order)


async def test_clouddesks_own_key_is_beside_those_that_were_ordered(bench: Bench):
    order = await reserve(bench)
    await running(bench, order)
    assert bench.cloud.public_keys == [(f"ssh-ed25519 AAAA clouddesk-{order.reservation_id}",)]
    assert not (await bench.engine.get(order.reservation_id)).has_owner_keys


async def test_bare_simulated_machines_get_no_key_of_clouddesks_and_no_configuration(bench: Bench):
    await bench.reserve_and_wait()
    assert bench.cloud.public_keys == [()]
    assert bench.configuration.orders == []


async def test_the_secrets_are_forgotten_when_the_machines_are_gone(bench: Bench):
    order = await reserve(bench)
    await running(bench, order)
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert bench.machine_secrets.forgotten == [order.reservation_id]
    assert not bench.machine_secrets.keys


async def test_no_secret_is_in_the_history(bench: Bench):
    order = await reserve(bench)
    await running(bench, order)
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    history = (await bench.handle(order).fetch_history()).to_json()
    assert "made-up" not in history
    assert "x" * 32 not in history


async def test_a_failure_is_told_with_its_step_and_last_words(bench: Bench):
    bench.configuration.faults = [broken()]
    order = await reserve(bench)
    view = await asked(bench, order)
    notice = await bench.notice("unconfigured")
    told = {name: notice.values[name] for name in ("reason", "step", "which", "lines")}
    assert told == {
        "reason": "step_failed",
        "step": "starting Redis",
        "which": "node-1",
        "lines": "first\nthe last words",
    }
    assert view.choose_by is not None
    assert view.current_hourly_price_usd == pytest.approx(order.hourly_price_usd)
    with pytest.raises(WrongState):
        await bench.engine.choose(order.reservation_id, GO_ON, by="ann")


async def test_a_retry_configures_once_more(bench: Bench):
    bench.configuration.faults = [broken()]
    order = await reserve(bench)
    await asked(bench, order)
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    view = await running(bench, order)
    assert (view.found, view.choose_by) == (FOUND, None)
    assert len(bench.configuration.orders) == 2
    assert bench.cloud.made == 2, "the machines stay"
    assert await bench.kinds(at_least=2) == ["unconfigured", "ready"]


async def test_kept_bare_the_lease_begins_without_the_software(bench: Bench):
    bench.configuration.faults = [broken()]
    order = await reserve(bench)
    await asked(bench, order)
    await bench.engine.choose(order.reservation_id, KEEP_BARE, by="ann")
    view = await running(bench, order)
    assert (view.found, view.links, view.choose_by) == ((), (), None)
    assert "found" not in (await bench.notice("ready")).values


async def test_given_back_it_ends(bench: Bench):
    bench.configuration.faults = [broken()]
    order = await reserve(bench)
    await asked(bench, order)
    await bench.engine.choose(order.reservation_id, GIVE_BACK, by="ann")
    view = await bench.ended(order)
    assert (view.reason, len(bench.cloud.nodes)) == ("released", 0)
    assert view.accrued_usd > 0
    assert bench.machine_secrets.forgotten == [order.reservation_id]


async def test_without_an_answer_all_is_given_back_and_said(bench: Bench):
    bench.use_timing(choice_seconds=0.5)
    bench.configuration.faults = [broken()]
    order = await reserve(bench)
    view = await bench.ended(order)
    assert (view.reason, len(bench.cloud.nodes)) == ("configure_failed", 0)
    assert (await bench.notice("ended")).values["reason"] == "configure_failed"


async def test_what_may_mend_itself_is_tried_again_before_anybody_is_asked(bench: Bench):
    bench.configuration.faults = [broken(MIRROR_DOWN), broken(UNREACHABLE)]
    order = await reserve(bench)
    await running(bench, order)
    assert len(bench.configuration.orders) == 3
    assert await bench.kinds(at_least=1) == ["ready"]


async def test_what_does_not_mend_itself_is_asked_about(bench: Bench):
    bench.configuration.faults = [broken(UNREACHABLE)] * 3
    order = await reserve(bench)
    await asked(bench, order)
    assert (await bench.notice("unconfigured")).values["reason"] == UNREACHABLE
    assert len(bench.configuration.orders) == 3


async def test_a_release_while_it_is_configured_wins_and_waits_until_nothing_is_done_any_more(bench: Bench):
    bench.configuration.may_go_on.clear()
    order = await reserve(bench)
    await bench.until(order, lambda view: view.step != "")
    await bench.engine.release(order.reservation_id)
    view = await bench.ended(order)
    assert (view.reason, len(bench.cloud.nodes)) == ("released", 0)
    assert bench.configuration.ended == 1
    assert await bench.kinds() == ["ended"]


async def test_a_release_while_it_is_asked_wins(bench: Bench):
    bench.configuration.faults = [broken()]
    order = await reserve(bench)
    await asked(bench, order)
    await bench.engine.release(order.reservation_id)
    view = await bench.ended(order)
    assert (view.reason, len(bench.cloud.nodes)) == ("released", 0)


async def test_another_worker_goes_on_where_one_was_stopped(bench: Bench):
    bench.configuration.may_go_on.clear()
    order = await reserve(bench)
    await bench.until(order, lambda view: view.step != "")
    await bench.stop_worker()
    assert bench.configuration.ended == 1
    bench.configuration.may_go_on.set()
    await bench.start_worker()
    view = await running(bench, order)
    assert view.found == FOUND
    assert len(bench.configuration.orders) == 2
    assert bench.cloud.made == 2


async def test_only_those_that_came_up_are_configured_when_the_owner_goes_on_with_them(bench: Bench):
    bench.cloud.broken_keys = {"node-1"}
    order = await reserve(bench, nodes=3)
    await bench.until(order, lambda view: view.state == "partial")
    assert bench.configuration.orders == []
    await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    await running(bench, order)
    (configured,) = bench.configuration.orders
    assert [target.key for target in configured.targets] == ["node-0", "node-2"]
