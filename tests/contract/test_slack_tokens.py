"""The Slack app's tokens are checked with Slack before they are kept, and are never shown."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clouddesk.commands.slack_tokens import slack as commands
from clouddesk.model.errors import Invalid
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import SLACK_APP_TOKEN, SLACK_BOT_TOKEN
from connectors.slack import tokens


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


async def run(slack: SlackServer, home: Path, *arguments: str, typed: str = "") -> Result:
    """The command as from a pipe, with this Slack."""
    environment = {"CLOUDDESK_HOME": str(home), "CLOUDDESK_SLACK_API_URL": slack.api_url}
    return await asyncio.to_thread(
        CliRunner().invoke, commands, list(arguments), input=typed, env=environment, standalone_mode=True
    )


async def test_tokens_that_slack_knows_are_kept_for_their_owner_only(slack: SlackServer, tmp_path: Path):
    done = await run(slack, tmp_path, "connect", typed=f"{slack.app.bot_token}\n{slack.app.app_token}\n")

    assert done.exit_code == 0, done.output
    assert done.output.startswith("Connected with ")
    assert slack.app.bot_token not in done.output
    kept = {name: tmp_path / "secrets" / name for name in (SLACK_BOT_TOKEN, SLACK_APP_TOKEN)}
    assert kept[SLACK_BOT_TOKEN].read_text() == slack.app.bot_token
    assert kept[SLACK_APP_TOKEN].read_text() == slack.app.app_token
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.values()} == {0o600}

    forgotten = await run(slack, tmp_path, "disconnect")
    assert forgotten.exit_code == 0
    assert not any(path.exists() for path in kept.values())


@pytest.mark.parametrize("typed", ["xoxb-wrong\nxapp-wrong\n", "{bot}\nxapp-wrong\n", "{bot}\n", ""])
async def test_nothing_is_kept_of_tokens_that_slack_refuses(slack: SlackServer, tmp_path: Path, typed: str):
    done = await run(slack, tmp_path, "connect", typed=typed.format(bot=slack.app.bot_token))

    assert done.exit_code == 1
    assert not (tmp_path / "secrets").exists()


async def test_a_slack_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(Invalid, match="can't be reached"):
        await asyncio.to_thread(tokens.workspace_of, "xoxb-1", api_url="http://127.0.0.1:9/api/")
