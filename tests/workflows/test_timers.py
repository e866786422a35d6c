"""Timers on a real Temporal: machines stop and start by the clock, and people are reminded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import ActivityEnvironment

from clouddesk.adapters.budgets import RedisApprovals, RedisBudgets
from clouddesk.adapters.costs import RedisCosts
from clouddesk.approval_notes import end_of
from clouddesk.approvals import OPEN_FOR
from clouddesk.budgets import Budgets, as_is
from clouddesk.language.localtime import utc_now
from clouddesk.model import notice
from clouddesk.model.actor import ADMIN, Actor
from clouddesk.model.approval import DECLINED, EXPIRED, EXTEND, Approval, Purchase
from clouddesk.model.budget import HOUR, Bound, BudgetBook
from clouddesk.model.errors import WrongState
from clouddesk.model.order import ReservationOrder
from clouddesk.model.share import EXTEND as MAY_EXTEND
from clouddesk.model.share import MANAGE, Share
from clouddesk.model.timer import EVERY_DAY, REMIND, START, STOP, WORKING_DAYS, Timer, Weekly, power_id, power_ids
from clouddesk.workflows import timers as timing
from clouddesk.workflows.ringing import (
    DONE,
    HELD,
    HOLIDAY,
    LAPSED,
    LEFT_ARCHIVED,
    MOVED,
    NOT_ALLOWED,
    NOTHING_TO_DO,
    OVER,
    REMINDED,
    SUPERSEDED,
    TOO_DEAR,
    TimerActivities,
)
from clouddesk.workflows.timers import TemporalTimers
from clouddesk.workflows.timing import Ring
from tests.workflows.conftest import Bench

NOON = Weekly(EVERY_DAY, 12)


@pytest.fixture
def timers(idle_bench: Bench) -> TemporalTimers:
    return TemporalTimers(idle_bench.client, task_queue=idle_bench.queue)


@pytest.fixture
def ringing(idle_bench: Bench, timers: TemporalTimers) -> TimerActivities:
    return TimerActivities(
        engine=idle_bench.engine,
        views=idle_bench.views,
        notices=idle_bench.notices_port,
        timers=timers,
        budgets=budgets_of(idle_bench),
        clock=utc_now,
    )


@pytest.fixture
async def bench(idle_bench: Bench, ringing: TimerActivities) -> Bench:
    await idle_bench.start_worker(ringing=ringing)
    return idle_bench


def budgets_of(bench: Bench) -> Budgets:
    redis = bench.redis
    stores = (RedisBudgets(redis), RedisApprovals(redis), RedisCosts(redis))
    return Budgets(*stores, bench.audit, BudgetBook(), utc_now)


def timer_of(bench: Bench, order: ReservationOrder, what: str, **changes: Any) -> Timer:
    is_once = "at" in changes
    timer = Timer(
        id=power_id(order.reservation_id, what, is_once=is_once),
        what=what,
        workspace_id=bench.person.workspace_id,
        by=bench.person.user_id,
        conversation="local:console:-:ann",
        timezone="Europe/Berlin",
        weekly=None if is_once else NOON,
        reservation_id=order.reservation_id,
    )
    return replace(timer, **changes)


def ring(timer: Timer, key: str = "one") -> Ring:
    return Ring(timer, key, utc_now())


async def test_what_is_to_stop_once_stops_at_its_time_and_the_timer_is_gone(
    bench: Bench, timers: TemporalTimers
) -> None:
    order = await bench.reserve_and_wait()
    timer = timer_of(bench, order, STOP, at=utc_now() + timedelta(seconds=2))
    await timers.put(timer)
    assert await timers.get(power_ids(order.reservation_id)) == [timer]
    await bench.until(order, lambda view: view.state == "stopped")
    for _ in range(100):
        if not await timers.get([timer.id]):
            break
        await bench.pause()
    assert await timers.get([timer.id]) == []
    assert await bench.kinds(at_least=2) == ["ready", "stopped"]


async def test_a_weekly_timer_stops_and_starts_each_time_and_by_whom_is_on_record(
    bench: Bench, timers: TemporalTimers
) -> None:
    order = await bench.reserve_and_wait()
    stop, start = timer_of(bench, order, STOP), timer_of(bench, order, START)
    for timer in (stop, start):
        await timers.put(timer)
    await bench.client.get_schedule_handle(stop.id).trigger()
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.client.get_schedule_handle(start.id).trigger()
    await bench.until(order, lambda view: view.state == "running")
    assert await timers.get(power_ids(order.reservation_id)) == [start, stop], "they ring again"
    entries = {entry.action: entry.by for entry in await bench.engine.trail(order.reservation_id)}
    assert entries["stopped"] == entries["started"] == bench.person.user_id


async def test_on_a_public_holiday_nothing_is_started_and_what_runs_is_stopped_all_the_same(
    bench: Bench, timers: TemporalTimers, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    stop = timer_of(bench, order, STOP, holidays="DE")
    start = timer_of(bench, order, START, holidays="DE")
    # New Year begins in Berlin while it is still the old year in UTC.
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=timezone.utc)
    assert await ringing.ring(Ring(stop, "one", new_year)) == DONE
    await bench.until(order, lambda view: view.state == "stopped")
    assert await ringing.ring(Ring(start, "two", new_year)) == HOLIDAY
    assert await ringing.ring(Ring(start, "three", new_year + timedelta(days=1))) == DONE
    await bench.until(order, lambda view: view.state == "running")


async def test_another_timer_of_a_kind_takes_the_place_of_the_first(bench: Bench, timers: TemporalTimers) -> None:
    order = bench.order()
    await timers.put(timer_of(bench, order, STOP))
    later = timer_of(bench, order, STOP, weekly=Weekly((0,), 18, 30))
    await timers.put(later)
    assert await timers.get(power_ids(order.reservation_id)) == [later]
    await timers.remove(power_ids(order.reservation_id))
    await timers.remove(power_ids(order.reservation_id))
    assert await timers.get(power_ids(order.reservation_id)) == []


async def test_the_clock_of_the_person_counts_also_when_summer_begins(bench: Bench) -> None:
    timer = timer_of(bench, bench.order(), STOP, weekly=Weekly((5, 6), 19))
    schedule = TemporalTimers(bench.client, task_queue=bench.queue)._schedule(timer)
    begins = datetime(2027, 3, 27, tzinfo=timezone.utc)  # Saturday; the clocks change in the night
    schedule.spec = replace(timing._spec(timer), start_at=begins)
    handle = await bench.client.create_schedule(f"probe-{timer.id}", schedule)
    found = (await handle.describe()).info.next_action_times[:3]
    await handle.delete()
    berlin = [moment.astimezone(ZoneInfo("Europe/Berlin")) for moment in found]
    assert [f"{moment:%a %H:%M}" for moment in berlin] == ["Sat 19:00", "Sun 19:00", "Sat 19:00"]
    assert [moment.hour for moment in found] == [18, 17, 17], "an hour earlier by the sun"


@pytest.mark.parametrize(
    ("zone", "at", "begins", "times"),
    [
        ("Europe/Berlin", (2, 30), "2027-03-27", ["27 01:30:00", "28 01:00:00", "29 00:30:00"]),
        ("Europe/Berlin", (2, 0), "2027-03-27", ["27 01:00:00", "28 01:00:00", "29 00:00:00"]),
        ("Europe/Berlin", (3, 0), "2027-03-27", ["27 02:00:00", "28 01:00:00", "29 01:00:00"]),
        ("Europe/Berlin", (2, 30), "2027-10-30", ["30 00:30:00", "31 00:30:01", "01 01:30:00"]),
        ("America/New_York", (2, 30), "2027-03-13", ["13 07:30:00", "14 07:00:00", "15 06:30:00"]),
        ("America/New_York", (1, 30), "2027-11-06", ["06 05:30:00", "07 05:30:01", "08 06:30:00"]),
        ("Australia/Lord_Howe", (2, 15), "2027-10-01", ["01 15:45:00", "02 15:30:00", "03 15:15:00"]),
    ],
)
async def test_what_the_change_of_clocks_leaves_out_comes_right_after_and_what_it_doubles_comes_once(
    bench: Bench, zone: str, at: tuple[int, int], begins: str, times: list[str]
) -> None:
    timer = timer_of(bench, bench.order(), STOP, timezone=zone, weekly=Weekly(EVERY_DAY, *at))
    schedule = TemporalTimers(bench.client, task_queue=bench.queue)._schedule(timer)
    schedule.spec = replace(timing._spec(timer), start_at=datetime.fromisoformat(f"{begins}T00:00:00+00:00"))
    handle = await bench.client.create_schedule(f"probe-{timer.id}", schedule)
    found = (await handle.describe()).info.next_action_times[:3]
    await handle.delete()
    assert [f"{moment:%d %H:%M:%S}" for moment in found] == times


async def test_only_days_of_the_timer_are_odd_and_it_is_read_as_it_was_put(
    bench: Bench, timers: TemporalTimers
) -> None:
    workdays = timer_of(bench, bench.order(), STOP, weekly=Weekly(WORKING_DAYS, 2, 30))
    assert (timing._spec(workdays).intervals, timing._spec(workdays).skip) == ([], []), "clocks change on Sundays"
    nightly = replace(workdays, weekly=Weekly(EVERY_DAY, 2, 30))
    assert len(timing._spec(nightly).intervals) >= 2 * len(timing._spec(nightly).skip) - 1 >= 17
    await timers.put(nightly)
    assert await timers.get([nightly.id]) == [nightly]
    await timers.remove([nightly.id])


async def test_what_does_not_apply_is_skipped(bench: Bench, timers: TemporalTimers, ringing: TimerActivities) -> None:
    order = await bench.reserve_and_wait()
    stop, start = timer_of(bench, order, STOP), timer_of(bench, order, START)
    await timers.put(stop)
    assert await ringing.ring(ring(start)) == NOTHING_TO_DO
    await bench.engine.hold(order.reservation_id)
    assert await ringing.ring(ring(stop)) == HELD
    assert (await bench.engine.get(order.reservation_id)).state == "running", "a hold wins over the clock"
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert await timers.get([stop.id]) == [stop]
    assert await ringing.ring(ring(stop)) == OVER
    assert await timers.get([stop.id]) == [], "the schedule ends with its machine"


async def test_machines_in_the_middle_of_something_are_waited_for(bench: Bench, ringing: TimerActivities) -> None:
    bench.cloud.boot_seconds = 1.0
    order = await bench.reserve()
    await bench.until(order, lambda view: view.state == "provisioning")
    with pytest.raises(WrongState):
        await ringing.ring(ring(timer_of(bench, order, STOP)))
    await bench.until(order, lambda view: view.state == "running")
    assert await ringing.ring(ring(timer_of(bench, order, STOP))) == DONE
    await bench.until(order, lambda view: view.state == "stopped")
    assert await ringing.ring(ring(timer_of(bench, order, STOP))) == NOTHING_TO_DO


@pytest.mark.parametrize(("level", "outcome"), [(MANAGE, DONE), (MAY_EXTEND, NOT_ALLOWED), (None, NOT_ALLOWED)])
async def test_nobodys_timer_outlasts_their_right_to_switch(
    bench: Bench, timers: TemporalTimers, ringing: TimerActivities, level: str | None, outcome: str
) -> None:
    order = await bench.reserve_and_wait()
    if level:
        await bench.engine.share(order.reservation_id, Share("ben", level), "one")
    timer = timer_of(bench, order, STOP, by="ben")
    await timers.put(timer)
    assert await ringing.ring(ring(timer)) == outcome
    assert bool(await timers.get([timer.id])) is (outcome == DONE)


async def handed_over(bench: Bench, order: ReservationOrder, to: str = "ben") -> None:
    await bench.engine.offer_handover(order.reservation_id, to, by=order.owner)
    await bench.engine.hand_over(order.reservation_id, to, "etl", by=to)


@pytest.mark.parametrize("was_admin", [False, True])
async def test_what_an_owner_has_set_goes_with_the_machine_in_the_next_owners_name(
    bench: Bench, timers: TemporalTimers, ringing: TimerActivities, *, was_admin: bool
) -> None:
    order = await bench.reserve_and_wait()
    stop, start = (timer_of(bench, order, what, is_by_admin=was_admin) for what in (STOP, START))
    await timers.put(stop)
    await handed_over(bench, order)
    assert await ringing.ring(ring(stop)) == DONE
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.hand_over(order.reservation_id, "cid", "etl", by="cid", left="ben")
    assert await ringing.ring(ring(start)) == DONE
    entries = {entry.action: entry.by for entry in await bench.engine.trail(order.reservation_id)}
    assert (entries["stopped"], entries["started"]) == ("ben", "cid")
    assert await timers.get([stop.id]) == [stop]


async def test_what_somebody_set_as_a_colleague_after_it_was_theirs_ends_with_their_part(
    bench: Bench, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    await handed_over(bench, order)
    timer = timer_of(bench, order, STOP, owners_before=1)
    assert await ringing.ring(ring(timer)) == NOT_ALLOWED
    await bench.engine.share(order.reservation_id, Share(bench.person.user_id, MANAGE), "one")
    assert await ringing.ring(ring(timer)) == DONE
    entries = {entry.action: entry.by for entry in await bench.engine.trail(order.reservation_id)}
    assert entries["stopped"] == bench.person.user_id


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


async def test_what_waited_is_not_done_when_it_was_removed_or_replaced_meanwhile(
    bench: Bench, timers: TemporalTimers, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    once = timer_of(bench, order, STOP, at=utc_now() + timedelta(hours=1))
    again = ActivityEnvironment()
    again.info = replace(again.info, attempt=2)
    await timers.put(replace(once, at=utc_now() + timedelta(hours=3)))
    assert await again.run(ringing.ring, ring(once)) == SUPERSEDED
    assert len(await timers.get([once.id])) == 1, "the new one stays"
    await again.run(ringing.tell_missed, ring(once))
    await timers.remove([once.id])
    assert await again.run(ringing.ring, ring(once)) == SUPERSEDED
    await again.run(ringing.tell_missed, ring(once))
    assert await bench.kinds() == ["ready"]
    assert (await bench.engine.get(order.reservation_id)).state == "running"
    await timers.put(once)
    await again.run(ringing.tell_missed, ring(once))
    told = await bench.notice(notice.UNTIMELY)
    assert (told.user_id, told.values["action"]) == (bench.person.user_id, STOP)
    assert await timers.get([once.id]) == []


async def test_the_owner_hears_that_a_colleagues_timer_is_over(
    bench: Bench, timers: TemporalTimers, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    assert await ringing.ring(ring(timer_of(bench, order, STOP, by="ben"))) == NOT_ALLOWED
    told = await bench.notice(notice.UNTIMED)
    assert (told.user_id, told.values["person"], told.values["action"]) == (bench.person.user_id, "ben", STOP)


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


async def test_what_would_go_beyond_a_budget_does_not_start_by_the_clock(
    bench: Bench, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    admin, person = Actor("local", "root", roles=(ADMIN,)), bench.person.user_id
    budgets = budgets_of(bench)
    await budgets.set(admin, person, {HOUR: Bound(order.hourly_price_usd / 2)})
    start = timer_of(bench, order, START)
    assert await ringing.ring(ring(start)) == TOO_DEAR
    assert (await bench.notice("over_budget")).reservation_id == order.reservation_id
    assert (await bench.engine.get(order.reservation_id)).state == "stopped"
    await budgets.set(admin, person, {HOUR: Bound(order.hourly_price_usd)})
    assert await ringing.ring(ring(start, "two")) == DONE
    await bench.until(order, lambda view: view.state == "running")


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


async def test_what_is_archived_is_not_started_by_the_clock_and_that_is_said_once(
    bench: Bench, ringing: TimerActivities
) -> None:
    order = await bench.reserve_and_wait()
    await bench.engine.archive(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "archived")
    for key in ("monday", "tuesday"):
        assert await ringing.ring(ring(timer_of(bench, order, START), key)) == LEFT_ARCHIVED
        assert await ringing.ring(ring(timer_of(bench, order, STOP), key)) == NOTHING_TO_DO
    told = await bench.told("not_started", 1)
    assert [(item.values["clock"], item.values["archived_hourly"]) for item in told] == [("yes", "$36.00")]
    assert (await bench.engine.get(order.reservation_id)).state == "archived"
