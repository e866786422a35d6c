"""`clouddesk slack-sim`: a Slack of one's own with a page to chat in, and the stack behind it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from clouddesk import log
from clouddesk import settings as settings_module
from clouddesk.model.errors import CloudDeskError
from clouddesk.settings import Settings

if TYPE_CHECKING:
    from clouddesk.sandbox.slack.people import App

PORT = 3100


@click.command("slack-sim")
@click.option("--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="0: any free port.")
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Install the app as this manifest says: its scopes, events, commands and shortcuts.",
)
@click.option("--alone", is_flag=True, help="Only the simulated Slack: another gateway, or an app of yours, connects.")
def slack_sim(port: int, manifest: Path | None, alone: bool) -> None:
    """Open a simulated Slack with a page to chat in, answered by the running stack, until Ctrl-C.

    It is as strict as Slack itself and forgets everything at its end. No workspace and no token is needed.
    """
    log.configure(process="slack-sim", level=logging.WARNING)
    settings = settings_module.load()
    if not alone and not settings.run_file.exists():
        raise click.ClickException(
            "The stack is not running, so nobody would answer. Start it with `clouddesk up --detach`, "
            "or use --alone for the simulated Slack without it."
        )
    try:
        asyncio.run(_run(None if alone else settings, port, yaml.safe_load(manifest.read_text()) if manifest else None))
    except CloudDeskError as error:
        raise click.ClickException(str(error)) from error


async def _run(settings: Settings | None, port: int, manifest: Mapping[str, Any] | None) -> None:
    # Here, so that the other commands start without it.
    from clouddesk.sandbox.slack.server import SlackServer

    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    async with AsyncExitStack() as stack:
        try:
            slack = await stack.enter_async_context(SlackServer(port=port))
        except OSError as error:
            raise click.ClickException(f"Port {port} is taken. Choose another one with --port.") from error
        if manifest is not None:
            slack.app.install(manifest)
        if settings is not None:
            from connectors.slack.gateway import open_gateway

            simulated = _simulated(settings, slack.app, slack.api_url)
            await stack.enter_async_context(open_gateway(simulated, health_port=0))
        click.echo(f"Chat at {slack.url}/  (Ctrl-C ends it)")
        click.echo(
            f"Apps:  slack_api_url {slack.api_url}  bot token {slack.app.bot_token}  app token {slack.app.app_token}"
        )
        await stopping.wait()


@dataclass(frozen=True)
class _Simulated(Settings):
    """The stack's settings, but for Slack: the simulated one's address and tokens. No file is changed."""

    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    def secret(self, name: str) -> str:
        return self.tokens.get(name) or super().secret(name)


def _simulated(settings: Settings, app: App, api_url: str) -> Settings:
    values = {one.name: getattr(settings, one.name) for one in fields(settings)}
    tokens = {"slack-bot-token": app.bot_token, "slack-app-token": app.app_token}
    return _Simulated(**values | {"slack_api_url": api_url, "slack_transport": "socket", "tokens": tokens})
