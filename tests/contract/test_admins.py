"""Who is an admin: the settings' list, and a group's members as long as somebody can look them up."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.redis import open_redis
from clouddesk.admins import Admins
from clouddesk.model.actor import ADMIN, MEMBER, Person
from tests.servers import redis_url

__all__ = ["redis_url"]


@pytest.fixture
async def redis(redis_url: str):
    connection = open_redis(redis_url)
    yield connection
    await connection.close()


async def test_the_list_and_the_group_make_admins_in_their_own_workspace_only(redis: Redis[bytes]):
    team = f"T{uuid.uuid4().hex[:8]}"
    admins = Admins(redis, [f"{team}/ann"])
    await admins.keep(team, ["ben"])

    assert (await admins.actor(Person(team, "ann"))).roles == (ADMIN, MEMBER)
    assert (await admins.actor(Person(team, "ben"))).roles == (ADMIN, MEMBER)
    assert (await admins.actor(Person(team, "zoe"))).roles == (MEMBER,)
    assert (await admins.actor(Person("other", "ben"))).roles == (MEMBER,)
    assert await admins.of_workspace(team) == ["ann", "ben"]
    assert await admins.of_workspace("other") == []


async def test_who_left_the_group_is_no_admin_any_more(redis: Redis[bytes]):
    team = f"T{uuid.uuid4().hex[:8]}"
    admins = Admins(redis, [])
    await admins.keep(team, ["ben", "zoe"])
    await admins.keep(team, ["zoe"])
    assert await admins.of_workspace(team) == ["zoe"]


async def test_a_group_that_nobody_looks_up_for_a_night_still_has_its_admins(redis: Redis[bytes]):
    team = f"T{uuid.uuid4().hex[:8]}"
    await Admins(redis, []).keep(team, ["ben"])
    assert await redis.ttl(f"clouddesk:admins:{team}") > timedelta(days=3).total_seconds()


async def test_without_a_group_in_the_settings_nobody_asks_for_one(redis: Redis[bytes]):
    team = f"T{uuid.uuid4().hex[:8]}"
    await Admins(redis, []).keep(team, ["ben"])
    admins = Admins(redis, [], has_group=False)
    assert (await admins.actor(Person(team, "ben"))).roles == (MEMBER,)
    assert await admins.of_workspace(team) == []
