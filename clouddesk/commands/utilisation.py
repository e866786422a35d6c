"""`clouddesk utilisation`: what machines do; `clouddesk simulate`: what simulated ones pretend to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timezone

import click

from actions.utilisation_words import now_line
from clouddesk import settings as settings_module
from clouddesk.adapters.pretended_use import BUSY, QUIET, PretendedUse
from clouddesk.adapters.redis import open_redis
from clouddesk.commands.desk import actor_of, json_option, user_option, with_desk
from clouddesk.desk import Desk
from clouddesk.language.localtime import utc_now
from clouddesk.language.periods import find_period
from clouddesk.model.actor import Actor
from clouddesk.model.errors import Invalid
from clouddesk.model.reservation import Reservation
from clouddesk.model.utilisation_report import UtilisationReport
from connectors.charts import sparkline

USES = {"busy": {"": BUSY}, "idle": {"": QUIET}, "by-itself": {}}


@click.command()
@click.argument("name", required=False)
@click.argument("period", nargs=-1)
@user_option
@json_option
def utilisation(*, name: str | None, period: Sequence[str], user: str, as_json: bool) -> None:
    """Show what the machines of NAME did in PERIOD ("this week"; default: 24 hours), or what all do now."""
    actor, words = actor_of(user), " ".join(period)
    now = datetime.now(timezone.utc)
    said = find_period(words, now=now) if words else None
    if words and said is None:
        raise click.UsageError(f"{words!r} is no period. Say it like: today, last week, since monday.")

    async def read(desk: Desk) -> list[UtilisationReport]:
        items = await _found(desk, actor, name)
        since, until = (said.since, said.until) if said else (None, None)
        return [await desk.utilisation.report(actor, item.id, since=since, until=until) for item in items]

    for found in with_desk(read, role="gateway"):
        if as_json:
            click.echo(json.dumps(row(found)))
        else:
            click.echo(now_line(found).replace("*", ""))
            if found.cpu_percent is not None:
                curve = sparkline([step.cpu_percent for step in found.steps])
                click.echo(
                    f"  CPU {curve} {found.cpu_percent:.0f} % on average, {found.most_cpu_percent:.0f} % at most"
                )


@click.command()
@click.argument("name")
@click.argument("use", type=click.Choice(list(USES)))
@user_option
def simulate(*, name: str, use: str, user: str) -> None:
    """Let the simulated machines of NAME pretend to be busy or idle from now on: for demonstrations."""
    actor = actor_of(user)

    async def find(desk: Desk) -> list[Reservation]:
        return await _found(desk, actor, name)

    for item in with_desk(find, role="gateway"):
        if not item.is_simulated:
            raise Invalid(f"{item.name} is real: it does what it does.")
        asyncio.run(_pretend(item.id, use))


def row(found: UtilisationReport) -> dict[str, object]:
    """The report as scripts read it."""
    return {
        "id": found.reservation.id,
        "name": found.reservation.name,
        "state": found.reservation.state,
        "in_use": found.is_in_use,
        "idle_since": found.idle_since.isoformat() if found.idle_since else None,
        "cpu_percent": found.cpu_percent_now,
        "memory_percent": found.memory_percent_now,
        "gpu_percent": found.gpu_percent_now,
        "logins": found.logins,
        "what": list(found.what),
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "mean_cpu_percent": found.cpu_percent,
        "most_cpu_percent": found.most_cpu_percent,
        "seen_seconds": found.seen_seconds,
        "used_seconds": found.used_seconds,
        "nodes": [
            {"node": item.node, "at": item.at.isoformat(), "cpu_percent": item.cpu_percent, "logins": item.logins}
            for item in found.latest
        ],
    }


async def _found(desk: Desk, actor: Actor, name: str | None) -> list[Reservation]:
    """Raises Invalid when NAME is nothing, or several."""
    items = await desk.find(actor, name)
    if name and len(items) != 1:
        names = " or ".join(item.name for item in items)
        raise Invalid(
            f"{name} could be {names}: name one of them."
            if items
            else f"There is no {name} among your machines. See: clouddesk reservations"
        )
    return items


async def _pretend(reservation_id: str, use: str) -> None:
    redis = open_redis(settings_module.load().redis_url)
    try:
        await PretendedUse(redis, utc_now).pretend(reservation_id, USES[use])
    finally:
        await redis.close()
