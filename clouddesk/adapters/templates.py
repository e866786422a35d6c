"""Templates in Redis: a hash by name for each person, and one for each team. Nothing else has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from redis.asyncio import Redis
from redis.exceptions import WatchError

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.actor import Person
from clouddesk.model.template import Template


class RedisTemplates:
    """Implements ``clouddesk.model.stores.Templates``."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def read(self, workspace_id: str, owner: str | None) -> dict[str, Template]:
        """By name."""
        async with answering():
            return _templates(await self._redis.hgetall(_key(workspace_id, owner)))

    async def change(
        self, workspace_id: str, owner: str | None, change: Callable[[dict[str, Template]], dict[str, Template]]
    ) -> dict[str, Template]:
        """Write what ``change`` makes of them as they are now, with nobody else's change lost; how they are then."""
        key = _key(workspace_id, owner)
        async with answering(), self._redis.pipeline(transaction=True) as pipeline:
            while True:
                await pipeline.watch(key)
                before = _templates(await pipeline.hgetall(key))
                after = change(dict(before))
                pipeline.multi()
                if gone := [name for name in before if name not in after]:
                    pipeline.hdel(key, *gone)
                for name, item in after.items():
                    if before.get(name) != item:
                        pipeline.hset(key, name, to_json(item))
                try:
                    await pipeline.execute()
                except WatchError:  # somebody was faster
                    continue
                return after


def _templates(kept: Mapping[bytes, bytes]) -> dict[str, Template]:
    return {name.decode(): from_json(Template, text) for name, text in kept.items()}


def _key(workspace_id: str, owner: str | None) -> str:
    if owner is None:
        return f"{PREFIX}:templates:team:{workspace_id}"
    return f"{PREFIX}:templates:own:{Person(workspace_id, owner)}"
