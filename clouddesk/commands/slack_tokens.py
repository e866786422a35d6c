"""`clouddesk slack connect`, `disconnect`: the Slack app's tokens, checked with Slack and kept in the secrets."""

from __future__ import annotations

import sys

import click

from clouddesk import settings as settings_module
from clouddesk.local.home import write_atomically
from clouddesk.settings import SLACK_APP_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET
from connectors.slack import tokens

_PAGES = {
    SLACK_BOT_TOKEN: ("Bot User OAuth Token", "OAuth & Permissions, begins with xoxb-"),
    SLACK_APP_TOKEN: ("App-Level Token", "Basic Information, begins with xapp-"),
    SLACK_SIGNING_SECRET: ("Signing Secret", "Basic Information"),
}


@click.group()
def slack() -> None:
    """Connect this installation with a Slack workspace (docs/slack.md)."""


@slack.command()
def connect() -> None:
    """Ask for the app's tokens without showing them, have Slack check them, keep them for `clouddesk up`.

    From a pipe they are read one a line: the bot token, then the app token (or, for HTTP, the signing secret).
    """
    config = settings_module.load()
    bot_token = _ask(SLACK_BOT_TOKEN)
    workspace = tokens.workspace_of(bot_token, api_url=config.slack_api_url)
    other = SLACK_APP_TOKEN if config.slack_transport == "socket" else SLACK_SIGNING_SECRET
    given = _ask(other)
    if other == SLACK_APP_TOKEN:
        tokens.check_app_token(given, api_url=config.slack_api_url)
    config.secrets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in ((SLACK_BOT_TOKEN, bot_token), (other, given)):
        path = config.secrets_dir / name
        write_atomically(path, text.encode())
        path.chmod(0o600)
    running = " Run `clouddesk down` before it, as the stack is running." if config.run_file.exists() else ""
    click.echo(f"Connected with {workspace}. `clouddesk up` starts the gateway with the rest.{running}")


@slack.command()
def disconnect() -> None:
    """Forget the tokens. To make them useless as well, revoke them on the app's page."""
    config = settings_module.load()
    found = [path for name in _PAGES if (path := config.secrets_dir / name).exists()]
    for path in found:
        path.unlink()
    click.echo("The Slack tokens are forgotten; the gateway ends with the next start." if found else "There were none.")


def _ask(name: str) -> str:
    title, where = _PAGES[name]
    prompt = f"{title} ({where})"
    text = str(click.prompt(prompt, hide_input=True)) if sys.stdin.isatty() else sys.stdin.readline()
    if not text.strip():
        raise click.ClickException(f"The {title} is missing: it is on the app's page “{where.partition(',')[0]}”.")
    return text.strip()
