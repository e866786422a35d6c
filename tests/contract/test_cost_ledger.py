"""The ledger of costs over a real Redis: as new as the views, by workspace, without what ended long ago."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.adapters.cost_lines import KEPT
from clouddesk.adapters.costs import RedisCosts
from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.model.costs import CostAccount
from clouddesk.model.errors import Unavailable
from clouddesk.model.meter import Reading
from clouddesk.model.reservation import ENDED, Reservation
from tests.builders import a_reservation
from tests.servers import free_port, redis_url

__all__ = ["redis_url"]

NOW = datetime.now(timezone.utc)
DAY = timedelta(days=1)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[object]:
    client = open_redis(redis_url)
    yield client
    await client.close()


@pytest.fixture
def workspace() -> str:
    return f"T{uuid.uuid4().hex[:8]}"


def reserved(workspace: str, **changes: object) -> Reservation:
    readings = (Reading(NOW - 2 * DAY, 0.0), Reading(NOW - DAY, 12.5, 1.25))
    fields = {"accrued_at": NOW, "created_at": NOW - 2 * DAY, "readings": readings, "revision": 3}
    return a_reservation(id=f"r-{uuid.uuid4().hex[:8]}", workspace_id=workspace, **{**fields, **changes})


def over(view: Reservation, at: datetime) -> Reservation:
    return replace(view, state=ENDED, ended_at=at, revision=view.revision + 1)


async def test_what_lives_and_what_ended_comes_back_as_it_was(redis, workspace):
    views, costs = RedisReservationViews(redis), RedisCosts(redis)
    live, done = reserved(workspace), reserved(workspace, owner="ben")
    for view in (live, done, reserved("another")):
        await views.put(view)
    done = over(done, NOW - timedelta(hours=1))
    await views.put(done)
    found = await costs.accounts(workspace, since=NOW - DAY)
    assert sorted(found, key=lambda item: item.owner) == [CostAccount.of(live), CostAccount.of(done)]


async def test_an_older_revision_changes_nothing_and_a_repeated_one_neither(redis, workspace):
    views, costs = RedisReservationViews(redis), RedisCosts(redis)
    view = reserved(workspace)
    ended = over(view, NOW)
    await asyncio.gather(*(views.put(item) for item in (view, ended, view, ended)))
    assert await costs.accounts(workspace, since=NOW - DAY) == [CostAccount.of(ended)]


async def test_what_ended_before_is_not_read(redis, workspace):
    views, costs = RedisReservationViews(redis), RedisCosts(redis)
    await views.put(over(reserved(workspace), NOW - 100 * DAY))
    assert await costs.accounts(workspace, since=NOW - 30 * DAY) == []
    assert len(await costs.accounts(workspace, since=NOW - 120 * DAY)) == 1


@pytest.mark.parametrize("hours", [1, 13, 22, 23])
async def test_what_ended_on_the_first_of_a_month_is_read_wherever_the_period_began(redis, workspace, hours):
    """23:00 is when the month begins in Berlin; a digest of a week is read on a Monday the 1st."""
    first = datetime(NOW.year, NOW.month, 1, tzinfo=timezone.utc)
    await RedisReservationViews(redis).put(over(reserved(workspace), first + timedelta(hours=7)))
    costs = RedisCosts(redis, lambda: first + timedelta(hours=12))
    for days in (1, 7, 40):
        since = (first - days * DAY).replace(hour=hours)
        assert len(await costs.accounts(workspace, since=since)) == 1


async def test_a_month_that_is_old_enough_vanishes_by_itself(redis, workspace):
    views, costs = RedisReservationViews(redis), RedisCosts(redis)
    await views.put(over(reserved(workspace), NOW - KEPT - 40 * DAY))
    assert await costs.accounts(workspace, since=NOW - 2 * KEPT) == []
    await views.put(over(reserved(workspace), NOW - KEPT + 40 * DAY))
    (key,) = await redis.keys(f"clouddesk:costs:{workspace}:*")
    assert 0 < await redis.ttl(key) < 80 * 86400


async def test_what_never_began_leaves_no_costs_behind(redis, workspace):
    views, costs = RedisReservationViews(redis), RedisCosts(redis)
    view = reserved(workspace, accrued_usd=0.0, accrued_at=None, readings=())
    await views.put(view)
    assert len(await costs.accounts(workspace, since=NOW)) == 1, "it is committed as long as it may begin"
    await views.put(over(view, NOW))
    assert await costs.accounts(workspace, since=NOW - DAY) == []


async def test_adopted_machines_do_not_hide_what_ended_under_the_same_id(redis, workspace):
    views, costs = RedisReservationViews(redis), RedisCosts(redis)
    first = over(reserved(workspace), NOW - timedelta(hours=2))
    second = replace(reserved(workspace), id=first.id, created_at=NOW - timedelta(hours=1), revision=100)
    for view in (first, second, over(second, NOW)):
        await views.put(view)
    assert len(await costs.accounts(workspace, since=NOW - DAY)) == 2


async def test_a_redis_that_is_away_is_said(workspace):
    away = open_redis(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(Unavailable):
        await RedisCosts(away).accounts(workspace, since=NOW)
    await away.close()
