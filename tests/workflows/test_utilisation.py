"""The round over all machines on a real Temporal and Redis: who is looked at, and that nobody holds up the others."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from temporalio.service import RPCError
from temporalio.worker import Worker

from clouddesk.adapters.utilisation import RedisUtilisation
from clouddesk.model.errors import CredentialsMissing
from clouddesk.model.node import RUNNING, STOPPED, Node
from clouddesk.model.reservation import Reservation
from clouddesk.model.utilisation import Sample
from clouddesk.workflows import measuring
from clouddesk.workflows.measuring import UtilisationActivities
from clouddesk.workflows.registration import schedule_utilisation
from clouddesk.workflows.utilisation import UTILISATION_ID, Round, Utilisation
from tests.builders import a_reservation
from tests.workflows.conftest import Bench

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


@dataclass
class Probe:
    """Looks at machines, but for those of ``silent`` reservations; ``broken`` ones raise."""

    silent: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    looked: list[str] = field(default_factory=list)

    async def look(self, reservation: Reservation) -> list[Sample]:
        self.looked.append(reservation.id)
        if reservation.id in self.broken:
            raise RuntimeError("made up by a test")
        if reservation.id in self.silent:
            await asyncio.sleep(0.2)
            return []
        return [Sample(node.key, NOW, cpu_percent=50.0, logins=1, jobs=0) for node in reservation.living_nodes]


@dataclass
class Cloud:
    """Tells of every second machine; counts how often it is asked."""

    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    fault: Exception | None = None

    async def open(self, name: str, credential_ref: str) -> Any:
        if self.fault is not None:
            raise self.fault
        return self

    def cpu_percents(self, region: str, ids: Sequence[str], *, since: datetime, until: datetime) -> dict[str, float]:
        self.asked.append((region, tuple(ids)))
        return dict.fromkeys(ids[::2], 7.0)


@dataclass
class Rounds:
    """What a round needs, and what came of it."""

    bench: Bench
    workspace: str = field(default_factory=lambda: f"T{uuid.uuid4().hex[:8]}")
    probe: Probe = field(default_factory=Probe)
    simulated: Probe = field(default_factory=Probe)
    cloud: Cloud = field(default_factory=Cloud)
    heard: dict[str, Sequence[Sample]] = field(default_factory=dict)
    deaf: set[str] = field(default_factory=set)

    @property
    def series(self) -> RedisUtilisation:
        return RedisUtilisation(self.bench.redis)

    async def have(self, name: str, *, count: int = 1, **changes: Any) -> Reservation:
        id_ = f"r-{name}-{self.workspace}"
        nodes = tuple(
            Node(f"{id_}-{number}", f"node-{number}", "node", RUNNING, "aws", "eu-central-1", "small", "10.0.0.1")
            for number in range(count)
        )
        facts: dict[str, Any] = {"nodes": nodes, "node_count": count, "is_simulated": False, **changes}
        item = a_reservation(id=id_, name=name, workspace_id=self.workspace, **facts)
        await self.bench.views.put(item)
        return item

    async def sampled(self, item: Reservation, samples: Sequence[Sample]) -> None:
        self.heard[item.id] = samples
        if item.id in self.deaf:
            raise RuntimeError("made up by a test")

    async def run(self) -> Round:
        activities = UtilisationActivities(
            views=self,  # type: ignore[arg-type]  # the part of the views that is used
            series=self.series,
            probe=self.probe,
            simulated=self.simulated,
            open_provider=self.cloud.open,
            clock=lambda: NOW,
            sampled=self.sampled,
        )
        queue = self.bench.queue
        async with Worker(self.bench.client, task_queue=queue, workflows=[Utilisation], activities=activities.all):
            id_ = f"round-{uuid.uuid4().hex}"
            return await self.bench.client.execute_workflow(Utilisation.run, id=id_, task_queue=queue)

    async def live_ids(self) -> list[str]:
        """Of this test's workspace alone: others use the same Redis."""
        return [id_ for id_ in await self.bench.views.live_ids() if id_.endswith(self.workspace)]

    async def many(self, ids: Sequence[str]) -> list[Reservation]:
        return await self.bench.views.many(ids)

    async def kept(self, item: Reservation) -> list[tuple[str, float | None]]:
        return [(sample.node, sample.cpu_percent) for sample in await self.series.read(item.id, since=NOW)]


@pytest.fixture
def rounds(idle_bench: Bench) -> Rounds:
    return Rounds(idle_bench)


async def test_every_running_reservation_is_looked_at_once_and_no_other(rounds: Rounds) -> None:
    one, many = await rounds.have("one"), await rounds.have("many", count=3)
    pretended = await rounds.have("pretended", is_simulated=True)
    await rounds.have("stopped", state="stopped")
    await rounds.have("ended", state="ended", ended_at=NOW)

    assert await rounds.run() == Round(reservations=3, machines=5, seen=5)
    assert sorted(rounds.probe.looked) == sorted([one.id, many.id])
    assert rounds.simulated.looked == [pretended.id]
    assert await rounds.kept(many) == [("node-0", 50.0), ("node-1", 50.0), ("node-2", 50.0)]
    assert set(rounds.heard) == {one.id, many.id, pretended.id}
    assert rounds.cloud.asked == [], "who tells it themselves costs no call"


async def test_one_that_is_silent_one_that_breaks_and_one_that_hears_nothing_hold_up_no_other(rounds: Rounds) -> None:
    good, silent, broken = [await rounds.have(name, count=2) for name in ("good", "silent", "broken")]
    rounds.probe.silent, rounds.probe.broken, rounds.deaf = {silent.id}, {broken.id}, {silent.id, good.id}

    assert await rounds.run() == Round(reservations=3, machines=6, seen=4, asked_of_clouds=4)
    assert await rounds.kept(good) == [("node-0", 50.0), ("node-1", 50.0)]
    assert await rounds.kept(silent) == await rounds.kept(broken) == [("node-0", 7.0)]
    ((region, ids),) = rounds.cloud.asked
    assert region == "eu-central-1"
    assert set(ids) == {f"{item.id}-{number}" for item in (silent, broken) for number in range(2)}, "in one call"
    assert set(rounds.heard) == {good.id, silent.id, broken.id}


async def test_what_is_off_or_simulated_is_not_asked_of_the_cloud_and_lost_credentials_break_nothing(
    rounds: Rounds,
) -> None:
    item = await rounds.have("mixed", count=2)
    await rounds.bench.views.put(
        replace(item, revision=1, nodes=(item.nodes[0], replace(item.nodes[1], state=STOPPED)))
    )
    pretended = await rounds.have("pretended", is_simulated=True)
    rounds.probe.silent, rounds.simulated.silent = {item.id}, {pretended.id}
    for fault in (CredentialsMissing("aws"), RuntimeError("made up by a test")):
        rounds.cloud.fault = fault
        assert await rounds.run() == Round(reservations=2, machines=3, asked_of_clouds=1)
        assert rounds.heard == {item.id: [], pretended.id: []}


async def test_many_machines_are_looked_at_in_pages_of_one_account_and_region(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "PAGE_MACHINES", 4)
    monkeypatch.setattr(measuring, "READ_AT_ONCE", 3)
    made = [await rounds.have(f"a{number}", count=2) for number in range(5)]
    made += [await rounds.have(f"b{number}", owner="ben") for number in range(2)]
    rounds.probe.silent = {item.id for item in made}
    assert (await rounds.run()).asked_of_clouds == 12
    assert sorted(len(ids) for _, ids in rounds.cloud.asked) == [2, 2, 4, 4]
    assert len(set(rounds.probe.looked)) == len(rounds.probe.looked) == 7


async def test_the_schedule_follows_the_settings(idle_bench: Bench) -> None:
    client = idle_bench.client
    for minutes in (5, 7):
        await schedule_utilisation(client, every=timedelta(minutes=minutes), task_queue=idle_bench.queue)
        (spec,) = (await client.get_schedule_handle(UTILISATION_ID).describe()).schedule.spec.intervals
        assert spec.every == timedelta(minutes=minutes)
    await client.get_schedule_handle(UTILISATION_ID).delete()
    with pytest.raises(RPCError):
        await client.get_schedule_handle(UTILISATION_ID).describe()


async def test_real_machines_without_software_know_our_key_and_nothing_is_kept_of_them_afterwards(bench: Bench) -> None:
    order = await bench.reserve_and_wait(is_simulated=False, software=None)
    key = f"ssh-ed25519 AAAA clouddesk-{order.reservation_id}"
    assert bench.cloud.public_keys == [(key,)]
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert bench.machine_secrets.forgotten == [order.reservation_id]
