"""Freezes over a real Redis keep their port's contract."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from clouddesk.adapters.freezes import RedisFreezes
from clouddesk.adapters.redis import open_redis
from clouddesk.model.freeze import Freeze
from tests.servers import redis_url

__all__ = ["redis_url"]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


async def test_a_freeze_is_kept_for_its_workspace_until_another_takes_its_place_or_it_is_lifted(redis_url: str) -> None:
    redis, workspace = open_redis(redis_url), uuid.uuid4().hex
    store = RedisFreezes(redis)
    first = Freeze(workspace, "root", NOW, NOW + timedelta(days=3), "the Audit")
    assert await store.get(workspace) is None
    await store.put(first)
    assert await RedisFreezes(redis).get(workspace) == first
    assert await store.get(workspace + "x") is None
    second = replace(first, until=None, reason="")
    await store.put(second)
    assert await store.get(workspace) == second
    for _ in range(2):
        await store.remove(workspace)
        assert await store.get(workspace) is None
    await redis.close()
