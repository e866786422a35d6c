"""What one person notices of another who keeps the same worker busy, beside the same alone.

A single machine beside a hundred in one reservation, or beside forty reservations in the same moment, as an observer
sees it who asks the simulated cloud. That cloud, which is one process and saves each change, and this machine's
processors are shared as well, and count in; so a single call to a cloud that only takes its time is measured too,
beside two hundred such calls of another account.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from bench.figures import Figure, against
from bench.provision import OPERATOR
from bench.stack import running_stack
from clouddesk import log
from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.model.actor import MEMBER, Actor, Person
from clouddesk.model.request import ResourceRequest
from clouddesk.settings import Settings
from clouddesk.workflows.fairness import Lanes
from clouddesk.workflows.worker import THREADS

BOOT_SECONDS = 3.0
TRIALS = 3
NODES, RESERVATIONS = 100, 40
CALLS, CALL_SECONDS = 200, 0.25
AHEAD_SECONDS = 0.3
"""The other one's machines are being made by then."""
LONGEST_SECONDS = 180.0


def figures() -> Iterator[Figure]:
    """Medians of a few trials each, on a stack of its own for each kind of load."""
    log.configure(process="bench", level=logging.WARNING)
    yield asyncio.run(_among_calls())
    for name, counts in ((f"{NODES}_nodes", [NODES]), (f"{RESERVATIONS}_reservations", [1] * RESERVATIONS)):
        with running_stack(boot_seconds=BOOT_SECONDS) as settings:
            alone, beside = asyncio.run(_measure(settings, counts))
            yield against(f"single_machine.beside_{name}", beside, "s", alone)


async def _among_calls() -> Figure:
    """In the worker's threads and lanes, without any server."""
    with ThreadPoolExecutor(THREADS) as threads:
        lanes = Lanes()

        async def call(account: str) -> float:
            began = time.perf_counter()
            async with lanes.lane(account):
                await asyncio.get_running_loop().run_in_executor(threads, time.sleep, CALL_SECONDS)
            return time.perf_counter() - began

        alone = await call("single")
        load = [asyncio.create_task(call("busy")) for _ in range(CALLS)]
        await asyncio.sleep(CALL_SECONDS / 2)
        beside = await call("single")
        for task in load:
            task.cancel()
        await asyncio.gather(*load, return_exceptions=True)
    return against(f"single_call.beside_{CALLS}_calls", beside, "s", alone)


async def _measure(settings: Settings, counts: list[int]) -> tuple[float, float]:
    async with open_desk(settings) as desk:
        alone, beside = [], []
        for trial in range(TRIALS + 1):
            user = f"alone-{trial}"
            alone.append(await _time_to_running(settings, desk, user, await _quote(desk, user, 1)))
        alone = alone[1:]  # the first one warms up
        for trial in range(TRIALS):
            busy, single = f"busy-{trial}", f"beside-{trial}"
            mine, quotes = await _quote(desk, single, 1), [await _quote(desk, busy, count) for count in counts]
            load = asyncio.gather(*(desk.reserve(_actor(busy), quote, conversation="bench") for quote in quotes))
            await asyncio.sleep(AHEAD_SECONDS)
            beside.append(await _time_to_running(settings, desk, single, mine))
            made = await load
            await _until_running(settings, busy, sum(counts))
            for reservation in made:
                await desk.release(_actor(busy), reservation.id)
            await _until_gone(settings, busy)
    return sorted(alone)[TRIALS // 2], sorted(beside)[TRIALS // 2]


async def _time_to_running(settings: Settings, desk: Desk, user: str, quote: str) -> float:
    """From this person's yes until the cloud says that their one machine runs."""
    began = time.perf_counter()
    reservation = await desk.reserve(_actor(user), quote, conversation="bench")
    await _until_running(settings, user, 1)
    seconds = time.perf_counter() - began
    await desk.release(_actor(user), reservation.id)
    return seconds


async def _quote(desk: Desk, user: str, count: int) -> str:
    request = ResourceRequest(
        count=count, vcpus=2, memory_gb=4, providers=("aws",), region="us-east-1", duration_seconds=3600
    )
    await desk.welcome(_actor(user))
    return (await desk.quote(_actor(user), request)).id


async def _until_running(settings: Settings, user: str, count: int) -> None:
    await asyncio.to_thread(_wait, settings, user, ["running"], lambda found: found >= count)


async def _until_gone(settings: Settings, user: str) -> None:
    states = ["pending", "running", "stopping", "shutting-down"]
    await asyncio.to_thread(_wait, settings, user, states, lambda found: found == 0)


def _wait(settings: Settings, user: str, states: list[str], is_enough: Any) -> None:
    ec2 = boto3.client("ec2", region_name="us-east-1", endpoint_url=settings.sandbox["aws"], **OPERATOR)
    wanted = [
        {"Name": "tag:clouddesk-owner", "Values": [str(Person("local", user))]},
        {"Name": "instance-state-name", "Values": states},
    ]
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        pages = ec2.get_paginator("describe_instances").paginate(Filters=wanted)
        if is_enough(sum(len(made["Instances"]) for page in pages for made in page["Reservations"])):
            return
        time.sleep(0.1)
    raise SystemExit(f"the machines of {user} are not as they should be after {LONGEST_SECONDS:g} s")


def _actor(user: str) -> Actor:
    return Actor("local", user, (MEMBER,))
