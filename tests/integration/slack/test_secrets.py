"""A key goes nowhere but into the vault: given in a form or pasted anywhere, it is in nothing that anybody keeps."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import requests
from hvac.exceptions import Forbidden
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.client import Client

from clouddesk.adapters.redis import open_redis
from clouddesk.local.home import Home
from clouddesk.sandbox.keys import make_aws_key, make_digitalocean_key
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import PROJECT, SLACK_APP_TOKEN, SLACK_BOT_TOKEN, Settings
from tests.integration.conftest import RunningStack, environment
from tests.integration.slack import search
from tests.integration.slack.conftest import said, until
from tests.integration.slack.dialogue import Dialogue
from tests.integration.slack.test_forms import opened
from tests.integration.slack.test_main_job import Desk, workspace
from tests.servers import Vault, free_port

pytestmark = pytest.mark.integration

KEY, SECRET = "AKIAIOSFODNN7ZZZZZZZ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz"
PASTED = f"here are my aws keys {KEY} {SECRET}"


async def test_in_a_channel_the_person_is_told_alone_what_to_do(
    slack: SlackServer, dialogue: Dialogue, gateway: AsyncExitStack
) -> None:
    dialogue.seconds = 0.1
    slack.say("ann", "data", f"@clouddesk {PASTED}")
    await until(lambda: bool(said(slack, "ann")) and bool(said(slack, "ann", "data")))
    assert said(slack, "ben", "data") == []
    assert "please delete your message" in said(slack, "ann", "data")[0]
    assert "revoke" in said(slack, "ann")[0]
    assert "/add_credentials" in str(slack.messages("ann", "dm")[-1].blocks)
    assert dialogue.heard == []


async def test_a_key_in_a_command_is_seen_by_nobody_and_goes_nowhere(
    slack: SlackServer, dialogue: Dialogue, gateway: AsyncExitStack
) -> None:
    await slack.slash("ann", "general", "/cloud", PASTED)
    await until(lambda: bool(said(slack, "ann")))
    assert "Nobody but you saw what you typed" in said(slack, "ann")[0]
    assert "nobody but you saw it" in said(slack, "ann", "general")[0]
    assert dialogue.heard == []
    assert SECRET not in slack.received_text()


async def test_a_key_in_a_command_in_the_direct_conversation_leaves_nothing_to_delete(
    slack: SlackServer, dialogue: Dialogue, gateway: AsyncExitStack
) -> None:
    await slack.slash("ann", "dm", "/cloud", PASTED)
    await until(lambda: bool(said(slack, "ann")))
    assert "delete" not in said(slack, "ann")[0]


async def test_a_key_in_a_colleagues_message_is_the_colleagues_to_delete(
    slack: SlackServer, dialogue: Dialogue, gateway: AsyncExitStack
) -> None:
    pasted = slack.say("ben", "data", PASTED)
    await slack.shortcut("ann", "ask_clouddesk", channel="data", message_ts=pasted.ts)
    await until(lambda: bool(said(slack, "ann")))
    assert "whoever wrote it has to delete it" in said(slack, "ann")[0]
    assert dialogue.heard == []


# --- The whole stack, with the gateway as a process whose log is searched too -----------------------------------------


@pytest.fixture
async def desk(stack: RunningStack) -> AsyncIterator[Desk]:
    tokens = stack.settings.secrets_dir
    async with SlackServer(workspace(f"T0{secrets.token_hex(4).upper()}")) as slack:
        (tokens / SLACK_BOT_TOKEN).write_text(slack.app.bot_token)
        (tokens / SLACK_APP_TOKEN).write_text(slack.app.app_token)
        try:
            async with gateway_process(stack, slack):
                await slack.connected(within_seconds=60)
                yield Desk(slack, stack)
        finally:
            (tokens / SLACK_BOT_TOKEN).unlink()
            (tokens / SLACK_APP_TOKEN).unlink()


@asynccontextmanager
async def gateway_process(stack: RunningStack, slack: SlackServer) -> AsyncIterator[None]:
    command = [sys.executable, "-m", "connectors.slack.gateway", "--health-port", str(free_port())]
    env = environment(stack.home, CLOUDDESK_SLACK_API_URL=slack.api_url)
    with (stack.home / "logs" / "slack-of-test.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, env=env, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


def issued(settings: Settings, provider: str) -> dict[str, str]:
    """A key that the simulated cloud accepts, and that nobody else has."""
    owner = {"owner": f"team-{secrets.token_hex(4)}"}
    answer = requests.post(f"{settings.sandbox[provider]}/_sandbox/credentials", json=owner, timeout=10)
    answer.raise_for_status()
    return dict(answer.json())


async def give(desk: Desk, provider: str, wrong: dict[str, str], right: dict[str, str]) -> None:
    """Ann fills the form in, and what is refused once more."""
    slack = desk.slack

    async def submit(values: dict[str, str], answer: str) -> None:
        await slack.submit("ann", slack.modals("ann")[-1].id, values)
        await until(lambda: answer in str(slack.modals("ann")[-1]), within_seconds=20)

    await slack.shortcut("ann", "add_credentials")
    await opened(desk, "ann")
    await submit({"provider": provider}, f"'private_metadata': '{provider}'")
    await submit(wrong, "does not accept")
    await submit(right, "works")
    await slack.close_view("ann", slack.modals("ann")[-1].id)


async def paste(desk: Desk, pasted: dict[str, str]) -> None:
    """Everywhere where something can be written; then Ann and Ben delete it, as they are told to."""
    slack, written = desk.slack, []

    async def warned(times: int) -> None:
        await until(lambda: sum("revoke" in text for text in said(slack, "ann")) == times, within_seconds=20)

    written.append(("ann", slack.say("ann", "dm", f"my aws secret access key is {pasted['message']} thanks")))
    await warned(1)
    written.append(("ann", slack.say("ann", "data", f"@clouddesk use {pasted['mention']} for aws")))
    await warned(2)
    asked = slack.say("ann", "data", "@clouddesk what have I got?")
    await until(lambda: said(slack, "ben", "data"), within_seconds=20)
    words = f"@clouddesk it is\n{pasted['thread id']}\n{pasted['thread']}"
    written.append(("ann", slack.say("ann", "data", words, thread_ts=asked.ts)))
    await warned(3)
    await slack.slash("ann", "general", "/cloud", f"add digitalocean {pasted['command']}")
    await warned(4)
    others = slack.say("ben", "data", f"AWS_SECRET_ACCESS_KEY={pasted['shortcut']}")
    written.append(("ben", others))
    await slack.shortcut("ann", "ask_clouddesk", channel="data", message_ts=others.ts)
    await warned(5)
    harmless = slack.say("ann", "dm", "hello")
    slack.edit("ann", "dm", harmless.ts, f"hello {pasted['edit']}")
    written.append(("ann", harmless))
    await slack.delivered()
    for user, one in written:
        slack.delete_message(user, "dm" if one.channel.startswith("D") else "data", one.ts)
    await slack.delivered()


async def use(desk: Desk) -> None:
    """A machine is made and given back with the key that was entered."""
    before = desk.heard("ann")
    desk.slack.say("ann", "dm", "a vm with 1 GB on aws for 2 hours")
    await desk.press("ann", "dm", await desk.answer("ann", "dm", "shall i get", after=before), "Yes, get it")
    await desk.answer("ann", "dm", "is ready", after=before)
    (made,) = await desk.reservations("ann")
    desk.slack.say("ann", "dm", f"give back {made.name}")
    await desk.press("ann", "dm", await desk.answer("ann", "dm", "for good", after=before), "Yes, give back")
    await desk.answer("ann", "dm", "is gone", after=before)
    desk.slack.say("ann", "dm", "which credentials do you have?")
    await desk.answer("ann", "dm", "account", after=before)
    desk.slack.open_home("ann")
    await until(lambda: desk.slack.home("ann") is not None, within_seconds=20)


async def test_no_key_is_left_anywhere_but_in_the_vault(desk: Desk) -> None:
    settings = desk.stack.settings
    wrong, aws, ocean = dict(make_aws_key()), issued(settings, "aws"), issued(settings, "digitalocean")
    await give(desk, "aws", wrong, aws)
    await give(desk, "digitalocean", dict(make_digitalocean_key()), ocean)
    pasted = {name: b64encode(secrets.token_bytes(30)).decode() for name in ("message", "shortcut", "edit")}
    pasted |= {name: make_aws_key()["access_key_id"] for name in ("mention", "thread id")}
    pasted["thread"] = "-".join(secrets.token_hex(6) for _ in range(4))  # known only by what stands beside it
    pasted["command"] = make_digitalocean_key()["token"]
    await paste(desk, pasted)
    await use(desk)

    entered = {"refused in the form": wrong["secret_access_key"], "aws": aws["secret_access_key"]}
    entered |= {"digitalocean": ocean["token"], "aws id": aws["access_key_id"]}
    places = await search.everything(settings, desk.slack)
    assert search.found(entered | pasted, places) == []

    # It was searched where something is: the conversation, the reservation, and the vault's own account of the key.
    team, person = desk.slack.workspace.team_id, desk.slack.workspace.user("ann").id
    for place in ("Redis", "Temporal's histories"):
        assert person.encode() in places[place], place
    assert team.encode() in places["file logs/slack-of-test.log"]
    audit = places["file logs/vault.log"].decode()
    writes = [json.loads(line) for line in audit.splitlines() if f"/data/people/{team}/{person}/aws" in line]
    assert any("hmac-sha256:" in str(entry["request"].get("data")) for entry in writes), "audited, its secrets hashed"


async def test_a_key_that_somebody_left_would_be_found(desk: Desk) -> None:
    settings, key = desk.stack.settings, make_digitalocean_key()["token"]
    redis = open_redis(settings.redis_url)
    await redis.xadd("left", {"note": f"x{key}"})
    client = await Client.connect(settings.temporal_address)
    left = await client.start_workflow("Left", {"note": f"x{key}"}, id="left", task_queue="nobody")
    bot = AsyncWebClient(token=desk.slack.app.bot_token, base_url=desk.slack.api_url)
    await bot.chat_postMessage(channel=desk.slack.channel_id("ann", "dm"), text=key)
    with pytest.raises(Forbidden):
        Vault(settings.vault_addr, Home(settings.home)).client("worker").read(f"{settings.vault_mount}/{key}")
    audit = settings.home / "logs" / "vault.log"
    try:
        await until(lambda: key in audit.read_text())
        places = await search.everything(settings, desk.slack)
    finally:
        await left.terminate()
        await redis.delete("left")
        await redis.close()
    holding = {line.partition(":")[0] for line in search.found({"left": key}, places)}
    assert holding >= {"Redis", "Temporal's histories", "Slack, received", "Slack, stored", "file logs/vault.log"}
    assert "file data/redis/appendonly.aof" in holding
    assert any(place.startswith("file data/temporal/temporal.db") for place in holding)
