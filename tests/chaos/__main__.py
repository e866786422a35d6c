"""``python -m tests.chaos``: one line a run, the figures as JSON at the end, exit code 1 on a violation."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import structlog
from temporalio.runtime import Runtime, TelemetryConfig

from clouddesk.local.model import ensure_model
from clouddesk.local.progress import Steps
from tests.chaos.plan import make_plan
from tests.chaos.rounds import Run, play
from tests.chaos.summary import line, summary
from tests.chaos.world import open_world
from tests.integration.conftest import RunningStack

TOGETHER = 6
BOOT_SECONDS = 1.5
"""Long enough that some strikes fall between the order and the moment in which the machines run."""


@click.command()
@click.option("--runs", type=click.IntRange(1), default=300, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the first run; the others follow.")
@click.option("--together", type=click.IntRange(1), default=TOGETHER, show_default=True, help="Runs at a time.")
@click.option("--home", type=click.Path(path_type=Path), help="Use the stack that runs there, and leave it running.")
@click.option("--verbose", is_flag=True, help="Everything that is known of every run.")
def main(runs: int, seed: int, together: int, home: Path | None, verbose: bool) -> None:
    """Random work on the whole stack while random processes are killed."""
    _be_quiet()
    if home is not None:
        stack = RunningStack(home=home.resolve(), model=Path())
        sys.exit(asyncio.run(_run_all(stack, range(seed, seed + runs), together, is_verbose=verbose)))
    folder = Path(tempfile.mkdtemp(prefix="chaos-")).resolve()
    stack = RunningStack(home=folder / ".clouddesk", model=ensure_model(Steps()))
    try:
        options = ("--detach", "--free-ports", "--boot-seconds", f"{BOOT_SECONDS:g}", "--model", str(stack.model))
        stack.run("up", *options, timeout_seconds=300)
        code = asyncio.run(_run_all(stack, range(seed, seed + runs), together, is_verbose=verbose))
    finally:
        stack.down()
    if code:
        click.echo(f"What the processes logged is in {folder / '.clouddesk' / 'logs'}.", err=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


def _be_quiet() -> None:
    """Whoever is in trouble on purpose need not log it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))


async def _run_all(stack: RunningStack, seeds: Sequence[int], together: int, *, is_verbose: bool) -> int:
    done: list[Run] = []
    began = time.monotonic()
    async with open_world(stack.home, stack.settings) as world:
        # On a stack that others use as well, what they have is no leak.
        reported = {*(thing.id for thing in await world.clouds.everything()), *await world.orphans()}
        for first in range(0, len(seeds), together):
            chosen = seeds[first : first + together]
            for run in await play(world, [make_plan(one) for one in chosen], reported):
                done.append(run)
                click.echo(line(run, chosen, is_verbose=is_verbose))
    figures = summary(done, time.monotonic() - began)
    click.echo(json.dumps(figures))
    return 1 if figures["violations"] else 0


if __name__ == "__main__":
    main()
