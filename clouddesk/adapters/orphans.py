"""Orphans in Redis: what the last sweeps found, and what their owners want left alone; a sweep finds them again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import WatchError

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.orphan import Orphan

_ALL = f"{PREFIX}:orphans"


class RedisOrphans:
    """Implements ``clouddesk.model.stores.Orphans``: one hash of all orphans by id."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def note(self, orphan: Orphan) -> Orphan:
        """Write unless it is known; what is known of it then. Of several at once one is the first."""
        async with answering():
            await self._redis.hsetnx(_ALL, orphan.id, to_json(orphan))
        return await self.get(orphan.id) or orphan

    async def change(self, orphan_id: str, change: Callable[[Orphan], Orphan]) -> Orphan | None:
        """Write what ``change`` makes of it as it is now, with nobody else's change lost; None when it is gone."""
        async with answering(), self._redis.pipeline(transaction=True) as pipeline:
            while True:
                await pipeline.watch(_ALL)
                text = await pipeline.hget(_ALL, orphan_id)
                if not text:
                    return None
                changed = change(from_json(Orphan, text))
                pipeline.multi()
                pipeline.hset(_ALL, orphan_id, to_json(changed))
                with suppress(WatchError):  # somebody was faster
                    await pipeline.execute()
                    return changed

    async def get(self, orphan_id: str) -> Orphan | None:
        """None when there is none (any more)."""
        async with answering():
            text = await self._redis.hget(_ALL, orphan_id)
        return from_json(Orphan, text) if text else None

    async def all(self) -> list[Orphan]:
        """Longest known first."""
        async with answering():
            texts = await self._redis.hvals(_ALL)
        return sorted((from_json(Orphan, text) for text in texts), key=lambda orphan: orphan.found_at)

    async def remove(self, orphan_id: str) -> None:
        """It is gone, or belongs to a reservation again."""
        async with answering():
            await self._redis.hdel(_ALL, orphan_id)
