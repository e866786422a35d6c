"""A mark in Redis that all views are there: it is lost with them, and so tells that they must be made again."""

from __future__ import annotations

from redis.asyncio import Redis

from clouddesk.adapters.redis import PREFIX, answering

CLAIM_SECONDS = 120
"""A process that dies while it makes the views again keeps the others from it for no longer than this."""
_MARK = f"{PREFIX}:views"
_CLAIM = f"{PREFIX}:views:claim"
_BEGUN, _COMPLETE = b"begun", b"complete"


class RedisCompleteness:
    """Whether Redis holds every view that it should, and that somebody is at work when it does not."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def is_complete(self) -> bool:
        """False in a Redis that is new, was emptied, or was left half way."""
        async with answering():
            return await self._redis.get(_MARK) == _COMPLETE

    async def begin(self, *, is_alone: bool) -> bool:
        """Note that the views are being made. ``is_alone``: False when another process is at it already."""
        async with answering():
            is_ours = await self._redis.set(_CLAIM, "1", nx=is_alone, ex=CLAIM_SECONDS)
            if is_ours:
                await self._redis.set(_MARK, _BEGUN)
        return bool(is_ours)

    async def go_on(self) -> None:
        """Still at it."""
        async with answering():
            await self._redis.expire(_CLAIM, CLAIM_SECONDS)

    async def finish(self) -> bool:
        """All are there. False when Redis was emptied since ``begin``, so that it must be done once more."""
        async with answering():
            is_still_there = await self._redis.set(_MARK, _COMPLETE, xx=True)
        return bool(is_still_there)

    async def let_go(self) -> None:
        """Whoever comes next may begin."""
        async with answering():
            await self._redis.delete(_CLAIM)
