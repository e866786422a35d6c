"""Your SSH keys: `clouddesk keys add | list | remove`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from clouddesk.commands.desk import actor_of, user_option, with_desk
from clouddesk.model.errors import Invalid, NotFound

_NAMES = ("id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub")
"""Where ssh-keygen leaves them in ~/.ssh, the best kind first."""


@click.group()
def keys() -> None:
    """Your public SSH keys, which log in to the machines that you order from then on."""


@keys.command("add")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--name", default="", help="What to call it, instead of what stands behind it.")
@user_option
def add_key(file: Path | None, name: str, user: str) -> None:
    """Add the public keys in FILE, or on standard input ("-"). Default: the one in ~/.ssh."""
    text = _read(file or _own())
    for done in with_desk(lambda desk: desk.ssh_keys.add(actor_of(user), text, name=name), role="gateway"):
        key = done.key
        said = "Known already" if done.was_known else "Added"
        click.echo(f"{said}: {key.kind} {key.fingerprint} {key.comment}".rstrip())


@keys.command("list")
@user_option
def list_keys(user: str) -> None:
    """Show them."""
    found = with_desk(lambda desk: desk.ssh_keys.list(actor_of(user)), role="gateway")
    for number, key in enumerate(found, 1):
        click.echo(f"{number}. {key.kind} {key.fingerprint} {key.comment}".rstrip())
    if not found:
        click.echo("No SSH key yet. Add yours: clouddesk keys add")


@keys.command("remove")
@click.argument("which")
@user_option
def remove_key(which: str, user: str) -> None:
    """Forget WHICH: its number in the list, its fingerprint, its name or a part of that. Machines keep it."""
    try:
        key = with_desk(lambda desk: desk.ssh_keys.remove(actor_of(user), which), role="gateway")
    except NotFound as error:
        raise click.ClickException(f"You have no SSH key {which}. See: clouddesk keys list") from error
    click.echo(f"Removed: {key.fingerprint} {key.comment}".rstrip())


def _own() -> Path:
    found = next((path for name in _NAMES if (path := Path.home() / ".ssh" / name).is_file()), None)
    if found is None:
        raise Invalid("There is no public key in ~/.ssh. Make one with `ssh-keygen -t ed25519`, or name its file.")
    return found


def _read(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.expanduser().read_text(errors="replace")
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
