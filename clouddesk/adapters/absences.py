"""Absences in Redis: one of each person at most, which goes by itself some time after it is over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from redis.asyncio import Redis
from redis.exceptions import WatchError

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.absence import Absence
from clouddesk.model.actor import Person

_KEPT = timedelta(days=30)


class RedisAbsences:
    """Implements ``clouddesk.model.stores.AbsenceStore``."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def read(self, person: Person) -> Absence | None:
        """None when there is none."""
        async with answering():
            text = await self._redis.get(_key(person))
        return from_json(Absence, text) if text else None

    async def change(self, person: Person, change: Callable[[Absence | None], Absence | None]) -> Absence | None:
        """Write what ``change`` makes of it as it is now, with nobody else's change lost; how it is then."""
        key = _key(person)
        async with answering(), self._redis.pipeline(transaction=True) as pipeline:
            while True:
                await pipeline.watch(key)
                text = await pipeline.get(key)
                after = change(from_json(Absence, text) if text else None)
                pipeline.multi()
                if after is None:
                    pipeline.delete(key)
                else:
                    pipeline.set(key, to_json(after), exat=int((after.ends_at + _KEPT).timestamp()))
                with suppress(WatchError):  # somebody was faster
                    await pipeline.execute()
                    return after


def _key(person: Person) -> str:
    return f"{PREFIX}:absence:{person}"
