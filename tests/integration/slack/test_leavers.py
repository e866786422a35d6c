"""Who is deactivated in Slack: the admins are asked about their machines, and they are not served any more."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.audit import RedisAuditTrail
from clouddesk.adapters.colleagues import KEPT_SECONDS, RedisColleagues
from clouddesk.adapters.redis import PREFIX, RedisNotices, RedisReservationViews
from clouddesk.language.localtime import utc_now
from clouddesk.leavers import Leavers
from clouddesk.model.actor import DEACTIVATED, Actor, Person
from clouddesk.model.share import MANAGE, Share
from clouddesk.sandbox.slack.server import SlackServer
from tests.builders import a_reservation
from tests.integration.slack.conftest import NoDesk, StartGateway, said, until
from tests.integration.slack.dialogue import Dialogue

pytestmark = pytest.mark.integration

TEAM, ANN, BEN = "T0CLOUDDESK", "U0ANN", "U0BEN"


class Unsharing:
    """The engine, as far as leavers need it."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str, str]] = []

    async def unshare(self, reservation_id: str, user_id: str, request_id: str, *, by: str = "") -> None:
        self.ended.append((reservation_id, user_id, by))


class NoRequests:
    """The approvals, as far as leavers need them: nobody waits for one."""

    async def concerned(self, actor: Actor) -> set[str]:
        return set()

    async def left(self, actor: Actor, user_id: str) -> None:
        """Nothing is withdrawn."""


class Leaving(NoDesk):
    """A Desk on which Ben has a machine, and a part in one of Ann's; Ann is the admin."""

    def __init__(self, redis: Redis) -> None:
        self.engine = Unsharing()
        self.views = RedisReservationViews(redis)
        self.leavers = Leavers(
            self.engine,  # type: ignore[arg-type]  # the part that leavers need
            self.views,
            RedisNotices(redis),
            RedisAuditTrail(redis, keep_days=1),
            self.admins_of,
            utc_now,
            NoRequests(),  # type: ignore[arg-type]  # the part that leavers need
        )

    async def admins_of(self, _workspace_id: str) -> list[str]:
        return [ANN]

    async def begin(self) -> None:
        await self.views.put(a_reservation(id="r-0000000a", name="kiln", workspace_id=TEAM, owner=BEN))
        shared = a_reservation(id="r-0000000b", name="etl", workspace_id=TEAM, owner=ANN, shares=(Share(BEN, MANAGE),))
        await self.views.put(shared)


async def test_who_is_deactivated_is_refused_and_the_admins_are_asked_about_their_machines(
    slack: SlackServer, dialogue: Dialogue, redis: Redis, start: StartGateway
) -> None:
    desk = Leaving(redis)
    await desk.begin()
    await start(desk=desk)
    slack.say("ben", "dm", "hello")
    await until(lambda: said(slack, "ben"))
    assert said(slack, "ann") == [], "nobody has left"
    assert slack.deactivate("ben"), "the app hears of it"
    await until(lambda: said(slack, "ann"))
    (asked,) = said(slack, "ann")
    assert "kiln" in asked
    assert "etl" not in asked
    shown = slack.messages("ann", "dm")[-1].all_text()
    assert all(title in shown for title in ("Take it over", "Release", "Keep a day longer", "Details"))
    assert desk.engine.ended == [("r-0000000b", BEN, "")]
    # What was on its way still.
    late = {"type": "message", "user": BEN, "text": "give it back", "channel_type": "im", "ts": slack.store.new_ts()}
    place = slack.workspace.direct("ben", slack.app.bot_user_id)
    assert slack.events.send({**late, "channel": place.id, "event_ts": late["ts"]}, subscription="message.im")
    await slack.delivered()
    slack.say("ann", "dm", "hello")
    await until(lambda: "hello" in dialogue.texts[1:])
    assert dialogue.texts == ["hello", "hello"]


async def test_who_left_while_nobody_listened_is_found_when_the_gateway_starts(
    slack: SlackServer, redis: Redis, start: StartGateway
) -> None:
    desk = Leaving(redis)
    await desk.begin()
    slack.deactivate("ben")
    await start(desk=desk)
    await until(lambda: said(slack, "ann"))
    assert "kiln" in said(slack, "ann")[0]


async def test_who_is_back_has_not_left(slack: SlackServer, redis: Redis, start: StartGateway) -> None:
    desk = Leaving(redis)
    await desk.begin()
    await start(desk=desk)
    ben, colleagues = slack.store.workspace.user("ben"), RedisColleagues(redis)
    was = ben.kind
    slack.deactivate("ben")
    await until(lambda: said(slack, "ann"))
    assert await colleagues.refusal(Person(TEAM, BEN)) == DEACTIVATED
    assert await redis.ttl(f"{PREFIX}:colleague:{TEAM}/{BEN}") > KEPT_SECONDS, "nobody speaks of who left"
    ben.kind = was
    slack.inject({"type": "user_change", "user": ben.as_dict()})
    end = time.monotonic() + 10
    while await colleagues.refusal(Person(TEAM, BEN)):
        assert time.monotonic() < end, "they are still taken for gone"
        await asyncio.sleep(0.02)
