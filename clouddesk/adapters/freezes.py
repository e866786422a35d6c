"""Freezes in Redis: one hash, by workspace."""

from __future__ import annotations

from redis.asyncio import Redis

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.freeze import Freeze

_ALL = f"{PREFIX}:freezes"


class RedisFreezes:
    """Implements ``clouddesk.model.stores.Freezes``."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def get(self, workspace_id: str) -> Freeze | None:
        """The one that was put last."""
        async with answering():
            text = await self._redis.hget(_ALL, workspace_id)
        return from_json(Freeze, text) if text else None

    async def put(self, freeze: Freeze) -> None:
        """In place of the workspace's earlier one."""
        async with answering():
            await self._redis.hset(_ALL, freeze.workspace_id, to_json(freeze))

    async def remove(self, workspace_id: str) -> None:
        """No freeze any more; that there is none is no error."""
        async with answering():
            await self._redis.hdel(_ALL, workspace_id)
