"""`clouddesk up`, `down`, `status`, `doctor`: the embedded stack from the command line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from clouddesk import settings
from clouddesk.local import model as rasa_model
from clouddesk.local.doctor import examine
from clouddesk.local.processes import processes_of
from clouddesk.local.progress import Steps, duration
from clouddesk.local.stack import ProcessStatus, Stack, with_needs


@click.command()
@click.option("--detach", is_flag=True, help="Return when everything is ready and leave it running.")
@click.option("--chat", is_flag=True, help="Open the chat when everything is ready; its end ends what this started.")
@click.option("--model", type=click.Path(path_type=Path), help="Use this Rasa model instead of the current one.")
@click.option(
    "--boot-seconds",
    type=click.FloatRange(min=0),
    default=3.0,
    show_default=True,
    envvar="CLOUDDESK_SANDBOX_BOOT_SECONDS",
    help="How long a simulated machine takes to boot.",
)
@click.option("--free-ports", is_flag=True, help="Leave the usual ports to others.")
@click.option("--only", multiple=True, metavar="PROCESS", help="Start this process and what it needs; repeatable.")
def up(
    detach: bool, chat: bool, model: Path | None, boot_seconds: float, free_ports: bool, only: tuple[str, ...]
) -> None:
    """Start the stack, and return or go on when all of it is ready.

    A running stack is used as it is. Without --detach it runs until Ctrl-C or `clouddesk down`.
    """
    steps = Steps()
    stack = _stack(only)
    with _ending_on_signals():
        path = Path()
        if not only or "rasa" in only:
            path = _model(steps, model)
        from clouddesk.local import docker  # libcloud is loaded for nothing by the other commands

        engine = docker.offered(settings.load(), os.environ)
        with steps.timing() as elapsed:
            has_started = stack.up(
                steps, model=path, boot_seconds=boot_seconds, any_free_ports=free_ports, docker_host=engine
            )
            words = "All ready" if has_started else "The stack is running"
            steps.say(f"{words} ({duration(elapsed())}).")
            if settings.load().docker_host:
                steps.say("Docker answers on this machine, too: say e.g. “2 machines on docker”; they cost nothing.")
        if detach and not chat:
            return
        try:
            if chat:
                _chat()
            elif has_started:
                _stay(stack, steps)
        finally:
            if has_started and not detach:
                _down(stack, steps)


@click.command()
def down() -> None:
    """Stop the stack; returns when no process of it is left. What is stored stays."""
    steps = Steps()
    if not _down(Stack(settings.load().home), steps):
        steps.say("The stack is not running.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
def status(as_json: bool) -> None:
    """Show each process of the stack, and what is the matter with one. Exit code 1 unless all are ready."""
    found = _stack().statuses()
    if as_json:
        for one in found:
            click.echo(json.dumps(one.as_dict()))
    else:
        Console(highlight=False).print(_table(found))
        for one in found:
            if one.trouble:
                click.echo(f"{one.name}: {one.trouble}")
        if all(one.state == "stopped" for one in found):
            click.echo("The stack is not running. Start it with `clouddesk up`.")
    sys.exit(0 if all(one.state == "ready" for one in found) else 1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
def doctor(as_json: bool) -> None:
    """Say what is missing or wrong, and how to mend it. Exit code 1 when something is."""
    console = Console(highlight=False)
    is_well = True
    for finding in examine(settings.load().home):
        is_well = is_well and finding.is_well
        if as_json:
            click.echo(json.dumps(finding.as_dict()))
        else:
            mark = "[green]✓[/green]" if finding.is_well else "[red]✗[/red]"
            console.print(f"  {mark} {finding.subject:<22}", end="")
            console.print(finding.detail, markup=False, soft_wrap=True)
            if finding.mend:
                console.print(f"      → {finding.mend}", markup=False, soft_wrap=True)
    sys.exit(0 if is_well else 1)


def _stack(only: tuple[str, ...] = ()) -> Stack:
    """The stack that the settings describe, or a part of it."""
    config = settings.load()
    return Stack(config.home, processes=with_needs(only) if only else processes_of(config))


def _model(steps: Steps, wanted: Path | None) -> Path:
    if wanted is None:
        return rasa_model.ensure_model(steps)
    rasa_model.require(wanted)
    return wanted.resolve()


def _chat() -> None:
    from clouddesk.commands.talk import chat  # the prompt's libraries are loaded while nobody waits for them

    with contextlib.suppress(KeyboardInterrupt, click.Abort):
        chat.main(args=[], prog_name="clouddesk chat", standalone_mode=False)


def _stay(stack: Stack, steps: Steps) -> None:
    steps.say("Press Ctrl-C to stop it.")
    with contextlib.suppress(KeyboardInterrupt):
        if not stack.wait():
            raise click.ClickException("The supervisor was killed; what it left running was ended. Start again.")
        steps.say("The stack was stopped.")


def _down(stack: Stack, steps: Steps) -> bool:
    """Not to be interrupted: a second Ctrl-C must not leave half of the stack behind."""
    with _deaf_to_signals():
        with steps.timing() as elapsed, steps.spinner("Stopping …"):
            was_running = stack.down(steps)
        if was_running:
            steps.say(f"Stopped ({duration(elapsed())}); what is stored stays in {stack.home.root}.")
        return was_running


@contextlib.contextmanager
def _ending_on_signals() -> Iterator[None]:
    """A closed terminal and a polite kill end the command as Ctrl-C does, so that it can clean up."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except KeyboardInterrupt:
        raise click.Abort from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _deaf_to_signals() -> Iterator[None]:
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _table(found: list[ProcessStatus]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("process", "state", "pid", "port", "up", "memory", "restarts", "log"):
        table.add_column(heading, justify="right" if heading in ("pid", "port", "up", "memory", "restarts") else "left")
    for one in found:
        colour = {"ready": "green", "starting": "yellow", "stopped": "dim"}.get(one.state, "red")
        table.add_row(
            one.name,
            f"[{colour}]{one.state}[/{colour}]",
            _or_dash(one.pid),
            _or_dash(one.port),
            "–" if one.uptime_seconds is None else duration(one.uptime_seconds),
            "–" if one.memory_mb is None else f"{one.memory_mb:.0f} MB",
            str(one.restarts),
            one.log,
        )
    return table


def _or_dash(number: int | None) -> str:
    return "–" if number is None else str(number)
