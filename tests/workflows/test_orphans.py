"""An orphan becomes what its owner wants: a reservation again, or nothing; never both."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from clouddesk.adapters.orphans import RedisOrphans
from clouddesk.model.actor import Person
from clouddesk.model.credentials import credential_ref
from clouddesk.model.errors import CredentialsRejected, NotFound, WrongState
from clouddesk.model.node import Belonging
from clouddesk.model.orphan import Orphan
from clouddesk.workflows.registration import WORKFLOW_RUNNER
from clouddesk.workflows.sweep import ClearOrphan, Sweep
from tests.workflows.conftest import Bench
from tests.workflows.record_histories import SWEEP_FOLDER, SWEEP_SCENES
from tests.workflows.strays import NOW, Everybody, abandon, adoption, begin_sweeping, found


@pytest.fixture
async def orphans(idle_bench: Bench) -> RedisOrphans:
    """The bench's worker sweeps; what it knows."""
    return await begin_sweeping(idle_bench)


async def cleared(bench: Bench, orphan: Orphan) -> None:
    """Wait until its deletion is over."""
    await asyncio.wait_for(bench.client.get_workflow_handle(orphan.reservation_id).result(), 15)


async def test_a_deleted_orphan_is_destroyed_and_its_owner_told(idle_bench: Bench, orphans: RedisOrphans):
    order = await abandon(idle_bench)
    orphan = await found(idle_bench)
    await idle_bench.engine.clear(orphan, by="ann")
    await cleared(idle_bench, orphan)
    assert "orphan_settled" in await idle_bench.kinds()
    assert not idle_bench.cloud.nodes
    assert await orphans.get(orphan.id) is None
    view = await idle_bench.views.get(order.reservation_id)
    assert view is not None
    assert (view.is_live, view.reason, view.current_hourly_price_usd) == (False, "released", 0.0)


async def test_what_deleted_an_orphan_is_no_reservation(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    await idle_bench.engine.clear(orphan, by="ann")
    await cleared(idle_bench, orphan)
    with pytest.raises(NotFound):
        await idle_bench.engine.get(orphan.reservation_id)


async def test_each_deletion_of_the_same_reservations_things_is_told(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    await idle_bench.engine.clear(orphan, by="ann")
    await cleared(idle_bench, orphan)
    idle_bench.cloud.belongings = [Belonging("vol-1", "disk", "eu-1", orphan.reservation_id, str(idle_bench.person))]
    await idle_bench.engine.clear(await found(idle_bench), by="ann")
    await cleared(idle_bench, orphan)
    assert (await idle_bench.kinds()).count("orphan_settled") == 2


async def test_what_is_being_deleted_is_not_adopted_nor_told_again(idle_bench: Bench, orphans: RedisOrphans):
    bench = idle_bench
    await abandon(bench)
    orphan = await found(bench)
    bench.cloud.destroy_rounds = 1000
    await bench.engine.clear(orphan, by="ann")
    await bench.until_asked("destroy_nodes", 1)
    with pytest.raises(WrongState) as refusal:
        await bench.engine.adopt(adoption(bench, orphan), orphan.nodes, by="ann")
    assert refusal.value.state == "releasing"
    await bench.engine.clear(orphan, by="ann")  # the button once more
    await bench.engine.release(orphan.reservation_id, by="ann")
    with pytest.raises(WrongState) as refusal:
        await bench.engine.extend(orphan.reservation_id, 60, "request-1")
    assert (refusal.value.state, refusal.value.wanted) == ("releasing", "extend")
    assert (await found(bench)).is_being_deleted
    bench.cloud.destroy_rounds = 0
    await cleared(bench, orphan)
    assert [kind for kind in await bench.kinds() if kind.startswith("orphan")] == ["orphan", "orphan_settled"]


async def test_what_a_reservation_looks_after_cannot_be_deleted_as_an_orphan(idle_bench: Bench, orphans: RedisOrphans):
    order = await idle_bench.reserve_and_wait()
    orphan = Orphan("o-1", "fake", order.credential_ref, "local", "ann", order.reservation_id, "x", (), (), NOW)
    with pytest.raises(WrongState):
        await idle_bench.engine.clear(orphan)
    with pytest.raises(WrongState):
        await idle_bench.engine.adopt(order, ())
    assert len(idle_bench.cloud.nodes) == 2


async def test_what_carries_no_reservations_tag_is_not_said_to_be_deleted(idle_bench: Bench, orphans: RedisOrphans):
    idle_bench.cloud.belongings = [Belonging("vol-1", "disk", "eu-1", "", str(idle_bench.person))]
    with pytest.raises(WrongState):
        await idle_bench.engine.clear(await found(idle_bench), by="ann")


async def test_a_refused_key_while_an_orphan_is_deleted_is_told_and_a_new_one_used(
    idle_bench: Bench, orphans: RedisOrphans
):
    bench = idle_bench
    bench.use_timing(trouble_after_seconds=1.5, first_credential_retry_seconds=0.1, last_credential_retry_seconds=60.0)
    await abandon(bench)
    orphan = await found(bench)
    bench.cloud.broken["destroy_nodes"] = CredentialsRejected("fake")
    await bench.engine.clear(orphan, by="ann")
    asked = await bench.notice("credentials")
    assert (asked.values["name"], asked.values["provider"]) == (orphan.name, "fake")
    assert asked.values["up_hourly"] == "$3,600.00"
    assert (await bench.notice("trouble")).values["reason"] == "credentials_rejected"
    assert (await bench.admin_notice("trouble")).values["owner"] == bench.person.user_id
    del bench.cloud.broken["destroy_nodes"]
    await bench.engine.credentials_renewed(orphan.reservation_id)
    await cleared(bench, orphan)
    assert not bench.cloud.nodes
    assert (await bench.kinds()).count("credentials") == 1


async def test_a_deletion_goes_on_with_the_owners_key_when_a_colleagues_is_refused(idle_bench: Bench):
    bench, bob = idle_bench, Person("local", f"bob-{idle_bench.queue}")
    access = Everybody(bob)
    orphans = await begin_sweeping(bench, access=access)
    bench.use_timing(
        trouble_after_seconds=60.0, first_credential_retry_seconds=60.0, last_credential_retry_seconds=60.0
    )
    await abandon(bench)
    orphan = await found(bench)
    assert orphan.credential_ref == credential_ref(bob, "fake")
    bench.cloud.refused_refs = {orphan.credential_ref}
    await bench.engine.clear(orphan, by="ann")
    asked = await bench.notice("credentials", person=bob)
    assert asked.values["name"] == orphan.name
    assert "credentials" not in await bench.kinds(), "they are not the owner's"
    access.people = (bob, bench.person)
    await bench.engine.credentials_renewed(orphan.reservation_id)
    await cleared(bench, orphan)
    assert not bench.cloud.nodes
    assert await orphans.all() == []


async def test_a_deletion_tries_everybodys_keys_before_it_waits_for_new_ones(idle_bench: Bench):
    bench, bob, eve = idle_bench, *(Person("local", f"{name}-{idle_bench.queue}") for name in ("bob", "eve"))
    await begin_sweeping(bench, bob, Person("elsewhere", "zed"), eve)
    bench.use_timing(
        trouble_after_seconds=60.0, first_credential_retry_seconds=60.0, last_credential_retry_seconds=60.0
    )
    await abandon(bench)
    orphan = await found(bench)
    bench.cloud.refused_refs = {credential_ref(bob, "fake")}
    await bench.engine.clear(orphan, by="ann")
    await cleared(bench, orphan)
    assert not bench.cloud.nodes


async def test_a_deletion_that_nobody_has_access_for_any_more_asks_the_owner(idle_bench: Bench):
    bench, bob = idle_bench, Person("local", f"bob-{idle_bench.queue}")
    access = Everybody(bob)
    await begin_sweeping(bench, access=access)
    bench.use_timing(
        trouble_after_seconds=60.0, first_credential_retry_seconds=60.0, last_credential_retry_seconds=60.0
    )
    await abandon(bench)
    orphan = await found(bench)
    access.people = ()
    await bench.engine.clear(orphan, by="ann")
    assert (await bench.notice("credentials")).values["reason"] == "credentials_missing"
    access.people = (bench.person,)
    await bench.engine.credentials_renewed(orphan.reservation_id)
    await cleared(bench, orphan)
    assert not bench.cloud.nodes


async def test_a_long_deletion_leaves_no_long_history_behind(idle_bench: Bench, orphans: RedisOrphans):
    bench = idle_bench
    bench.use_timing(
        history_events=15,
        trouble_after_seconds=60.0,
        first_credential_retry_seconds=0.1,
        last_credential_retry_seconds=0.1,
    )
    await abandon(bench)
    orphan = await found(bench)
    bench.cloud.broken["destroy_nodes"] = CredentialsRejected("fake")
    await bench.engine.clear(orphan, by="ann")
    await bench.until_asked("destroy_nodes", 4)
    told = await bench.client.get_workflow_handle(orphan.reservation_id).describe()
    assert told.raw_description.workflow_execution_info.history_length < 30
    del bench.cloud.broken["destroy_nodes"]
    await cleared(bench, orphan)
    assert (await bench.kinds()).count("credentials") == 1


async def test_an_adopted_orphan_is_a_reservation_with_a_lease_again(idle_bench: Bench, orphans: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    order = adoption(idle_bench, orphan, lease_seconds=2)
    await idle_bench.engine.adopt(order, orphan.nodes, by="ann")
    await idle_bench.until(order, lambda view: view.state == "running" and len(view.nodes) == 2)
    assert (await idle_bench.engine.sweep()).orphans == []
    await idle_bench.ended(order)
    assert not idle_bench.cloud.nodes, "its new lease ended"
    assert idle_bench.cloud.made == 2, "nothing was made anew"
    assert (await idle_bench.kinds())[-1] == "ended"


async def test_what_is_adopted_while_a_sweep_is_under_way_is_no_orphan_of_it(idle_bench: Bench, orphans: RedisOrphans):
    bench = idle_bench
    bench.use_timing(missing_seconds=1.0)
    await abandon(bench)
    orphan = await found(bench)
    surveys = bench.cloud.count("survey")
    sweep = asyncio.create_task(bench.engine.sweep())
    await bench.until_asked("survey", surveys + 1)
    await bench.engine.adopt(adoption(bench, orphan), orphan.nodes, by="ann")
    assert (await sweep).orphans == []
    assert await orphans.get(orphan.id) is None


async def test_an_orphan_that_was_known_before_told_was_written_down_is_not_told_anew(
    idle_bench: Bench, orphans: RedisOrphans
):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    await orphans.change(orphan.id, lambda known: replace(known, told=None, account_id=""))
    await found(idle_bench)
    assert (await idle_bench.kinds()).count("orphan") == 1


def test_there_is_a_history_of_every_scene() -> None:
    for scene in SWEEP_SCENES:
        assert list(SWEEP_FOLDER.glob(f"*-{scene.__name__}.json")), scene.__name__


@pytest.mark.parametrize("path", sorted(SWEEP_FOLDER.glob("*.json")), ids=lambda path: path.stem)
async def test_a_recorded_sweep_or_deletion_is_replayed_without_a_difference(path: Path) -> None:
    history = WorkflowHistory.from_json("recorded", path.read_text())  # noqa: ASYNC240 - a small file
    await Replayer(workflows=[Sweep, ClearOrphan], workflow_runner=WORKFLOW_RUNNER).replay_workflow(history)
