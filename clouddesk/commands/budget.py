"""`clouddesk budget`: what people and the team may spend, and what waits for an approval."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from clouddesk import budget_words
from clouddesk.budgets import EACH, TEAM, counting
from clouddesk.commands.desk import json_option, with_desk
from clouddesk.desk import Desk
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, Actor
from clouddesk.model.approval import Approval
from clouddesk.model.budget import HOUR, LEASE, MACHINES, MEASURES, MONTH, Bound, Budget, BudgetBook

_NONE = "none"

workspace_option = click.option(
    "--workspace", default=LOCAL_WORKSPACE, show_default=True, help="Whose people: a Slack workspace's id."
)


@click.group()
def budget() -> None:
    """Show and set what may be spent; dollars, by the calendar month (UTC), the hour, and the reservation."""


@budget.command()
@workspace_option
@json_option
def show(workspace: str, as_json: bool) -> None:
    """The budgets that count: those that were set, else those of settings.yml."""
    book = with_desk(lambda desk: desk.budgets.book(_operator(workspace)), role="gateway")
    found = [(whose, item) for whose, item in _counting(book) if not item.is_empty]
    if as_json:
        for whose, item in found:
            click.echo(json.dumps({"whose": whose, **asdict(item)}))
        return
    for whose, item in found:
        lines = (budget_words.bound(measure, bound) for measure in MEASURES if (bound := item.bound(measure)))
        click.echo(f"{whose}: {'; '.join(lines)}")
    if book.approvers:
        click.echo(f"Approvers beside the admins: {', '.join(book.approvers)}")
    if not found:
        click.echo("No budgets are set. Try: clouddesk budget set each --month 200")


@budget.command(name="set")
@click.argument("whose")
@click.option("--month", help="Dollars a calendar month: 200, or none to take it away.")
@click.option("--hour", help="Dollars an hour for all that runs.")
@click.option("--lease", help="Dollars of one reservation from its beginning to its end.")
@click.option("--machines", help="How many there may be, stopped ones included.")
@click.option("--warn", is_flag=True, help="Set where a warning begins instead of what takes an approval.")
@workspace_option
def set_(
    *,
    whose: str,
    month: str | None,
    hour: str | None,
    lease: str | None,
    machines: str | None,
    warn: bool,
    workspace: str,
) -> None:
    """Set the budget of WHOSE: a user id, `each` (everybody without one of their own) or `team` (all together)."""
    said = {MONTH: month, HOUR: hour, LEASE: lease, MACHINES: machines}
    numbers = {measure: _number(text) for measure, text in said.items() if text is not None}
    if not numbers:
        raise click.UsageError("Say what: --month, --hour, --lease or --machines.")

    async def change(desk: Desk) -> BudgetBook:
        before = _own(await desk.budgets.own_book(_operator(workspace)), whose)
        bounds: dict[str, Bound | None] = {}
        for measure, number in numbers.items():
            known = before.bound(measure) or Bound()
            bounds[measure] = Bound(known.most, number) if warn else Bound(number, number and known.warn)
        return await desk.budgets.set(_operator(workspace), whose, bounds)

    _tell(with_desk(change, role="gateway"), whose)


@budget.command()
@click.argument("whose")
@workspace_option
def remove(whose: str, workspace: str) -> None:
    """Take all bounds of WHOSE away: a user id, `each` or `team`. Those of settings.yml count then."""
    book = with_desk(
        lambda desk: desk.budgets.set(_operator(workspace), whose, dict.fromkeys(MEASURES)), role="gateway"
    )
    _tell(book, whose)


@budget.command()
@workspace_option
@json_option
def requests(workspace: str, as_json: bool) -> None:
    """What waits for an approval. It is decided in conversation, by somebody who is not the one who asked."""
    found: list[Approval] = with_desk(lambda desk: desk.approvals.waiting(_operator(workspace)), role="gateway")
    for item in found:
        what = budget_words.what(item.purchase, item.planned, item.created_at).replace("*", "")
        if as_json:
            row = {"id": item.id, "asker": item.asker, "what": what, "expires_at": item.expires_at.isoformat()}
            click.echo(json.dumps(row))
        else:
            click.echo(f"{item.id}  {item.asker}: {what}, until {item.expires_at:%Y-%m-%d %H:%M} UTC")
    if not found and not as_json:
        click.echo("No request waits for an approval.")


def _operator(workspace: str) -> Actor:
    # Who can read this installation's secrets folder, as these commands do, is its operator.
    return Actor(workspace, "", roles=(MEMBER, ADMIN))


def _counting(book: BudgetBook) -> list[tuple[str, Budget]]:
    return [(whose, counting(book, whose)) for whose in (TEAM, EACH, *sorted(book.people))]


def _own(book: BudgetBook, whose: str) -> Budget:
    return {TEAM: book.team, EACH: book.each}.get(whose) or book.people.get(whose, Budget())


def _number(text: str) -> float | None:
    if text == _NONE:
        return None
    try:
        number = float(text.removeprefix("$").replace(",", ""))
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise click.UsageError(f"{text!r} is neither a number of dollars or machines nor {_NONE!r}.")
    return number


def _tell(book: BudgetBook, whose: str) -> None:
    counts = counting(book, whose)
    lines = [budget_words.bound(measure, bound) for measure in MEASURES if (bound := counts.bound(measure))]
    click.echo(f"{whose}: {'; '.join(lines) or 'no limit'}")
