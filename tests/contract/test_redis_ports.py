"""The adapters over a real Redis keep their ports' contracts."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from clouddesk.adapters.colleagues import RedisColleagues
from clouddesk.adapters.redis import (
    PREFIX,
    SOCKET_SECONDS,
    RedisHabits,
    RedisNotices,
    RedisOffers,
    RedisQuotes,
    RedisReservationViews,
    open_redis,
)
from clouddesk.adapters.redis_connection import Cancellable
from clouddesk.model.actor import LOCAL_WORKSPACE, UNKNOWN, Person
from clouddesk.model.errors import Unavailable
from clouddesk.model.node import Node, NodePlan
from clouddesk.model.notice import Notice
from clouddesk.model.offer import Offer
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import MANAGE, USE, Share
from tests.builders import a_reservation
from tests.servers import free_port, redis_server, redis_url

__all__ = ["redis_url"]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[object]:
    client = open_redis(redis_url)
    yield client
    await client.close()


@pytest.fixture
def person() -> Person:
    return Person("local", f"ann-{uuid.uuid4().hex[:8]}")


def reserved(person: Person, **changes: object) -> Reservation:
    node = Node("i-1", "worker-1", "worker", "running", "aws", "eu-central-1", "t3.small", address="192.0.2.1")
    own = a_reservation(
        id=f"r-{uuid.uuid4().hex[:8]}",
        workspace_id=person.workspace_id,
        owner=person.user_id,
        nodes=(node,),
        node_count=1,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=8),
        revision=3,
    )
    return replace(own, **changes)


def a_quote(person: Person, *, seconds: float) -> Quote:
    now = datetime.now(timezone.utc)
    offer = Offer("aws", "eu-central-1", "t3.small", 2, 2.0, 0.0, 0.0208, "bundled", NOW)
    return Quote(
        id=f"q-{uuid.uuid4().hex[:8]}",
        workspace_id=person.workspace_id,
        user_id=person.user_id,
        request=ResourceRequest(kind="cluster", software=("spark",), count=3),
        defaults=("region",),
        offer=offer,
        runner_up=replace(offer, provider="digitalocean", hourly_price_usd=None),
        nodes=(NodePlan("controller", "controller"), NodePlan("worker-1", "worker")),
        os="ubuntu-24.04",
        disk_gb=20.0,
        lease_seconds=28800,
        machine_hourly_price_usd=0.03,
        hourly_price_usd=0.06,
        total_price_usd=0.48,
        runner_up_hourly_price_usd=None,
        created_at=now,
        expires_at=now + timedelta(seconds=seconds),
        ends_at=now + timedelta(hours=8),
        name="spark",
        is_simulated=True,
    )


def a_notice(person: Person, key: str = "1", **values: str) -> Notice:
    return Notice(f"{person}:{key}", "ready", person.workspace_id, person.user_id, "c", "r-1", NOW, values)


async def test_a_quote_comes_back_as_it_was(redis, person):
    quotes, quote = RedisQuotes(redis), a_quote(person, seconds=60)
    await quotes.put(quote)
    assert await quotes.get(quote.id) == quote
    assert await quotes.get("q-unknown") is None


async def test_a_quote_vanishes_at_its_end(redis, person):
    quotes, quote = RedisQuotes(redis), a_quote(person, seconds=1)
    await quotes.put(quote)
    await asyncio.sleep(1.2)
    assert await quotes.get(quote.id) is None


async def test_what_a_person_used_last_is_kept_for_each_thing(redis, person):
    habits = RedisHabits(redis)
    spark = ResourceRequest(kind="cluster", software=("spark",), region="frankfurt")
    vm = ResourceRequest(os="debian-12")
    await habits.put(person, spark, ["latest", "cluster/spark"])
    await habits.put(person, vm, ["latest", "vm"])
    assert await habits.get(person, ["cluster/spark", "latest", "cluster/ray"]) == [spark, vm, None]
    assert await habits.get(replace(person, user_id="somebody-else"), ["latest"]) == [None]


async def test_a_view_comes_back_as_it_was(redis, person):
    views, view = RedisReservationViews(redis), reserved(person)
    await views.put(view)
    assert await views.get(view.id) == view
    assert await views.get("r-unknown") is None
    assert view in await views.all()


async def test_an_older_revision_never_wins(redis, person):
    views, view = RedisReservationViews(redis), reserved(person)
    versions = [replace(view, revision=revision, state=f"state-{revision}") for revision in range(1, 21)]
    await asyncio.gather(*(views.put(version) for version in reversed(versions)))
    assert (await views.get(view.id)).revision == 20
    await views.put(versions[4])
    assert (await views.get(view.id)).state == "state-20"


async def test_how_many_machines_are_up_is_seen_while_they_are_made_and_only_then(redis, person):
    views, view = RedisReservationViews(redis), reserved(person, state="provisioning", node_count=5)
    await views.put(view)
    assert (await views.get(view.id)).nodes_up is None
    for count in (0, 3):
        await views.put_nodes_up(view.id, count)
        assert await views.get(view.id) == replace(view, nodes_up=count)
    extended = replace(view, revision=view.revision + 1, expires_at=NOW + timedelta(hours=9))
    await views.put(extended)
    assert await views.of_person(person) == [replace(extended, nodes_up=3)]

    running = replace(extended, revision=extended.revision + 1, state="running")
    await views.put(running)
    await views.put_nodes_up(view.id, 4)
    assert await views.get(view.id) == running, "what comes late is not seen"


async def test_machines_of_a_reservation_without_a_view_bring_none_about(redis, person):
    views = RedisReservationViews(redis)
    await views.put_nodes_up("r-unseen", 3)
    assert await views.get("r-unseen") is None
    assert await views.of_person(person) == []


async def test_a_person_sees_their_own_newest_first(redis, person):
    views = RedisReservationViews(redis)
    older = reserved(person)
    newer = reserved(person, created_at=NOW + timedelta(hours=1), state="ended")
    await views.put(newer)
    await views.put(older)
    await views.put(reserved(Person("local", "bob")))
    assert await views.of_person(person) == [newer, older]
    assert await views.of_person(Person("other", person.user_id)) == []


async def test_a_person_sees_what_is_shared_with_them_after_their_own_and_only_while_it_is(redis, person):
    views, ben = RedisReservationViews(redis), Person("local", f"{person.user_id}-ben")
    own = reserved(ben)
    for_an_hour = reserved(person, shares=(Share(ben.user_id, USE, NOW + timedelta(hours=1)), Share("cid", USE)))
    for_good = reserved(person, created_at=NOW + timedelta(hours=1), shares=(Share(ben.user_id, MANAGE),))
    for view in (for_an_hour, for_good, own):
        await views.put(view)
    assert await views.seen_by(ben, now=NOW) == [own, for_good, for_an_hour]
    assert await views.seen_by(ben, now=NOW + timedelta(hours=1)) == [own, for_good]
    assert await views.seen_by(Person("other", ben.user_id), now=NOW) == []
    assert await views.of_person(ben) == [own]

    await views.put(replace(for_good, revision=for_good.revision + 1, shares=()))
    await views.put(for_good)
    assert await views.seen_by(ben, now=NOW) == [own, for_an_hour], "an older revision does not bring it back"


async def test_a_person_finds_what_is_offered_to_them_the_latest_first_and_nobody_else_does(redis, person):
    views, ben = RedisReservationViews(redis), Person("local", f"{person.user_id}-ben")
    latest = reserved(person, offered_to=ben.user_id, offered_at=NOW + timedelta(hours=1))
    offered = reserved(person, created_at=NOW + timedelta(hours=2), offered_to=ben.user_id, offered_at=NOW)
    for view in (latest, offered, reserved(ben)):
        await views.put(view)
    assert await views.offered_to(ben) == [latest, offered]
    assert await views.offered_to(person) == await views.offered_to(Person("other", ben.user_id)) == []

    await views.put(replace(latest, revision=latest.revision + 1, offered_to="cid"))
    await views.put(latest)
    assert await views.offered_to(ben) == [offered], "an older revision does not bring it back"
    await views.put(replace(offered, revision=offered.revision + 1, state="ended"))
    assert await views.offered_to(ben) == []


async def test_what_has_ended_leaves_the_list_of_the_living(redis, person):
    views = RedisReservationViews(redis)
    view = reserved(person)
    other = reserved(person, created_at=NOW + timedelta(hours=1))
    await views.put(view)
    await views.put(other)
    await views.put(replace(view, revision=view.revision + 1, state="ended"))
    assert await views.of_person(person, only_live=True) == [other]
    living = await views.all(only_live=True)
    assert other in living
    assert view.id not in {item.id for item in living}
    await views.put(view)
    assert await views.of_person(person, only_live=True) == [other], "an older revision does not bring it back"


async def test_every_name_is_claimed_once(redis, person):
    views = RedisReservationViews(redis)
    names = await asyncio.gather(*(views.claim_name(person, "spark", f"r-{number}") for number in range(10)))
    assert sorted(names, key=lambda name: int(name.split("-")[1])) == [f"spark-{number}" for number in range(1, 11)]
    assert await views.claim_name(Person("local", person.user_id + "x"), "spark", "r-x") == "spark-1"


async def test_a_name_that_a_reservation_has_is_not_given_again(redis, person):
    views = RedisReservationViews(redis)
    await views.put(reserved(person, name="vm-1"))
    assert await views.claim_name(person, "vm", "r-new") == "vm-2"


async def test_the_same_reservation_gets_the_same_name_again(redis, person):
    views = RedisReservationViews(redis)
    assert [await views.claim_name(person, "vm", "r-again") for _ in range(2)] == ["vm-1", "vm-1"]


async def test_a_claim_without_a_reservation_ends(redis, person, monkeypatch):
    views = RedisReservationViews(redis)
    monkeypatch.setattr("clouddesk.adapters.redis.NAME_HELD_SECONDS", 0.2)
    assert await views.claim_name(person, "vm", "r-one") == "vm-1"
    await asyncio.sleep(0.3)
    assert await views.claim_name(person, "vm", "r-two") == "vm-1"


async def test_notices_are_read_in_order_and_from_a_position(redis, person):
    notices = RedisNotices(redis)
    sent = [a_notice(person, str(number), name=f"n {number}") for number in range(3)]
    for notice in sent:
        await notices.send(notice)
    read = await notices.read(person, after="0")
    assert [notice for _, notice in read] == sent
    assert [notice for _, notice in await notices.read(person, after=read[1][0])] == sent[2:]
    assert await notices.read(Person("local", "bob-x"), after="0") == []


async def test_the_latest_notices_come_newest_first(redis, person):
    notices = RedisNotices(redis)
    assert await notices.latest(person, limit=2) == []
    sent = [a_notice(person, str(number)) for number in range(3)]
    for notice in sent:
        await notices.send(notice)
    assert await notices.latest(person, limit=2) == [sent[2], sent[1]]


async def test_the_same_notice_twice_is_kept_once(redis, person):
    notices = RedisNotices(redis)
    await asyncio.gather(*(notices.send(a_notice(person)) for _ in range(5)))
    assert len(await notices.read(person, after="0")) == 1


async def test_a_reader_that_waits_gets_the_notice_at_once(redis, person):
    notices = RedisNotices(redis)
    await notices.send(a_notice(person, "old"))
    waiting = asyncio.create_task(notices.read(person, after="$", wait_seconds=10))
    await asyncio.sleep(0.3)
    await notices.send(a_notice(person, "new"))
    read = await asyncio.wait_for(waiting, 8)
    assert [notice.id for _, notice in read] == [f"{person}:new"]


async def test_a_reader_that_waits_in_vain_gets_nothing(redis, person):
    assert await RedisNotices(redis).read(person, after="$", wait_seconds=0.2) == []
    assert await RedisNotices(redis).read(person, after="0") == []


async def test_from_the_end_nothing_between_two_reads_is_missed(redis, person):
    notices = RedisNotices(redis)
    position = await notices.end(person)
    await notices.send(a_notice(person))
    assert len(await notices.read(person, after=position)) == 1


async def test_everybodys_notices_are_read_in_order_and_from_a_position(redis, person):
    notices = RedisNotices(redis)
    bob = Person("other", f"{person.user_id}-bob")
    begin = (await notices.read_all(after="0"))[-1:]
    sent = [a_notice(who, str(number)) for number, who in enumerate((person, bob, person))]
    for notice in [*sent, sent[0]]:
        await notices.send(notice)
    read = await notices.read_all(after=begin[0][0] if begin else "0")
    assert [notice for _, notice in read] == sent, "of all workspaces, and each once"
    assert [notice for _, notice in await notices.read_all(after=read[1][0])] == sent[2:]


async def test_a_reader_of_everybodys_notices_that_waits_gets_the_next_at_once(redis, person):
    notices = RedisNotices(redis)
    await notices.send(a_notice(person, "old"))
    position = (await notices.read_all(after="0"))[-1][0]
    waiting = asyncio.create_task(notices.read_all(after=position, wait_seconds=10))
    await asyncio.sleep(0.3)
    await notices.send(a_notice(person, "new"))
    assert [notice.id for _, notice in await asyncio.wait_for(waiting, 8)] == [f"{person}:new"]
    assert await notices.read_all(after=(await notices.read_all(after=position))[-1][0], wait_seconds=0.2) == []


async def test_of_everybodys_notices_the_oldest_are_forgotten(redis, person, monkeypatch):
    monkeypatch.setattr("clouddesk.adapters.redis.ALL_NOTICES_KEPT", 10)
    notices = RedisNotices(redis)
    for number in range(300):
        await notices.send(a_notice(person, str(number)))
    kept = [notice.id for _, notice in await notices.read_all(after="0")]
    assert len(kept) < 300, "Redis drops them by whole blocks"
    assert kept[-1] == f"{person}:299"
    assert len(await notices.read(person, after="0")) == 300, "a person's own are not shortened with them"


async def test_offers_are_kept_per_provider(redis):
    offers, provider = RedisOffers(redis), f"cloud-{uuid.uuid4().hex[:6]}"
    assert await offers.get(provider) is None
    await offers.put(provider, "[1]")
    assert await offers.get(provider) == "[1]"


async def test_the_version_of_kept_offers_changes_with_them(redis):
    offers, provider, other = RedisOffers(redis), f"cloud-{uuid.uuid4().hex[:6]}", f"cloud-{uuid.uuid4().hex[:6]}"
    assert await offers.versions([provider]) == {}
    assert await offers.versions([]) == {}
    await offers.put(provider, "[1]")
    first = await offers.versions([provider, other])
    assert first.keys() == {provider}
    await offers.put(provider, "[2]")
    assert await offers.versions([provider]) != first


async def test_a_redis_that_is_not_there_is_unavailable(person):
    redis = open_redis(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(Unavailable):
        await RedisQuotes(redis).get("q-1")
    with pytest.raises(Unavailable):
        await RedisReservationViews(redis).of_person(person)
    with pytest.raises(Unavailable):
        await RedisNotices(redis).read(person, after="0", wait_seconds=1)


async def test_the_same_client_goes_on_after_a_restart_with_what_was_kept(tmp_path: Path, person):
    server = redis_server(tmp_path)
    server.start(server.listens)
    redis = open_redis(f"redis://127.0.0.1:{server.port}/0")
    views, view = RedisReservationViews(redis), reserved(person)
    try:
        await views.put(view)
        server.stop()
        with pytest.raises(Unavailable):
            await views.get(view.id)
        server.start(server.listens)
        assert await views.get(view.id) == view
    finally:
        server.stop()
        await redis.close()


async def test_a_task_that_is_cancelled_while_it_speaks_with_redis_ends(redis_url: str) -> None:
    redis = open_redis(redis_url)

    async def ask() -> None:
        while True:
            await redis.get("nothing")

    for steps in range(400):
        asking = asyncio.create_task(ask())
        for _ in range(steps % 40):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking], timeout=10)
        assert asking.cancelled(), f"it goes on when it is cancelled after {steps % 40} steps"
    await redis.close()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "rediss://127.0.0.1:1", "unix:///tmp/redis.sock"])
def test_however_redis_is_reached_tasks_can_be_cancelled(url: str) -> None:
    pool = open_redis(url).connection_pool
    assert issubclass(pool.connection_class, Cancellable)
    assert pool.make_connection().socket_connect_timeout == SOCKET_SECONDS


async def test_a_colleague_is_told_from_who_is_none_and_from_who_was_not_looked_up(redis):
    colleagues, ben = RedisColleagues(redis), Person("T0A", "U0BEN")
    await redis.delete(f"{PREFIX}:colleague:{ben}")
    assert await colleagues.refusal(ben) == UNKNOWN
    await colleagues.note(ben, None)
    assert await colleagues.refusal(ben) is None
    await colleagues.note(ben, "guest")
    assert await colleagues.refusal(ben) == "guest"
    await redis.delete(f"{PREFIX}:colleague:{ben}")
    assert await colleagues.refusal(ben) == UNKNOWN, "what was known is out of date"
    assert await colleagues.refusal(Person(LOCAL_WORKSPACE, "ben")) is None, "nobody is looked up at the terminal"
