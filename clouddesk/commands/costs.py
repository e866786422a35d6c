"""`clouddesk costs`: what machines cost, by person, cloud, software, place or reservation."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import click

from clouddesk import bill_words
from clouddesk.commands.audit import moment
from clouddesk.commands.desk import json_option, with_desk
from clouddesk.costs import OWN, TEAM, BillWish, CostWish, as_csv, bill_rows, bills_as_csv, months_of, rows
from clouddesk.language.money import hourly, money
from clouddesk.language.periods import Period, find_period, no_such_date, this_month
from clouddesk.language.spoken_dates import unread
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, Actor
from clouddesk.model.bill import BillReport
from clouddesk.model.costs import RESERVATION, WAYS, CostReport
from clouddesk.providers.table import title_of


@click.command()
@click.argument("period", nargs=-1)
@click.option("--since", type=moment, metavar="WHEN", help="From then on: 12h, 7d, 2026-11-23.")
@click.option("--until", type=moment, metavar="WHEN", help="Before then. Default: now.")
@click.option("--by", "way", type=click.Choice(WAYS), default=RESERVATION, show_default=True, help="Summed by what.")
@click.option("--user", help="Only this person's. Default: everybody's.")
@click.option("--workspace", default=LOCAL_WORKSPACE, show_default=True, help="Whose people: a Slack workspace's id.")
@click.option("--csv", "as_table", is_flag=True, help="A table for spreadsheets.")
@click.option("--bill", "is_compared", is_flag=True, help="Beside what the clouds themselves charge, by month.")
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
    is_compared: bool,
    as_json: bool,
) -> None:
    """What was spent in PERIOD ("october", "last week"; times are UTC). Default: this month."""
    chosen = _period(" ".join(period), since, until)
    if is_compared:
        _compare(chosen, workspace, user, as_table=as_table, as_json=as_json)
        return
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


def _compare(period: Period, workspace: str, user: str | None, *, as_table: bool, as_json: bool) -> None:
    """Everybody's accounts; with a user that one's, with that one's keys."""
    now = datetime.now(timezone.utc)
    months = months_of(period.since, max(period.since, min(period.until, now)))
    actor = Actor(workspace, user) if user else Actor(workspace, "", roles=(MEMBER, ADMIN))
    wish = BillWish(months, whose=OWN if user else TEAM)
    click.echo("Asking the clouds what they charge…", err=True)
    found = with_desk(lambda desk: desk.costs.compare_bills(actor, wish), role="gateway")
    if found is None or not found.comparisons:
        click.echo("There is no access to any cloud, so there is no bill to ask for.", err=True)
        return
    if as_json:
        for row in bill_rows(found):
            click.echo(json.dumps(row))
    elif as_table:
        click.echo(bills_as_csv(found), nl=False)
    else:
        for line in _bill_lines(found):
            click.echo(line)


def _bill_lines(found: BillReport) -> list[str]:
    lines: list[str] = []
    for item in found.comparisons:
        lines.append(bill_words.headline(item, title_of))
        table = bill_words.rows(item)
        width = max((len(row[0]) for row in table), default=0)
        lines += [f"  {name.ljust(width)}  {billed:>12}  {more:>10}" for name, billed, more in table]
        lines += [f"  {reason}" for reason in bill_words.reasons(item, title_of)]
    return [*lines, bill_words.BASIS]


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
