"""What no reservation looks after is found and told to its owner, and what is not as it should be is looked at."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from clouddesk.adapters.orphans import RedisOrphans
from clouddesk.model import audit
from clouddesk.model.actor import Person
from clouddesk.model.errors import CredentialsRejected, ProviderDown, Unavailable
from clouddesk.model.node import Belonging, Survey
from clouddesk.model.notice import Notice
from clouddesk.workflows.sweep import Sweep, SweepOrder
from tests.workflows.conftest import Bench
from tests.workflows.strays import abandon, adoption, begin_sweeping, found, own_ref

FIRST = Person("local", "first")
"""Shares the account with the bench's person, and was there before."""


@pytest.fixture
async def orphans(idle_bench: Bench) -> RedisOrphans:
    """The bench's worker sweeps; what it knows."""
    return await begin_sweeping(idle_bench, FIRST, idle_bench.person)


async def test_what_reservations_look_after_is_no_orphan(idle_bench: Bench, orphans: RedisOrphans):
    await idle_bench.reserve_and_wait()
    report = await idle_bench.engine.sweep()
    assert (report.accounts, report.machines, report.orphans, report.drifted) == (1, 2, [], [])


async def test_an_image_of_what_is_archived_that_somebody_deleted_is_noticed_with_no_call_of_its_own(
    idle_bench: Bench, orphans: RedisOrphans
):
    order = await idle_bench.reserve_and_wait()
    await idle_bench.engine.archive(order.reservation_id, by="ann")
    await idle_bench.until(order, lambda view: view.state == "archived")
    await idle_bench.notice("archived")
    looks = idle_bench.cloud.count("get_images")
    assert (await idle_bench.engine.sweep()).drifted == []
    assert idle_bench.cloud.count("get_images") == looks, "the survey tells of images too"
    del idle_bench.cloud.images["node-1"]
    await idle_bench.engine.sweep()
    assert (await idle_bench.notice("drift")).values["reason"] == "images_gone"
    assert (await idle_bench.engine.sweep()).drifted == [], "once it is known it is as it should be"


async def test_machines_without_a_workflow_are_told_to_their_owner_once(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    assert (orphan.owner, len(orphan.nodes)) == (idle_bench.person.user_id, 2)
    assert orphan.credential_ref == own_ref(idle_bench), "the owner's own, though another's came first"
    await found(idle_bench)
    notice = await idle_bench.notice("orphan")
    assert (notice.values["orphan_id"], notice.values["nodes"]) == (orphan.id, "2")
    assert (await idle_bench.kinds()).count("orphan") == 1
    assert len(idle_bench.cloud.nodes) == 2, "a sweep touches nothing"


async def test_what_nobody_of_its_owners_workspace_can_reach_is_told_to_the_admins_there(idle_bench: Bench):
    await begin_sweeping(idle_bench, Person("elsewhere", "first"))
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    assert (orphan.person, orphan.credential_ref) == (idle_bench.person, "")
    assert (await idle_bench.admin_notice("orphan")).values["orphan_id"] == orphan.id
    assert "orphan" not in await idle_bench.kinds()
    assert await idle_bench.notices(Person("elsewhere", "first")) == []


async def test_a_disk_that_was_left_over_is_an_orphan_too(idle_bench: Bench, orphans: RedisOrphans):
    idle_bench.cloud.belongings = [Belonging("vol-1", "disk", "eu-1", "r-longgone", str(idle_bench.person))]
    orphan = await found(idle_bench)
    assert orphan.things == ("vol-1",)


async def test_things_without_a_reservations_tag_are_told_to_each_owner_apart(idle_bench: Bench):
    zed = Person("local", f"zed-{idle_bench.person.user_id}")
    await begin_sweeping(idle_bench, zed, idle_bench.person)
    idle_bench.cloud.belongings = [
        Belonging("vol-a", "disk", "eu-1", "", str(idle_bench.person)),
        Belonging("vol-b", "disk", "eu-1", "", str(zed)),
    ]
    report = await idle_bench.engine.sweep()
    assert {(orphan.person, orphan.things) for orphan in report.orphans} == {
        (idle_bench.person, ("vol-a",)),
        (zed, ("vol-b",)),
    }
    assert (await idle_bench.notice("orphan", person=zed)).values["things"] == "vol-b"


async def test_more_of_the_same_is_told_again_also_of_a_kept_one(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    await orphans.change(orphan.id, lambda known: replace(known, is_kept=True))
    assert (await found(idle_bench)).is_kept
    idle_bench.cloud.belongings = [Belonging("vol-1", "disk", "eu-1", orphan.reservation_id, str(idle_bench.person))]
    assert not (await found(idle_bench)).is_kept
    assert (await idle_bench.kinds()).count("orphan") == 2


async def test_what_is_kept_stays_so_when_a_list_is_short_for_once(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    await orphans.change((await found(idle_bench)).id, lambda known: replace(known, is_kept=True))
    node = idle_bench.cloud.nodes.pop("node-1")
    assert (await found(idle_bench)).is_kept
    idle_bench.cloud.nodes["node-1"] = node
    assert (await found(idle_bench)).is_kept


async def test_what_is_lost_once_more_after_it_was_adopted_is_told_again(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    order = adoption(idle_bench, orphan)
    await idle_bench.engine.adopt(order, orphan.nodes, by="ann")
    await orphans.remove(orphan.id)  # as the Desk does
    await idle_bench.until(order, lambda view: view.state == "running" and view.revision > 10**6)
    await idle_bench.handle(order).terminate()
    await found(idle_bench)
    assert (await idle_bench.kinds()).count("orphan") == 2


async def test_what_two_sweeps_find_at_once_is_told_and_written_down_once(idle_bench: Bench, orphans: RedisOrphans):
    bench = idle_bench
    await abandon(bench)
    scheduled = bench.client.execute_workflow(
        Sweep.run, SweepOrder(bench.engine._timing), id=f"sweep-{bench.queue}", task_queue=bench.queue
    )
    await asyncio.gather(scheduled, bench.engine.sweep())
    entries = [item async for item in bench.audit.read(since=datetime(2020, 1, 1, tzinfo=timezone.utc))]
    actions = [item.action for item in entries if item.owner == bench.person.user_id]
    assert actions.count(audit.ORPHAN_FOUND) == 1
    assert (await bench.kinds()).count("orphan") == 1


async def test_what_could_not_be_told_at_once_is_told_all_the_same(
    idle_bench: Bench, orphans: RedisOrphans, monkeypatch: pytest.MonkeyPatch
):
    await abandon(idle_bench)
    send, failed = idle_bench.notices_port.send, asyncio.Event()

    async def send_at_last(notice: Notice) -> None:
        if not failed.is_set():
            failed.set()
            raise Unavailable("Redis")
        await send(notice)

    monkeypatch.setattr(idle_bench.notices_port, "send", send_at_last)
    await found(idle_bench)
    assert failed.is_set()
    assert (await idle_bench.kinds()).count("orphan") == 1


async def test_what_is_only_listed_for_a_moment_longer_is_no_orphan(idle_bench: Bench, orphans: RedisOrphans):
    idle_bench.use_timing(missing_seconds=1.0)
    await abandon(idle_bench)
    sweep = asyncio.create_task(idle_bench.engine.sweep())
    await idle_bench.until_asked("survey", 1)
    idle_bench.cloud.nodes.clear()
    assert (await sweep).orphans == []
    assert "orphan" not in await idle_bench.kinds()


async def test_an_orphan_that_is_gone_by_itself_is_forgotten(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    idle_bench.cloud.nodes.clear()
    assert (await idle_bench.engine.sweep()).orphans == []
    assert await orphans.get(orphan.id) is None


async def test_a_reservation_that_lost_a_machine_is_told_to_look(idle_bench: Bench, orphans: RedisOrphans):
    order = await idle_bench.reserve_and_wait()
    idle_bench.cloud.nodes.pop("node-1")
    assert (await idle_bench.engine.sweep()).drifted == [order.name]
    assert (await idle_bench.notice("drift")).values["reason"] == "vanished"


async def test_a_reservation_that_lost_all_is_told_to_look_whoever_shares_the_account(
    idle_bench: Bench, orphans: RedisOrphans
):
    order = await idle_bench.reserve_and_wait(credential_ref=own_ref(idle_bench))
    idle_bench.cloud.nodes.clear()
    report = await idle_bench.engine.sweep()
    assert report.drifted_by_workspace == {"local": [order.name]}
    assert (await idle_bench.notice("drift")).values["reason"] == "vanished"


async def test_a_reservation_whose_workflow_and_machines_are_lost_ends_and_is_told(
    idle_bench: Bench, orphans: RedisOrphans
):
    order = await abandon(idle_bench)
    idle_bench.cloud.nodes.clear()
    assert (await idle_bench.engine.sweep()).drifted == []
    view = await idle_bench.views.get(order.reservation_id)
    assert view is not None
    assert (view.is_live, view.reason, view.current_hourly_price_usd) == (False, "nothing_left", 0.0)
    assert (await idle_bench.notice("ended")).values["reason"] == "nothing_left"


async def test_what_ends_while_a_sweep_looks_is_ended_once(idle_bench: Bench, orphans: RedisOrphans):
    order = await idle_bench.reserve_and_wait(credential_ref=own_ref(idle_bench))
    look, is_asked, may_answer = idle_bench.cloud.survey, threading.Event(), threading.Event()

    def look_slowly() -> Survey:
        is_asked.set()
        may_answer.wait(10)
        return look()

    idle_bench.cloud.survey = look_slowly  # type: ignore[method-assign]
    sweep = asyncio.create_task(idle_bench.engine.sweep())
    await asyncio.to_thread(is_asked.wait, 10)
    await idle_bench.engine.release(order.reservation_id)
    last = await idle_bench.ended(order)
    may_answer.set()
    await sweep
    assert await idle_bench.views.get(order.reservation_id) == last
    assert (await idle_bench.kinds()).count("ended") == 1


async def test_a_view_that_missed_its_end_is_brought_up_to_date(idle_bench: Bench, orphans: RedisOrphans):
    order = await idle_bench.reserve_and_wait(credential_ref=own_ref(idle_bench))
    before = await idle_bench.views.get(order.reservation_id)
    assert before is not None
    await idle_bench.engine.release(order.reservation_id)
    last = await idle_bench.ended(order)
    await idle_bench.redis.delete(f"clouddesk:reservation:{order.reservation_id}")  # Redis came back with an older copy
    await idle_bench.views.put(before)
    await idle_bench.engine.sweep()
    assert await idle_bench.views.get(order.reservation_id) == last
    assert (await idle_bench.kinds()).count("ended") == 1


async def test_a_reservation_in_a_region_that_refuses_us_is_not_called_lost(idle_bench: Bench, orphans: RedisOrphans):
    order = await abandon(idle_bench)
    idle_bench.cloud.nodes.clear()  # a survey leaves such regions out
    idle_bench.cloud.broken["get_nodes"] = CredentialsRejected("fake")
    report = await idle_bench.engine.sweep()
    assert report.refused == []
    view = await idle_bench.views.get(order.reservation_id)
    assert view is not None
    assert view.is_live


async def test_refused_credentials_are_reported_and_their_owner_asked(idle_bench: Bench, orphans: RedisOrphans):
    order = await idle_bench.reserve_and_wait(credential_ref=own_ref(idle_bench))
    idle_bench.cloud.broken["survey"] = CredentialsRejected("fake")
    report = await idle_bench.engine.sweep()
    assert set(report.refused) == {"people/local/first/fake", order.credential_ref}
    assert (await idle_bench.notice("credentials")).values["reason"] == "credentials_rejected"


async def test_a_cloud_that_does_not_answer_hides_no_orphan(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    idle_bench.cloud.broken["survey"] = ProviderDown("fake")
    report = await idle_bench.engine.sweep()
    assert report.unreachable
    assert await orphans.get(orphan.id) is not None, "nothing is known, so nothing is forgotten"


async def test_what_only_admins_can_answer_for_is_told_when_there_is_one_at_last(idle_bench: Bench):
    admins: list[str] = []

    async def admins_of(_workspace_id: str) -> list[str]:
        return admins

    idle_bench.admins_of = admins_of  # type: ignore[method-assign]
    await begin_sweeping(idle_bench, Person("elsewhere", "first"))
    await abandon(idle_bench)
    await found(idle_bench)
    admins.append(idle_bench.admin.user_id)
    orphan = await found(idle_bench)
    assert (await idle_bench.admin_notice("orphan")).values["orphan_id"] == orphan.id
    await found(idle_bench)
    assert [item.kind for item in await idle_bench.notices(idle_bench.admin)] == ["orphan"]


async def test_a_silent_cloud_holds_none_of_the_threads_that_other_activities_need(
    idle_bench: Bench, orphans: RedisOrphans
):
    may_answer, is_asked = threading.Event(), threading.Event()

    def silent() -> Survey:
        is_asked.set()
        may_answer.wait(10)
        return Survey()

    with ThreadPoolExecutor(1) as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        idle_bench.cloud.survey = silent  # type: ignore[method-assign]
        sweep = asyncio.create_task(idle_bench.engine.sweep())
        while not is_asked.is_set():  # noqa: ASYNC110 - set by a thread
            await asyncio.sleep(0.02)
        try:
            assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 5) == "free"
        finally:
            may_answer.set()
        assert (await sweep).machines == 0


async def test_a_cloud_that_does_not_answer_is_not_asked_with_every_key_to_the_account(
    idle_bench: Bench, orphans: RedisOrphans
):
    idle_bench.cloud.broken["survey"] = ProviderDown("fake")
    report = await idle_bench.engine.sweep()
    assert set(report.unreachable) == {"people/local/first/fake", own_ref(idle_bench)}
    assert report.refused == []
    assert idle_bench.cloud.count("survey") == 3, "the attempts with the first key"


async def test_with_a_refused_key_the_next_one_is_tried(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    idle_bench.cloud.refused_refs = {"people/local/first/fake"}
    report = await idle_bench.engine.sweep()
    assert (report.refused, report.machines) == (["people/local/first/fake"], 2)
    assert len(report.orphans) == 1


async def test_what_is_only_listed_for_a_moment_longer_is_no_part_of_an_orphan(
    idle_bench: Bench, orphans: RedisOrphans
):
    idle_bench.use_timing(missing_seconds=1.0)
    order = await abandon(idle_bench)
    idle_bench.cloud.belongings = [Belonging("vol-1", "disk", "eu-1", order.reservation_id, str(idle_bench.person))]
    sweep = asyncio.create_task(idle_bench.engine.sweep())
    await idle_bench.until_asked("survey", 1)
    idle_bench.cloud.nodes.clear()
    assert [orphan.things for orphan in (await sweep).orphans] == [("vol-1",)]


async def test_what_its_owner_decides_while_a_sweep_writes_it_down_stays_so(
    idle_bench: Bench, orphans: RedisOrphans, monkeypatch: pytest.MonkeyPatch
):
    await abandon(idle_bench)
    send = idle_bench.notices_port.send

    async def send_and_keep(notice: Notice) -> None:
        await send(notice)
        await orphans.change(notice.values["orphan_id"], lambda known: replace(known, is_kept=True))

    monkeypatch.setattr(idle_bench.notices_port, "send", send_and_keep)
    assert (await found(idle_bench)).is_kept
    assert [orphan.is_kept for orphan in await orphans.all()] == [True]


async def test_what_is_settled_while_a_sweep_writes_it_down_is_not_back(
    idle_bench: Bench, orphans: RedisOrphans, monkeypatch: pytest.MonkeyPatch
):
    await abandon(idle_bench)
    send = idle_bench.notices_port.send

    async def send_and_settle(notice: Notice) -> None:
        await send(notice)
        await orphans.remove(notice.values["orphan_id"])

    monkeypatch.setattr(idle_bench.notices_port, "send", send_and_settle)
    assert (await idle_bench.engine.sweep()).orphans == []
    assert await orphans.all() == []
