"""What is open when something is said of budgets and requests: machines that are asked for come first."""

from __future__ import annotations

from typing import Any

import pytest

from actions import about_budgets
from actions.about_budgets import SET, WITHDRAW
from actions.budgets import ActionBudgets
from actions.turn import Turn
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.approval import OverBudget
from clouddesk.model.budget import MACHINES, Bound
from clouddesk.model.request import ResourceRequest
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")
ROOT = Actor("local", "root", roles=(ADMIN, MEMBER))
QUOTE = {"question": {"kind": "confirm_quote", "id": "q-1"}, "request": {"kind": "vm"}}


@pytest.fixture
async def world() -> MemoryDesk:
    made = MemoryDesk()
    await made.accounts.welcome(ANN.person)
    await made.desk.budgets.set(ROOT, "ann", {MACHINES: Bound(0)})
    return made


async def asked(world: MemoryDesk, name: str) -> str:
    quote = await world.desk.quote(ANN, ResourceRequest(name=name))
    with pytest.raises(OverBudget) as refused:
        await world.desk.reserve(ANN, quote.id, conversation="c")
    return (await world.desk.approvals.ask(ANN, refused.value, conversation="c")).id


def turn(world: MemoryDesk, text: str, **open_: Any) -> Turn:
    return Turn(world.desk, ANN, "c", text, "cancel", {}, "m-1", **open_)


@pytest.mark.parametrize("text", ["cancel my request", "drop my request", "forget my request"])
async def test_a_request_that_is_called_off_is_what_is_open(world: MemoryDesk, text: str) -> None:
    assert await about_budgets.find(turn(world, text)) is None, "none was asked an approval for"
    await asked(world, "etl")
    assert await about_budgets.find(turn(world, text, **QUOTE)) is None
    assert await about_budgets.find(turn(world, text, form="create_vm")) is None
    about = await about_budgets.find(turn(world, text))
    assert about
    assert about.what == WITHDRAW


@pytest.mark.parametrize(
    "text", ["cancel my approval request", "cancel my request for approval", "withdraw my request"]
)
async def test_a_request_for_an_approval_that_is_named_so_is_meant(world: MemoryDesk, text: str) -> None:
    await asked(world, "etl")
    about = await about_budgets.find(turn(world, text, **QUOTE))
    assert about
    assert about.what == WITHDRAW


async def test_which_of_several_is_withdrawn_is_asked(world: MemoryDesk) -> None:
    ids = [await asked(world, name) for name in ("etl", "web")]
    said = turn(world, "withdraw my request")
    said.about_budget = await about_budgets.find(said)
    await ActionBudgets().respond(said)
    (reply,) = said.replies
    assert reply["response"] == "utter_approvals_which"
    assert sorted(button["title"] for button in reply["buttons"]) == ["Withdraw etl", "Withdraw web"]
    assert all(item.status == "pending" for item in world.approvals.items.values())
    await world.desk.approvals.withdraw(ANN, ids[0])
    said.replies.clear()
    await ActionBudgets().respond(said)
    assert said.replies[0]["response"] == "utter_approval_withdrawn"
    assert all(item.status == "withdrawn" for item in world.approvals.items.values())


@pytest.mark.parametrize(
    "text", ["at most 3 machines for the team", "kafka may have at most 3 nodes", "limit me to $2"]
)
async def test_what_bounds_the_machines_that_are_asked_for_is_no_budget(world: MemoryDesk, text: str) -> None:
    assert await about_budgets.find(turn(world, text, **QUOTE)) is None
    about = await about_budgets.find(turn(world, text))
    assert about
    assert about.what == SET


async def test_somebodys_budget_is_that_whatever_is_open(world: MemoryDesk) -> None:
    about = await about_budgets.find(turn(world, "set ben's budget to $200 a month", **QUOTE))
    assert about
    assert about.what == SET
