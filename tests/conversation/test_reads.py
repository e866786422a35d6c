"""What a plain turn asks of the stores and of the engine: every one of these is a person's waiting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conversation.reads import Calls, counted
from tests.conversation.stage import Stage, open_stage

HELLO = ("hi", {"intent": "greet"})
LIST = ("what have i got?", {"intent": "list_resources"})
ORDER = ("spin up a vm", {"intent": "create_vm"})
YES = ("yes", {"intent": "affirm"})
KEEP = ("keep it", {"intent": "affirm"})

OPENED = ["notices.latest", "accounts.welcome"]
"""By every action; who was welcomed is known without asking anybody."""
QUOTED = ["accounts.list", "accounts.refresh_offers", "habits.get", "quotes.put", "budget_store.book", "freezes.get"]


async def calls_of(stage: Stage, said: tuple[str, dict[str, Any]]) -> Calls:
    with counted(stage.world.desk) as calls:
        await stage.say("ann", *said)
    return calls


@pytest.mark.parametrize(
    ("said", "machines"), [(HELLO, ["seen_by"]), (LIST, ["seen_by", "of_person"])], ids=["hi", "what have i got"]
)
async def test_a_turn_that_asks_for_nothing_reads_machines_once_and_a_list_once_more(
    model: Path, said: tuple[str, dict[str, Any]], machines: list[str]
) -> None:
    async with open_stage(model) as stage:
        for name in ("etl-1", "etl-2"):
            await stage.have("ann", {"name": name})
        assert (await calls_of(stage, said)).made == [*OPENED, *(f"views.{one}" for one in machines)]


async def test_words_that_may_be_of_ones_machines_read_them_once_for_all_who_wonder(model: Path) -> None:
    async with open_stage(model) as stage:
        for name in ("etl-1", "etl-2"):
            await stage.have("ann", {"name": name})
        made = (await calls_of(stage, KEEP)).made
        assert [call for call in made if call.startswith("views.")] == ["views.seen_by"], made


async def test_an_order_and_its_yes_ask_temporal_once_to_start_it(model: Path) -> None:
    async with open_stage(model) as stage:
        await stage.say("ann", *HELLO)  # welcomed
        order = await calls_of(stage, ORDER)
        shelves = ["template_store.read"] * 2
        assert order.made == [*OPENED, *shelves, "views.seen_by", *OPENED, *QUOTED]
        assert order.in_a_row == len(order.made) - 2, "the shelves at once, and what a card says besides"
        agreed = await calls_of(stage, YES)
        assert [call for call in agreed.made if call.startswith("engine.")] == ["engine.start"]
        assert len(agreed.made) == 14
        assert agreed.in_a_row == 12


async def test_notices_that_wait_are_looked_at_all_at_once(model: Path) -> None:
    async with open_stage(model) as stage:
        names = ("etl-1", "etl-2", "etl-3")
        for name in names:
            await stage.have("ann", {"name": name})
        for name in (*names, "etl-1"):
            await stage.notify("ann", name, "expiring")
        calls = await calls_of(stage, HELLO)
        assert calls.made == ["notices.latest", *["views.get"] * 3, "accounts.welcome", "views.seen_by"]
        assert calls.in_a_row == len(calls.made) - 2
