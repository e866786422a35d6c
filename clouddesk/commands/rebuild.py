"""`clouddesk rebuild`: after Redis was lost, its views again from Temporal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clouddesk import log
from clouddesk import settings as settings_module
from clouddesk.local.progress import Steps, duration
from clouddesk.model.errors import Unavailable
from clouddesk.workflows.rebuild import Rebuilt, Tell, open_rebuild

NOT_IN_TEMPORAL = (
    "Only Redis knew, and nothing brings back once it is lost: open quotes, conversations, notices, what people used "
    "last, audit entries about credentials and orphans."
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The outcome as one JSON object.")
def rebuild(as_json: bool) -> None:
    """Make the lists of reservations and the audit trail again from Temporal, after Redis was lost.

    Safe at any time: what is newer stays. Exit code 1 when a reservation did not tell how it stands.
    """
    log.configure(process="rebuild", level=logging.ERROR)
    steps = Steps()
    with steps.timing() as elapsed:
        try:
            rebuilt = asyncio.run(_rebuild(settings_module.load()))
        except Unavailable as error:
            raise click.ClickException(f"{error}. Look at `clouddesk status`, then run it again.") from error
        seconds = elapsed()
    if as_json:
        click.echo(json.dumps({**asdict(rebuilt), "seconds": round(seconds, 1)}))
    else:
        click.echo(
            f"{rebuilt.reservations} reservations ({rebuilt.live} live) and {rebuilt.entries} audit entries "
            f"in {duration(seconds)}."
        )
        click.echo(NOT_IN_TEMPORAL)
    if rebuilt.without_trail:
        click.echo(f"Without what was done with them: {', '.join(rebuilt.without_trail)}.", err=True)
    if rebuilt.unanswered:
        raise click.ClickException(
            f"{', '.join(rebuilt.unanswered)} did not answer. Look into the worker's log, then run it again."
        )


async def _rebuild(settings: settings_module.Settings) -> Rebuilt:
    async with open_rebuild(settings) as work:
        with _bar() as tell:
            return await work.run(tell)


@contextlib.contextmanager
def _bar() -> Iterator[Tell]:
    """On standard error, and only where somebody looks."""
    columns = (TextColumn("Rebuilding"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
