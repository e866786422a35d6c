"""Workflows run on a real Temporal and write to a real Redis; only the cloud is in memory."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from temporalio.client import Client
from temporalio.worker import Worker

from clouddesk.adapters.audit import RedisAuditTrail
from clouddesk.adapters.redis import RedisNotices, RedisOffers, RedisReservationViews, open_redis
from clouddesk.model.actor import Person
from clouddesk.model.notice import Notice
from clouddesk.model.offer import Offer
from clouddesk.model.order import ReservationOrder
from clouddesk.model.ports import Provider
from clouddesk.model.reservation import Reservation
from clouddesk.workflows.activities import Activities
from clouddesk.workflows.billing import BillActivities
from clouddesk.workflows.client import TemporalReservations
from clouddesk.workflows.configure_activities import ConfigureActivities
from clouddesk.workflows.contracts import Timing
from clouddesk.workflows.login_activities import LoginActivities
from clouddesk.workflows.registration import make_worker
from clouddesk.workflows.ringing import TimerActivities
from clouddesk.workflows.sweeping import SweepActivities
from tests.orders import make_order
from tests.servers import redis_url, temporal_address
from tests.workflows.cloud import FakeCloud
from tests.workflows.machines import FakeConfiguration, FakeKeys, FakeLogins, FakeMachineSecrets

__all__ = ["redis_url", "temporal_address"]

FAST = Timing(
    provision_seconds=8.0,
    configure_seconds=8.0,
    power_seconds=5.0,
    trouble_after_seconds=2.0,
    choice_seconds=30.0,
    first_credential_retry_seconds=0.1,
    last_credential_retry_seconds=0.4,
    heartbeat_seconds=3.0,
    first_poll_seconds=0.05,
    last_poll_seconds=0.2,
    first_retry_seconds=0.1,
    last_retry_seconds=0.5,
    missing_seconds=1.0,
    confirm_seconds=0.2,
)
TOLD_WITHIN_SECONDS = 60.0
"""A busy machine takes its time; nobody waits so long where all is well."""
_numbers = itertools.count(1)


@dataclass
class Bench:
    """Everything that one test of a reservation needs; each test has its own queue, person and cloud."""

    client: Client
    redis: Redis[bytes]
    engine: TemporalReservations
    views: RedisReservationViews
    notices_port: RedisNotices
    audit: RedisAuditTrail
    offers: RedisOffers
    cloud: FakeCloud
    queue: str
    person: Person
    configuration: FakeConfiguration = field(default_factory=FakeConfiguration)
    machine_secrets: FakeMachineSecrets = field(default_factory=FakeMachineSecrets)
    ssh_keys: FakeKeys = field(default_factory=FakeKeys)
    logins: FakeLogins = field(default_factory=FakeLogins)
    other_clouds: dict[str, FakeCloud] = field(default_factory=dict)
    """By name; ``cloud`` is every other."""
    opened_by: Callable[[str, str], Awaitable[Provider]] | None = None
    """Opens real providers in the place of the clouds in memory."""
    workers: list[Worker] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start_worker(
        self,
        sweeping: SweepActivities | None = None,
        ringing: TimerActivities | None = None,
        billing: BillActivities | None = None,
    ) -> Worker:
        async def keep(provider: str, offers: Sequence[Offer]) -> None:
            await self.offers.put(provider, str(len(offers)))

        activities = Activities(
            open_provider=self.open,
            views=self.views,
            notices=self.notices_port,
            audit=self.audit,
            keep_offers=keep,
            machine_secrets=self.machine_secrets,
            admins_of=self.admins_of,
        )
        configuring = ConfigureActivities(
            configuration=self.configuration,
            machine_secrets=self.machine_secrets,
            views=self.views,
            mirrors={"pip": "https://pip.example"},
            logs=Path("unused"),
        )
        logins = LoginActivities(logins=self.logins, ssh_keys=self.ssh_keys, machine_secrets=self.machine_secrets)
        worker = make_worker(
            self.client,
            activities,
            configuring,
            sweeping,
            ringing,
            logins=logins,
            billing=billing,
            task_queue=self.queue,
        )
        self.workers.append(worker)
        self.tasks.append(asyncio.create_task(worker.run()))
        return worker

    async def open(self, name: str, credential_ref: str) -> Provider:
        if self.opened_by is not None:
            return await self.opened_by(name, credential_ref)
        return await self.other_clouds.get(name, self.cloud).open(name, credential_ref)

    def fresh(self) -> None:
        """Another person, with a cloud of their own, in the same installation."""
        self.cloud = FakeCloud()
        self.person = Person("local", f"ann-{uuid.uuid4().hex[:8]}")

    def use_timing(self, **changes: float) -> None:
        """For what is reserved from now on."""
        timing = replace(self.engine._timing, **changes)
        self.engine = TemporalReservations(self.client, task_queue=self.queue, timing=timing)

    def handle(self, order: ReservationOrder) -> Any:
        return self.client.get_workflow_handle(order.reservation_id)

    @staticmethod
    async def pause() -> None:
        await asyncio.sleep(0.05)

    async def stop_worker(self) -> None:
        await self.workers.pop().shutdown()
        await self.tasks.pop()

    def order(self, *, nodes: int = 2, lease_seconds: int = 600, **changes: Any) -> ReservationOrder:
        number = next(_numbers)
        order = make_order(
            datetime.now(timezone.utc),
            keys=[f"node-{index}" for index in range(nodes)],
            reservation_id=f"r-{uuid.uuid4().hex[:10]}",
            name=f"spark-{number}",
            workspace_id=self.person.workspace_id,
            owner=self.person.user_id,
            kind="cluster",
            software="spark",
            provider="fake",
            credential_ref="people/local/ann/fake",
            lease_seconds=lease_seconds,
            max_lease_seconds=1200,
            warning_seconds=(400, 2),
            hourly_price_usd=3600.0,
            stopped_hourly_price_usd=360.0,
            archived_hourly_price_usd=36.0,
            is_simulated=True,
        )
        return replace(order, **changes)

    async def reserve(self, **changes: Any) -> ReservationOrder:
        order = self.order(**changes)
        await self.engine.start(order)
        return order

    async def reserve_and_wait(self, **changes: Any) -> ReservationOrder:
        order = await self.reserve(**changes)
        await self.until(order, lambda view: view.state == "running")
        return order

    async def until(
        self, order: ReservationOrder, holds: Callable[[Reservation], bool], *, seconds: float = 60.0
    ) -> Reservation:
        """Wait until the view that people read is so."""
        deadline = time.monotonic() + seconds
        view = None
        while time.monotonic() < deadline:
            view = await self.views.get(order.reservation_id)
            if view and holds(view):
                return view
            await asyncio.sleep(0.03)
        raise AssertionError(f"it did not come so; last seen: {view}")

    async def ended(self, order: ReservationOrder, *, seconds: float = 60.0) -> Reservation:
        """The view when all is over, the last notice delivered as well: the view is written before notices are."""
        view = await self.until(order, lambda view: view.state == "ended", seconds=seconds)
        await asyncio.wait_for(self.client.get_workflow_handle(order.reservation_id).result(), seconds)
        return view

    async def until_made(self, count: int) -> None:
        """Wait until the cloud has made so many nodes."""
        for _ in range(500):
            if self.cloud.made == count:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{self.cloud.made} nodes were made")

    async def until_asked(self, method: str, count: int) -> None:
        """Wait until the cloud has been called so often."""
        for _ in range(500):
            if self.cloud.count(method) >= count:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{method} was called {self.cloud.count(method)} times")

    async def until_empty(self) -> None:
        """Wait until the cloud has no nodes."""
        for _ in range(200):
            if not self.cloud.nodes:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"left: {list(self.cloud.nodes)}")

    async def admins_of(self, workspace_id: str) -> list[str]:
        return [self.admin.user_id] if workspace_id == self.admin.workspace_id else []

    @property
    def admin(self) -> Person:
        return Person(self.person.workspace_id, f"{self.person.user_id}-admin")

    async def notices(self, person: Person | None = None) -> list[Notice]:
        return [notice for _, notice in await self.notices_port.read(person or self.person, after="0")]

    async def admin_notice(self, kind: str) -> Notice:
        """The first notice of that kind to the admin, when it comes."""
        return await self.notice(kind, person=self.admin)

    async def kinds(self, *, at_least: int = 0) -> list[str]:
        """What the person was told of, once there are so many notices: the view is written before they are."""
        deadline = time.monotonic() + TOLD_WITHIN_SECONDS
        while len(found := await self.notices()) < at_least and time.monotonic() < deadline:
            await self.pause()
        return [notice.kind for notice in found]

    async def told(self, kind: str, count: int) -> list[Notice]:
        """So many notices of that kind, when they have come: the view is written before they are."""
        deadline = time.monotonic() + TOLD_WITHIN_SECONDS
        while time.monotonic() < deadline:
            found = [item for item in await self.notices() if item.kind == kind]
            if len(found) >= count:
                return found
            await self.pause()
        raise AssertionError(f"there are {await self.kinds()}")

    async def notice(self, kind: str, *, seconds: float = TOLD_WITHIN_SECONDS, person: Person | None = None) -> Notice:
        """The first notice of that kind, when it comes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for notice in await self.notices(person):
                if notice.kind == kind:
                    return notice
            await asyncio.sleep(0.05)
        raise AssertionError(f"no notice {kind}; there are {await self.kinds()}")


async def _connected(address: str) -> Client:
    """A client of a server that may have opened its port a moment ago: "Frontend is not healthy yet"."""
    for _ in range(100):
        with suppress(RuntimeError):
            return await Client.connect(address)
        await asyncio.sleep(0.2)
    return await Client.connect(address)


async def open_bench(redis_url: str, temporal_address: str) -> AsyncIterator[Bench]:
    """A bench whose worker has not been started."""
    client = await _connected(temporal_address)
    redis = open_redis(redis_url)
    queue = f"test-{uuid.uuid4().hex[:8]}"
    bench = Bench(
        client=client,
        redis=redis,
        engine=TemporalReservations(client, task_queue=queue, timing=FAST),
        views=RedisReservationViews(redis),
        notices_port=RedisNotices(redis),
        audit=RedisAuditTrail(redis, keep_days=1),
        offers=RedisOffers(redis),
        cloud=FakeCloud(),
        queue=queue,
        person=Person("local", f"ann-{queue}"),
    )
    yield bench
    while bench.workers:
        await bench.stop_worker()
    await redis.close()


@pytest.fixture
async def idle_bench(redis_url: str, temporal_address: str) -> AsyncIterator[Bench]:
    """A bench whose worker has not been started."""
    async for bench in open_bench(redis_url, temporal_address):
        yield bench


@pytest.fixture
async def bench(idle_bench: Bench) -> Bench:
    """A bench with a worker at work."""
    await idle_bench.start_worker()
    return idle_bench
