"""Absences, and whose holidays people go by, over a real Redis keep their ports' contracts."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.adapters.absences import RedisAbsences
from clouddesk.adapters.calendars import RedisCalendars
from clouddesk.adapters.redis import open_redis
from clouddesk.model.absence import TOLD, Absence
from clouddesk.model.actor import Person
from tests.servers import redis_url

__all__ = ["redis_url"]

NOW = datetime.now(timezone.utc).replace(microsecond=0)


@pytest.mark.parametrize("until", [NOW + timedelta(days=7), None])
async def test_what_is_written_is_read_again_and_goes_with_a_change_to_nothing(
    redis_url: str, until: datetime | None
) -> None:
    redis, person = open_redis(redis_url), Person(uuid.uuid4().hex, "ann")
    store = RedisAbsences(redis)
    assert await store.read(person) is None
    made = Absence("a-1", NOW, until, TOLD, NOW, stopping=("r-1",))
    assert await store.change(person, lambda known: made if known is None else known) == made
    assert await store.read(person) == made
    assert await store.read(Person(person.workspace_id, "ben")) is None
    assert await store.change(person, lambda _: None) is None
    assert await store.read(person) is None
    await redis.close()


async def test_of_changes_at_the_same_time_none_is_lost(redis_url: str) -> None:
    redis, person = open_redis(redis_url), Person(uuid.uuid4().hex, "ann")
    store = RedisAbsences(redis)

    def more(known: Absence | None) -> Absence:
        known = known or Absence("a-1", NOW, None, TOLD, NOW)
        return replace(known, stopping=(*known.stopping, "r"))

    await asyncio.gather(*(store.change(person, more) for _ in range(10)))
    found = await store.read(person)
    assert found is not None
    assert len(found.stopping) == 10
    await redis.close()


async def test_each_has_holidays_of_their_own_and_the_last_word_counts(redis_url: str) -> None:
    redis, person = open_redis(redis_url), Person(uuid.uuid4().hex, "ann")
    calendars = RedisCalendars(redis)
    assert await calendars.get(person) == ""
    await calendars.put(person, "DE")
    await calendars.put(person, "DE-BY")
    assert await calendars.get(person) == "DE-BY"
    assert await calendars.get(Person(person.workspace_id, "ben")) == ""
    await redis.close()
