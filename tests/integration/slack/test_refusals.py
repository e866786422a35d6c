"""What Slack refuses or stumbles over waits and comes, and holds up nobody else meanwhile."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.redis import PREFIX, RedisNotices
from clouddesk.desk import Desk
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import Settings
from connectors.slack import delivery, faults, health, messenger, missed
from connectors.slack import gateway as gateways
from tests.integration.slack.conftest import NoDesk, StartGateway, said, signed, until
from tests.integration.slack.dialogue import Dialogue, reply
from tests.integration.slack.test_notices import notice
from tests.servers import free_port

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tried again after moments, so that tests need not wait."""
    monkeypatch.setattr(faults, "AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(messenger, "FAULTS_AT_MOST", 2)
    monkeypatch.setattr(missed, "SIGN_SECONDS", 0.05)
    monkeypatch.setattr(missed, "LISTEN_SECONDS", 0.05)
    monkeypatch.setattr(missed, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(missed, "AWAY_SECONDS", 0.3)
    monkeypatch.setattr(health, "WATCH_SECONDS", 0.1)
    monkeypatch.setattr(gateways, "PING_SECONDS", 1.0)


async def test_what_was_said_while_slack_reached_no_running_gateway_is_answered(
    slack: SlackServer, dialogue: Dialogue, redis: Redis[bytes], start: StartGateway
) -> None:
    await start()
    await signed(redis)
    slack.delivery.retry_seconds = ()
    slack.outage()
    slack.say("ann", "dm", "a vm")
    await slack.delivered()
    await asyncio.sleep(missed.AWAY_SECONDS)
    slack.recover()
    await until(lambda: said(slack, "ann") == ["I heard: a vm"], within_seconds=20)
    assert dialogue.texts == ["a vm"]


async def test_a_conversation_that_cannot_be_read_back_holds_up_no_other(
    slack: SlackServer, dialogue: Dialogue, redis: Redis[bytes], start: StartGateway
) -> None:
    gateway = await start()
    for person in ("ann", "ben"):
        slack.say(person, "dm", "before")
        await until(lambda person=person: bool(said(slack, person)))
    await signed(redis)
    await gateway.aclose()
    slack.delivery.retry_seconds = ()
    for person in ("ann", "ben"):
        slack.say(person, "dm", "meanwhile")
    await slack.delivered()
    await asyncio.sleep(missed.AWAY_SECONDS)
    for person in ("ann", "ben"):
        slack.fault("server_error", count=2, operation=f"conversations.history@{slack.channel_id(person, 'dm')}")
    await start()
    for person in ("ann", "ben"):
        await until(lambda person=person: len(said(slack, person)) == 2, within_seconds=10)
    assert sorted(dialogue.texts) == ["before", "before", "meanwhile", "meanwhile"]


@pytest.mark.parametrize("scopes", [None, ()], ids=["a revoked token", "a scope that is gone"])
async def test_notices_wait_while_slack_refuses_the_app_and_health_says_it(
    slack: SlackServer, redis: Redis[bytes], settings: Settings, scopes: tuple[str, ...] | None
) -> None:
    state = health.Health()
    async with gateways.open_gateway(settings, health_port=free_port(), desk=cast(Desk, NoDesk()), health=state):
        had = slack.app.scopes
        if scopes is None:
            slack.fault("unauthorized", count=None)
        else:
            slack.app.scopes = scopes
        await RedisNotices(redis).send(notice(slack, "ann"))
        await until(lambda: "refuses the app" in state.trouble)
        is_well, told = await state.look()
        assert not is_well
        assert "clouddesk slack connect" in str(told["problem"])
        slack.recover()
        slack.app.scopes = had
        await until(lambda: bool(said(slack, "ann")))
        assert "vm-1" in said(slack, "ann")[0]
        await until(lambda: not state.trouble)


async def test_a_channel_that_slack_stumbles_over_holds_up_no_other(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    await start()
    slack.fault("server_error", count=None, operation=f"chat.postMessage@{slack.channel_id('ann', 'general')}")
    for number in range(70):
        slack.say("ann", "general", f"@clouddesk wish {number}")
    await until(lambda: len(dialogue.texts) >= 64, within_seconds=10)
    slack.say("ben", "dm", "a vm")
    await until(lambda: said(slack, "ben") == ["I heard: a vm"], within_seconds=10)
    slack.recover()
    await until(lambda: len(said(slack, "ann", "general")) == 70, within_seconds=30)
    assert len(dialogue.texts) == 71


async def test_a_card_that_slack_stumbles_over_is_said_without_its_buttons(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    await start()
    dialogue.replies["a vm"] = [reply("That is $1. Yes?", Yes="/affirm")]
    slack.fault("server_error", count=None, operation="chat.postMessage+blocks")
    slack.say("ann", "dm", "a vm")
    await until(lambda: bool(said(slack, "ann")))
    assert said(slack, "ann") == ["That is $1. Yes?"]


async def test_what_was_acted_on_is_answered_however_late(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.slack import turns

    await start()
    slack.fault("server_error", count=None, operation="chat.postMessage")
    slack.say("ann", "dm", "yes")
    await until(lambda: any(call.method == "chat.postMessage" for call in slack.calls))
    monkeypatch.setattr(turns, "STALE_SECONDS", -1.0)
    slack.recover()
    await until(lambda: bool(said(slack, "ann")))
    assert said(slack, "ann") == ["I heard: yes"]


async def test_a_notice_that_cannot_be_read_holds_up_no_other(
    slack: SlackServer, redis: Redis[bytes], start: StartGateway
) -> None:
    await redis.xadd(f"{PREFIX}:notices", {"json": '{"kind": "of another version"}'})
    await start()
    await RedisNotices(redis).send(notice(slack, "ann"))
    await until(lambda: bool(said(slack, "ann")))


async def test_work_that_breaks_off_is_told_and_begun_anew(
    slack: SlackServer, redis: Redis[bytes], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "RESTART_SECONDS", 0.5)
    once = delivery.Pump._once
    broken = [ValueError("a fault of ours")]

    async def breaks(pump: delivery.Pump) -> None:
        if broken:
            raise broken.pop()
        await once(pump)

    monkeypatch.setattr(delivery.Pump, "_once", breaks)
    state = health.Health()
    async with gateways.open_gateway(settings, health_port=free_port(), desk=cast(Desk, NoDesk()), health=state):
        await until(lambda: "notices" in state.failing)
        assert (await state.look())[0] is False
        await RedisNotices(redis).send(notice(slack, "ann"))
        await until(lambda: bool(said(slack, "ann")))
        await until(lambda: "notices" not in state.failing)
        assert (await state.look())[0] is True
