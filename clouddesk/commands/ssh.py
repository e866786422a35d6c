"""Logging in: `clouddesk ssh NAME`, and the piece of ~/.ssh/config for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from clouddesk import settings as settings_module
from clouddesk.commands.desk import actor_of, user_option, with_desk
from clouddesk.desk import Desk
from clouddesk.model import doors
from clouddesk.model.errors import Invalid
from clouddesk.model.node import SSH_PORT, Node
from clouddesk.model.reservation import Reservation

KNOWN_HOSTS = "known_hosts"
"""In the installation's folder: machines get addresses that others had before, so their keys are kept by name there."""


@click.command()
@click.argument("name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--node", "key", help="Which of its machines, as worker-2. Default: the first, or what --tunnel opens.")
@click.option("--tunnel", is_flag=True, help="Bring the pages of its software here; without COMMAND nothing else.")
@click.option("-i", "identity", type=click.Path(), help="The private key to log in with. Default: what ssh takes.")
@user_option
def ssh(*, name: str, command: Sequence[str], key: str | None, tunnel: bool, identity: str | None, user: str) -> None:
    """Log in to the machines of NAME, or run COMMAND there: clouddesk ssh NAME -- uptime."""
    item = _reservation(name, user)
    node = node_of(item, key, has_pages=tunnel)
    if not item.has_owner_keys:
        click.echo(f"clouddesk: no SSH key was given when {item.name} was ordered; it may let nobody in.", err=True)
    for line in doors.links(item) if tunnel else ():
        click.echo(line, err=True)
    arguments = ssh_command(item, node, _keep_known_hosts(item), command=command, is_tunnel=tunnel, identity=identity)
    sys.stdout.flush()
    try:
        os.execvp(arguments[0], arguments)  # noqa: S606 - no shell has to read them
    except FileNotFoundError as error:
        raise Invalid("There is no ssh on this machine. On Debian: apt install openssh-client.") from error


@click.command("ssh-config")
@click.argument("name")
@user_option
def ssh_config(name: str, user: str) -> None:
    """Print what ~/.ssh/config needs, so that `ssh NAME` is enough: clouddesk ssh-config NAME >> ~/.ssh/config."""
    item = _reservation(name, user)
    node_of(item, None)
    click.echo(doors.ssh_config(item, known_hosts_file=str(_keep_known_hosts(item))))


def ssh_command(
    item: Reservation,
    node: Node,
    known_hosts: Path,
    *,
    command: Sequence[str] = (),
    is_tunnel: bool = False,
    identity: str | None = None,
) -> list[str]:
    """The system's ssh with all that it has to know. Raises Invalid when a tunnel would bring nothing."""
    options = doors.ssh_options(item, node, known_hosts_file=str(known_hosts))
    arguments = ["ssh", *(part for name, value in options for part in ("-o", f"{name}={value}"))]
    if identity:
        arguments += ["-i", identity]
    if node.ssh_port != SSH_PORT:
        arguments += ["-p", str(node.ssh_port)]
    if is_tunnel:
        ports = doors.forwards(item, node)
        if not ports:
            raise Invalid(f"{node.key} of {item.name} has no page to open.")
        arguments += [part for port, host in ports for part in ("-L", f"{port}:{host}:{port}")]
        arguments += [] if command else ["-N"]
    # Without the dashes ssh would take options for its own that follow the address.
    return [*arguments, "--", f"{node.login}@{node.address}", *command]


def _reservation(name: str, user: str) -> Reservation:
    actor = actor_of(user)

    async def find(desk: Desk) -> list[Reservation]:
        return await desk.find(actor, name)

    found = with_desk(find, role="gateway")
    if not found:
        raise Invalid(f"There is no {name} among your machines. See: clouddesk reservations")
    if len(found) > 1:
        raise Invalid(f"{name} could be {' or '.join(item.name for item in found)}: name one of them.")
    return found[0]


def node_of(item: Reservation, key: str | None, *, has_pages: bool = False) -> Node:
    """Raises Invalid when there is nothing to log in to."""
    if item.is_simulated:
        raise Invalid(f"{item.name} is simulated: nothing answers there.")
    known = [node for node in item.nodes if key in (None, node.key)]
    if key is not None and not known:
        raise Invalid(
            f"{item.name} has no {key}. There are: {', '.join(node.key for node in item.nodes) or 'none yet'}."
        )
    reached = [node for node in known if node.address]
    if not reached:
        raise Invalid(f"{item.name} is {item.state}, so there is nothing to log in to now.")
    return next((node for node in reached if has_pages and doors.forwards(item, node)), reached[0])


def _keep_known_hosts(item: Reservation) -> Path:
    """The file with the keys of all machines that were logged in to from here, those that are known now renewed."""
    path = settings_module.load().home / KNOWN_HOSTS
    lines = doors.known_hosts(item)
    renewed = {line.partition(" ")[0] for line in lines}
    before = path.read_text().splitlines() if path.exists() else []
    kept = [line for line in before if line.partition(" ")[0] not in renewed]
    if [*kept, *lines] != before:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{KNOWN_HOSTS}.{os.getpid()}")
        draft.write_text("".join(f"{line}\n" for line in (*kept, *lines)))
        draft.replace(path)
    return path
