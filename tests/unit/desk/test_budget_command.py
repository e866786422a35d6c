"""`clouddesk budget`: set, shown and removed, for people and for scripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from click.testing import CliRunner

from clouddesk.commands import budget as command
from clouddesk.desk import Desk
from clouddesk.model.budget import Bound, Budget
from tests.conversation.memory import MemoryDesk


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> MemoryDesk:
    made = MemoryDesk()

    def with_desk(call: Callable[[Desk], Awaitable[Any]], *, role: str) -> Any:
        async def run() -> Any:
            return await call(made.desk)

        return asyncio.run(run())

    monkeypatch.setattr(command, "with_desk", with_desk)
    return made


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(command.budget, arguments)
    assert done.exit_code == code, done.output
    return done.output


def test_budgets_are_set_shown_and_removed(world: MemoryDesk) -> None:
    assert "No budgets are set" in run("show")
    assert "ben: $200.00 a month; 10 machines" in run("set", "ben", "--month", "$200", "--machines", "10")
    run("set", "ben", "--month", "150", "--warn")
    run("set", "team", "--month", "5,000")
    assert world.budgets.books["local"].people == {"ben": Budget(month=Bound(200, 150), machines=Bound(10))}
    assert "team: $5,000.00 a month" in run("show")
    lines = [json.loads(line) for line in run("show", "--json").splitlines()]
    assert {line["whose"]: line["month"]["most"] for line in lines} == {"team": 5000.0, "ben": 200.0}
    assert "ben: 10 machines" in run("set", "ben", "--month", "none")
    assert "ben: no limit" in run("remove", "ben")
    assert "No request waits" in run("requests")


def test_what_counts_is_said_beside_what_is_set(world: MemoryDesk) -> None:
    run("set", "each", "--month", "200")
    assert "ben: $200.00 a month (a warning from $150.00)" in run("set", "ben", "--month", "150", "--warn")
    assert world.budgets.books["local"].people == {"ben": Budget(month=Bound(warn=150))}
    assert "ben: $200.00 a month (a warning from $150.00)" in run("show")


@pytest.mark.parametrize("arguments", [("ben",), ("ben", "--month", "much"), ("ben", "--month", "-5")])
def test_what_is_no_budget_is_refused(world: MemoryDesk, arguments: tuple[str, ...]) -> None:
    run("set", *arguments, code=2)
    assert world.budgets.books == {}
