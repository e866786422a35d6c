"""Charts in Slack: a picture beside the table, in the same place, and never at the cost of the answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from clouddesk.sandbox.slack.server import SlackServer
from connectors.charts import Bar, Chart
from connectors.slack.pictures import draw
from tests.integration.slack.conftest import StartGateway, said, until
from tests.integration.slack.dialogue import Dialogue

pytestmark = pytest.mark.integration

ASKED = "cheapest 8 cores 32 gigs"
TABLE = "Prices per cloud, cheapest first\n```\n     per hour\nAWS    $0.205\n```\nThis is only the price."
CHART = Chart(
    "Price per hour",
    "1 machine with 8 vCPU and 32 GB memory, for 8 hours",
    (Bar("AWS", "t3a.2xlarge", 0.205, "$0.205"), Bar("Vultr", "vc2-8c-32gb", 0.238, "$0.238", has_access=False)),
)


@pytest.fixture
def priced(dialogue: Dialogue) -> None:
    """A dialogue that answers with a chart; the first drawing of a process takes seconds, and is done here."""
    draw(CHART)
    dialogue.replies[ASKED] = [{"text": TABLE, "buttons": [], "chart": asdict(CHART)}]


def pictures(slack: SlackServer, person: str, channel: str, **where: Any) -> list[Any]:
    return [message for message in slack.messages(person, channel, **where) if message.files]


async def test_a_chart_comes_as_a_picture_after_the_table_in_a_direct_message(
    slack: SlackServer, priced: None, start: StartGateway
) -> None:
    await start()
    slack.say("ann", "dm", ASKED)
    await until(lambda: bool(pictures(slack, "ann", "dm")))
    assert "$0.205" in said(slack, "ann")[0]
    (file,) = slack.store.files.values()
    assert (file.content or b"").startswith(b"\x89PNG")
    assert file.title == "Price per hour"
    assert "AWS $0.205, Vultr $0.238" in file.alt_text


async def test_in_a_channel_the_picture_is_in_the_thread_of_the_question(
    slack: SlackServer, priced: None, start: StartGateway
) -> None:
    await start()
    asked = slack.say("ann", "general", f"@clouddesk {ASKED}")
    await until(lambda: bool(pictures(slack, "ben", "general", thread_ts=asked.ts)))
    assert not pictures(slack, "ann", "dm")


async def test_without_the_scope_for_files_the_table_is_there_and_the_talk_goes_on(
    slack: SlackServer, priced: None, start: StartGateway
) -> None:
    slack.app.scopes = tuple(scope for scope in slack.app.scopes if scope != "files:write")
    await start()
    slack.say("ann", "dm", ASKED)
    slack.say("ann", "dm", "hello")
    await until(lambda: len(said(slack, "ann")) == 2)
    assert "$0.205" in said(slack, "ann")[0]
    assert said(slack, "ann")[1] == "I heard: hello"
    assert not slack.store.files
