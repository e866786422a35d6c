"""Reminders on a real Temporal, and requests for approval that end at their time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clouddesk.approval_notes import end_of
from clouddesk.approvals import OPEN_FOR
from clouddesk.budgets import as_is
from clouddesk.language.localtime import utc_now
from clouddesk.model.approval import DECLINED, EXPIRED, EXTEND, Approval, Purchase
from clouddesk.model.order import ReservationOrder
from clouddesk.model.share import EXTEND as MAY_EXTEND
from clouddesk.model.share import Share
from clouddesk.model.timer import REMIND
from clouddesk.workflows.ringing import (
    LAPSED,
    MOVED,
    NOT_ALLOWED,
    REMINDED,
    TimerActivities,
)
from clouddesk.workflows.timers import TemporalTimers
from tests.workflows.conftest import Bench
from tests.workflows.timer_bench import bench, budgets_of, handed_over, ring, ringing, timer_of, timers

__all__ = ["bench", "ringing", "timers"]


@pytest.mark.parametrize("was_admin", [False, True])
async def test_a_reminder_of_what_was_handed_over_ends_unless_its_author_has_a_part_in_it(
    bench: Bench, ringing: TimerActivities, *, was_admin: bool
) -> None:
    order = await bench.reserve_and_wait()
    id_ = f"reminder-{bench.person}-1"
    timer = timer_of(bench, order, REMIND, id=id_, at=utc_now(), is_by_admin=was_admin)
    await handed_over(bench, order)
    assert await ringing.ring(ring(timer)) == NOT_ALLOWED
    since = replace(timer, owners_before=1)
    assert await ringing.ring(ring(since)) == (REMINDED if was_admin else NOT_ALLOWED)
    await bench.engine.share(order.reservation_id, Share(bench.person.user_id, MAY_EXTEND), "one")
    assert await ringing.ring(ring(timer, "two")) == REMINDED


async def test_whoever_may_not_see_a_machine_any_more_is_told_nothing_of_it(
    bench: Bench, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    timer = timer_of(bench, order, REMIND, id=f"reminder-{bench.person}-1", at=utc_now(), by="ben")
    assert await ringing.ring(ring(timer)) == NOT_ALLOWED
    await bench.engine.share(order.reservation_id, Share("ben", MAY_EXTEND), "one")
    assert await ringing.ring(ring(timer)) == REMINDED


async def test_a_reminder_of_a_machine_tells_how_it_is_then(bench: Bench, timers: TemporalTimers) -> None:
    order = await bench.reserve_and_wait()
    at = utc_now() + timedelta(seconds=1)
    timer = timer_of(bench, order, REMIND, id=f"reminder-{bench.person}-1", at=at, note="stop it")
    assert await timers.add(timer)
    assert not await timers.add(timer), "the place is taken"
    notice = await bench.notice("reminder")
    assert (notice.reservation_id, notice.user_id) == (order.reservation_id, bench.person.user_id)
    assert (notice.values["note"], notice.values["state"]) == (": stop it", "running")


async def test_a_reminder_of_everything_tells_what_runs_then_and_only_once(
    bench: Bench, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    at = utc_now() + timedelta(seconds=1)
    timer = timer_of(bench, order, REMIND, id=f"reminder-{bench.person}-1", at=at, reservation_id="")
    for _ in range(2):
        assert await ringing.ring(ring(timer)) == REMINDED
    (notice,) = [item for item in await bench.notices() if item.kind == "reminder"]
    assert order.name in notice.values["lines"]
    assert notice.values["nodes"] == "2"


async def test_a_reminder_before_the_end_moves_with_the_end(
    bench: Bench, timers: TemporalTimers, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait(lease_seconds=600)
    id_ = f"reminder-{bench.person}-1"
    timer = timer_of(bench, order, REMIND, id=id_, at=utc_now() + timedelta(hours=1), before_end_seconds=300)
    assert await ringing.ring(ring(timer)) == MOVED
    (moved,) = await timers.get([id_])
    view = await bench.engine.get(order.reservation_id)
    assert moved.at == view.expires_at - timedelta(seconds=300)
    assert "reminder" not in await bench.kinds()
    assert await ringing.ring(ring(replace(timer, before_end_seconds=599))) == REMINDED


async def test_a_request_that_nobody_decides_on_ends_at_its_time_and_who_asked_is_told(
    bench: Bench, timers: TemporalTimers
) -> None:
    order = await bench.reserve_and_wait()
    approval = await asked(bench, order, "one")
    await timers.put(replace(end_of(approval), at=utc_now() + timedelta(seconds=1)))
    notice = await bench.notice("approval_decided")
    assert (notice.user_id, notice.values["status"]) == (bench.person.user_id, EXPIRED)
    known = await budgets_of(bench).approvals.get("local", approval.id)
    assert known is not None
    assert known.status == EXPIRED
    trail = [entry async for entry in bench.audit.read(since=order.created_at)]
    assert [item.facts["status"] for item in trail if item.id.startswith(approval.id)] == [EXPIRED]


async def test_a_decided_request_does_not_end_and_one_that_was_lost_is_told(
    bench: Bench, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    approval = await asked(bench, order, "two")
    store = budgets_of(bench).approvals
    await store.change("local", approval.id, lambda known: replace(known, status=DECLINED))
    assert await ringing.ring(ring(end_of(approval))) == LAPSED
    assert [item for item in await bench.notices() if item.kind == "approval_decided"] == []
    unknown = replace(end_of(approval), note="a-0123456789 etl")
    assert await ringing.ring(ring(unknown)) == LAPSED
    assert (await bench.notice("approval_decided")).values == {"name": "etl", "status": "lost"}


async def asked(bench: Bench, order: ReservationOrder, key: str) -> Approval:
    """A request of the bench's person."""
    view = await bench.engine.get(order.reservation_id)
    purchase = Purchase(EXTEND, view.id, view.owner, view.name, key=f"{view.id}:{key}", seconds=3600)
    now, person = utc_now(), bench.person
    approval = Approval(
        id=purchase.approval_id,
        workspace_id=person.workspace_id,
        asker=person.user_id,
        purchase=purchase,
        planned=as_is(view),
        findings=(),
        conversation="local:console:-:ann",
        timezone="UTC",
        created_at=now,
        expires_at=now + OPEN_FOR,
    )
    return await budgets_of(bench).approvals.add(approval)
