"""A pasted key goes nowhere: not to the dialogue, not to Redis, not back to Slack; its owner hears what to do."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from clouddesk.sandbox.slack.server import SlackServer
from tests.integration.slack.conftest import said, until
from tests.integration.slack.dialogue import Dialogue

pytestmark = pytest.mark.integration

KEY, SECRET = "AKIAIOSFODNN7ZZZZZZZ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz"
PASTED = f"here are my aws keys {KEY} {SECRET}"


async def everything_in(redis: Redis) -> bytes:
    """All that Redis holds."""
    found = b""
    for key in await redis.keys("*"):
        found += key + (await redis.dump(key) or b"")
    return found


async def test_in_a_channel_the_person_is_told_alone_what_to_do(
    slack: SlackServer, dialogue: Dialogue, redis: Redis, gateway: AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    dialogue.seconds = 0.1
    slack.say("ann", "data", f"@clouddesk {PASTED}")
    await until(lambda: bool(said(slack, "ann")) and bool(said(slack, "ann", "data")))
    assert said(slack, "ben", "data") == []
    assert "please delete your message" in said(slack, "ann", "data")[0]
    assert "revoke" in said(slack, "ann")[0]
    assert "/add_credentials" in str(slack.messages("ann", "dm")[-1].blocks)
    assert dialogue.heard == []
    for kept in (await everything_in(redis), slack.received_text().encode(), caplog.text.encode()):
        assert KEY.encode() not in kept
        assert SECRET.encode() not in kept


async def test_a_key_in_a_command_is_seen_by_nobody_and_goes_nowhere(
    slack: SlackServer, dialogue: Dialogue, gateway: AsyncExitStack
) -> None:
    await slack.slash("ann", "general", "/cloud", PASTED)
    await until(lambda: bool(said(slack, "ann")))
    assert dialogue.heard == []
    assert SECRET not in slack.received_text()
