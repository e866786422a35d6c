"""Whose public holidays people go by, in Redis: one hash of all people."""

from __future__ import annotations

from redis.asyncio import Redis

from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.actor import Person

_ALL = f"{PREFIX}:calendars"


class RedisCalendars:
    """Implements ``clouddesk.model.stores.Calendars``."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def get(self, person: Person) -> str:
        """ "" when they never said."""
        async with answering():
            text = await self._redis.hget(_ALL, str(person))
        return text.decode() if text else ""

    async def put(self, person: Person, place: str) -> None:
        """In place of what was there."""
        async with answering():
            await self._redis.hset(_ALL, str(person), place)
