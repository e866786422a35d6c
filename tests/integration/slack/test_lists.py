"""Long lists in Slack: page by page for who asks, or as a file by direct message."""

from __future__ import annotations

import csv
import io
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from clouddesk.costs import CostWish
from clouddesk.model.actor import Actor, Person
from clouddesk.model.meter import Reading
from clouddesk.model.reservation import Reservation
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.sandbox.slack.store import Message
from tests.builders import NOW, a_reservation
from tests.conversation.memory import MemoryDesk
from tests.integration.slack.conftest import StartGateway, said, until
from tests.integration.slack.dialogue import Dialogue

pytestmark = pytest.mark.integration

COUNT = 42
ASKED = "what have I got?"


class ManyMachines:
    """A Desk at which everybody has more machines than fit into a message; the oldest is in no list."""

    async def reservations(self, _actor: Actor) -> list[Reservation]:
        return [a_reservation(id=f"r-{number}", name=f"vm-{number}") for number in range(COUNT + 1)]

    def clock(self) -> datetime:
        return NOW


def a_list() -> dict[str, Any]:
    lines = [f"• *vm-{number}* (r-{number}) · running" for number in range(COUNT)]
    rows = [{"text": line, "buttons": []} for line in lines]
    return {"text": "\n".join(["You have 42 machines:", *lines]), "buttons": [], "rows": rows}


@pytest.fixture
async def listed(dialogue: Dialogue, start: StartGateway) -> AsyncExitStack:
    """A gateway whose dialogue answers with a long list."""
    dialogue.replies[ASKED] = [a_list()]
    return await start(desk=ManyMachines())


def button(message: Message, title: str) -> str:
    elements = [one for block in message.blocks for one in block.get("elements", ()) if one["type"] == "button"]
    return next(str(one["action_id"]) for one in elements if one["text"]["text"] == title)


def names(text: str) -> set[int]:
    return {number for number in range(COUNT + 1) if f"*vm-{number}*" in text}


async def test_the_rest_comes_by_button_and_by_words(
    slack: SlackServer, dialogue: Dialogue, listed: AsyncExitStack
) -> None:
    slack.say("ann", "dm", ASKED)
    await until(lambda: len(said(slack, "ann")) == 1)
    first = slack.messages("ann", "dm")[-1]
    assert names(first.all_text()) == set(range(10))
    assert names(first.text) == set(range(10)), "clients without blocks see it too"
    await slack.press("ann", first.ts, button(first, "Show more"))
    await until(lambda: len(said(slack, "ann")) == 2)
    for number in (3, 4, 5):
        slack.say("ann", "dm", "show more")
        await until(lambda number=number: len(said(slack, "ann")) == number)  # type: ignore[misc]
    assert set().union(*(names(text) for text in said(slack, "ann"))) == set(range(COUNT))
    slack.say("ann", "dm", "show more")
    await until(lambda: said(slack, "ann")[-1] == "That was all of the list.")
    assert dialogue.texts == [ASKED], "the dialogue knows of no pages"


async def test_more_means_nothing_to_a_list_where_there_was_none(
    slack: SlackServer, dialogue: Dialogue, listed: AsyncExitStack
) -> None:
    slack.say("ann", "dm", "show more")
    await until(lambda: said(slack, "ann") == ["I heard: show more"])


async def test_in_a_channel_the_rest_is_for_who_asked_and_nobody_else(
    slack: SlackServer, listed: AsyncExitStack
) -> None:
    asked = slack.say("ann", "general", f"@clouddesk {ASKED}")
    await until(lambda: len(said(slack, "ben", "general", thread_ts=asked.ts)) == 1)
    first = slack.messages("ann", "general")[-1]
    more = button(first, "Show more")
    await slack.press("ann", first.ts, more, channel="general")
    await until(lambda: len(said(slack, "ann", "general")) == 2)
    assert names(said(slack, "ann", "general")[-1]) == set(range(10, 20))
    assert len(said(slack, "ben", "general")) == 1
    await slack.press("ben", first.ts, more, channel="general")
    await until(lambda: len(said(slack, "ben", "general")) == 2)
    assert "somebody else's" in said(slack, "ben", "general")[-1]


async def test_a_list_of_many_pages_comes_as_a_file_by_direct_message(
    slack: SlackServer, listed: AsyncExitStack
) -> None:
    slack.fault("server_error", operation="files.*")
    slack.say("ann", "general", f"@clouddesk {ASKED}")
    await until(lambda: len(said(slack, "ann", "general")) == 1)
    first = slack.messages("ann", "general")[-1]
    await slack.press("ann", first.ts, button(first, "All as a file"), channel="general")
    await until(lambda: any(message.files for message in slack.messages("ann", "dm")))
    (message,) = [one for one in slack.messages("ann", "dm") if one.files]
    assert message.text == "Your 42 reservations as they are now."
    (file,) = slack.store.files.values()
    lines = (file.content or b"").decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["id", *(f"r-{number}" for number in range(COUNT))]
    await until(lambda: "direct message" in said(slack, "ann", "general")[-1])
    assert "direct message" not in said(slack, "ben", "general")[-1]


async def test_a_file_can_be_had_in_words_without_a_list(slack: SlackServer, listed: AsyncExitStack) -> None:
    slack.say("ann", "dm", "send me my machines as csv")
    await until(lambda: any(message.files for message in slack.messages("ann", "dm")))
    (file,) = slack.store.files.values()
    assert len((file.content or b"").decode().splitlines()) == COUNT + 2


async def test_without_the_scope_it_is_said_what_is_missing_and_what_helps(
    slack: SlackServer, listed: AsyncExitStack
) -> None:
    slack.app.scopes = tuple(scope for scope in slack.app.scopes if scope != "files:write")
    slack.say("ann", "dm", "as csv")
    await until(lambda: bool(said(slack, "ann")))
    assert "files:write" in said(slack, "ann")[0]


class Spent(ManyMachines):
    """A Desk at which Ann spent something, as the ledger of costs has it."""

    def __init__(self, person: Person) -> None:
        world = MemoryDesk()
        world.clock.now = NOW
        readings = (Reading(NOW - timedelta(hours=9), 0.0), Reading(NOW, 12.5))
        view = a_reservation(readings=readings, accrued_at=NOW, accrued_usd=12.5)
        view = replace(view, workspace_id=person.workspace_id, owner=person.user_id)
        world.views.items[view.id] = view
        self.costs = world.desk.costs
        self.budgets = world.desk.budgets


def sent(slack: SlackServer) -> int:
    """How many messages with files there are."""
    return sum(bool(message.files) for message in slack.messages("ann", "dm"))


def a_report() -> dict[str, Any]:
    kept = CostWish(NOW - timedelta(days=1), NOW + timedelta(days=1)).as_json()
    return {"text": "You spent *$12.50* today.", "buttons": [], "costs": kept}


async def test_a_report_of_costs_comes_as_a_file_by_button_and_by_words(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    dialogue.replies["my costs"] = [a_report()]
    await start(desk=Spent(Person(slack.workspace.team_id, slack.workspace.user("ann").id)))
    slack.say("ann", "dm", "my costs")
    await until(lambda: len(said(slack, "ann")) == 1)
    shown = slack.messages("ann", "dm")[-1]
    await slack.press("ann", shown.ts, button(shown, "As a file"))
    await until(lambda: sent(slack) == 1)
    slack.say("ann", "dm", "as csv please")
    await until(lambda: sent(slack) == 2)
    for file in slack.store.files.values():
        (line,) = csv.DictReader(io.StringIO((file.content or b"").decode()))
        assert (file.name, line["name"], line["cost_usd"]) == ("costs.csv", "spark-1", "12.5")
    assert dialogue.texts == ["my costs"], "the dialogue knows of no files"
    slack.say("ann", "dm", "show more")
    await until(lambda: said(slack, "ann")[-1] == "I heard: show more")
