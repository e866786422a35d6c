"""`clouddesk team`: for people as a table, for scripts as lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from click.testing import CliRunner

from clouddesk.commands import team as command
from clouddesk.desk import Desk
from clouddesk.model.freeze import Freeze
from clouddesk.model.utilisation import Sample
from tests.builders import a_reservation
from tests.conversation.memory import MemoryDesk

NOW = datetime.now(timezone.utc)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> MemoryDesk:
    """Ann's old machine, and Ben's dear one of an hour ago."""
    world = MemoryDesk()
    world.clock.now = NOW
    for id_, owner, hours, price in (("r-1", "ann", 90, 0.1), ("r-2", "ben", 1, 2.0)):
        began = NOW - timedelta(hours=hours)
        world.views.items[id_] = a_reservation(
            id=id_, name=f"of-{owner}", owner=owner, created_at=began, accrued_at=began, hourly_price_usd=price
        )

    def with_desk(call: Callable[[Desk], Awaitable[Any]], *, role: str) -> Any:
        async def run() -> Any:
            return await call(world.desk)

        return asyncio.run(run())

    monkeypatch.setattr(command, "with_desk", with_desk)
    return world


def said(*args: str) -> str:
    result = CliRunner().invoke(command.team, args, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_it_is_sorted_and_summed_up(world: MemoryDesk) -> None:
    shown = said()
    assert shown.index("of-ben") < shown.index("of-ann")
    assert "6 machines of 2 people, $2.10/h" in shown
    assert "idleness" not in shown, "nothing is known of it"
    oldest = said("--by", "age")
    assert oldest.index("of-ann") < oldest.index("of-ben")
    assert "of-ann" not in said("--user", "ben")
    assert said("--workspace", "T1") == "Nothing runs.\n"


def test_what_is_known_of_idleness_and_a_freeze_is_told(world: MemoryDesk) -> None:
    seen = datetime.now(timezone.utc) - timedelta(hours=3)
    asyncio.run(world.series.append("r-1", [Sample("node-1", seen, cpu_percent=1.0, logins=0)]))
    asyncio.run(world.freezes.put(Freeze("local", "root", NOW, None, "the audit")))
    shown = said()
    assert "idleness" in shown
    assert "3.0 h" in shown
    assert "frozen until it is lifted by root: the audit" in shown
    rows = {row["name"]: row for row in map(json.loads, said("--json").splitlines())}
    assert rows["of-ann"]["idle_since"].startswith(f"{seen:%Y-%m-%dT%H:%M}")
    assert rows["of-ben"]["idle_since"] is None
