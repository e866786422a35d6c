"""`clouddesk costs`: what machines cost, by person, cloud, software, place or reservation."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import click

from clouddesk.commands.audit import moment
from clouddesk.commands.desk import json_option, with_desk
from clouddesk.costs import TEAM, CostWish, as_csv, rows
from clouddesk.language.money import hourly, money
from clouddesk.language.periods import Period, find_period, no_such_date, this_month
from clouddesk.language.spoken_dates import unread
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, Actor
from clouddesk.model.costs import RESERVATION, WAYS, CostReport


@click.command()
@click.argument("period", nargs=-1)
@click.option("--since", type=moment, metavar="WHEN", help="From then on: 12h, 7d, 2026-11-23.")
@click.option("--until", type=moment, metavar="WHEN", help="Before then. Default: now.")
@click.option("--by", "way", type=click.Choice(WAYS), default=RESERVATION, show_default=True, help="Summed by what.")
@click.option("--user", help="Only this person's. Default: everybody's.")
@click.option("--workspace", default=LOCAL_WORKSPACE, show_default=True, help="Whose people: a Slack workspace's id.")
@click.option("--csv", "as_table", is_flag=True, help="A table for spreadsheets.")
@json_option
def costs(
    *,
    period: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    way: str,
    user: str | None,
    workspace: str,
    as_table: bool,
    as_json: bool,
) -> None:
    """What was spent in PERIOD ("october", "last week"; times are UTC). Default: this month."""
    chosen = _period(" ".join(period), since, until)
    wish = CostWish(chosen.since, chosen.until, chosen.earlier_since, whose=TEAM, people=(user,) if user else ())
    # Who can read this installation's secrets folder, as these commands do, is its operator.
    actor = Actor(workspace, "", roles=(MEMBER, ADMIN))
    report = with_desk(lambda desk: desk.costs.report(actor, wish), role="gateway")
    if as_json:
        for row in rows(report, way):
            click.echo(json.dumps(row))
    elif as_table:
        click.echo(as_csv(report, way), nl=False)
    else:
        for line in _lines(report, chosen, way):
            click.echo(line)


def _period(words: str, since: datetime | None, until: datetime | None) -> Period:
    now = datetime.now(timezone.utc)
    if since is not None or until is not None:
        begin, end = since or this_month(now=now).since, until or now
        if words or begin >= end:
            raise click.UsageError("Say a period either in words or by --since and a later --until.")
        return Period(begin, end, f"from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")
    if wrong := no_such_date(words):
        raise click.UsageError(f"There is no {wrong}. Say a month like 2026-10, a day like 2026-10-31.")
    if vague := unread(words, today=now.date()):
        raise click.UsageError(
            f"Which days are {vague!r}? Say it like october, since monday, 2026-10-01 to 2026-10-15."
        )
    found = find_period(words, now=now) if words else this_month(now=now)
    if found is None:
        raise click.UsageError(f"{words!r} is no period. Say it like: october, last week, 2026-10, since monday.")
    return found


def _lines(report: CostReport, period: Period, way: str) -> list[str]:
    lines = [f"Spent {period.words}: {money(report.total_usd)}"]
    if report.is_running and report.hourly_usd:
        lines.append(
            f"Now {hourly(report.hourly_usd)}; {money(report.forecast_usd)} at the end of the period, and "
            f"{money(report.committed_usd)} more to the ends of all leases, if nothing changes"
        )
    if report.saved_usd or report.unused_usd:
        lines.append(f"Saved {money(report.saved_usd)} by stopping, {money(report.unused_usd)} by giving back early")
    found = report.by(way)
    if found:
        width = max(len(item.label) for item in found)
        lines += ["", *(f"{item.label.ljust(width)}  {money(item.cost_usd):>12}  {item.count:>5}" for item in found)]
    return lines
