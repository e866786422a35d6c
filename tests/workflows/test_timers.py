"""Timers on a real Temporal: machines stop and start by the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import ActivityEnvironment

from clouddesk.language.localtime import utc_now
from clouddesk.model import notice
from clouddesk.model.actor import ADMIN, Actor
from clouddesk.model.budget import HOUR, Bound
from clouddesk.model.errors import WrongState
from clouddesk.model.share import EXTEND as MAY_EXTEND
from clouddesk.model.share import MANAGE, Share
from clouddesk.model.timer import EVERY_DAY, START, STOP, WORKING_DAYS, Weekly, power_ids
from clouddesk.workflows import timers as timing
from clouddesk.workflows.ringing import (
    DONE,
    HELD,
    HOLIDAY,
    LEFT_ARCHIVED,
    NOT_ALLOWED,
    NOTHING_TO_DO,
    OVER,
    SUPERSEDED,
    TOO_DEAR,
    TimerActivities,
)
from clouddesk.workflows.timers import TemporalTimers
from clouddesk.workflows.timing import Ring
from tests.workflows.conftest import Bench
from tests.workflows.timer_bench import bench, budgets_of, handed_over, ring, ringing, timer_of, timers

__all__ = ["bench", "ringing", "timers"]


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
