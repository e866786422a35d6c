"""The command line: `clouddesk …`. People and scripts use the same commands; `--json` prints one object a line.

Exit codes: 0 done, 1 failed, 2 wrong usage. An error is one sentence on standard error.
"""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import suppress

import click

from clouddesk import __version__
from clouddesk.model.errors import CloudDeskError

# Command name → "module:function"; a command's module is imported only when it is called, so that each starts fast.
COMMANDS = {
    "up": "clouddesk.commands.stack:up",
    "down": "clouddesk.commands.stack:down",
    "status": "clouddesk.commands.stack:status",
    "doctor": "clouddesk.commands.stack:doctor",
    "chat": "clouddesk.commands.talk:chat",
    "say": "clouddesk.commands.talk:say",
    "parse": "clouddesk.commands.talk:parse",
    "reservations": "clouddesk.commands.desk:reservations",
    "team": "clouddesk.commands.team:team",
    "ssh": "clouddesk.commands.ssh:ssh",
    "ssh-config": "clouddesk.commands.ssh:ssh_config",
    "offers": "clouddesk.commands.desk:offers",
    "prices": "clouddesk.commands.desk:prices",
    "credentials": "clouddesk.commands.desk:credentials",
    "keys": "clouddesk.commands.keys:keys",
    "sweep": "clouddesk.commands.sweep:sweep",
    "audit": "clouddesk.commands.audit:audit",
    "costs": "clouddesk.commands.costs:costs",
    "budget": "clouddesk.commands.budget:budget",
    "utilisation": "clouddesk.commands.utilisation:utilisation",
    "simulate": "clouddesk.commands.utilisation:simulate",
    "slack": "clouddesk.commands.slack_tokens:slack",
    "slack-sim": "clouddesk.commands.slack:slack_sim",
    "docker-image": "clouddesk.commands.docker:docker_image",
    "rebuild": "clouddesk.commands.rebuild:rebuild",
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clouddesk")
def cli() -> None:
    """The IT desk for cloud machines: say what you need, get it at the lowest price, never forget it."""


def main() -> None:
    """The console script."""
    code = _run()
    if "temporalio" not in sys.modules:
        sys.exit(code)
    # Its threads may be about to speak with the interpreter, which aborts when it is just closing down then: a command
    # that had done its work would end with a core dump (temporalio/sdk-python#300).
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def _run() -> int:
    """Returns the exit code."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        return 1
    except click.UsageError as error:
        error.show()
        return 2
    except (click.ClickException, CloudDeskError) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"clouddesk: {text}", err=True)
        return 1
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


if __name__ == "__main__":
    main()
