"""What was said while no gateway ran: read back as far as the app may read, and answered once."""

from __future__ import annotations

import json

import pytest
from redis.asyncio import Redis

from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import PROJECT
from tests.integration.slack.conftest import StartGateway, said, signed, until
from tests.integration.slack.dialogue import Dialogue

pytestmark = pytest.mark.integration

MANIFEST = json.loads((PROJECT / "connectors" / "slack" / "manifest.json").read_text(encoding="utf-8"))
MENTIONS = ("channels:read", "channels:history", "groups:read", "groups:history")


async def be_away(slack: SlackServer, redis: Redis[bytes]) -> None:
    """As if the gateways had been gone for a minute, and Slack had given up."""
    await slack.delivered(within_seconds=10)
    alive = await signed(redis)
    await redis.set(alive, str(float(await redis.get(alive) or 0) - 60))


async def test_mentions_in_channels_are_answered_where_the_app_may_read_them(
    slack: SlackServer, dialogue: Dialogue, redis: Redis[bytes], start: StartGateway
) -> None:
    slack.app.install(MANIFEST)
    slack.app.scopes += MENTIONS
    gateway = await start()
    first = slack.say("ann", "general", "@clouddesk before")
    await until(lambda: bool(said(slack, "ann", "general")))
    await signed(redis)
    await gateway.aclose()
    slack.delivery.retry_seconds = ()
    slack.say("ben", "general", "nobody is meant")
    slack.say("ann", "general", "@clouddesk again", thread_ts=first.ts)
    asked = slack.say("ben", "general", "@clouddesk a vm")
    slack.say("ann", "general", "me too", thread_ts=asked.ts)
    private = slack.say("ann", "secret", "@clouddesk in private")
    slack.say("ann", "without-app", "@clouddesk where you are not")
    slack.say("ann", "dm", "directly")
    await be_away(slack, redis)

    await start()
    await until(lambda: len(dialogue.texts) == 5, within_seconds=10)
    assert sorted(dialogue.texts) == ["a vm", "again", "before", "directly", "in private"]
    await until(lambda: said(slack, "ben", "general", thread_ts=asked.ts) == ["I heard: a vm"])
    await until(lambda: said(slack, "ann", "general", thread_ts=first.ts) == ["I heard: before", "I heard: again"])
    await until(lambda: said(slack, "ann", "secret", thread_ts=private.ts) == ["I heard: in private"])


async def test_without_those_scopes_direct_messages_are_answered_all_the_same(
    slack: SlackServer, dialogue: Dialogue, redis: Redis[bytes], start: StartGateway
) -> None:
    slack.app.install(MANIFEST)
    gateway = await start()
    slack.say("ann", "dm", "before")
    await until(lambda: bool(said(slack, "ann")))
    await signed(redis)
    await gateway.aclose()
    slack.delivery.retry_seconds = ()
    slack.say("ann", "general", "@clouddesk a vm")
    slack.say("ann", "dm", "directly")
    await be_away(slack, redis)

    await start()
    await until(lambda: said(slack, "ann") == ["I heard: before", "I heard: directly"], within_seconds=10)
    assert not said(slack, "ann", "general")
    assert {call.answer for call in slack.calls if call.method == "users.conversations"} == {"missing_scope"}
