"""What machines were seen doing, on a real Redis."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.adapters import utilisation
from clouddesk.adapters.pretended_use import IN_USE, PretendedUse
from clouddesk.adapters.redis import open_redis
from clouddesk.adapters.utilisation import RedisHostKeys, RedisUtilisation
from clouddesk.model.node import RUNNING, STOPPED, Node
from clouddesk.model.utilisation import KEPT, Sample, Use
from tests.builders import NOW as MADE_AT
from tests.builders import a_reservation
from tests.servers import redis_url

__all__ = ["redis_url"]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
FULL = Use(
    12.5, 40.0, 3.0, logins=1, jobs=2, last_input_at=NOW - timedelta(hours=1), what=("a Spark job", "2 notebooks")
)


def node(key: str, state: str = RUNNING) -> Node:
    return Node(key, key, "node", state, "aws", "eu-central-1", "m5.xlarge", "10.0.0.1")


async def test_what_is_appended_is_read_again_oldest_first_and_each_moment_of_a_node_once(redis_url: str) -> None:
    redis, id_ = open_redis(redis_url), f"r-{uuid.uuid4().hex}"
    series = RedisUtilisation(redis)
    assert await series.read(id_, since=NOW - KEPT) == []
    await series.append(id_, [])
    earlier, later = NOW - timedelta(minutes=5), NOW
    first = [FULL.sample("controller", earlier), Use(logins=None, jobs=None).sample("worker-1", earlier)]
    await series.append(id_, first)
    await series.append(id_, [Sample("controller", later, cpu_percent=1.0)])
    await series.append(id_, first)
    assert await series.read(id_, since=earlier) == [*first, Sample("controller", later, cpu_percent=1.0)]
    assert [sample.at for sample in await series.read(id_, since=later)] == [later]
    await series.forget(id_)
    await series.forget(id_)
    assert await series.read(id_, since=NOW - KEPT) == []
    await redis.close()


async def test_the_oldest_falls_away_after_two_weeks_and_all_of_it_when_nothing_comes_any_more(redis_url: str) -> None:
    redis, id_ = open_redis(redis_url), f"r-{uuid.uuid4().hex}"
    series = RedisUtilisation(redis)
    for days in (0, 1, 14, 15):
        await series.append(id_, [Sample("n", NOW + timedelta(days=days), cpu_percent=1.0)])
    found = await series.read(id_, since=NOW)
    assert [(sample.at - NOW).days for sample in found] == [1, 14, 15]
    (key,) = await redis.keys(f"*{id_}*")
    assert KEPT.total_seconds() < await redis.ttl(key) <= (KEPT + timedelta(days=1)).total_seconds()
    await redis.close()


async def test_there_are_never_many_more_rounds_than_the_most_and_they_are_read_in_parts(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utilisation, "MOST_ROUNDS", 200)
    redis, id_ = open_redis(redis_url), f"r-{uuid.uuid4().hex}"
    series = RedisUtilisation(redis)
    for minutes in range(700):
        await series.append(id_, [Sample("n", NOW + timedelta(minutes=minutes), cpu_percent=1.0)])
    found = await series.read(id_, since=NOW)
    assert 200 <= len(found) < 700
    assert found[-1].at == NOW + timedelta(minutes=699)
    monkeypatch.setattr(utilisation, "_READ_AT_ONCE", 7)
    assert await series.read(id_, since=NOW) == found
    await redis.close()


async def test_a_machines_first_key_stays_whatever_answers_later(redis_url: str) -> None:
    redis, id_ = open_redis(redis_url), f"r-{uuid.uuid4().hex}"
    keys = RedisHostKeys(redis)
    assert await keys.read(id_) == {}
    await keys.put(id_, {"node-1": ("ssh-ed25519 AAAA",)})
    await keys.put(id_, {"node-1": ("ssh-ed25519 BBBB",), "node-2": ("ssh-rsa CCCC",)})
    assert await keys.read(id_) == {"node-1": ("ssh-ed25519 AAAA",), "node-2": ("ssh-rsa CCCC",)}
    await keys.forget(id_)
    assert await keys.read(id_) == {}
    await redis.close()


async def test_a_simulated_machine_is_worked_on_at_first_then_forgotten_or_does_as_it_is_told(redis_url: str) -> None:
    redis, now = open_redis(redis_url), MADE_AT
    nodes = (node("controller"), node("worker-1"), node("worker-2", STOPPED))
    item = a_reservation(id=f"r-{uuid.uuid4().hex}", nodes=nodes)
    pretended = PretendedUse(redis, lambda: now)

    at_first = await pretended.look(item)
    assert [(sample.node, sample.logins) for sample in at_first] == [("controller", 1), ("worker-1", 1)]
    assert await pretended.look(item) == at_first, "the same at the same moment"
    now += IN_USE
    assert {(sample.logins, sample.jobs) for sample in await pretended.look(item)} == {(0, 0)}

    await pretended.pretend(item.id, {"": Use(2.0), "worker-1": FULL})
    assert await pretended.look(item) == [Use(2.0).sample("controller", now), FULL.sample("worker-1", now)]
    await pretended.forget(item.id)
    assert {sample.logins for sample in await pretended.look(item)} == {0}
    await redis.close()
