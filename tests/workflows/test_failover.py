"""A cloud has none of the machines left: they are got elsewhere, said aloud, and never twice."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from clouddesk.model import audit
from clouddesk.model.errors import (
    CredentialsMissing,
    NoCapacity,
    ProviderDown,
    QuotaExceeded,
    Undecided,
    WrongState,
)
from clouddesk.model.fallback import Fallback
from clouddesk.model.node import RUNNING, Node
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import DECLINE, RETRY, TAKE, Reservation
from tests.workflows.cloud import FakeCloud
from tests.workflows.conftest import Bench
from tests.workflows.elsewhere import PRICE, fallback
from tests.workflows.strays import Accounts, begin_sweeping, own_ref


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """The first cloud has no machine left, another has."""
    bench.other_clouds["other"] = FakeCloud(name="other")
    bench.cloud.create_at_most = 0
    bench.cloud.broken["create_nodes"] = NoCapacity("fake")
    return bench


async def reserve(bench: Bench, *fallbacks: Fallback, **changes: Any) -> ReservationOrder:
    offers = fallbacks or (fallback(),)
    return await bench.reserve(**{"fallbacks": offers, "dearer_percent": 10.0, **changes})


async def ready(bench: Bench, order: ReservationOrder) -> Reservation:
    """They run, and the owner was told."""
    await bench.notice("ready")
    return await bench.until(order, lambda view: view.state == "running")


async def asked(bench: Bench, order: ReservationOrder) -> Reservation:
    """The owner is asked about what is dearer."""
    await bench.notice("dearer")
    return await bench.until(order, lambda view: view.offered is not None)


async def tried(bench: Bench) -> str:
    """What the last notice says was tried."""
    return (await bench.notice("failed")).values["tried"]


@pytest.mark.parametrize("error", [NoCapacity("fake"), QuotaExceeded("fake")], ids=lambda error: error.code)
async def test_the_next_offer_is_taken_and_said_aloud(bench: Bench, error: Exception):
    bench.cloud.broken["create_nodes"] = error
    order = await reserve(bench)
    view = await ready(bench, order)
    place = (view.provider, view.region, view.size, view.vcpus, view.memory_gb)
    assert place == ("other", "west-1", "medium", 4, 8.0)
    assert (view.hourly_price_usd, view.stopped_hourly_price_usd) == (PRICE * 1.05, PRICE / 2)
    assert (bench.cloud.made, bench.other_clouds["other"].made) == (0, 2)
    assert await bench.kinds(at_least=2) == ["moved", "ready"]
    moved = await bench.notice("moved")
    told = [moved.values[name] for name in ("from_provider", "from_region", "from_size", "provider", "region", "size")]
    assert told == ["fake", "eu-1", "small", "other", "west-1", "medium"]
    assert (moved.values["reason"], moved.values["from_hourly"], moved.values["hourly"]) == (
        error.code,
        "$3,600.00",
        "$3,780.00",
    )


async def test_costs_begin_where_the_machines_run_and_at_their_price(bench: Bench):
    order = await reserve(bench)
    view = await ready(bench, order)
    assert (view.accrued_usd, view.current_hourly_price_usd) == (0.0, PRICE * 1.05)


async def test_who_moved_it_and_what_it_costs_is_in_the_trail(bench: Bench):
    order = await reserve(bench)
    await ready(bench, order)
    trail = await bench.engine.trail(order.reservation_id)
    (entry,) = [item for item in trail if item.action == audit.MOVED]
    assert (entry.by, entry.facts["before"]) == ("", "fake/eu-1/small")
    assert (entry.facts["provider"], entry.facts["hourly_price_usd"]) == ("other", "3780.000000")


async def test_nothing_is_made_elsewhere_before_the_first_cloud_lists_nothing_twice(bench: Bench):
    bench.cloud.destroy_rounds = 2
    bench.cloud.broken_keys = {"node-0", "node-1"}  # made, and of no use
    bench.cloud.create_at_most = None
    seen: list[int] = []
    create = bench.other_clouds["other"].create_nodes

    def create_nodes(order: Any) -> list[Node]:
        seen.append(len(bench.cloud.nodes))
        return create(order)

    bench.other_clouds["other"].create_nodes = create_nodes  # type: ignore[method-assign]
    order = await reserve(bench)
    await ready(bench, order)
    assert (bench.cloud.made, seen) == (2, [0])
    assert bench.cloud.count("destroy_nodes") == 4, "twice there was something, and twice nothing"


async def test_the_machines_that_are_given_back_are_those_that_run(bench: Bench):
    order = await reserve(bench)
    await ready(bench, order)
    await bench.engine.stop(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.release(order.reservation_id, by="ann")
    await bench.ended(order)
    assert not bench.other_clouds["other"].nodes
    assert bench.other_clouds["other"].count("stop_nodes") == 1


async def test_a_limit_of_the_account_that_is_used_up_is_not_tried_again_in_the_same_place(bench: Bench):
    bench.cloud.broken["create_nodes"] = QuotaExceeded("fake")
    order = await reserve(bench, fallback("fake", region="eu-1", size="larger"), fallback())
    view = await ready(bench, order)
    assert (view.provider, bench.cloud.count("create_nodes")) == ("other", 1)


async def test_a_limit_that_counts_in_all_regions_is_not_tried_again_in_any(bench: Bench):
    bench.cloud.broken["create_nodes"] = QuotaExceeded("fake")
    order = await reserve(bench, fallback("fake", region="us-1", has_one_limit=True), fallback())
    view = await ready(bench, order)
    assert (view.provider, bench.cloud.count("create_nodes")) == ("other", 1)


async def test_when_all_fail_what_was_tried_is_said(bench: Bench):
    bench.other_clouds["other"].broken["create_nodes"] = QuotaExceeded("other")
    bench.other_clouds["other"].create_at_most = 0
    order = await reserve(bench)
    view = await bench.ended(order)
    assert (view.reason, view.accrued_usd) == ("quota_exceeded", 0.0)
    assert await bench.kinds() == ["moved", "failed"]
    assert await tried(bench) == "fake/eu-1/small other/west-1/medium"
    assert not bench.cloud.nodes
    assert not bench.other_clouds["other"].nodes


async def test_an_offer_whose_credentials_are_gone_is_passed_over(bench: Bench):
    bench.other_clouds["gone"] = FakeCloud(name="gone", broken={"open": CredentialsMissing("gone")})
    order = await reserve(bench, fallback("gone", dearer_percent=1.0), fallback())
    view = await ready(bench, order)
    assert view.provider == "other"
    assert await bench.kinds(at_least=3) == ["moved", "moved", "ready"]


async def test_a_first_cloud_that_cannot_say_that_nothing_is_left_is_not_left(bench: Bench):
    bench.use_timing(provision_seconds=1.0)
    bench.cloud.broken["destroy_nodes"] = ProviderDown("fake")
    order = await reserve(bench)
    await bench.until(order, lambda view: view.state == "releasing")
    assert bench.other_clouds["other"].calls == []
    del bench.cloud.broken["destroy_nodes"]
    assert (await bench.ended(order)).reason == "no_capacity"


async def test_what_came_up_in_part_is_asked_about_and_not_moved(bench: Bench):
    bench.cloud.create_at_most = 1
    order = await reserve(bench)
    view = await bench.until(order, lambda view: view.state == "partial")
    bench.cloud.create_at_most = 0
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda now: now.state == "partial" and now.revision > view.revision + 1)
    assert bench.other_clouds["other"].calls == []
    await bench.told("partial", 2)
    assert await bench.kinds() == ["partial", "partial"]
    await bench.engine.release(order.reservation_id)


# --- dearer -----------------------------------------------------------------------------------------------------------


async def test_what_is_dearer_is_asked_about_in_numbers_and_taken_with_a_yes(bench: Bench):
    order = await reserve(bench, fallback(dearer_percent=25.5))
    view = await asked(bench, order)
    assert (view.state, view.provider, view.accrued_at) == ("provisioning", "fake", None)
    assert view.choose_by is not None
    told = (await bench.notice("dearer")).values
    assert (told["offer_size"], told["offer_provider"], told["offer_region"]) == ("medium", "other", "west-1")
    assert (told["offer_hourly"], told["agreed_hourly"], told["offer_more"]) == ("$4,518.00", "$3,600.00", "26 %")
    assert bench.other_clouds["other"].calls == [], "nothing is made before the yes"
    assert view.offered is not None
    shown = view.offered.hourly_price_usd
    with pytest.raises(WrongState):
        await bench.engine.choose(order.reservation_id, TAKE, by="ann", offered_usd=shown - 1)
    assert bench.other_clouds["other"].calls == [], "a yes to another price is none to this one"
    await bench.engine.choose(order.reservation_id, TAKE, by="ann", offered_usd=shown)
    await bench.engine.choose(order.reservation_id, TAKE, by="ann", offered_usd=shown)
    view = await ready(bench, order)
    assert (view.provider, view.offered, view.choose_by) == ("other", None, None)
    assert view.hourly_price_usd == pytest.approx(4518.0)
    assert bench.other_clouds["other"].made == 2
    chosen = [item for item in await bench.engine.trail(order.reservation_id) if item.action == audit.CHOSEN]
    assert [(item.by, item.facts["answer"]) for item in chosen] == [("ann", TAKE)]


async def test_a_no_ends_it_and_says_why(bench: Bench):
    order = await reserve(bench, fallback(dearer_percent=25.0))
    await asked(bench, order)
    await bench.engine.choose(order.reservation_id, DECLINE, by="ann")
    view = await bench.ended(order)
    assert (view.reason, view.accrued_usd, view.offered) == ("declined", 0.0, None)
    assert bench.other_clouds["other"].calls == []
    assert await bench.kinds() == ["dearer", "failed"]


async def test_without_an_answer_it_ends(bench: Bench):
    bench.use_timing(choice_seconds=0.5)
    order = await reserve(bench, fallback(dearer_percent=25.0))
    view = await bench.ended(order)
    assert view.reason == "no_yes"
    assert bench.other_clouds["other"].calls == []


async def test_what_is_not_asked_is_no_answer(bench: Bench):
    order = await reserve(bench, fallback(dearer_percent=25.0))
    await asked(bench, order)
    with pytest.raises(WrongState):
        await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.engine.release(order.reservation_id)


async def test_steps_that_are_small_are_measured_against_what_was_said_yes_to(bench: Bench):
    bench.other_clouds["second"] = FakeCloud(name="second")
    bench.other_clouds["other"].broken["create_nodes"] = NoCapacity("other")
    bench.other_clouds["other"].create_at_most = 0
    order = await reserve(bench, fallback(dearer_percent=8.0), fallback("second", dearer_percent=16.0))
    await bench.until(order, lambda view: view.offered is not None)
    told = (await bench.notice("dearer")).values
    assert (told["agreed_hourly"], told["offer_more"]) == ("$3,600.00", "16 %")
    await bench.engine.choose(order.reservation_id, TAKE, by="ann")
    view = await ready(bench, order)
    assert view.provider == "second"
    assert await bench.kinds(at_least=3) == ["moved", "dearer", "ready"]


async def test_a_yes_to_a_price_is_good_for_what_is_not_much_dearer_than_that(bench: Bench):
    bench.other_clouds["second"] = FakeCloud(name="second")
    bench.other_clouds["other"].broken["create_nodes"] = NoCapacity("other")
    bench.other_clouds["other"].create_at_most = 0
    order = await reserve(bench, fallback(dearer_percent=30.0), fallback("second", dearer_percent=35.0))
    await asked(bench, order)
    await bench.engine.choose(order.reservation_id, TAKE, by="ann")
    view = await ready(bench, order)
    assert view.provider == "second"
    assert (await bench.kinds()).count("dearer") == 1


# --- at the worst moment ----------------------------------------------------------------------------------------------


async def test_a_release_while_it_is_asked_about_a_price_wins(bench: Bench):
    order = await reserve(bench, fallback(dearer_percent=25.0))
    await asked(bench, order)
    await bench.engine.release(order.reservation_id, by="ann")
    with pytest.raises(WrongState):
        await bench.engine.choose(order.reservation_id, TAKE, by="ann")
    view = await bench.ended(order)
    assert view.reason == "released"
    assert bench.other_clouds["other"].calls == []
    assert await bench.kinds() == ["dearer", "ended"]


async def test_a_release_while_the_first_cloud_is_looked_through_wins(bench: Bench):
    bench.use_timing(provision_seconds=60.0)
    bench.cloud.broken["destroy_nodes"] = ProviderDown("fake")
    order = await reserve(bench)
    await bench.until_asked("destroy_nodes", 1)
    await bench.engine.release(order.reservation_id, by="ann")
    trouble = await bench.notice("trouble")
    assert trouble.values["action"] == "release", "the teardown has begun, and not waited for the look before it"
    del bench.cloud.broken["destroy_nodes"]
    assert (await bench.ended(order)).reason == "released"
    assert bench.other_clouds["other"].calls == []
    assert await bench.kinds() == ["trouble", "ended"]


async def test_a_release_while_the_next_cloud_makes_them_wins(bench: Bench):
    bench.other_clouds["other"].boot_seconds = 3600.0
    order = await reserve(bench)
    await bench.until(order, lambda view: view.provider == "other")
    while bench.other_clouds["other"].made < 2:
        await bench.pause()
    await bench.engine.release(order.reservation_id, by="ann")
    assert (await bench.ended(order)).reason == "released"
    assert not bench.other_clouds["other"].nodes


async def test_another_worker_goes_on_wherever_one_stopped(bench: Bench):
    bench.other_clouds["other"].boot_seconds = 1.0
    bench.cloud.broken["destroy_nodes"] = ProviderDown("fake")
    order = await reserve(bench, fallback(dearer_percent=25.0))
    await bench.until_asked("destroy_nodes", 1)
    await bench.stop_worker()
    del bench.cloud.broken["destroy_nodes"]
    await bench.start_worker()
    await asked(bench, order)
    await bench.stop_worker()
    await bench.start_worker()
    with suppress(Undecided):  # the worker that has gone is waited for first
        await bench.engine.choose(order.reservation_id, TAKE, by="ann")
    while bench.other_clouds["other"].made < 2:
        await bench.pause()
    await bench.stop_worker()
    await bench.start_worker()
    view = await ready(bench, order)
    assert (view.provider, bench.other_clouds["other"].made, bench.cloud.made) == ("other", 2, 0)
    assert await bench.kinds(at_least=2) == ["dearer", "ready"]


async def test_what_turns_up_late_in_the_first_cloud_is_ended_by_the_sweep(idle_bench: Bench):
    bench = idle_bench
    bench.other_clouds["other"] = FakeCloud(name="other")
    bench.cloud.faults["create_nodes"] = [NoCapacity("fake")]
    bench.cloud.create_at_most = 0
    refs = {name: own_ref(bench, name) for name in ("fake", "other")}
    await begin_sweeping(bench, access=Accounts(bench.person, tuple(refs)))
    order = await reserve(bench, fallback(credential_ref=refs["other"]), credential_ref=refs["fake"])
    await ready(bench, order)
    # An attempt of a worker that was taken for dead gets through at last.
    late = Node("i-late", "node-0", "node", RUNNING, "fake", "eu-1", "small", reservation_id=order.reservation_id)
    bench.cloud.nodes["node-0"] = (late, 0.0)
    report = await bench.engine.sweep()
    assert report.orphans == [], "its reservation lives, and ends it"
    await bench.until_empty()
    view = await bench.engine.get(order.reservation_id)
    assert (view.state, view.provider, len(bench.other_clouds["other"].nodes)) == ("running", "other", 2)
