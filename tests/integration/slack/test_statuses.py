"""Who is away by their Slack status is asked once what still has to run, in the private chat."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from clouddesk.absences import Absences
from clouddesk.adapters.absences import RedisAbsences
from clouddesk.adapters.redis import RedisNotices, RedisReservationViews
from clouddesk.language.localtime import utc_now
from clouddesk.model.absence import STATUS
from clouddesk.model.actor import Person
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.timers import Timers
from connectors.slack import statuses
from tests.builders import a_reservation
from tests.conversation.memory_reservations import MemoryTimers
from tests.integration.slack.conftest import NoDesk, StartGateway, said, until

pytestmark = pytest.mark.integration

BEN = Person("T0CLOUDDESK", "U0BEN")


class Guarding(NoDesk):
    """A Desk on which Ben has a machine."""

    clock = staticmethod(utc_now)

    def __init__(self, redis: Redis) -> None:
        self.views = RedisReservationViews(redis)
        self.store = RedisAbsences(redis)
        timers = Timers(MemoryTimers(), None, utc_now, None, self.views)  # type: ignore[arg-type]  # none is set here
        self.absences = Absences(self.store, self.views, RedisNotices(redis), timers, utc_now)  # type: ignore[assignment]

    async def begin(self) -> None:
        lease = {"created_at": utc_now(), "expires_at": utc_now() + timedelta(days=20)}
        await self.views.put(a_reservation(workspace_id=BEN.workspace_id, owner=BEN.user_id, **lease))

    async def forgotten(self) -> bool:
        return await self.store.read(BEN) is None


async def test_a_status_that_says_vacation_asks_once_and_its_end_forgets_it(
    slack: SlackServer, redis: Redis, start: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statuses, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr("connectors.slack.people.CACHED_SECONDS", 1)
    monkeypatch.setattr("connectors.slack.people.NEAR_SECONDS", 0.0)
    desk = Guarding(redis)
    await desk.begin()
    slack.set_status("ben", "Vacationing", ":palm_tree:")
    await start(desk=desk)
    await start(desk=desk)
    await until(lambda: said(slack, "ben"))
    (asked,) = said(slack, "ben")
    assert "Your status says" in asked
    assert "Stop all now" in slack.messages("ben", "dm")[-1].all_text()
    known = await desk.store.read(BEN)
    assert known is not None
    assert known.source == STATUS

    slack.set_status("ben")
    for _ in range(250):
        if await desk.forgotten():
            break
        await asyncio.sleep(0.02)
    assert await desk.forgotten()
    assert len(said(slack, "ben")) == 1
