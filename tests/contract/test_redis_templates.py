"""Templates over a real Redis keep their port's contract."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timezone

import pytest

from clouddesk.adapters.redis import open_redis
from clouddesk.adapters.templates import RedisTemplates
from clouddesk.model.request import ResourceRequest
from clouddesk.model.template import Template, TemplateVersion
from tests.servers import redis_url

__all__ = ["redis_url"]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


def template(name: str) -> Template:
    request = ResourceRequest(kind="cluster", software=("spark",), count=3, memory_gb=16.0, providers=("aws",))
    return Template(name, "W1", "ann", False, (TemplateVersion(1, request, "ann", NOW),))


@pytest.mark.parametrize("owner", ["ann", None])
async def test_what_is_written_is_read_again_on_its_own_shelf_only(redis_url: str, owner: str | None) -> None:
    redis, workspace = open_redis(redis_url), uuid.uuid4().hex
    store = RedisTemplates(redis)
    assert await store.read(workspace, owner) == {}
    first = await store.change(workspace, owner, lambda _: {"etl": template("etl"), "load": template("load")})
    assert await store.read(workspace, owner) == first == {"etl": template("etl"), "load": template("load")}
    assert await store.read(workspace, "ben") == {}
    assert await store.read(workspace, "ann" if owner is None else None) == {}
    await store.change(workspace, owner, lambda shelf: {"load": shelf["load"]})
    assert await store.read(workspace, owner) == {"load": template("load")}
    await redis.close()


async def test_of_changes_at_the_same_time_none_is_lost(redis_url: str) -> None:
    redis, workspace = open_redis(redis_url), uuid.uuid4().hex
    store = RedisTemplates(redis)
    await asyncio.gather(
        *(
            store.change(workspace, None, lambda shelf, name=f"t{number}": {**shelf, name: template(name)})
            for number in range(20)
        )
    )
    assert len(await store.read(workspace, None)) == 20
    await redis.close()


async def test_what_a_change_raises_is_raised_and_nothing_is_written(redis_url: str) -> None:
    redis, workspace = open_redis(redis_url), uuid.uuid4().hex
    store = RedisTemplates(redis)

    def refuse(_: dict[str, Template]) -> dict[str, Template]:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.change(workspace, None, refuse)
    assert await store.read(workspace, None) == {}
    await redis.close()
