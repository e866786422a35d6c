"""While Slack cannot be reached the gateway says so, stays, and comes back by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest

from clouddesk.desk import Desk
from clouddesk.local.home import Home
from clouddesk.local.processes import SLACK, Plan
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import PROJECT, Settings
from connectors.slack import gateway as gateways
from connectors.slack import health
from tests.integration.slack.conftest import NoDesk, said, until
from tests.servers import free_port

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked after several times a second, so that tests need not wait."""
    monkeypatch.setattr(gateways, "PING_SECONDS", 1.0)
    monkeypatch.setattr(health, "WATCH_SECONDS", 0.1)


@pytest.fixture
def plan(settings: Settings) -> Plan:
    return Plan(home=Home(settings.home), ports={"slack": free_port()}, model=Path(), boot_seconds=0)


@pytest.fixture
async def starting(settings: Settings, plan: Plan) -> AsyncIterator[AsyncExitStack]:
    """A gateway on its way, however long that takes."""

    async def run() -> None:
        async with gateways.open_gateway(settings, health_port=plan.ports["slack"], desk=cast(Desk, NoDesk())):
            await asyncio.Event().wait()

    async with AsyncExitStack() as stack:
        task = asyncio.create_task(run())

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        stack.push_async_callback(end)
        yield stack


async def trouble(plan: Plan, words: str) -> str:
    """What `clouddesk status` says of the gateway, once it has these words; "" when all is well."""
    assert SLACK.trouble is not None
    for _ in range(300):
        if await asyncio.to_thread(SLACK.is_ready, plan):
            found = await asyncio.to_thread(SLACK.trouble, plan)
            if (words in found) if words else not found:
                return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"never said: {words!r}")


@pytest.fixture
def away(slack: SlackServer) -> None:
    """Slack is gone before the gateway starts."""
    slack.outage()


@pytest.fixture
def refusing(slack: SlackServer) -> None:
    """Slack knows the token no more."""
    slack.fault("unauthorized", count=1, operation="auth.test")


async def test_slack_away_at_the_start_is_told_and_waited_for(
    slack: SlackServer, away: None, starting: AsyncExitStack, plan: Plan
) -> None:
    assert slack.api_url in await trouble(plan, "can't be reached")
    slack.recover()
    await trouble(plan, "")
    slack.say("ann", "dm", "a vm")
    await until(lambda: said(slack, "ann") == ["I heard: a vm"])


async def test_slack_going_away_later_is_told_and_what_was_said_is_answered_when_it_is_back(
    slack: SlackServer, starting: AsyncExitStack, plan: Plan
) -> None:
    await trouble(plan, "")
    slack.outage()
    assert await trouble(plan, "I go on trying")
    slack.say("ann", "dm", "a vm")
    slack.recover()
    await trouble(plan, "")
    await until(lambda: said(slack, "ann") == ["I heard: a vm"], within_seconds=10)


async def test_a_token_that_slack_does_not_take_is_named(
    slack: SlackServer, refusing: None, starting: AsyncExitStack, plan: Plan
) -> None:
    assert "secrets/slack-bot-token" in await trouble(plan, "token_revoked")
    await trouble(plan, "")


async def test_an_address_that_slack_takes_no_more_is_not_tried_for_ever(
    slack: SlackServer, starting: AsyncExitStack, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    await trouble(plan, "")
    fresh, old = slack.sockets.new_ticket, iter(["used up"])
    monkeypatch.setattr(slack.sockets, "new_ticket", lambda: next(old, None) or fresh())
    slack.drop_sockets()
    await until(lambda: slack.sockets.count == 0)
    await until(lambda: slack.sockets.count == 1, within_seconds=15)
    assert next(old, None) is None, "the old address was tried"


def test_a_gateway_that_waits_for_slack_can_be_stopped(slack: SlackServer, settings: Settings, plan: Plan) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("CLOUDDESK_")}
    env |= {"CLOUDDESK_HOME": str(settings.home), "CLOUDDESK_SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/"}
    process = subprocess.Popen(SLACK.command(plan), cwd=PROJECT, env=env, stderr=subprocess.DEVNULL)
    try:
        assert SLACK.trouble is not None
        while process.poll() is None and "can't be reached" not in SLACK.trouble(plan):
            time.sleep(0.1)
        assert process.poll() is None, "it stays"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
