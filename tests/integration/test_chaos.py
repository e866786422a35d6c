"""The chaos test in short: one round of random work while random processes are killed. `make chaos` is the long one."""

from __future__ import annotations

import pytest

from tests.chaos.plan import make_plan
from tests.chaos.rounds import play
from tests.chaos.summary import line
from tests.chaos.world import open_world
from tests.integration.conftest import RunningStack

pytestmark = pytest.mark.integration

# Together they kill Rasa, the worker, Temporal, Redis, Vault and both simulated clouds, archive on both clouds, and
# start again from images.
SEEDS = range(5858, 5864)


async def test_nothing_is_lost_doubled_or_wrongly_said_while_processes_are_killed(stack: RunningStack) -> None:
    stack.wait_until_ready()
    async with open_world(stack.home, stack.settings) as world:
        others = {*(thing.id for thing in await world.clouds.everything()), *await world.orphans()}
        runs = await play(world, [make_plan(seed) for seed in SEEDS], others)
    stack.wait_until_ready()

    assert all(run.kills for run in runs)
    failed = [line(run, SEEDS) for run in runs if run.violations]
    assert not failed, "\n".join(failed)
