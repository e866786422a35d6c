"""`clouddesk costs`: periods in words and by options, for people, for scripts and for spreadsheets."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from click.testing import CliRunner

from clouddesk.commands import costs as command
from clouddesk.desk import Desk
from clouddesk.model.actor import Actor
from clouddesk.model.meter import Reading
from tests.builders import a_reservation
from tests.conversation.memory import MemoryDesk

NOW = datetime.now(timezone.utc)


@pytest.fixture(autouse=True)
def spent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ann 4 dollars and Ben 20 yesterday, Ann 100 two months ago."""
    world = MemoryDesk()
    world.clock.now = NOW
    for number, (owner, usd, days) in enumerate((("ann", 4.0, 1), ("ben", 20.0, 1), ("ann", 100.0, 60))):
        end = NOW - timedelta(days=days)
        readings = (Reading(end - timedelta(seconds=1), 0.0), Reading(end, usd))
        view = a_reservation(id=f"r-{number}", owner=owner, state="ended", ended_at=end, readings=readings)
        world.views.items[view.id] = view

    asyncio.run(world.desk.welcome(Actor("local", "ann")))

    def with_desk(call: Callable[[Desk], Awaitable[Any]], *, role: str) -> Any:
        async def run() -> Any:
            return await call(world.desk)

        return asyncio.run(run())

    monkeypatch.setattr(command, "with_desk", with_desk)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(command.costs, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_everybodys_costs_are_shown_by_what_is_asked() -> None:
    shown = run("--since", "3d", "--by", "person")
    assert "$24.00" in shown
    assert [line.split()[:2] for line in shown.splitlines()[-2:]] == [["ben", "$20.00"], ["ann", "$4.00"]]
    assert "$124.00" in run("in", "total")
    assert "$104.00" in run("in", "total", "--user", "ann")


def test_scripts_get_a_line_for_each_reservation_or_sum() -> None:
    lines = [json.loads(line) for line in run("--since", "3d", "--json").splitlines()]
    assert [(line["id"], line["cost_usd"]) for line in lines] == [("r-1", 20.0), ("r-0", 4.0)]
    (line,) = csv.DictReader(io.StringIO(run("--since", "3d", "--by", "software", "--csv")))
    assert (line["software"], line["reservations"], line["cost_usd"]) == ("spark", "2", "24.0")


def bill(*arguments: str) -> str:
    """Standard output alone: that the clouds are asked is said beside it."""
    done = CliRunner().invoke(command.costs, [*arguments, "--bill"])
    assert done.exit_code == 0, done.stderr
    assert "Asking the clouds" in done.stderr
    return done.stdout


def test_bills_are_shown_beside_what_was_counted_by_account_and_month() -> None:
    shown = bill("--since", "3d")
    assert "AWS, " in shown
    assert "DigitalOcean, " in shown
    assert "on its bill" in shown
    assert "more on the bill (+1.0%)" in shown
    assert "traffic" in shown
    assert "Before tax" in shown


def test_scripts_get_the_bill_as_a_column_and_what_is_not_known_is_empty() -> None:
    rows = [row for row in csv.DictReader(io.StringIO(bill("--since", "3d", "--csv"))) if row["provider"] == "aws"]
    known = [row for row in rows if row["id"] == "r-1"]
    assert [(row["cost_usd"], row["bill_usd"], row["difference_usd"]) for row in known] == [("20.0", "20.2", "0.2")]
    lines = [json.loads(line) for line in bill("--since", "3d", "--json").splitlines()]
    assert {line["provider"] for line in lines} == {"aws", "digitalocean"}
    assert all(line["bill_usd"] is not None or not line["id"] for line in lines if line["provider"] == "aws")


def test_of_a_person_only_their_own_accounts_are_asked() -> None:
    assert "r-0" in {row["id"] for row in csv.DictReader(io.StringIO(bill("--since", "3d", "--csv", "--user", "ann")))}
    done = CliRunner().invoke(command.costs, ["--bill", "--user", "ben"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no access to any cloud" in done.stderr


def test_nothing_is_said_as_such() -> None:
    assert "$0.00" in run("--since", "2h")
    assert run("--since", "2h", "--csv") == ""


@pytest.mark.parametrize(
    "arguments",
    [["the day of the badger"], ["october", "--since", "3d"], ["--since", "1d", "--until", "2d"], ["--by", "colour"]],
)
def test_what_is_no_period_is_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(command.costs, arguments).exit_code == 2


def test_a_month_that_there_is_none_of_is_said_to_be_none() -> None:
    done = CliRunner().invoke(command.costs, ["2026-13"])
    assert done.exit_code == 2
    assert "There is no 2026-13." in done.output
