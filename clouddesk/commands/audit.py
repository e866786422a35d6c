"""`clouddesk audit`: who asked for what, who confirmed it, what it cost, what was done."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import click

from clouddesk import log
from clouddesk import settings as settings_module
from clouddesk.assembly import open_desk
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, Actor
from clouddesk.model.audit import AuditEntry

_AGO = re.compile(r"(\d{1,4})\s*([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def moment(text: str) -> datetime:
    """ "7d": so long ago; or a date or time as ISO 8601 writes it, UTC where no zone is said."""
    if ago := _AGO.fullmatch(text.strip()):
        return datetime.now(timezone.utc) - int(ago[1]) * _UNITS[ago[2]]
    try:
        read = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is neither like 30m, 12h, 7d, 2w nor like 2026-11-23 or 2026-11-23T09:30."
        ) from None
    return read.astimezone(timezone.utc) if read.tzinfo else read.replace(tzinfo=timezone.utc)


@click.command()
@click.option(
    "--since", type=moment, metavar="WHEN", default="7d", show_default=True, help="From then on: 12h, 7d, 2026-11-23."
)
@click.option("--until", type=moment, metavar="WHEN", help="Before then. Default: now.")
@click.option("--user", help="Only what this person did or owns. Default: everybody.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for keeping elsewhere.")
def audit(since: datetime, until: datetime | None, user: str | None, as_json: bool) -> None:
    """Show or export the audit trail, oldest first."""
    log.configure(process="cli", level=logging.WARNING)
    # Who can read this installation's secrets folder, as these commands do, is its operator.
    actor = Actor(LOCAL_WORKSPACE, user or "", roles=(MEMBER,) if user else (MEMBER, ADMIN))
    with _pipe_may_close():
        count = asyncio.run(_print(actor, since, until, as_json=as_json))
        if not count and not as_json:
            click.echo("Nothing in that time.")


async def _print(actor: Actor, since: datetime, until: datetime | None, *, as_json: bool) -> int:
    """Each entry as soon as it is read, so that years of them take no more room than a day."""
    count = 0
    async with open_desk(settings_module.load(), vault_role="gateway") as desk:
        async for entry in desk.audit(actor, since=since, until=until):
            click.echo(json.dumps(audit_row(entry)) if as_json else audit_line(entry))
            count += 1
    return count


def audit_row(entry: AuditEntry) -> dict[str, object]:
    """An entry as scripts read it."""
    return {**dataclasses.asdict(entry), "at": entry.at.isoformat()}


def audit_line(entry: AuditEntry) -> str:
    """An entry as people read it."""
    who = entry.by or "(clouddesk)"
    if entry.owner and entry.owner != entry.by:
        who += f" for {entry.owner}"
    what = f"{entry.name} {entry.reservation_id}".strip() or "-"
    facts = " ".join(f"{key}={value}" for key, value in entry.facts.items() if value)
    return f"{entry.at:%Y-%m-%d %H:%M:%S}  {who:<22}  {entry.action:<19}  {what:<24}  {facts}".rstrip()


@contextlib.contextmanager
def _pipe_may_close() -> Iterator[None]:
    """`clouddesk audit | head -1` ends without a stack trace."""
    try:
        yield
    except BrokenPipeError:
        # What Python would still flush at its end has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
