"""What no reservation looks after is found, told to its owner, and settled as the owner wants."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from clouddesk.adapters.orphans import RedisOrphans
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.errors import CredentialsRejected, ProviderDown, WrongState
from clouddesk.model.node import Belonging
from clouddesk.model.orphan import Orphan
from clouddesk.workflows.sweeping import SweepActivities
from tests.workflows.conftest import Bench

NOW = datetime(2026, 11, 23, tzinfo=timezone.utc)


class Everybody:
    """Credentials that are known; two people may have access to one account."""

    def __init__(self, *people: Person) -> None:
        self.people = people

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]:
        return [(person, CredentialInfo("fake", "team", NOW, NOW, account_id="1")) for person in self.people]


@pytest.fixture
async def sweeping(idle_bench: Bench) -> RedisOrphans:
    """The bench's worker sweeps too; gives the orphans that it found."""
    bench = idle_bench
    orphans = RedisOrphans(bench.redis)
    await bench.redis.delete("clouddesk:orphans")
    await bench.start_worker(
        SweepActivities(
            client=bench.client,
            credentials=Everybody(Person("local", "ann"), bench.person),
            open_provider=bench.cloud.open,
            views=bench.views,
            orphans=orphans,
            notices=bench.notices_port,
            audit=bench.audit,
        )
    )
    return orphans


async def abandon(bench: Bench) -> None:
    """Machines whose workflow is terminated: nobody looks after them any more."""
    order = await bench.reserve_and_wait()
    await bench.handle(order).terminate()
    bench.cloud.own(str(bench.person))


async def found(bench: Bench) -> Orphan:
    (orphan,) = (await bench.engine.sweep()).orphans
    return orphan


async def test_what_reservations_look_after_is_no_orphan(idle_bench: Bench, sweeping: RedisOrphans):
    await idle_bench.reserve_and_wait()
    report = await idle_bench.engine.sweep()
    assert (report.accounts, report.machines, report.orphans, report.drifted) == (1, 2, [], [])


async def test_machines_without_a_workflow_are_told_to_their_owner_once(idle_bench: Bench, sweeping: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    assert (orphan.owner, len(orphan.nodes)) == (idle_bench.person.user_id, 2)
    await found(idle_bench)
    notice = await idle_bench.notice("orphan")
    assert (notice.values["orphan_id"], notice.values["nodes"]) == (orphan.id, "2")
    assert (await idle_bench.kinds()).count("orphan") == 1
    assert len(idle_bench.cloud.nodes) == 2, "a sweep touches nothing"


async def test_a_disk_that_was_left_over_is_an_orphan_too(idle_bench: Bench, sweeping: RedisOrphans):
    idle_bench.cloud.belongings = [Belonging("vol-1", "disk", "eu-1", "r-longgone", str(idle_bench.person))]
    orphan = await found(idle_bench)
    assert orphan.things == ("vol-1",)


async def test_more_of_the_same_is_told_again_also_of_a_kept_one(idle_bench: Bench, sweeping: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    await sweeping.put(replace(orphan, is_kept=True))
    assert (await found(idle_bench)).is_kept
    idle_bench.cloud.belongings = [Belonging("vol-1", "disk", "eu-1", orphan.reservation_id, str(idle_bench.person))]
    assert not (await found(idle_bench)).is_kept
    assert (await idle_bench.kinds()).count("orphan") == 2


async def test_what_is_only_listed_for_a_moment_longer_is_no_orphan(idle_bench: Bench, sweeping: RedisOrphans):
    await abandon(idle_bench)
    sweep = asyncio.create_task(idle_bench.engine.sweep())
    await idle_bench.until_asked("survey", 1)
    idle_bench.cloud.nodes.clear()
    assert (await sweep).orphans == []
    assert "orphan" not in await idle_bench.kinds()


async def test_a_deleted_orphan_is_destroyed_and_its_owner_told(idle_bench: Bench, sweeping: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    await idle_bench.engine.clear(orphan, by="ann")
    await idle_bench.notice("orphan_settled")
    assert not idle_bench.cloud.nodes
    assert await sweeping.get(orphan.id) is None


async def test_an_orphan_that_is_gone_by_itself_is_forgotten(idle_bench: Bench, sweeping: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    idle_bench.cloud.nodes.clear()
    assert (await idle_bench.engine.sweep()).orphans == []
    assert await sweeping.get(orphan.id) is None


async def test_what_a_reservation_looks_after_cannot_be_deleted_as_an_orphan(idle_bench: Bench, sweeping: RedisOrphans):
    order = await idle_bench.reserve_and_wait()
    orphan = Orphan("o-1", "fake", order.credential_ref, "local", "ann", order.reservation_id, "x", (), (), NOW)
    with pytest.raises(WrongState):
        await idle_bench.engine.clear(orphan)
    with pytest.raises(WrongState):
        await idle_bench.engine.adopt(order, ())
    assert len(idle_bench.cloud.nodes) == 2


async def test_an_adopted_orphan_is_a_reservation_with_a_lease_again(idle_bench: Bench, sweeping: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    order = idle_bench.order(lease_seconds=2)
    nodes = replace(order.nodes, reservation_id=orphan.reservation_id)
    order = replace(order, reservation_id=orphan.reservation_id, nodes=nodes)
    await idle_bench.engine.adopt(order, orphan.nodes, by="ann")
    await idle_bench.until(order, lambda view: view.state == "running" and len(view.nodes) == 2)
    assert (await idle_bench.engine.sweep()).orphans == []
    await idle_bench.ended(order)
    assert not idle_bench.cloud.nodes, "its new lease ended"
    assert idle_bench.cloud.made == 2, "nothing was made anew"
    assert (await idle_bench.kinds())[-1] == "ended"


async def test_a_reservation_that_lost_a_machine_is_told_to_look(idle_bench: Bench, sweeping: RedisOrphans):
    order = await idle_bench.reserve_and_wait()
    idle_bench.cloud.nodes.pop("node-1")
    assert (await idle_bench.engine.sweep()).drifted == [order.name]
    assert (await idle_bench.notice("drift")).values["reason"] == "vanished"


async def test_refused_credentials_are_reported_and_their_owner_asked(idle_bench: Bench, sweeping: RedisOrphans):
    person = idle_bench.person
    order = await idle_bench.reserve_and_wait(credential_ref=f"people/{person.workspace_id}/{person.user_id}/fake")
    idle_bench.cloud.broken["survey"] = CredentialsRejected("fake")
    report = await idle_bench.engine.sweep()
    assert set(report.refused) == {"people/local/ann/fake", order.credential_ref}
    assert (await idle_bench.notice("credentials")).values["reason"] == "credentials_rejected"


async def test_a_cloud_that_does_not_answer_hides_no_orphan(idle_bench: Bench, sweeping: RedisOrphans):
    await abandon(idle_bench)
    orphan = await found(idle_bench)
    idle_bench.cloud.broken["survey"] = ProviderDown("fake")
    report = await idle_bench.engine.sweep()
    assert report.unreachable
    assert await sweeping.get(orphan.id) is not None, "nothing is known, so nothing is forgotten"
