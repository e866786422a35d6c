"""The main job on the whole stack, by Slack alone: checked by asking the clouds what exists."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.model.actor import Person
from clouddesk.model.reservation import Reservation
from clouddesk.sandbox.slack.people import Workspace, usual_workspace
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.sandbox.slack.store import Message
from clouddesk.settings import SLACK_APP_TOKEN, SLACK_BOT_TOKEN
from connectors.slack.gateway import open_gateway
from tests.integration import clouds
from tests.integration.conftest import RunningStack
from tests.integration.slack.conftest import said, until
from tests.servers import free_port

pytestmark = pytest.mark.integration


class Desk:
    """A gateway on the whole stack, and the strict Slack before it."""

    def __init__(self, slack: SlackServer, stack: RunningStack) -> None:
        self.slack = slack
        self.stack = stack

    async def answer(self, user: str, channel: str, has: str, *, after: int = 0, within_seconds: float = 60) -> Message:
        """The first message of the bot, after so many, in which this can be read."""

        def look() -> list[Message]:
            ours = [one for one in self.slack.messages(user, channel) if one.user == self.slack.app.bot_user_id]
            return [one for one in ours[after:] if has.lower() in one.all_text().lower()]

        await until(look, within_seconds=within_seconds)
        return look()[0]

    async def press(self, user: str, channel: str, message: Message, title: str) -> None:
        (action,) = [name for name, words in buttons(message) if words.startswith(title)]
        outcome = await self.slack.press(user, message.ts, action, channel=channel)
        assert outcome.is_acked

    async def press_at_home(self, user: str, title: str) -> None:
        """The first button of this title on the person's page, once it is there."""

        def look() -> list[tuple[str, str]]:
            page = self.slack.home(user)
            blocks = [block for block in page.content["blocks"] if block["type"] == "actions"] if page else []
            found = [(block["block_id"], item) for block in blocks for item in block["elements"]]
            return [(block_id, item["action_id"]) for block_id, item in found if item["text"]["text"] == title]

        await until(look, within_seconds=20)
        page, (block_id, action) = self.slack.home(user), look()[0]
        assert page is not None
        outcome = await self.slack.press(user, None, action, view_id=page.id, block_id=block_id)
        assert outcome.is_acked

    def heard(self, user: str, channel: str = "dm") -> int:
        return len(said(self.slack, user, channel))

    async def reservations(self, user: str) -> list[Reservation]:
        redis = open_redis(self.stack.settings.redis_url)
        person = Person(self.slack.workspace.team_id, self.slack.workspace.user(user).id)
        try:
            return await RedisReservationViews(redis).of_person(person, only_live=True)
        finally:
            await redis.close()


def buttons(message: Message) -> list[tuple[str, str]]:
    """The action id and title of each button."""
    found = []
    for block in message.blocks:
        elements = [*block.get("elements", ()), block.get("accessory") or {}]
        found += [(one["action_id"], one["text"]["text"]) for one in elements if one.get("type") == "button"]
    return found


@pytest.fixture
async def desk(stack: RunningStack, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    name = f"T0{zlib.crc32(request.node.name.encode()):08X}"
    async with SlackServer(workspace(name)) as slack:
        tokens = {SLACK_BOT_TOKEN: slack.app.bot_token, SLACK_APP_TOKEN: slack.app.app_token}
        for kind, secret in tokens.items():
            (stack.settings.secrets_dir / kind).write_text(secret)
        settings = replace(stack.settings, slack_api_url=slack.api_url)
        try:
            async with open_gateway(settings, health_port=free_port()):
                await slack.connected()
                yield Desk(slack, stack)
        finally:
            # With tokens there would have to be a gateway among the stack's own processes.
            for kind in tokens:
                (stack.settings.secrets_dir / kind).unlink()


def workspace(team_id: str) -> Workspace:
    """The usual people in a workspace of the test's own."""
    usual = usual_workspace()
    usual.team_id = team_id
    for user in usual.users.values():
        if user.kind != "foreign":
            user.team_id = team_id
    return usual


async def test_from_the_wish_to_the_end_by_buttons_alone(desk: Desk) -> None:
    desk.slack.open_home("ann")
    await desk.press_at_home("ann", "a 3-node spark cluster for 8 hours")
    quote = await desk.answer("ann", "dm", "shall i get")
    assert await desk.reservations("ann") == [], "nothing is bought before the yes"
    await desk.press("ann", "dm", quote, "Yes, get it")
    await desk.answer("ann", "dm", "is ready")

    def followed() -> list[str]:
        """What was edited besides the card."""
        edited = [one for one in desk.slack.messages("ann", "dm") if one.earlier and one.ts != quote.ts]
        return [one.all_text() for one in edited]

    await until(lambda: bool(followed()), within_seconds=20)
    (text,) = followed()
    assert "spark-1" in text, "one message, edited while the machines came up"
    (spark,) = await desk.reservations("ann")
    assert (spark.state, len(spark.nodes)) == ("running", 3)
    assert len(clouds.machines(desk.stack.settings, spark.id)) == 3

    before = desk.heard("ann")
    await desk.press_at_home("ann", "Extend 2 hours")
    await desk.answer("ann", "dm", "2 hours", after=before)
    await desk.press_at_home("ann", "Release")
    question = await desk.answer("ann", "dm", "for good", after=before)
    await desk.press("ann", "dm", question, "Yes, give back")
    await desk.answer("ann", "dm", "is gone", after=before)
    assert clouds.machines(desk.stack.settings, spark.id) == {}
    assert await desk.reservations("ann") == []


async def test_from_the_wish_to_the_end_by_text_in_a_channel_with_the_addresses_in_private(desk: Desk) -> None:
    asked = desk.slack.say("ann", "data", "@clouddesk a vm with 2 GB on aws for 2 hours")
    await desk.answer("ann", "data", "shall i get")
    desk.slack.say("ann", "data", "@clouddesk yes", thread_ts=asked.ts)
    ready = await desk.answer("ben", "data", "is ready")
    (made,) = await desk.reservations("ann")
    address = made.nodes[0].address
    assert address
    assert ready.thread_ts == asked.ts
    assert address in (await desk.answer("ann", "dm", made.name)).all_text()
    assert not any(address in text for text in said(desk.slack, "ben", "data"))

    desk.slack.say("ann", "data", f"@clouddesk terminate {made.name}", thread_ts=asked.ts)
    await desk.answer("ann", "data", "for good")
    desk.slack.say("ann", "data", "@clouddesk yes", thread_ts=asked.ts)
    await desk.answer("ann", "data", "is gone")
    assert clouds.machines(desk.stack.settings, made.id) == {}


async def test_a_stranger_pressing_somebodys_button_gets_and_ends_nothing(desk: Desk) -> None:
    desk.slack.say("ann", "data", "@clouddesk a vm with 1 GB for 2 hours")
    quote = await desk.answer("ann", "data", "shall i get")
    await desk.press("ben", "data", quote, "Yes, get it")
    await until(lambda: desk.heard("ben", "data") > desk.heard("ann", "data"), within_seconds=20)
    assert await desk.reservations("ben") == []
    assert await desk.reservations("ann") == []

    await desk.press("ann", "data", quote, "Yes, get it")
    await desk.answer("ann", "data", "is ready")
    (made,) = await desk.reservations("ann")
    desk.slack.say("ann", "data", f"@clouddesk terminate {made.name}", thread_ts=quote.thread_ts)
    question = await desk.answer("ann", "data", "for good")
    before = desk.heard("ben", "data")
    await desk.press("ben", "data", question, "Yes, give back")
    await until(lambda: desk.heard("ben", "data") > before, within_seconds=20)
    (still,) = await desk.reservations("ann")
    assert still.state == "running"
    assert len(clouds.machines(desk.stack.settings, made.id)) == 1
