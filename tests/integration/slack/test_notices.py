"""Notices find their people: once, in order, after Slack or the gateways were away, and private facts privately."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.redis import RedisNotices
from clouddesk.model.notice import APPROVAL_ASKED, EXPIRING, READY, STOPPED, TEAM_DIGEST, Notice
from clouddesk.sandbox.slack.server import SlackServer
from tests.integration.slack.conftest import StartGateway, said, until
from tests.integration.slack.dialogue import Dialogue

pytestmark = pytest.mark.integration

NOW = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


def notice(
    slack: SlackServer, user: str, channel: str = "dm", *, kind: str = STOPPED, thread: str = "-", number: int = 1
) -> Notice:
    person = slack.workspace.user(user).id
    place = slack.channel_id(user, channel)
    return Notice(
        id=f"r-{number}:{kind}",
        kind=kind,
        workspace_id=slack.workspace.team_id,
        user_id=person,
        conversation=f"{slack.workspace.team_id}:{place}:{thread}:{person}",
        reservation_id=f"r-{number}",
        created_at=NOW + timedelta(seconds=number),
        values={"name": f"vm-{number}", "addresses": "198.51.100.7", "nodes": "1", "ends": NOW.isoformat()}
        | {"provider": "aws", "size": "t3.micro", "region": "us-east-1", "hourly": "$0.01", "simulated": "no"}
        | {"reservation_id": f"r-{number}", "cost": "$1", "extension": "$2"},
    )


async def test_a_notice_arrives_once_with_three_gateways(slack: SlackServer, redis: Redis, start: StartGateway) -> None:
    for _ in range(3):
        await start()
    sent = RedisNotices(redis)
    for _ in range(2):
        await sent.send(notice(slack, "ann"))
    await until(lambda: bool(said(slack, "ann")))
    await asyncio.sleep(0.5)
    assert len(said(slack, "ann")) == 1
    assert "vm-1" in said(slack, "ann")[0]


async def test_the_teams_week_is_posted_for_all_of_the_channel(
    slack: SlackServer, redis: Redis, start: StartGateway
) -> None:
    await start()
    week = {"week": "16 November", "people": "2", "parts": "spark $34.00"}
    digest = notice(slack, "ann", "data", kind=TEAM_DIGEST)
    await RedisNotices(redis).send(replace(digest, values={**digest.values, **week, "cost": "$34.00"}))
    await until(lambda: bool(said(slack, "ben", "data")))
    assert "spark $34.00" in said(slack, "ben", "data")[0]
    assert said(slack, "ann") == []


async def test_notices_keep_their_order_and_other_workspaces_are_left_alone(
    slack: SlackServer, redis: Redis, start: StartGateway
) -> None:
    await start()
    await start()
    sent = RedisNotices(redis)
    await sent.send(replace(notice(slack, "ann", number=99), workspace_id="local"))
    for number in range(1, 9):
        await sent.send(notice(slack, "ann", number=number))
    await until(lambda: len(said(slack, "ann")) == 8)
    assert [text.partition("*")[2].partition("*")[0] for text in said(slack, "ann")] == [
        f"vm-{number}" for number in range(1, 9)
    ]


async def test_notices_wait_while_slack_is_away_and_arrive_once(
    slack: SlackServer, redis: Redis, start: StartGateway
) -> None:
    await start()
    slack.fault("down", count=3, operation="chat.postMessage")
    slack.fault("drop_after_accept", count=1, operation="chat.postMessage")
    await RedisNotices(redis).send(notice(slack, "ann"))
    await until(lambda: bool(said(slack, "ann")), within_seconds=15)
    await asyncio.sleep(1.5)
    assert len(said(slack, "ann")) == 1


async def test_notices_wait_while_no_gateway_runs(slack: SlackServer, redis: Redis, start: StartGateway) -> None:
    await RedisNotices(redis).send(notice(slack, "ann"))
    await start()
    await until(lambda: bool(said(slack, "ann")))


async def test_in_a_channel_a_notice_goes_to_its_thread_and_how_to_get_in_to_direct_messages(
    slack: SlackServer, redis: Redis, dialogue: Dialogue, start: StartGateway
) -> None:
    await start()
    asked = slack.say("ann", "data", "@clouddesk a vm")
    await until(lambda: bool(said(slack, "ann", "data")))
    sent = RedisNotices(redis)
    await sent.send(notice(slack, "ann", "data", kind=READY, thread=asked.ts))
    await sent.send(notice(slack, "ann", "data", kind=EXPIRING, thread=asked.ts))
    await until(lambda: len(said(slack, "ben", "data", thread_ts=asked.ts)) == 3)
    _, ready, expiring = said(slack, "ben", "data", thread_ts=asked.ts)
    assert "direct messages" in ready
    assert "198.51.100.7" not in ready
    assert "vm-1" in expiring
    assert len(said(slack, "ann")) == 1
    assert "198.51.100.7" in said(slack, "ann")[0]


async def test_what_a_command_in_a_channel_brought_about_is_told_privately(
    slack: SlackServer, redis: Redis, start: StartGateway
) -> None:
    await start()
    await RedisNotices(redis).send(notice(slack, "ann", "without-app", kind=EXPIRING))
    await until(lambda: bool(said(slack, "ann")))
    assert said(slack, "ann", "without-app") == []


async def test_a_notice_for_somebody_who_left_is_dropped_and_holds_up_no_other(
    slack: SlackServer, redis: Redis, start: StartGateway
) -> None:
    gateway = await start()
    sent = RedisNotices(redis)
    await sent.send(notice(slack, "dora", "general", number=1))
    await sent.send(notice(slack, "ann", number=2))
    await until(lambda: bool(said(slack, "ann")))
    await gateway.aclose()
    assert await redis.keys("*:lane:*") == []
    assert [call.answer for call in slack.calls if call.method == "chat.postMessage"] == ["ok"]
    assert said(slack, "ben", "general") == []


async def test_a_manager_decides_on_a_request_by_a_button_with_their_own_name(
    slack: SlackServer, redis: Redis, start: StartGateway, dialogue: Dialogue
) -> None:
    await start()
    values = {"name": "spark", "approval_id": "a-0123456789", "asked_by": "ann", "what": "*spark*: 5 × m5.xlarge"}
    values |= {"reasons": "• ann's budget of $20.00 for July", "ends": NOW.isoformat(), "owner": "ann"}
    asked = replace(notice(slack, "ben", kind=APPROVAL_ASKED), conversation="", reservation_id="", values=values)
    await RedisNotices(redis).send(asked)
    await until(lambda: bool(said(slack, "ben")))
    (card,) = [one for one in slack.messages("ben", "dm") if one.user == slack.app.bot_user_id]
    assert "*ann* asks for *spark*: 5 × m5.xlarge. It goes beyond" in card.text
    await slack.press("ben", card.ts, "say:0")
    await until(lambda: bool(dialogue.heard))
    (pressed,) = dialogue.heard
    assert pressed["text"] == '/decide{"decision": "approve@a-0123456789"}'
    assert pressed["user_id"] == slack.workspace.user("ben").id
