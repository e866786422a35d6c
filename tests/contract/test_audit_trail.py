"""The audit trail over a real Redis: each entry once, oldest first, without secrets, for as long as is set."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.adapters import audit as adapter
from clouddesk.adapters.audit import RedisAuditTrail
from clouddesk.adapters.redis import open_redis
from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import Unavailable
from tests.servers import free_port, redis_url

__all__ = ["redis_url"]

KEEP_DAYS = 30
NOW = datetime.now(timezone.utc).replace(hour=12, minute=0)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[object]:
    client = open_redis(redis_url.removesuffix("0") + "1")  # a database of its own, to be emptied
    await client.flushdb()
    yield client
    await client.close()


@pytest.fixture
def trail(redis) -> RedisAuditTrail:
    return RedisAuditTrail(redis, keep_days=KEEP_DAYS)


def an_entry(at: datetime = NOW, **changes: object) -> AuditEntry:
    entry = AuditEntry(
        id=f"r-{uuid.uuid4().hex[:8]}:1",
        at=at,
        action="requested",
        workspace_id="local",
        by="ann",
        owner="ann",
        reservation_id="r-665b0fd5",
        name="spark-1",
        facts={"nodes": "3", "size": "t3a.xlarge", "hourly_price_usd": "0.315000"},
    )
    return replace(entry, **changes)


async def read(
    trail: RedisAuditTrail, since: datetime = NOW - timedelta(days=60), **until: datetime
) -> list[AuditEntry]:
    return [entry async for entry in trail.read(since=since, **until)]


async def test_entries_come_back_as_they_were_and_oldest_first_however_late_they_were_written(trail):
    days = [an_entry(NOW - timedelta(days=days, hours=hours)) for days in (9, 2, 0) for hours in (3, 1)]
    for entry in (days[3], days[0], days[5], days[1], days[4], days[2]):
        await trail.append([entry])
    assert await read(trail) == days


async def test_what_was_done_at_the_same_moment_stays_in_the_order_of_writing(trail):
    entries = [an_entry(id=f"r-1:{number}") for number in (8, 9, 10, 11)]
    await trail.append(entries)
    assert await read(trail) == entries


async def test_the_same_entry_again_is_kept_once(trail):
    entries = [an_entry(), an_entry(NOW - timedelta(days=1))]
    await asyncio.gather(*(trail.append(entries) for _ in range(5)))
    await trail.append([*entries, newer := an_entry(NOW + timedelta(seconds=1))])
    assert await read(trail) == [entries[1], entries[0], newer]


async def test_a_window_holds_its_beginning_and_not_its_end(trail):
    hours = [an_entry(NOW + timedelta(hours=hour)) for hour in range(-40, 5)]
    await trail.append(hours)
    assert await read(trail, NOW - timedelta(hours=30), until=NOW) == hours[10:40]
    assert await read(trail, NOW, until=NOW) == []
    east = timezone(timedelta(hours=9))
    assert await read(trail, (NOW - timedelta(hours=30)).astimezone(east), until=NOW.astimezone(east)) == hours[10:40]


async def test_a_long_day_is_read_in_pages_with_nothing_lost_or_doubled(trail, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE", 10)
    entries = [an_entry(NOW + timedelta(seconds=number)) for number in range(30)]
    await trail.append(entries)
    assert await read(trail) == entries
    await trail.append([last := an_entry(NOW + timedelta(hours=1))])
    assert await read(trail) == [*entries, last]


async def test_what_is_older_than_is_kept_vanishes_with_its_marks_and_does_not_come_back(trail, redis):
    old, young = an_entry(NOW - timedelta(days=KEEP_DAYS + 2)), an_entry(NOW - timedelta(days=KEEP_DAYS - 1))
    await trail.append([old, young])
    assert await read(trail) == [young]
    keys = await redis.keys("*")
    assert len(keys) == 2, "the stream and the marks of the one day"
    for key in keys:
        left = timedelta(seconds=await redis.ttl(key))
        assert timedelta(days=1) < left <= timedelta(days=2), "a day ends when all of it is older than is kept"


async def test_no_secret_gets_in_by_a_fact_or_a_name(trail, redis):
    token = "dop_v1_" + "0123456789abcdef" * 4
    facts = {
        "token": "hunter2hunter",
        "answer": f"use {token}",
        "things": "key-0123456789abcdef0 vol-0123456789abcdef1",
    }
    await trail.append([an_entry(name=token, facts=facts)])
    (kept,) = await read(trail)
    assert kept.facts == {
        "token": "[secret]",
        "answer": "use [secret:digitalocean]",
        "things": "key-0123456789abcdef0 vol-0123456789abcdef1",
    }
    assert kept.name == "[secret:digitalocean]"
    (stream,) = [key for key in await redis.keys("*") if not key.endswith(b":ids")]
    raw = str(await redis.xrange(stream))
    assert token not in raw
    assert "hunter2" not in raw


async def test_nothing_is_a_trail_too(trail):
    await trail.append([])
    assert await read(trail) == []


async def test_a_redis_that_is_not_there_is_unavailable():
    trail = RedisAuditTrail(open_redis(f"redis://127.0.0.1:{free_port()}/0"), keep_days=KEEP_DAYS)
    with pytest.raises(Unavailable):
        await trail.append([an_entry()])
    with pytest.raises(Unavailable):
        await read(trail)
