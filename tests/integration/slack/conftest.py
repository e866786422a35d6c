"""The gateway before a strict Slack and a real Redis; a stand-in where the dialogue does not matter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.redis import open_redis
from clouddesk.budgets import BudgetView
from clouddesk.costs import CostWish
from clouddesk.desk import Desk
from clouddesk.model.actor import Actor, Person
from clouddesk.model.costs import CostReport, report
from clouddesk.model.reservation import Reservation
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import Settings
from clouddesk.ssh_keys import SshKeys
from connectors.slack.gateway import open_gateway
from tests.builders import NOW
from tests.conversation.memory_people import MemorySshKeys
from tests.integration.slack.dialogue import SECRET, Dialogue
from tests.servers import free_port, redis_url

__all__ = ["redis_url"]

StartGateway = Callable[..., Awaitable[AsyncExitStack]]


async def until(look: Callable[[], Any], *, within_seconds: float = 5.0) -> None:
    """Wait until it is so; fails the test when that takes too long."""
    end = time.monotonic() + within_seconds
    while not look():
        assert time.monotonic() < end, "it took too long"
        await asyncio.sleep(0.02)


async def signed(redis: Redis) -> bytes:
    """The key under which gateways say that Slack reaches them, once they have."""
    end = time.monotonic() + 5
    while not (keys := await redis.keys("*:alive")):
        assert time.monotonic() < end, "no gateway said so"
        await asyncio.sleep(0.02)
    return cast(bytes, keys[0])


def said(slack: SlackServer, user: str, channel: str = "dm", **where: str) -> list[str]:
    """What the bot said there, as this person sees it."""
    return [one.all_text() for one in slack.messages(user, channel, **where) if one.user == slack.app.bot_user_id]


class NoCosts:
    """Nobody has spent anything."""

    async def report(self, _actor: Actor, wish: CostWish) -> CostReport:
        return report([], wish.since, wish.until, NOW)


class NoBudgets:
    """Nothing is bound."""

    async def view(self, _actor: Actor, whose: str) -> BudgetView:
        return BudgetView(whose, (), None, "2026-03")


class NoAbsences:
    """Nobody has machines, so nobody's status is looked at."""

    async def owners(self, _workspace_id: str) -> list[Person]:
        return []


class NoTeam:
    """Nothing is frozen, and nobody has left."""

    async def current(self, _actor: Actor) -> None:
        return None

    async def concerned(self, _actor: Actor) -> list[str]:
        return []


class NoDesk:
    """A Desk at which nobody has anything."""

    costs = NoCosts()
    budgets = NoBudgets()
    absences = NoAbsences()
    freezing = leavers = NoTeam()
    ssh_keys = SshKeys(MemorySshKeys())

    async def reservations(self, _actor: Actor, **_which: bool) -> list[Reservation]:
        return []

    def providers(self) -> tuple[str, ...]:
        return ("aws",)

    clouds = providers


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(ack_seconds=1.0, retry_seconds=(0.1, 0.5, 1.0)) as server:
        yield server


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = open_redis(redis_url)
    await client.flushdb()
    yield client
    await client.close()


@pytest.fixture
async def dialogue() -> AsyncIterator[Dialogue]:
    async with Dialogue() as standin:
        yield standin


@pytest.fixture
def settings(tmp_path: Path, redis: Redis, redis_url: str, slack: SlackServer, dialogue: Dialogue) -> Settings:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, secret in {
        "channel": SECRET,
        "slack-bot-token": slack.app.bot_token,
        "slack-app-token": slack.app.app_token,
        "slack-signing-secret": slack.app.signing_secret,
    }.items():
        (secrets / name).write_text(secret)
    return Settings(home=tmp_path, redis_url=redis_url, rasa_url=dialogue.url, slack_api_url=slack.api_url)


@pytest.fixture
async def start(settings: Settings, slack: SlackServer) -> AsyncIterator[StartGateway]:
    """Starts a gateway, as often as wanted; what it returns is closed at the end."""
    async with AsyncExitStack() as everything:

        async def begin(chosen: Settings = settings, *, desk: Any = None) -> AsyncExitStack:
            before = slack.sockets.count
            gateway = await everything.enter_async_context(AsyncExitStack())
            desk = desk or cast(Desk, NoDesk())
            await gateway.enter_async_context(open_gateway(chosen, health_port=free_port(), desk=desk))
            if chosen.slack_transport == "socket":
                await slack.connected(before + 1)
            return gateway

        yield begin


@pytest.fixture
async def gateway(start: StartGateway) -> AsyncExitStack:
    """A gateway on the socket, without a Desk: for what is only said."""
    return await start()
