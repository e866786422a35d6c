"""Real clusters on a Docker engine: what the product adds to its playbook, ten machines beside three, and what a second
run of each playbook changes.

All clusters share one machine's cores, so that ten of its nodes take longer than three wherever they compute: how much
is the machine's own is seen beside `waiting`, whose steps take time and next to no processor, as on machines that have
processors of their own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from statistics import mean

from bench.by_hand import Run, cluster_by_hand
from bench.figures import Figure, against
from bench.stack import running_stack
from clouddesk.model.notice import ENDED, FAILED, READY, UNCONFIGURED
from clouddesk.settings import Settings
from connectors.conversation import Conversation, open_conversation
from tests.docker_engine import Engine, running_engine

TRIALS = 2
WISHES = {
    "spark": ("spin up a 3-node spark cluster on docker", "2cpu-2gb"),
    "redis": ("3-node redis cluster on docker with 1 core and 1 GB each", "1cpu-1gb"),
}
"""What is said, and the size that comes of it."""
FEW, MANY = 3, 10
PLAYBOOKS = {
    "waiting": (FEW, "1cpu-1gb"),
    "plain": (FEW, "1cpu-1gb"),
    "redis": (FEW, "1cpu-1gb"),
    "postgres": (FEW, "1cpu-1gb"),
    "jupyter": (1, "1cpu-2gb"),
    "ray": (FEW, "1cpu-2gb"),
    "dask": (FEW, "1cpu-2gb"),
    "spark": (FEW, "1cpu-2gb"),
}
"""How many nodes of which size."""
GROWN = ("waiting", "plain", "redis", "spark")
TAKES_AT_MOST_SECONDS = 1800.0


def figures() -> Iterator[Figure]:
    """Seconds from "yes", and of playbooks; changes are counted over all nodes."""
    with running_engine() as engine:
        yield from over_by_hand(engine, WISHES)
        for name, (count, size) in PLAYBOOKS.items():
            first, again = _twice(engine, name, count, size)
            yield Figure(f"configure.{name}.{count}_nodes", round(first.seconds, 1), "s")
            yield against(f"configure.{name}.{count}_nodes.again", again.seconds, "s", first.seconds)
            yield Figure(f"configure.{name}.{count}_nodes.again.changes", again.changes, "steps")
            if name in GROWN:
                with cluster_by_hand(engine, name, MANY, size=size) as cluster:
                    yield against(f"configure.{name}.{MANY}_nodes", cluster.configure().seconds, "s", first.seconds)


def over_by_hand(engine: Engine, names: Iterable[str]) -> Iterator[Figure]:
    """From "yes" to ready, over the playbook alone on nodes that run already; by turns."""
    with running_stack(docker=engine.address) as settings:
        for name in names:
            wish, size = WISHES[name]
            ours, by_hand = [], []
            for trial in range(TRIALS):
                with cluster_by_hand(engine, name, FEW, size=size) as cluster:
                    by_hand.append(cluster.configure().seconds)
                ours.append(asyncio.run(_by_conversation(settings, f"{name}{trial}", wish)))
            yield against(f"yes_to_ready.{name}.{FEW}_nodes", mean(ours), "s", mean(by_hand))


def _twice(engine: Engine, name: str, count: int, size: str) -> tuple[Run, Run]:
    with cluster_by_hand(engine, name, count, size=size) as cluster:
        return cluster.configure(), cluster.configure()


async def _by_conversation(settings: Settings, user: str, wish: str) -> float:
    async with open_conversation(settings, user) as conversation:
        await conversation.say(wish)
        after = await conversation.notices.end(conversation.person)
        began = time.perf_counter()
        await conversation.say("yes")
        after = await _until(conversation, READY, after)
        seconds = time.perf_counter() - began
        await conversation.say("release all of my machines")
        await conversation.say("yes")
        await _until(conversation, ENDED, after)
    return seconds


async def _until(conversation: Conversation, kind: str, after: str) -> str:
    """The position of the first notice of that kind."""
    until = time.monotonic() + TAKES_AT_MOST_SECONDS
    while (left := until - time.monotonic()) > 0:
        for position, notice in await conversation.notices.read(conversation.person, after=after, wait_seconds=left):
            after = position
            if notice.kind == kind:
                return after
            if notice.kind in (FAILED, UNCONFIGURED):
                raise SystemExit((await conversation.show(notice)).reply.text)
    raise SystemExit(f"not {kind} within {TAKES_AT_MOST_SECONDS:g} seconds")
