"""Redis is lost while the rest of a stack runs: what people see comes back, and nothing is done twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from clouddesk.adapters.redis import open_redis
from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.local import leftovers
from clouddesk.local.home import Home
from clouddesk.model.actor import ADMIN, Actor
from clouddesk.model.audit import AuditEntry
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import ENDED, RUNNING, Reservation
from tests.integration import clouds
from tests.integration.conftest import BOOT_SECONDS, RunningStack

pytestmark = pytest.mark.integration

ANN, BOB = Actor("local", "ann"), Actor("local", "bob")
OPERATOR = Actor("local", "op", roles=(ADMIN,))
BEGINNING = datetime(2020, 1, 1, tzinfo=timezone.utc)
PARTS = ("worker", "sandbox-aws", "sandbox-digitalocean")


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[RunningStack]:
    """A stack of the test's own, since its Redis is emptied; nobody talks to it, so it has no Rasa."""
    running = RunningStack(home=tmp_path / ".clouddesk", model=Path())
    only = [word for part in PARTS for word in ("--only", part)]
    try:
        running.run("up", "--detach", "--free-ports", "--boot-seconds", f"{BOOT_SECONDS:g}", *only)
        yield running
    finally:
        running.down()
        assert not leftovers.find(Home(running.home))


async def reserve(desk: Desk, actor: Actor, count: int = 1) -> Reservation:
    """Machines on AWS, running."""
    quote = await desk.quote(actor, ResourceRequest(providers=("aws",), count=count))
    made = await desk.reserve(actor, quote.id, conversation="local:test:-:-")
    return await until(desk, actor, made.id, RUNNING)


async def give_back(desk: Desk, actor: Actor, reservation: Reservation) -> None:
    await desk.release(actor, reservation.id)
    await until(desk, actor, reservation.id, ENDED)


async def until(desk: Desk, actor: Actor, reservation_id: str, state: str) -> Reservation:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        reservation = await desk.reservation(actor, reservation_id)
        if reservation.state == state:
            return reservation
        await asyncio.sleep(0.1)
    raise AssertionError(f"it is {reservation.state} and not {state}")


async def until_written(desk: Desk, wanted: dict[str, int]) -> None:
    """What was done so often is in the trail, which is written after what people see."""
    deadline = time.monotonic() + 30
    found: Counter[str] = Counter()
    while any(found[action] < count for action, count in wanted.items()):
        assert time.monotonic() < deadline, found
        found = Counter([entry.action async for entry in desk.audit(OPERATOR, since=BEGINNING)])
        await asyncio.sleep(0.1)


async def seen(desk: Desk) -> tuple[list[Reservation], list[Reservation], list[Reservation], list[AuditEntry]]:
    """What an admin sees of everybody and each person of theirs; what was done, but for who added credentials."""
    entries = [entry async for entry in desk.audit(OPERATOR, since=BEGINNING)]
    return (
        await desk.all_reservations(OPERATOR, include_ended=True),
        await desk.reservations(ANN, include_ended=True),
        await desk.reservations(BOB),
        [entry for entry in entries if entry.reservation_id],
    )


async def lose_redis(stack: RunningStack) -> None:
    redis = open_redis(stack.settings.redis_url)
    await redis.flushall()
    await redis.close()


async def test_after_redis_was_lost_everything_that_people_see_comes_back(own_stack: RunningStack) -> None:
    settings = own_stack.settings
    async with open_desk(settings) as desk:
        for actor in (ANN, BOB):
            assert await desk.welcome(actor)
        first, second = await reserve(desk, ANN), await reserve(desk, ANN, count=2)
        await desk.leases.extend(ANN, second.id, 3600, request_id="request-1")
        await give_back(desk, ANN, first)
        of_bob = await reserve(desk, BOB)
        await until_written(desk, {"created": 3, "extended": 1, "ended": 1})
        before, credentials = await seen(desk), await desk.credentials(ANN)
        assert [len(found) for found in before[:3]] == [3, 2, 1]
        assert {"requested", "created", "extended", "released", "ended"} <= {entry.action for entry in before[3]}
        exported = own_stack.json("audit", "--since", "1h")
        assert [row["id"] for row in exported if row["reservation_id"]] == [entry.id for entry in before[3]]
        await lose_redis(own_stack)

        (rebuilt,) = own_stack.json("rebuild")
        assert (rebuilt["live"], rebuilt["ended"], rebuilt["entries"]) == (2, 1, len(before[3]))
        assert (rebuilt["unanswered"], rebuilt["without_trail"]) == ([], [])
        assert await seen(desk) == before
        assert own_stack.run("rebuild").stdout.startswith("3 reservations (2 live)")
        assert await seen(desk) == before, "once more changes nothing"

    # A process that comes new to it all, as after a restart.
    async with open_desk(settings) as desk:
        assert await desk.credentials(ANN) == credentials, "they are in Vault"
        await desk.welcome(ANN)
        assert [(item.provider, item.account) for item in await desk.credentials(ANN)] == [
            (item.provider, item.account) for item in credentials
        ], "who is welcomed once more has the same access as before"
        third = await reserve(desk, ANN)
        assert third.name not in (first.name, second.name)
        assert [len(clouds.machines(settings, item.id)) for item in (first, second, third, of_bob)] == [0, 2, 1, 1]
        await asyncio.gather(
            *(give_back(desk, actor, item) for actor, item in ((ANN, second), (ANN, third), (BOB, of_bob)))
        )
        assert [clouds.machines(settings, item.id) for item in (second, third, of_bob)] == [{}, {}, {}]
