"""Jobs in their lanes, on a real Redis: as many at a time as there may be, and none that holds up those behind it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from clouddesk.sandbox.slack.server import SlackServer
from connectors.slack.events import MESSAGE, Job
from connectors.slack.order import Lanes
from tests.integration.slack.conftest import StartGateway, said, until

pytestmark = pytest.mark.integration


def job(number: int, user_id: str = "U1") -> Job:
    return Job(f"j-{number}", MESSAGE, "T1", user_id, "D1", f"wish {number}", at=float(number))


async def test_a_crowd_gets_no_more_workers_than_there_may_be(redis: Redis) -> None:
    inside = most = done = 0

    async def handle(_job: Job) -> None:
        nonlocal inside, most, done
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        done += 1

    lanes = Lanes(redis, handle, prefix="test", at_once=4)
    running = asyncio.create_task(lanes.run())
    await asyncio.gather(*(lanes.add(job(number, f"U{number}")) for number in range(40)))
    await until(lambda: done == 40)
    assert 1 < most <= 4
    running.cancel()
    await lanes.close()


async def test_what_arrives_in_one_moment_is_done_in_the_order_of_its_arrival(redis: Redis) -> None:
    done: list[str] = []

    async def handle(job: Job) -> None:
        done.append(job.text)

    lanes = Lanes(redis, handle, prefix="test")
    await asyncio.gather(*(lanes.add(job(number)) for number in range(20)))
    await until(lambda: len(done) == 20)
    assert done == [f"wish {number}" for number in range(20)]
    await lanes.close()


async def test_a_job_that_comes_twice_is_kept_once_also_within_one_moment(redis: Redis) -> None:
    done: list[str] = []

    async def handle(job: Job) -> None:
        done.append(job.text)

    lanes = Lanes(redis, handle, prefix="test")
    assert await asyncio.gather(lanes.add(job(1)), lanes.add(job(2)), lanes.add(job(1))) == [True, True, False]
    assert not await lanes.add(job(2))
    await until(lambda: len(done) == 2)
    await lanes.close()
    assert done == ["wish 1", "wish 2"]


async def test_a_job_of_another_version_is_passed_over(redis: Redis) -> None:
    done: list[str] = []

    async def handle(job: Job) -> None:
        done.append(job.text)

    newer = json.dumps({**json.loads(job(1).as_json()), "from_the_future": True})
    for at, text in enumerate((newer, '{"text": "lacks all else"}', "no job")):
        await redis.zadd("test:lane:T1:D1:-:U1", {text: at})
    lanes = Lanes(redis, handle, prefix="test")
    await lanes.add(job(9))
    await until(lambda: len(done) == 2)
    assert done == ["wish 1", "wish 9"]
    await lanes.close()


async def test_an_event_is_kept_while_slack_cannot_say_who_we_are(slack: SlackServer, start: StartGateway) -> None:
    gateway: AsyncExitStack = await start()
    slack.fault("server_error", count=3, operation="auth.test")
    slack.say("ann", "dm", "a vm")
    await until(lambda: said(slack, "ann") == ["I heard: a vm"])
    assert len([call for call in slack.calls if call.method == "auth.test"]) == 1
    await gateway.aclose()
