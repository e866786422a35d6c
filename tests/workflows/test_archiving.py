"""A reservation without machines, on a real Temporal: images are kept, machines given back, and made again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from clouddesk.model import audit
from clouddesk.model.errors import (
    CredentialsRejected,
    ImagesLost,
    NoCapacity,
    Protected,
    ProviderDown,
    QuotaExceeded,
    WrongState,
)
from clouddesk.model.invalid import CannotArchive
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import USE, Share
from tests.workflows.conftest import Bench
from tests.workflows.machines import SOFTWARE, broken


async def archived(bench: Bench, **changes) -> ReservationOrder:
    """One that is archived, with its notices delivered."""
    order = await bench.reserve_and_wait(**changes)
    await bench.engine.archive(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "archived")
    await bench.notice("archived")
    return order


async def rested(bench: Bench, order: ReservationOrder, kind: str, state: str) -> Reservation:
    """How it is after this notice."""
    await bench.notice(kind)
    return await bench.until(order, lambda view: view.state == state)


async def until_cleaned(bench: Bench) -> None:
    """The images are gone."""
    for _ in range(200):
        if not bench.cloud.images and bench.cloud.count("delete_images") >= 2:
            return
        await bench.pause()
    raise AssertionError(f"left: {bench.cloud.images}")


# --- the whole life ---------------------------------------------------------------------------------------------------


async def test_its_machines_are_stopped_imaged_and_given_back_and_made_again_from_the_images(bench: Bench):
    order = await bench.reserve_and_wait()
    before = await bench.engine.get(order.reservation_id)
    await bench.engine.archive(order.reservation_id, by="ann")
    view = await bench.until(order, lambda view: view.state == "archived")
    assert bench.cloud.count("stop_nodes") == 1
    assert (view.nodes, bench.cloud.nodes) == ((), {}), "no machine is left"
    assert [(image.id, image.key, image.state) for image in view.images] == [
        ("image-1", "node-0", "available"),
        ("image-2", "node-1", "available"),
    ]
    assert view.current_hourly_price_usd == pytest.approx(36)
    assert view.current_hourly_saving_usd == pytest.approx(3600 - 36)
    assert view.expires_at == before.expires_at, "its lease goes on"
    told = await bench.notice("archived")
    assert told.values["archived_hourly"] == "$36.00"

    await bench.engine.start_nodes(order.reservation_id, by="ann")
    view = await rested(bench, order, "started", "running")
    made = bench.cloud.ordered[-1]
    assert [(plan.key, plan.image) for plan in made.nodes] == [("node-0", "image-1"), ("node-1", "image-2")]
    assert {node.id for node in view.nodes}.isdisjoint(node.id for node in before.nodes), "other machines"
    assert bench.cloud.made == 4
    await until_cleaned(bench)
    view = await bench.until(order, lambda view: not view.images)
    assert view.current_hourly_price_usd == pytest.approx(3600)
    assert [kind for kind in await bench.kinds() if kind != "ready"] == ["archived", "started"]

    await bench.engine.release(order.reservation_id, by="ann")
    await bench.ended(order)
    trail = [entry.action for entry in await bench.engine.trail(order.reservation_id)]
    assert trail == [
        *(audit.REQUESTED, audit.CREATED, audit.ARCHIVED, audit.IMAGES),
        *(audit.STARTED, audit.CREATED, audit.RELEASED, audit.ENDED),
    ]


async def test_what_is_stopped_is_archived_as_it_is(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.archive(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "archived")
    assert bench.cloud.count("stop_nodes") == 1


async def test_the_software_is_set_up_and_proven_again_on_other_machines(bench: Bench):
    order = await archived(bench, configuration=SOFTWARE)
    assert (await bench.engine.get(order.reservation_id)).host_keys == {}, "others will answer"
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    view = await rested(bench, order, "started", "running")
    first, again = bench.configuration.orders
    assert [bool(target.host_keys) for target in again.targets] == [False, False]
    assert {target.address for target in first.targets}.isdisjoint(target.address for target in again.targets)
    assert view.host_keys.keys() == {"node-0", "node-1"}
    assert view.made_again == 1


async def test_software_that_cannot_be_set_up_again_is_told_and_the_machines_are_kept(bench: Bench):
    order = await archived(bench, configuration=SOFTWARE)
    bench.configuration.faults = [broken()]
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    await rested(bench, order, "unproven", "running")
    assert len(bench.cloud.nodes) == 2


async def test_the_key_of_a_colleague_whose_part_ended_meanwhile_is_taken_off_the_disks(bench: Bench):
    bench.ssh_keys.give("ben")
    order = await bench.reserve_and_wait(configuration=SOFTWARE)
    id_ = order.reservation_id
    await bench.engine.share(id_, Share("ben", USE), "one", by="ann")
    await bench.until(order, lambda view: view.let_in == ("ben",))
    await bench.engine.archive(id_, by="ann")
    await bench.until(order, lambda view: view.state == "archived")
    await bench.engine.unshare(id_, "ben", "two", by="ann")
    put = len(bench.logins.orders)
    await bench.engine.start_nodes(id_, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    for _ in range(200):
        if len(bench.logins.orders) > put:
            break
        await bench.pause()
    last = bench.logins.orders[-1]
    assert {target.key for target in last.targets} == {"node-0", "node-1"}
    assert not any(last.keys.values()), "nobody's key but the owner's stays"


async def test_costs_are_counted_by_what_there_is(bench: Bench):
    order = await archived(bench)
    id_ = order.reservation_id
    view = await bench.engine.get(id_)
    assert view.accrued_at is not None
    later = datetime.now(timezone.utc)
    hours = (later - view.accrued_at).total_seconds() / 3600
    assert view.cost_so_far_usd(later) == pytest.approx(view.accrued_usd + 36 * hours)
    # Running, then stopped while the images were made, then archived: what it cost and what that saved is all of it.
    first = view.readings[0]
    whole = 3600 * (view.accrued_at - first.at).total_seconds() / 3600
    assert view.accrued_usd + view.saved_usd == pytest.approx(whole)


# --- what goes wrong --------------------------------------------------------------------------------------------------


async def test_an_image_that_fails_is_asked_for_anew(bench: Bench):
    bench.cloud.broken_images = ["node-1"]
    order = await archived(bench)
    assert bench.cloud.images_made == 3
    view = await bench.engine.get(order.reservation_id)
    assert [image.id for image in view.images] == ["image-1", "image-3"]


async def test_images_that_fail_for_good_leave_it_stopped_with_its_machines_and_no_image(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.broken_images = ["node-1"] * 3
    await bench.engine.archive(order.reservation_id, by="ann")
    view = await rested(bench, order, "not_archived", "stopped")
    told = await bench.notice("not_archived")
    assert (told.values["reason"], told.values["off"]) == ("image_failed", "yes")
    assert len(bench.cloud.nodes) == 2
    assert {node.state for node in view.nodes} == {"stopped"}
    await until_cleaned(bench)
    await bench.engine.archive(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "archived")


async def test_images_of_an_earlier_time_are_never_taken_for_those_of_now(bench: Bench):
    bench.use_timing(trouble_after_seconds=30.0)
    order = await bench.reserve_and_wait()
    bench.cloud.broken_images = ["node-1"] * 3
    bench.cloud.faults["delete_images"] = [ProviderDown("fake")] * 2
    await bench.engine.archive(order.reservation_id, by="ann")
    await bench.notice("not_archived")
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    made = bench.cloud.images_made
    await bench.engine.archive(order.reservation_id, by="ann")
    view = await bench.until(order, lambda view: view.state == "archived")
    assert bench.cloud.images_made == made + 2
    assert [image.id for image in view.images] == [f"image-{made + 1}", f"image-{made + 2}"]


async def test_a_machine_that_somebody_started_meanwhile_is_not_given_back(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.image_seconds = 1.0
    await bench.engine.archive(order.reservation_id, by="ann")
    await bench.until_asked("keep_images", 1)
    bench.cloud.change("node-1", state="running")
    await bench.notice("not_archived")
    assert (await bench.notice("not_archived")).values["reason"] == "not_off"
    assert len(bench.cloud.nodes) == 2
    assert (await bench.notice("drift")).values["reason"] == "started_outside"


async def test_a_machine_that_cannot_be_stopped_is_kept_running(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.broken["stop_nodes"] = QuotaExceeded("fake")
    await bench.engine.archive(order.reservation_id, by="ann")
    await rested(bench, order, "not_archived", "running")
    assert (await bench.notice("not_archived")).values["off"] == ""
    assert bench.cloud.count("keep_images") == 0


async def test_a_cloud_that_is_down_for_a_while_is_waited_for(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.faults["keep_images"] = [ProviderDown("fake")]
    bench.cloud.faults["get_images"] = [ProviderDown("fake")]
    bench.cloud.faults["end_nodes"] = [ProviderDown("fake")]
    await bench.engine.archive(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "archived")
    assert bench.cloud.images_made == 2, "none twice"


async def test_giving_machines_back_goes_on_until_they_are_gone_and_its_trouble_is_told_once(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.broken["end_nodes"] = ProviderDown("fake")
    await bench.engine.archive(order.reservation_id, by="ann")
    trouble = await bench.notice("trouble")
    assert trouble.values["action"] == "archive"
    del bench.cloud.broken["end_nodes"]
    await bench.until(order, lambda view: view.state == "archived")
    assert (await bench.kinds()).count("trouble") == 1


async def test_no_capacity_for_a_start_leaves_it_archived_with_its_images_and_no_machine(bench: Bench):
    order = await archived(bench)
    bench.cloud.create_at_most = 1
    bench.cloud.faults["create_nodes"] = [NoCapacity("fake")]
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    view = await rested(bench, order, "not_started", "archived")
    assert (await bench.notice("not_started")).values["reason"] == "no_capacity"
    assert (bench.cloud.nodes, len(bench.cloud.images)) == ({}, 2)
    assert view.current_hourly_price_usd == pytest.approx(36)
    bench.cloud.create_at_most = None
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    assert len(bench.cloud.nodes) == 2, "and none twice"


async def test_refused_credentials_leave_it_archived(bench: Bench):
    order = await archived(bench)
    # Both the look at its images and the making of its machines ask.
    bench.cloud.faults["open"] = [CredentialsRejected("fake")] * 2
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    await rested(bench, order, "not_started", "archived")
    assert (await bench.notice("not_started")).values["reason"] == "credentials_rejected"


async def test_images_that_cannot_be_deleted_are_tried_again_and_told_once_while_it_runs(bench: Bench):
    order = await archived(bench)
    bench.cloud.broken["delete_images"] = ProviderDown("fake")
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    await bench.notice("started")
    trouble = await bench.notice("trouble")
    assert trouble.values["action"] == "images"
    assert (await bench.admin_notice("trouble")).values["action"] == "images"
    view = await bench.engine.get(order.reservation_id)
    assert (view.state, view.current_hourly_price_usd) == ("running", pytest.approx(3636))
    del bench.cloud.broken["delete_images"]
    await until_cleaned(bench)


@pytest.mark.parametrize("when", ["images", "ending", "start"])
async def test_another_worker_goes_on_where_one_was_killed(bench: Bench, when: str):
    order = await bench.reserve_and_wait()
    id_ = order.reservation_id
    bench.cloud.image_seconds = 1.0 if when == "images" else 0.1
    if when == "ending":
        bench.cloud.faults["end_nodes"] = [ProviderDown("fake")] * 3
    await bench.engine.archive(id_, by="ann")
    if when == "start":
        await bench.until(order, lambda view: view.state == "archived")
        bench.cloud.boot_seconds = 1.0
        await bench.engine.start_nodes(id_, by="ann")
        await bench.until_made(4)
    else:
        await bench.until_asked("keep_images" if when == "images" else "end_nodes", 1)
    await bench.stop_worker()
    await bench.start_worker()
    if when == "start":
        await bench.until(order, lambda view: view.state == "running")
        assert (bench.cloud.made, len(bench.cloud.nodes)) == (4, 2)
    else:
        await bench.until(order, lambda view: view.state == "archived")
        assert bench.cloud.images_made == 2
    assert (await bench.kinds()).count("archived") <= 1


# --- what somebody else deletes ---------------------------------------------------------------------------------------


async def look(bench: Bench, order: ReservationOrder) -> None:
    await bench.handle(order).signal("look")


async def test_images_that_are_all_deleted_by_hand_are_told_once_cost_nothing_and_cannot_be_started(bench: Bench):
    order = await archived(bench)
    bench.cloud.images.clear()
    await look(bench, order)
    told = await bench.notice("drift")
    assert (told.values["reason"], told.values["which"]) == ("images_lost", "node-0, node-1")
    view = await bench.engine.get(order.reservation_id)
    assert (view.has_lost_images, view.current_hourly_price_usd, view.current_hourly_saving_usd) == (True, 0.0, 0.0)
    looks = bench.cloud.count("get_images")
    await look(bench, order)
    await bench.until_asked("get_images", looks + 1)
    with pytest.raises(ImagesLost):
        await bench.engine.start_nodes(order.reservation_id, by="ann")
    assert bench.cloud.made == 2, "nothing more was made"
    await bench.engine.release(order.reservation_id, by="ann")
    await bench.ended(order)
    assert [kind for kind in await bench.kinds() if kind == "drift"] == ["drift"]
    assert (audit.DRIFTED, "images_lost") in [
        (entry.action, entry.facts.get("what")) for entry in await bench.engine.trail(order.reservation_id)
    ]


async def test_one_image_that_is_deleted_leaves_the_others_which_are_started_without_it(bench: Bench):
    order = await archived(bench)
    del bench.cloud.images["node-1"]
    await look(bench, order)
    told = await bench.notice("drift")
    assert (told.values["reason"], told.values["which"]) == ("images_gone", "node-1")
    view = await bench.engine.get(order.reservation_id)
    assert view.current_hourly_price_usd == pytest.approx(18)
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    view = await rested(bench, order, "started", "running")
    assert [node.key for node in view.nodes] == ["node-0"]


async def test_images_that_are_there_again_can_be_started(bench: Bench):
    order = await archived(bench)
    kept = dict(bench.cloud.images)
    bench.cloud.images.clear()
    await look(bench, order)
    await bench.until(order, lambda view: view.has_lost_images)
    bench.cloud.images.update(kept)
    await look(bench, order)
    view = await bench.until(order, lambda view: len(view.kept_images) == 2)
    assert {image.state for image in view.images} == {"available"}
    assert view.current_hourly_price_usd == pytest.approx(36)
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    await rested(bench, order, "started", "running")
    assert [told.values["reason"] for told in await bench.notices() if told.kind == "drift"] == [
        "images_lost",
        "images_back",
    ]


@pytest.mark.parametrize("lost", [("node-0", "node-1"), ("node-1",)])
async def test_a_start_says_at_once_which_images_are_gone_and_makes_nothing(bench: Bench, lost: tuple[str, ...]):
    order = await archived(bench)
    for key in lost:
        del bench.cloud.images[key]
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    view = await rested(bench, order, "not_started", "archived")
    told = await bench.notice("not_started")
    reason = "images_lost" if len(lost) == 2 else "images_gone"
    assert (told.values["reason"], told.values["which"]) == (reason, ", ".join(lost))
    assert (bench.cloud.made, len(view.kept_images)) == (2, 2 - len(lost))
    assert "drift" not in await bench.kinds(), "it is told once"


async def test_an_image_that_is_only_listed_late_is_not_called_gone(bench: Bench):
    order = await archived(bench)
    late = bench.cloud.images.pop("node-1")
    looks = bench.cloud.count("get_images")
    await look(bench, order)
    await bench.until_asked("get_images", looks + 1)
    bench.cloud.images["node-1"] = late
    await bench.until_asked("get_images", looks + 2)
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    view = await rested(bench, order, "started", "running")
    assert len(view.nodes) == 2
    assert "drift" not in await bench.kinds()


@pytest.mark.parametrize("fault", [ProviderDown("fake"), CredentialsRejected("fake")])
async def test_a_cloud_that_does_not_say_what_images_there_are_has_lost_none(bench: Bench, fault: Exception):
    order = await archived(bench)
    looks = bench.cloud.count("get_images")
    bench.cloud.broken["get_images"] = fault
    await look(bench, order)
    await bench.until_asked("get_images", looks + 1)
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    view = await rested(bench, order, "started", "running")
    assert len(view.nodes) == 2
    assert "drift" not in await bench.kinds()


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["stop", "images", "ending", "archived", "start"])
async def test_a_release_wins_at_once_and_leaves_nothing(bench: Bench, when: str):
    order = await bench.reserve_and_wait()
    id_ = order.reservation_id
    bench.cloud.image_seconds = 30.0 if when == "images" else 0.1
    if when == "ending":
        bench.cloud.broken["end_nodes"] = ProviderDown("fake")
    await bench.engine.archive(id_, by="ann")
    if when in ("images", "ending"):
        await bench.until_asked("keep_images" if when == "images" else "end_nodes", 1)
    elif when != "stop":
        await bench.until(order, lambda view: view.state == "archived")
    if when == "start":
        bench.cloud.boot_seconds = 30.0
        await bench.engine.start_nodes(id_, by="ann")
        await bench.until_made(4)
    await bench.engine.release(id_, by="ann")
    view = await bench.ended(order)
    assert (bench.cloud.nodes, bench.cloud.images, view.images) == ({}, {}, ())
    assert (await bench.kinds())[-1] == "ended"


async def test_the_end_of_the_lease_deletes_the_images_too(bench: Bench):
    order = await archived(bench, lease_seconds=6)
    view = await bench.ended(order)
    assert (view.reason, bench.cloud.images) == ("expired", {})


# --- who may when -----------------------------------------------------------------------------------------------------


async def test_what_does_not_fit_is_refused(bench: Bench):
    order = await bench.reserve_and_wait()
    id_ = order.reservation_id
    await bench.engine.protect(id_, is_protected=True, by="ann")
    with pytest.raises(Protected):
        await bench.engine.archive(id_, by="ann")
    await bench.engine.protect(id_, is_protected=False, by="ann")
    bench.cloud.change("node-1", state="stopped")
    await bench.handle(order).signal("look")
    await bench.until(order, lambda view: view.is_mixed)
    with pytest.raises(WrongState):
        await bench.engine.archive(id_, by="ann")
    await bench.engine.start_nodes(id_, by="ann")
    await bench.until(order, lambda view: not view.is_mixed and view.state == "running")
    await bench.engine.archive(id_, by="ann")
    await bench.engine.archive(id_, by="ann")  # said twice is said once
    for change in (bench.engine.stop, bench.engine.start_nodes, bench.engine.reboot):
        with pytest.raises(WrongState):
            await change(id_, by="ann")
    await bench.until(order, lambda view: view.state == "archived")
    for change in (bench.engine.stop, bench.engine.reboot):
        with pytest.raises(WrongState):
            await change(id_, by="ann")
    assert bench.cloud.images_made == 2


async def test_where_no_images_are_kept_nothing_is_begun(bench: Bench):
    order = await bench.reserve_and_wait(archived_hourly_price_usd=None)
    with pytest.raises(CannotArchive) as refused:
        await bench.engine.archive(order.reservation_id, by="ann")
    assert (refused.value.name, refused.value.provider) == (order.name, "fake")
    assert (await bench.engine.get(order.reservation_id)).state == "running"


async def test_it_is_extended_shared_and_handed_over_while_it_is_archived(bench: Bench):
    order = await archived(bench)
    id_ = order.reservation_id
    before = (await bench.engine.get(id_)).expires_at
    assert await bench.engine.extend(id_, 60, "more", by="ann") > before
    await bench.engine.share(id_, Share("ben", USE), "one", by="ann")
    await bench.engine.offer_handover(id_, "ben", by="ann")
    await bench.engine.hand_over(id_, "ben", "etl", by="ben")
    view = await bench.engine.get(id_)
    assert (view.owner, view.name, view.state) == ("ben", "etl", "archived")


async def test_a_machine_that_turns_up_while_it_is_archived_is_told_and_left_alone(bench: Bench):
    order = await archived(bench)
    bench.cloud.create_nodes(replace(order.nodes, nodes=order.nodes.nodes[:1]))
    await bench.handle(order).signal("look")
    drift = await bench.notice("drift")
    assert drift.values["reason"] == "extra"
    await asyncio.sleep(0)
    assert (await bench.engine.get(order.reservation_id)).state == "archived"


async def test_a_long_history_is_left_behind_while_it_is_archived(bench: Bench):
    bench.use_timing(history_events=40)
    order = await archived(bench)
    first = (await bench.handle(order).describe()).run_id
    for number in range(6):
        await bench.engine.extend(order.reservation_id, 1, f"more-{number}", by="ann")
    for _ in range(200):
        if (await bench.handle(order).describe()).run_id != first:
            break
        await bench.pause()
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    assert [plan.image for plan in bench.cloud.ordered[-1].nodes] == ["image-1", "image-2"]
