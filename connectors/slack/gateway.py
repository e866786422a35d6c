"""The gateway process: `python -m connectors.slack.gateway --health-port P`. Run as many as there should be.

Slack calls in by the socket that we open (Socket Mode), or by signed HTTP; the listeners are the same.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import click
import structlog
from aiohttp import web
from redis.asyncio import Redis
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from clouddesk import log as logging
from clouddesk import settings as configuration
from clouddesk.adapters.redis import PREFIX, RedisNotices, open_redis
from clouddesk.admins import Admins
from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.model.errors import CloudDeskError
from clouddesk.settings import SLACK_APP_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, Settings
from connectors.notices import Wording
from connectors.rasa import RasaClient
from connectors.slack.app import Services, make_app
from connectors.slack.delivery import Delivery, Pump
from connectors.slack.home import Home
from connectors.slack.messenger import Messenger, identify, open_client
from connectors.slack.missed import Missed
from connectors.slack.modals import Modals
from connectors.slack.order import Lanes
from connectors.slack.people import People
from connectors.slack.progress import Progress
from connectors.slack.turns import Turns

EVENTS_PATH = "/slack/events"
LOOPBACK = "127.0.0.1"
PING_SECONDS = 5.0
GRACE_SECONDS = 10.0

_log = structlog.get_logger()


async def run(settings: Settings, *, health_port: int) -> None:
    """Work until SIGTERM or SIGINT; then finish what is under way."""
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    async with open_gateway(settings, health_port=health_port):
        await stopping.wait()
        _log.info("slack.stopping")


@asynccontextmanager
async def open_gateway(settings: Settings, *, health_port: int, desk: Desk | None = None) -> AsyncIterator[None]:
    """A gateway that works for as long as the context lasts. ``desk``: instead of one of its own."""
    async with AsyncExitStack() as stack:
        health = await stack.enter_async_context(_health(health_port))
        redis = open_redis(settings.redis_url)
        stack.push_async_callback(redis.close)
        client = await stack.enter_async_context(open_client(settings.secret(SLACK_BOT_TOKEN), settings.slack_api_url))
        identity = await identify(client)
        prefix = f"{PREFIX}:slack:{identity['team_id']}"
        messenger = Messenger(client, redis, prefix=prefix)
        rasa = await stack.enter_async_context(
            RasaClient(settings.rasa_urls or settings.rasa_url, settings.secret("channel"))
        )
        if desk is None:
            desk = await stack.enter_async_context(open_desk(settings, vault_role="gateway"))
        parts = _put_together(settings, desk, redis, rasa, messenger, identity, prefix)
        app = make_app(client=client, signing_secret=_signing_secret(settings), services=parts.services)
        await stack.enter_async_context(_running(parts))
        # Closed first: nothing new comes in while what is under way is finished.
        health.socket = await stack.enter_async_context(_open_transport(settings, app))
        health.is_open = True
        _log.info("slack.started", transport=settings.slack_transport, workspace=identity["team_id"])
        yield


@dataclass(frozen=True)
class _Parts:
    services: Services
    progress: Progress
    pump: Pump
    missed: Missed


def _put_together(
    settings: Settings,
    desk: Desk,
    redis: Redis[bytes],
    rasa: RasaClient,
    messenger: Messenger,
    identity: dict[str, Any],
    prefix: str,
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
    delivery = Delivery(messenger=messenger, people=people, progress=progress, wording=Wording())
    turns = Turns(rasa=rasa, messenger=messenger, people=people, delivery=delivery, progress=progress)
    lanes = Lanes(redis, turns.do, prefix=prefix)
    pump = Pump(RedisNotices(redis), redis, lanes, workspace_id=workspace_id, prefix=prefix)
    missed = Missed(messenger, redis, lanes, workspace_id=workspace_id, bot_user_id=bot_user_id, prefix=prefix)
    services = Services(
        workspace_id=workspace_id,
        bot_user_id=bot_user_id,
        lanes=lanes,
        messenger=messenger,
        modals=Modals(desk=desk, people=people, messenger=messenger),
        home=Home(desk=desk, people=people, messenger=messenger),
    )
    return _Parts(services, progress, pump, missed)


@asynccontextmanager
async def _running(parts: _Parts) -> AsyncIterator[None]:
    """What goes on by itself; at the end, what is under way is finished."""
    lanes = parts.services.lanes
    running = [asyncio.create_task(task) for task in (lanes.run(), parts.pump.run(), parts.missed.run())]
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
async def _open_transport(settings: Settings, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler | None]:
    """How Slack reaches us; None for HTTP."""
    if settings.slack_transport == "http":
        async with _serving(app.web_app(path=EVENTS_PATH), settings.slack_http_host, settings.slack_http_port):
            yield None
        return
    handler = AsyncSocketModeHandler(app, settings.secret(SLACK_APP_TOKEN), ping_interval=PING_SECONDS)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@dataclass
class _Health:
    """What GET /health answers from, from the first moment on."""

    is_open: bool = False
    socket: AsyncSocketModeHandler | None = None

    async def answer(self, _request: web.Request) -> web.Response:
        is_connected = self.is_open and (self.socket is None or await self.socket.client.is_connected())
        return web.json_response({"connected": is_connected}, status=200 if is_connected else 503)


@asynccontextmanager
async def _health(port: int) -> AsyncIterator[_Health]:
    health, app = _Health(), web.Application()
    app.router.add_get("/health", health.answer)
    async with _serving(app, LOOPBACK, port):
        yield health


@asynccontextmanager
async def _serving(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


def _signing_secret(settings: Settings) -> str:
    return settings.secret(SLACK_SIGNING_SECRET) if settings.slack_transport == "http" else ""


@click.command()
@click.option("--health-port", type=int, required=True, help="Port on loopback for GET /health.")
def main(health_port: int) -> None:
    """Speak with a Slack workspace."""
    logging.configure(process="slack")
    try:
        asyncio.run(run(configuration.load(), health_port=health_port))
    except CloudDeskError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
