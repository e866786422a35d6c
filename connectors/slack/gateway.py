"""The gateway process: `python -m connectors.slack.gateway --health-port P`. Run as many as there should be.

Slack calls in by the socket that we open (Socket Mode), or by signed HTTP; the listeners are the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import click
import structlog
import uvloop
from redis.asyncio import Redis
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from clouddesk.adapters.redis import PREFIX, RedisNotices, open_redis
from clouddesk.admins import Admins
from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.model.actor import Actor, Person
from clouddesk.running import run_process, serving, telling_health, work_until_told
from clouddesk.settings import SLACK_APP_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, Settings
from connectors.notices import Wording
from connectors.rasa import RasaClient
from connectors.slack.app import Services, make_app
from connectors.slack.delivery import Delivery, Pump
from connectors.slack.health import Health
from connectors.slack.home import Home
from connectors.slack.key_files import KeyFiles
from connectors.slack.leavers import Leavers
from connectors.slack.lists import Lists
from connectors.slack.messenger import Messenger, identify, open_client
from connectors.slack.missed import Missed
from connectors.slack.modals import Modals
from connectors.slack.order import Lanes
from connectors.slack.people import People
from connectors.slack.pictures import Pictures
from connectors.slack.progress import Progress
from connectors.slack.settling import Settling
from connectors.slack.statuses import Statuses
from connectors.slack.turns import Turns

EVENTS_PATH = "/slack/events"
PING_SECONDS = 5.0
GRACE_SECONDS = 10.0

_log = structlog.get_logger()


async def run(settings: Settings, *, health_port: int) -> None:
    """Work until SIGTERM or SIGINT; then finish what is under way."""
    health = Health()

    async def work(stopping: asyncio.Event) -> None:
        async with open_gateway(settings, health_port=health_port, health=health):
            await stopping.wait()
            _log.info("slack.stopping")

    await work_until_told(work, has_begun=lambda: health.is_open)


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, health_port: int, desk: Desk | None = None, health: Health | None = None
) -> AsyncIterator[None]:
    """A gateway that works for as long as the context lasts. ``desk``: instead of one of its own.

    While Slack cannot be reached it is entered slowly, and says why at /health.
    """
    health = health or Health()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(telling_health(health_port, health.look))
        redis = open_redis(settings.redis_url)
        stack.push_async_callback(redis.close)
        client = await stack.enter_async_context(open_client(settings.secret(SLACK_BOT_TOKEN), settings.slack_api_url))
        identity = await identify(client, health.tell)
        prefix = f"{PREFIX}:slack:{identity['team_id']}"
        messenger = Messenger(client, redis, prefix=prefix, tell=health.tell)
        if desk is None:
            desk = await stack.enter_async_context(open_desk(settings, vault_role="gateway"))
        urls, secret = settings.rasa_urls or settings.rasa_url, settings.secret("channel")
        rasa = await stack.enter_async_context(RasaClient(urls, secret, secrets_of=partial(_secrets_of, desk)))
        parts = _put_together(settings, desk, redis, rasa, client, messenger, identity, prefix, health)
        app = make_app(client=client, signing_secret=_signing_secret(settings), services=parts.services)
        await stack.enter_async_context(_running(parts, health))
        # Closed first: nothing new comes in while what is under way is finished.
        await stack.enter_async_context(_open_transport(settings, app, health))
        health.is_open = True
        _log.info("slack.started", transport=settings.slack_transport, workspace=identity["team_id"])
        yield


async def _secrets_of(desk: Desk, person: Person, reservation_id: str) -> Mapping[str, str]:
    return await desk.secrets_of(Actor(person.workspace_id, person.user_id), reservation_id)


@dataclass(frozen=True)
class _Parts:
    services: Services
    people: People
    progress: Progress
    pump: Pump
    missed: Missed
    statuses: Statuses


def _put_together(
    settings: Settings,
    desk: Desk,
    redis: Redis[bytes],
    rasa: RasaClient,
    client: AsyncWebClient,
    messenger: Messenger,
    identity: dict[str, Any],
    prefix: str,
    health: Health,
) -> _Parts:
    workspace_id, bot_user_id = str(identity["team_id"]), str(identity["user_id"])
    people = People(
        messenger,
        redis,
        Admins(redis, settings.admins, has_group=bool(settings.slack_admin_group)),
        workspace_id=workspace_id,
        group=settings.slack_admin_group,
        prefix=prefix,
    )
    progress = Progress(desk=desk, messenger=messenger, redis=redis, prefix=prefix)
    home = Home(desk=desk, people=people, messenger=messenger, redis=redis, prefix=prefix)
    delivery = Delivery(
        messenger=messenger, people=people, progress=progress, home=home, wording=Wording(), reveal=rasa.revealed
    )
    lists = Lists(desk=desk, messenger=messenger, redis=redis, prefix=prefix)
    turns = Turns(
        rasa=rasa,
        messenger=messenger,
        people=people,
        delivery=delivery,
        progress=progress,
        lists=lists,
        home=home,
        settling=Settling(messenger=messenger, redis=redis, prefix=prefix),
        pictures=Pictures(messenger),
        key_files=KeyFiles(client),
    )
    lanes = Lanes(redis, turns.do, prefix=prefix)
    pump = Pump(RedisNotices(redis), redis, lanes, workspace_id=workspace_id, prefix=prefix)

    async def hears() -> bool:
        is_called = settings.slack_transport == "http"  # by Slack, which has no connection to look at
        return await health.is_connected() and (not is_called or await messenger.is_answered())

    missed = Missed(
        messenger, redis, lanes, workspace_id=workspace_id, bot_user_id=bot_user_id, prefix=prefix, hears=hears
    )
    services = Services(
        workspace_id=workspace_id,
        bot_user_id=bot_user_id,
        lanes=lanes,
        messenger=messenger,
        modals=Modals(desk=desk, people=people, messenger=messenger),
        home=home,
        leavers=Leavers(desk=desk, people=people, workspace_id=workspace_id),
    )
    statuses = Statuses(desk=desk, people=people, workspace_id=workspace_id)
    return _Parts(services, people, progress, pump, missed, statuses)


@asynccontextmanager
async def _running(parts: _Parts, health: Health) -> AsyncIterator[None]:
    """What goes on by itself; at the end, what is under way is finished."""
    lanes = parts.services.lanes
    work = {
        "conversations": lanes.run,
        "notices": parts.pump.run,
        "catching up": parts.missed.run,
        "progress": parts.progress.run,
        "admins": parts.people.keep_admins,
        "leavers": parts.services.leavers.run,
        "statuses": parts.statuses.run,
    }
    running = [asyncio.create_task(health.keep_up(name, run)) for name, run in work.items()]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await parts.services.close(within_seconds=GRACE_SECONDS)
        await lanes.close(within_seconds=GRACE_SECONDS)
        await parts.progress.close()


@asynccontextmanager
async def _open_transport(settings: Settings, app: AsyncApp, health: Health) -> AsyncIterator[None]:
    """How Slack reaches us."""
    if settings.slack_transport == "http":
        async with serving(app.web_app(path=EVENTS_PATH), settings.slack_http_host, settings.slack_http_port):
            yield
        return
    handler = AsyncSocketModeHandler(app, settings.secret(SLACK_APP_TOKEN), ping_interval=PING_SECONDS)
    health.socket = handler
    watching = asyncio.create_task(health.watch())
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
        yield
    finally:
        watching.cancel()
        await handler.close_async()  # type: ignore[no-untyped-call]


def _signing_secret(settings: Settings) -> str:
    return settings.secret(SLACK_SIGNING_SECRET) if settings.slack_transport == "http" else ""


@click.command()
@click.option("--health-port", type=int, required=True, help="Port on loopback for GET /health.")
def main(health_port: int) -> None:
    """Speak with a Slack workspace."""
    uvloop.install()
    run_process("slack", lambda settings: run(settings, health_port=health_port))


if __name__ == "__main__":
    main()
