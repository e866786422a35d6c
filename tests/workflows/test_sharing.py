"""Sharing, on a real Temporal: what a colleague sees and is told, and when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.adapters.completeness import RedisCompleteness
from clouddesk.model import audit, notice
from clouddesk.model.actor import Person
from clouddesk.model.errors import WrongState
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import EXTEND, MANAGE, USE, Share
from clouddesk.workflows.rebuild import Rebuild
from tests.workflows.conftest import Bench


def colleague(bench: Bench, name: str = "ben") -> Person:
    return Person(bench.person.workspace_id, f"{bench.person.user_id}-{name}")


async def seen_by(bench: Bench, person: Person) -> list[Reservation]:
    return await bench.views.seen_by(person, now=datetime.now(timezone.utc))


async def told(bench: Bench, person: Person) -> list[str]:
    return [item.kind for item in await bench.notices(person)]


async def test_a_colleague_sees_it_and_is_told_once_and_again_when_it_is_over(bench: Bench):
    ben, order = colleague(bench), await bench.reserve_and_wait()
    for _ in range(2):
        await bench.engine.share(order.reservation_id, Share(ben.user_id, EXTEND), "one", by=bench.person.user_id)
    view = await bench.until(order, lambda view: bool(view.shares))
    assert [item.id for item in await seen_by(bench, ben)] == [order.reservation_id]
    first = await bench.notice(notice.SHARED, person=ben)
    assert (first.values["allowed"], first.values["owner"], first.conversation) == ("extend", view.owner, "")
    assert await bench.views.of_person(ben) == [], "it is nobody's but the owner's"

    await bench.engine.unshare(order.reservation_id, ben.user_id, "two", by=bench.person.user_id)
    await bench.until(order, lambda view: not view.shares)
    assert await seen_by(bench, ben) == []
    last = await bench.notice(notice.UNSHARED, person=ben)
    assert last.values["reason"] == "unshared"
    # The first wish is delivered again, late, and does not bring it back.
    await bench.handle(order).execute_update(
        "share", {"share": {"user_id": ben.user_id, "allowed": USE}, "request_id": "one", "by": ""}
    )
    assert (await bench.engine.get(order.reservation_id)).shares == ()
    assert await told(bench, ben) == [notice.SHARED, notice.UNSHARED]
    trail = await bench.engine.trail(order.reservation_id)
    assert [item.action for item in trail if item.action in (audit.SHARED, audit.UNSHARED)] == ["shared", "unshared"]
    assert {item.by for item in trail if item.action in (audit.SHARED, audit.UNSHARED)} == {bench.person.user_id}
    assert not {notice.SHARED, notice.UNSHARED} & set(await bench.kinds()), "the owner was answered already"


async def test_an_owner_hears_of_what_an_admin_shares_and_of_nothing_that_they_did_themselves(bench: Bench):
    ben, order = colleague(bench), await bench.reserve_and_wait()
    await bench.engine.share(order.reservation_id, Share(ben.user_id, USE), "one", by=bench.person.user_id)
    await bench.engine.open_to_team(order.reservation_id, is_open=False, by="root")
    await bench.engine.share(order.reservation_id, Share(ben.user_id, MANAGE), "two", by="root")
    told = await bench.notice(notice.SHARED_BY)
    assert (told.values["by"], told.values["person"], told.values["allowed"]) == ("root", ben.user_id, MANAGE)
    await bench.engine.open_to_team(order.reservation_id, is_open=True, by="root")
    for _ in range(100):
        if (await bench.kinds()).count(notice.SHARED_BY) == 2:
            break
        await bench.pause()
    assert await bench.kinds() == [notice.READY, notice.SHARED_BY, notice.SHARED_BY]


async def test_sharing_again_takes_the_place_of_what_was_allowed(bench: Bench):
    ben, order = colleague(bench), await bench.reserve_and_wait()
    await bench.engine.share(order.reservation_id, Share(ben.user_id, USE), "one")
    await bench.engine.share(order.reservation_id, Share(ben.user_id, MANAGE), "two")
    assert (await bench.engine.get(order.reservation_id)).shares == (Share(ben.user_id, MANAGE),)


async def test_a_share_ends_by_itself_while_the_reservation_goes_on(bench: Bench):
    ben, order = colleague(bench), await bench.reserve_and_wait()
    until = datetime.now(timezone.utc) + timedelta(seconds=1)
    await bench.engine.share(order.reservation_id, Share(ben.user_id, USE, until), "one")
    assert (await bench.notice(notice.SHARED, person=ben)).values["ends"] == until.isoformat()
    view = await bench.until(order, lambda view: view.revision > 3 and not view.shares)
    assert view.state == "running"
    assert (await bench.notice(notice.UNSHARED, person=ben)).values["reason"] == "expired"


async def test_what_is_over_by_the_clock_is_not_seen_even_before_anybody_tidied_up(bench: Bench):
    ben, order = colleague(bench), await bench.reserve_and_wait()
    view = await bench.until(order, lambda view: view.state == "running")
    end = datetime.now(timezone.utc) + timedelta(hours=1)
    shared = replace(view, shares=(Share(ben.user_id, USE, end),), revision=view.revision + 1)
    await bench.views.put(shared)
    before = await bench.views.seen_by(ben, now=end - timedelta(seconds=1))
    assert ([item.id for item in before], await bench.views.seen_by(ben, now=end)) == ([order.reservation_id], [])


async def test_every_share_ends_with_the_reservation(bench: Bench):
    ben, order = colleague(bench), await bench.reserve_and_wait()
    await bench.engine.share(order.reservation_id, Share(ben.user_id, USE), "one")
    await bench.engine.release(order.reservation_id)
    assert (await bench.ended(order)).shares == ()
    assert await seen_by(bench, ben) == []
    assert (await bench.notice(notice.UNSHARED, person=ben)).values["reason"] == "released"
    with pytest.raises(WrongState):
        await bench.engine.share(order.reservation_id, Share(ben.user_id, USE), "two")


async def test_shares_outlive_a_long_history_and_the_loss_of_redis(bench: Bench):
    ben = colleague(bench)
    bench.use_timing(history_events=60)
    order = await bench.reserve_and_wait()
    await bench.engine.share(order.reservation_id, Share(ben.user_id, EXTEND), "one")
    first = (await bench.handle(order).describe()).run_id
    number = 0
    while (await bench.handle(order).describe()).run_id == first:
        number += 1
        await bench.engine.extend(order.reservation_id, 1, f"more-{number}")
    assert [item.id for item in await seen_by(bench, ben)] == [order.reservation_id]

    await bench.redis.flushall()
    assert await seen_by(bench, ben) == []
    rebuild = Rebuild(
        bench.client,
        views=bench.views,
        audit=bench.audit,
        completeness=RedisCompleteness(bench.redis),
        task_queue=bench.queue,
    )
    await rebuild.run()
    back = await seen_by(bench, ben)
    assert [item.shares for item in back] == [(Share(ben.user_id, EXTEND),)]
