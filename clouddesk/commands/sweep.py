"""`clouddesk sweep`: look through every account for what no reservation knows."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from clouddesk import log
from clouddesk import settings as settings_module
from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, OPERATOR, Actor
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.providers.table import title_of

T = TypeVar("T")

_OPERATOR = Actor(LOCAL_WORKSPACE, "operator", roles=(MEMBER, ADMIN, OPERATOR))


@click.command()
@click.option("--fix", is_flag=True, help="Delete what was found, after a question for each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def sweep(fix: bool, as_json: bool) -> None:
    """Look through every account now for machines, disks, addresses and keys that no reservation knows.

    Only things with this installation's tag are looked at. Exit code 1 when an account could not be looked through.
    """
    log.configure(process="sweep", level=logging.ERROR)
    report = _with_desk(lambda desk: desk.orphans.sweep(_OPERATOR))
    if as_json:
        for orphan in report.orphans:
            click.echo(json.dumps(orphan_row(orphan)))
    else:
        _show(report)
    if fix:
        for orphan in report.orphans:
            _ask(orphan)
    failed = [*report.refused, *report.unreachable]
    if failed:
        raise click.ClickException(
            f"Not looked through, since the cloud refused or did not answer: {', '.join(failed)}."
        )


def orphan_row(orphan: Orphan) -> dict[str, Any]:
    """What scripts read of an orphan."""
    return {
        "id": orphan.id,
        "provider": orphan.provider,
        "owner": orphan.owner,
        "workspace": orphan.workspace_id,
        "reservation_id": orphan.reservation_id,
        "name": orphan.name,
        "is_kept": orphan.is_kept,
        "is_being_deleted": orphan.is_being_deleted,
        "found_at": orphan.found_at.isoformat(),
        "nodes": [
            {"id": node.id, "region": node.region, "size": node.size, "state": node.state} for node in orphan.nodes
        ],
        "others": [{"id": item.id, "kind": item.kind, "region": item.region} for item in orphan.belongings],
    }


def _show(report: SweepReport) -> None:
    click.echo(f"{report.accounts} accounts, {report.machines} machines with this installation's tag.")
    if report.drifted:
        click.echo(f"Not as they should be, looked at more closely now: {', '.join(report.drifted)}.")
    if not report.orphans:
        click.echo("Nothing that no reservation knows.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("Orphan", "Cloud", "Region", "Owner", "Was", "What", ""):
        table.add_column(title)
    for orphan in report.orphans:
        kept = "being deleted" if orphan.is_being_deleted else "kept" if orphan.is_kept else ""
        things = ", ".join(orphan.things)
        table.add_row(
            orphan.id,
            title_of(orphan.provider),
            ", ".join(orphan.regions),
            orphan.owner or "unknown",
            orphan.name,
            things,
            kept,
        )
    Console().print(table)


def _ask(orphan: Orphan) -> None:
    if orphan.is_kept or orphan.is_being_deleted:
        return
    title = title_of(orphan.provider)
    if not orphan.reservation_id:
        click.echo(
            f"{', '.join(orphan.things)}: without a reservation's tag, so only {title}'s own console deletes it."
        )
        return
    what = f"{len(orphan.nodes)} machines and {len(orphan.belongings)} other things of {orphan.name}"
    if not click.confirm(f"Delete {what} ({orphan.owner or 'unknown'}) at {title} for good?", default=False):
        return
    try:
        _with_desk(lambda desk: desk.orphans.delete(_actor_for(orphan), orphan.id))
    except CloudDeskError as error:
        click.echo(f"Not deleted: {error}.", err=True)
    else:
        click.echo("Being deleted; it is gone from this list when the cloud lists nothing of it any more.")


def _actor_for(orphan: Orphan) -> Actor:
    return Actor(orphan.workspace_id, _OPERATOR.user_id, roles=_OPERATOR.roles)


def _with_desk(work: Callable[[Desk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_desk(settings_module.load(), vault_role="gateway") as desk:
            return await work(desk)

    return asyncio.run(run())
