"""What a second Rasa server is good for, and that it costs no message.

Throughput is measured on one and on both by turns, so that the ratio stands whatever else this machine does. The load
itself, Redis and the action server take their share of the same processors, and two servers want two to themselves: so
each server is given the same part of a processor as if it stood on a machine of its own (a control group of Linux, for
which one must be root), small enough that the rest has room. The ratio without that limit, on the processors that there
are, is told as ``shared``; and the processor time of each process for one answer, which must stay the same.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.figures import Figure, against
from bench.stack import running_stack
from clouddesk.adapters.redis import open_redis
from clouddesk.model.actor import LOCAL_WORKSPACE, Person
from clouddesk.settings import Settings
from connectors.conversation import CHANNEL
from connectors.rasa import Message, RasaClient

PERIODS, SECONDS = 5, 4.0
IN_FLIGHT = 16
TRIALS, AT_ONCE = 1_000, 8
TRIALS_AT_ONCE = 4
TEXT = "spin up a 3-node spark cluster for 8 hours"
CHEAP = "/thank"
"""Without understanding, for many turns in little time."""
LOAD = "load"
PARTS = ("rasa", "actions", "redis", LOAD)
"""Of the stack's processes, those that a turn goes through; and this one, which makes the load."""
PROCESSORS_OF_ONE = 0.35
"""What a limited Rasa server has: two of them leave more than one of two processors to all else."""
CONTROL_GROUPS = Path("/sys/fs/cgroup/cpu")
PERIOD_MICROSECONDS = 20_000
"""Short, so that a server that has used up its share waits for milliseconds."""


def figures() -> Iterator[Figure]:
    """On a stack of its own with two Rasa servers."""
    with running_stack(rasa_servers=2) as settings:
        yield from asyncio.run(_measure(settings))


async def _measure(settings: Settings) -> list[Figure]:
    secret = settings.secret("channel")
    processes = _processes(settings)
    async with RasaClient(settings.rasa_urls[0], secret) as one, RasaClient(settings.rasa_urls[1], secret) as other:
        servers = [process.pid for part, process in processes if part == "rasa"]
        found = []
        for kind in ("parse", "turn"):
            with _processors_of_their_own(servers):
                rate = await _rates(kind, [one, other], processes)
            found.append(against(f"throughput.{kind}.two_servers", rate.per_second[2], "1/s", rate.per_second[1]))
            found += _shared(kind, await _rates(kind, [one, other], processes))
        found += await _lost_and_doubled(settings, [one, other])
    return found


@dataclass(frozen=True)
class _Rates:
    """By the number of servers: answers in a second, and milliseconds of a processor for each, by process."""

    per_second: dict[int, float]
    milliseconds: dict[int, dict[str, float]]


async def _rates(kind: str, clients: list[RasaClient], processes: list[tuple[str, psutil.Process]]) -> _Rates:
    done = {1: 0, 2: 0}
    spent = {count: dict.fromkeys(PARTS, 0.0) for count in done}
    for count in done:
        await _run_for(kind, clients[:count], 1.0)  # does not count
    for _ in range(PERIODS):
        for count in done:
            before = _processor_seconds(processes)
            done[count] += await _run_for(kind, clients[:count], SECONDS)
            for part, seconds in _processor_seconds(processes).items():
                spent[count][part] += seconds - before[part]
    return _Rates(
        per_second={count: done[count] / (PERIODS * SECONDS) for count in done},
        milliseconds={count: {part: 1000 * spent[count][part] / done[count] for part in PARTS} for count in done},
    )


def _shared(kind: str, rates: _Rates) -> Iterator[Figure]:
    """Of servers that take what they get of the processors; what they spend on one answer with all but the load."""
    yield against(f"throughput.{kind}.two_servers.shared", rates.per_second[2], "1/s", rates.per_second[1])
    each = rates.milliseconds
    for part in PARTS:
        if each[1][part]:
            yield against(f"servers.cpu_per_{kind}.{part}", each[2][part], "ms", each[1][part])
    product = {count: sum(each[count].values()) - each[count][LOAD] for count in each}
    yield against(f"servers.cpu_per_{kind}_ratio", product[2], "ms", product[1])


@contextmanager
def _processors_of_their_own(pids: list[int]) -> Iterator[None]:
    """Each of these processes gets the same part of a processor, until the end."""
    groups = [CONTROL_GROUPS / f"clouddesk-bench-{pid}" for pid in pids]
    try:
        for pid, group in zip(pids, groups, strict=True):
            group.mkdir()
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (group / "cpu.cfs_quota_us").write_text(str(int(PERIOD_MICROSECONDS * PROCESSORS_OF_ONE)))
            (group / "cgroup.procs").write_text(str(pid))
    except OSError as problem:
        raise SystemExit(
            f"bench: servers can't be limited here: {problem}. Needs root and cgroups of version 1."
        ) from None
    try:
        yield
    finally:
        for pid, group in zip(pids, groups, strict=True):
            (CONTROL_GROUPS / "cgroup.procs").write_text(str(pid))
            group.rmdir()


def _processes(settings: Settings) -> list[tuple[str, psutil.Process]]:
    """The processes that work on a message, by the part that they are of."""
    running = json.loads(settings.run_file.read_text())["processes"]
    parts = [(_part(name), psutil.Process(process["pid"])) for name, process in running.items()]
    return [(LOAD, psutil.Process()), *((part, process) for part, process in parts if part in PARTS)]


def _part(name: str) -> str:
    """What a process is one of: "rasa-2" is a Rasa server."""
    return name.partition("-")[0]


def _processor_seconds(processes: list[tuple[str, psutil.Process]]) -> dict[str, float]:
    spent = dict.fromkeys(PARTS, 0.0)
    for part, process in processes:
        times = process.cpu_times()
        spent[part] += times.user + times.system
    return spent


async def _run_for(kind: str, clients: list[RasaClient], seconds: float) -> int:
    """How many are answered in this time, with always as many on their way as one server can have waiting."""
    until = time.perf_counter() + seconds
    done = 0

    async def go_on(number: int) -> None:
        nonlocal done
        client, user = clients[number % len(clients)], f"load-{number}"
        while time.perf_counter() < until:
            if kind == "parse":
                await client.parse(TEXT)
            else:
                await client.send(_message(user, "thank you"))
            done += 1

    await asyncio.gather(*(go_on(number) for number in range(IN_FLIGHT)))
    return done


async def _lost_and_doubled(settings: Settings, clients: list[RasaClient]) -> list[Figure]:
    """Each trial: eight messages at once to one conversation over two servers, and one of them a second time."""
    redis = open_redis(settings.redis_url)
    lost = doubled = 0
    lane = asyncio.Semaphore(TRIALS_AT_ONCE)

    async def trial(number: int) -> None:
        nonlocal lost, doubled
        async with lane:
            user = f"trial-{number}"
            messages = [_message(user, CHEAP) for _ in range(AT_ONCE)]
            sent = zip([*messages, messages[number % AT_ONCE]], itertools.cycle(clients))
            await asyncio.gather(*(client.send(message) for message, client in sent))
            state = json.loads(await redis.get(f"clouddesk:tracker:{messages[0].conversation}") or '{"messages": 0}')
            lost += max(0, AT_ONCE - state["messages"])
            doubled += max(0, state["messages"] - AT_ONCE)

    try:
        await asyncio.gather(*(trial(number) for number in range(TRIALS)))
    finally:
        await redis.close()
    unit = f"of {TRIALS * AT_ONCE}"
    return [Figure("messages.lost", lost, unit), Figure("messages.doubled", doubled, unit)]


def _message(user: str, text: str) -> Message:
    return Message(Person(LOCAL_WORKSPACE, user), f"{LOCAL_WORKSPACE}:{CHANNEL}:-:{user}", text)
