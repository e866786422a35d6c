"""Nothing that was said is lost or done twice, when Slack says slow down, goes away or repeats, and gateways die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import PROJECT, Settings
from tests.integration.slack.conftest import StartGateway, said, signed, until
from tests.integration.slack.dialogue import Dialogue
from tests.servers import free_port

pytestmark = pytest.mark.integration


async def test_slack_saying_slow_down_is_obeyed_and_nothing_is_lost_or_out_of_order(
    slack: SlackServer, gateway: AsyncExitStack
) -> None:
    slack.fault("rate_limit", count=2, operation="chat.postMessage", retry_after=1)
    for number in range(3):
        slack.say("ann", "dm", f"wish {number}")
    await until(lambda: len(said(slack, "ann")) == 3, within_seconds=8)
    assert said(slack, "ann") == [f"I heard: wish {number}" for number in range(3)]
    posts = [call for call in slack.calls if call.method == "chat.postMessage"]
    assert [call.answer for call in posts[:3]] == ["rate_limit", "rate_limit", "ok"]
    assert posts[1].at - posts[0].at >= 1


async def test_a_post_whose_answer_was_lost_is_not_posted_again(slack: SlackServer, gateway: AsyncExitStack) -> None:
    slack.fault("drop_after_accept", operation="chat.postMessage")
    slack.say("ann", "dm", "a vm")
    await until(lambda: any(call.method == "conversations.history" for call in slack.calls))
    await asyncio.sleep(0.5)
    assert said(slack, "ann") == ["I heard: a vm"]


async def test_a_fault_of_slack_and_a_lost_connection_are_got_over(slack: SlackServer, gateway: AsyncExitStack) -> None:
    slack.fault("server_error", operation="chat.postMessage")
    slack.fault("down", operation="users.info")
    slack.say("ann", "dm", "a vm")
    await until(lambda: said(slack, "ann") == ["I heard: a vm"])


async def test_sockets_that_slack_closes_are_opened_again(slack: SlackServer, gateway: AsyncExitStack) -> None:
    await slack.disconnect()
    slack.say("ann", "dm", "first")
    await until(lambda: said(slack, "ann") == ["I heard: first"])
    slack.fault("drop_socket")
    slack.say("ann", "dm", "second")
    await until(lambda: "I heard: second" in said(slack, "ann"), within_seconds=15)


async def test_several_gateways_share_the_work_and_keep_the_order(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    for _ in range(3):
        await start()
    dialogue.seconds = 0.01
    people = [slack.workspace.add_user(f"person{number}").name for number in range(5)]
    for number in range(6):
        for person in people:
            slack.say(person, "dm", f"{person} {number}")
        # Two messages of one person within milliseconds may reach two gateways the other way round.
        await slack.delivered()
    await until(lambda: all(len(said(slack, person)) == 6 for person in people), within_seconds=15)
    for person in people:
        assert said(slack, person) == [f"I heard: {person} {number}" for number in range(6)]
    assert len(dialogue.texts) == 30


async def test_a_gateway_killed_in_the_middle_loses_nothing_and_says_nothing_twice(
    slack: SlackServer, dialogue: Dialogue, settings: Settings, start: StartGateway
) -> None:
    dialogue.seconds = 1.0
    victim = process(settings)
    try:
        await slack.connected(within_seconds=20)
        slack.say("ann", "dm", "first")
        slack.say("ann", "dm", "second")
        await until(lambda: dialogue.asked == 1)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        await until(lambda: slack.sockets.count == 0)
        dialogue.seconds = 0.0
        await start()
        await until(lambda: len(said(slack, "ann")) == 2, within_seconds=30)
        await asyncio.sleep(0.5)
        assert said(slack, "ann") == ["I heard: first", "I heard: second"]
        assert dialogue.texts == ["first", "second"]
    finally:
        if victim.poll() is None:
            victim.kill()
            victim.wait()


async def test_a_gateway_that_is_stopped_finishes_what_it_began(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    dialogue.seconds = 0.4
    gateway = await start()
    slack.say("ann", "dm", "a vm")
    await until(lambda: dialogue.asked == 1)
    await gateway.aclose()
    assert said(slack, "ann") == ["I heard: a vm"]


async def test_what_was_said_while_no_gateway_ran_is_answered_or_apologised_for(
    slack: SlackServer, dialogue: Dialogue, redis: Redis, start: StartGateway
) -> None:
    gateway = await start()
    slack.say("ann", "dm", "before")
    await until(lambda: bool(said(slack, "ann")))
    await signed(redis)
    await gateway.aclose()
    slack.delivery.retry_seconds = ()
    slack.say("ann", "dm", "meanwhile")
    old = slack.say("ben", "dm", "long ago")
    await slack.delivered(within_seconds=10)
    message = slack.store.find(old.channel, old.ts)
    assert message is not None
    message.ts = f"{float(old.ts) - 3600:.6f}"
    alive = await signed(redis)
    await redis.set(alive, str(float(await redis.get(alive)) - 7200))
    await start()
    await until(lambda: len(said(slack, "ann")) == 2 and bool(said(slack, "ben")), within_seconds=10)
    assert said(slack, "ann") == ["I heard: before", "I heard: meanwhile"]
    assert "I was away" in said(slack, "ben")[0]
    assert dialogue.texts == ["before", "meanwhile"]


async def test_without_redis_nothing_is_acknowledged_so_slack_sends_it_again(
    slack: SlackServer, dialogue: Dialogue, settings: Settings, start: StartGateway, tmp_path: Path
) -> None:
    from tests.servers import redis_server

    server = redis_server(tmp_path)
    server.start(server.listens)
    try:
        await start(replace(settings, redis_url=f"redis://127.0.0.1:{server.port}/0"))
        server.stop()
        slack.delivery.retry_seconds = (1.0, 1.0, 2.0, 4.0)
        slack.say("ann", "dm", "a vm")
        await until(lambda: len(slack.attempts) >= 1, within_seconds=10)
        assert not slack.attempts[0].is_acked
        server.start(server.listens)
        await until(lambda: said(slack, "ann") == ["I heard: a vm"], within_seconds=15)
    finally:
        server.stop()


async def test_signed_http_does_the_same_and_a_wrong_signature_does_nothing(
    slack: SlackServer, dialogue: Dialogue, settings: Settings, start: StartGateway
) -> None:
    port = free_port()
    slack.app.request_url = f"http://127.0.0.1:{port}/slack/events"
    await start(replace(settings, slack_transport="http", slack_http_port=port))
    assert await slack.delivery.challenge()
    slack.say("ann", "dm", "a vm")
    await until(lambda: said(slack, "ann") == ["I heard: a vm"])
    forged = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1700000000"}
    async with aiohttp.ClientSession() as session:
        response = await session.post(slack.app.request_url, json={"type": "event_callback"}, headers=forged)
        assert response.status == 401
    assert (await slack.slash("ann", "general", "/cloud", "help")).is_acked
    await until(lambda: dialogue.texts == ["a vm", "help"])


async def test_acks_wait_for_no_answer(slack: SlackServer, dialogue: Dialogue, gateway: AsyncExitStack) -> None:
    dialogue.may_answer.clear()
    for number in range(30):
        slack.say("ann", "dm", f"wish {number}")
    await slack.delivered()
    assert len(slack.attempts) == 30
    assert not said(slack, "ann")
    dialogue.may_answer.set()
    await until(lambda: len(said(slack, "ann")) == 30, within_seconds=20)


def process(settings: Settings) -> subprocess.Popen[bytes]:
    """A gateway that can be killed."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CLOUDDESK_")},
        "CLOUDDESK_HOME": str(settings.home),
        "CLOUDDESK_REDIS_URL": settings.redis_url,
        "CLOUDDESK_RASA_URL": settings.rasa_url,
        "CLOUDDESK_SLACK_API_URL": settings.slack_api_url,
    }
    command = [sys.executable, "-m", "tests.integration.slack.gateway_process", str(free_port())]
    return subprocess.Popen(command, cwd=PROJECT, env=env)
