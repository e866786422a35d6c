"""`clouddesk team`: all that runs, whose it is and what it costs."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from clouddesk.commands.desk import json_option, reservation_row, with_desk
from clouddesk.desk import Desk
from clouddesk.language.money import hourly, money
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, Actor
from clouddesk.model.freeze import Freeze
from clouddesk.team_view import COST, IDLENESS, ORDERS, Running


@click.command()
@click.option("--by", type=click.Choice(ORDERS), default=COST, show_default=True, help="What comes first.")
@click.option("--user", help="Only what this person runs. Default: everybody.")
@click.option("--workspace", default=LOCAL_WORKSPACE, show_default=True, help="Slack's id of it (T…).")
@json_option
def team(by: str, user: str | None, workspace: str, as_json: bool) -> None:
    """Show all that the team runs, for who runs CloudDesk on this machine."""
    # Who can read this installation's secrets folder, as these commands do, is its operator.
    actor = Actor(workspace, "", roles=(MEMBER, ADMIN))

    async def read(desk: Desk) -> tuple[list[Running], Freeze | None]:
        return await desk.team_view.running(actor, by=by, owner=user), await desk.freezing.current(actor)

    found, freeze = with_desk(read, role="gateway")
    if as_json:
        for row in found:
            click.echo(json.dumps(team_row(row)))
        return
    if freeze:
        until = f"until {freeze.until:%Y-%m-%d %H:%M} UTC" if freeze.until else "until it is lifted"
        click.echo(f"New machines are frozen {until} by {freeze.by}" + (f": {freeze.reason}" if freeze.reason else ""))
    if not found:
        click.echo("Nothing runs.")
        return
    Console().print(_table(found))
    items = [row.item for row in found]
    now = datetime.now(timezone.utc)
    machines, rate = sum(item.node_count for item in items), sum(item.current_hourly_price_usd for item in items)
    cost = money(sum(item.cost_so_far_usd(now) for item in items))
    click.echo(f"{machines} machines of {len({item.owner for item in items})} people, {hourly(rate)}, {cost} so far")


def team_row(row: Running) -> dict[str, Any]:
    """One reservation as scripts read it."""
    more = {
        "is_protected": row.item.is_protected,
        "age_hours": round((datetime.now(timezone.utc) - row.item.created_at).total_seconds() / 3600, 2),
        "idle_since": row.idle_since.isoformat() if row.idle_since else None,
    }
    return reservation_row(row.item) | more


def _table(found: list[Running]) -> Table:
    """Idleness has a column where something is known of it."""
    now = datetime.now(timezone.utc)
    knows = any(row.idle_since for row in found)
    table = Table(box=None, header_style="bold")
    columns = ("owner", "name", "id", "state", "machines", "where", "$/h", "so far", "age", "ends (UTC)")
    for column in (*columns, *([IDLENESS] if knows else [])):
        table.add_column(column)
    for row in found:
        item = row.item
        cells = [
            item.owner,
            item.name,
            item.id,
            item.state + (", protected" if item.is_protected else ""),
            f"{item.node_count} × {item.size}",
            f"{item.provider} {item.region}",
            "unknown" if item.told_hourly_price_usd is None else f"{item.told_hourly_price_usd:.3f}",
            money(item.cost_so_far_usd(now)),
            _span((now - item.created_at).total_seconds()),
            f"{item.expires_at:%a %d %b %H:%M}",
        ]
        idle = _span((now - row.idle_since).total_seconds()) if row.idle_since else ""
        table.add_row(*cells, *([idle] if knows else []))
    return table


def _span(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} d"
