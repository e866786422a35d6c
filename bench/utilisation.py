"""The round over a thousand machines none of which answers: what it takes of memory and processes, and asks of clouds.

Each machine is asked by a real SSH client at a closed port, so that the whole way is gone but for the answer; then the
cloud is asked, which moto plays. A Redis of its own holds the views and the samples. The same with a tenth of the
machines is measured beside it: memory must not grow with them.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import psutil
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from moto import mock_aws
from temporalio.testing import ActivityEnvironment

from bench.figures import Figure, against
from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.adapters.ssh_probe import SshProbe
from clouddesk.adapters.utilisation import RedisHostKeys, RedisUtilisation
from clouddesk.language.localtime import utc_now
from clouddesk.model.configuration import BotKey
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import Node
from clouddesk.model.reservation import RUNNING, Reservation, first_view
from clouddesk.providers import ec2_metrics
from clouddesk.workflows.measuring import UtilisationActivities
from clouddesk.workflows.utilisation import PAGES_AT_ONCE, Page, Round
from tests.orders import make_order
from tests.servers import running_redis

MACHINES = 1000
FEW = 100
OF_ONE = 4
"""Machines of one reservation."""
REGION = "eu-central-1"
_KEY = {"aws_access_key_id": "key", "aws_secret_access_key": "made-up"}


def figures() -> Iterator[Figure]:
    """Seconds, memory, processes and calls of one round."""
    # A line for each reservation that does not answer is none of the figures.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with mock_aws(), tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as url:
        asyncio.run(_measure(url, FEW))  # what is imported and made once does not count
        few = asyncio.run(_measure(url, FEW))
        many = asyncio.run(_measure(url, MACHINES))
    yield Figure("utilisation.machines", many.total.machines, "")
    yield against("utilisation.round", many.seconds, "s", few.seconds)
    yield against("utilisation.memory_grown", many.grown_mb, "MB", max(few.grown_mb, 0.1))
    yield against("utilisation.processes_at_once", many.processes, "", few.processes)
    yield against("utilisation.cloud_calls", many.calls, "", few.calls)
    yield Figure("utilisation.machines_per_cloud_call", round(many.total.machines / many.calls, 1), "")


@dataclass
class _Outcome:
    total: Round
    seconds: float
    grown_mb: float
    processes: int
    calls: int


@dataclass
class _Cloud:
    """CloudWatch, with how often it was asked."""

    calls: int = 0

    async def open(self, name: str, credential_ref: str) -> Any:
        return self

    def cpu_percents(self, region: str, ids: Sequence[str], *, since: datetime, until: datetime) -> dict[str, float]:
        client = boto3.client("cloudwatch", region, **_KEY)
        return ec2_metrics.cpu_percents(client, ids, since=since, until=until, pause=self._count)

    def _count(self) -> None:
        self.calls += 1


class _Keys:
    """One key for all."""

    def __init__(self) -> None:
        key = Ed25519PrivateKey.generate()
        self._key = BotKey(
            key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(),
            key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        )

    async def known_bot_key(self, reservation_id: str) -> BotKey | None:
        return self._key


@dataclass
class _Watch:
    """The most memory and processes while it lasts, looked at ten times a second."""

    process: psutil.Process = field(default_factory=psutil.Process)
    most_bytes: int = 0
    most_processes: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> _Watch:
        self.before = self.process.memory_info().rss
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self.is_over.wait(0.1):
            self.most_bytes = max(self.most_bytes, self.process.memory_info().rss)
            self.most_processes = max(self.most_processes, len(self.process.children()))


async def _measure(url: str, machines: int) -> _Outcome:
    redis, cloud = open_redis(url), _Cloud()
    await redis.flushall()
    views = RedisReservationViews(redis)
    for number in range(machines // OF_ONE):
        await views.put(_reservation(number))
    activities = UtilisationActivities(
        views=views,
        series=RedisUtilisation(redis),
        probe=SshProbe(_Keys(), RedisHostKeys(redis), utc_now),
        simulated=_Nothing(),
        open_provider=cloud.open,
        clock=utc_now,
    )
    with _Watch() as watch:
        began = time.perf_counter()
        total = await _round(activities)
        seconds = time.perf_counter() - began
    await redis.close()
    grown = max(0, watch.most_bytes - watch.before) / 2**20
    return _Outcome(total, round(seconds, 1), round(grown, 1), watch.most_processes, cloud.calls)


async def _round(activities: UtilisationActivities) -> Round:
    """As the workflow does it."""
    room = asyncio.Semaphore(PAGES_AT_ONCE)

    async def measure(page: Page) -> Round:
        async with room:
            return await ActivityEnvironment().run(activities.measure, page)

    pages = await ActivityEnvironment().run(activities.list_pages)
    total = Round()
    for outcome in await asyncio.gather(*map(measure, pages)):
        total = total.plus(outcome)
    return total


class _Nothing:
    async def look(self, reservation: Reservation) -> list[Any]:
        return []


def _reservation(number: int) -> Reservation:
    id_ = f"r-{number:08x}"
    keys = [f"node-{place}" for place in range(OF_ONE)]
    made = utc_now() - timedelta(hours=1)
    order = make_order(made, keys=keys, reservation_id=id_, name=f"cluster-{number}", kind="cluster")
    order = replace(order, nodes=replace(order.nodes, region=REGION))
    nodes = tuple(
        Node(f"i-{number}-{key}", key, "node", NODE_RUNNING, "aws", REGION, "t3.medium", "127.0.0.1", ssh_port=1)
        for key in keys
    )
    return replace(first_view(order), state=RUNNING, nodes=nodes)
