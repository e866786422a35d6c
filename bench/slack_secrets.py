"""Keys that are entered and pasted while the Slack benchmark runs, and where they are found afterwards: nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import aiohttp

from clouddesk.sandbox.keys import make_aws_key
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import Settings
from tests.integration.slack import search

USER = "secretive"
_AS_PEOPLE_SEE_IT = "Slack, stored"
"""With what people typed into it themselves, which is theirs to delete."""


def pasted() -> dict[str, str]:
    """A key as somebody would paste it."""
    return dict(make_aws_key())


async def entered(settings: Settings, slack: SlackServer) -> dict[str, str]:
    """A key that the cloud refuses, and then one that it takes, put into the form. Returns the secrets of both."""
    slack.workspace.add_user(USER)
    await slack.shortcut(USER, "add_credentials")
    await slack.until(lambda: bool(slack.modals(USER)), within_seconds=30)
    wrong, right = pasted(), await _issued(settings)
    await slack.submit(USER, slack.modals(USER)[-1].id, {"provider": "aws"})
    for key, sign in ((wrong, "does not accept"), (right, "works")):
        await slack.submit(USER, slack.modals(USER)[-1].id, key)
        await slack.until(partial(_says, slack, sign), within_seconds=30)
    await slack.close_view(USER, slack.modals(USER)[-1].id)
    keys = {"refused": wrong, "taken": right}
    return {f"{name} {field}": secret for name, key in keys.items() for field, secret in key.items()}


def _says(slack: SlackServer, sign: str) -> bool:
    return sign in _seen(slack)


def _seen(slack: SlackServer) -> str:
    """The form, with what is told at its fields."""
    form = slack.modals(USER)[-1]
    return f"{form.errors}{form.content}"


async def left(settings: Settings, slack: SlackServer, secrets: Mapping[str, str]) -> int:
    """In how many places any of them is found: Redis, Temporal, logs, the vault's audit log, what Slack received."""
    places = await search.everything(settings, slack)
    del places[_AS_PEOPLE_SEE_IT]
    return len(search.found(secrets, places))


async def _issued(settings: Settings) -> dict[str, str]:
    """A key that the simulated cloud accepts, and that nobody else has."""
    async with aiohttp.ClientSession() as session:
        address = f"{settings.sandbox['aws']}/_sandbox/credentials"
        async with session.post(address, json={"owner": "team-of-the-benchmark"}) as answer:
            answer.raise_for_status()
            return dict(await answer.json())
