"""Unused machines, on a real Temporal: asked about, kept, stopped, taken back. What they were seen doing is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.adapters.pretended_use import PretendedUse
from clouddesk.adapters.utilisation import RedisUtilisation
from clouddesk.language.localtime import utc_now
from clouddesk.model import audit, notice
from clouddesk.model.errors import WrongState
from clouddesk.model.idle_steps import ANNOUNCE, ASK, NOTHING, STOP, WITHDRAW
from clouddesk.model.idleness import Thresholds, judge
from clouddesk.model.idling import IdleWish
from clouddesk.model.order import ReservationOrder
from clouddesk.model.utilisation import Use
from clouddesk.settings import PROJECT
from clouddesk.workflows.idle_check import IdleCheck
from clouddesk.workflows.measuring import UtilisationActivities
from clouddesk.workflows.wishes import Sighting
from tests.workflows.conftest import Bench

QUIET, AT_WORK = Use(cpu_percent=1.0), Use(cpu_percent=80.0, jobs=1)
HOURS = timedelta(hours=4)
ROUND = timedelta(minutes=5)


class Rounds:
    """The rounds over the machines of one reservation, at times that the test says."""

    def __init__(self, bench: Bench, thresholds: Thresholds) -> None:
        self.bench = bench
        self.series = RedisUtilisation(bench.redis)
        self.thresholds = thresholds

    async def see(self, order: ReservationOrder, use: Use, *, since: timedelta = timedelta()) -> None:
        """All of its machines did this in all rounds since then, up to now."""
        view, now = await self.bench.engine.get(order.reservation_id), datetime.now(timezone.utc)
        moments = [now - step * ROUND for step in range(since // ROUND, -1, -1)]
        for moment in moments:
            await self.series.append(view.id, [use.sample(node.key, moment) for node in view.living_nodes])

    @property
    def idle(self) -> IdleCheck:
        return IdleCheck(
            engine=self.bench.engine,
            series=self.series,
            thresholds=self.thresholds,
            blueprints=load_blueprints(PROJECT / "blueprints"),
            clock=utc_now,
        )

    async def check(self, order: ReservationOrder) -> str:
        # The view in Redis may be a moment behind; what counts is what the workflow makes of it.
        return await self.idle.check(await self.bench.engine.get(order.reservation_id))


def rounds(bench: Bench, **changes: int) -> Rounds:
    return Rounds(bench, replace(Thresholds(), **changes))


async def actions(bench: Bench, order: ReservationOrder) -> Sequence[str]:
    entries = await bench.engine.trail(order.reservation_id)
    return [entry.facts.get("step", entry.action) for entry in entries]


async def test_an_unused_cluster_is_asked_about_announced_and_stopped_and_each_is_said_once(bench: Bench):
    seen, order = rounds(bench, stop_seconds=1), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == ASK
    asked = await bench.notice(notice.IDLE)
    assert asked.values["why"] == "no logins, no jobs, CPU at most 1 %"
    assert (asked.values["idle_for"], asked.values["how"]) == ("4 hours", "")
    assert asked.values["stops"] == (await bench.engine.get(order.reservation_id)).idling.stop_at.isoformat()

    steps = []
    for _ in range(100):
        await seen.see(order, QUIET)
        steps.append(await seen.check(order))
        if steps[-1] == STOP:
            break
        await bench.pause()
    assert [step for step in steps if step != NOTHING] == [ANNOUNCE, STOP]
    view = await bench.until(order, lambda view: view.state == "stopped")
    stopped = await bench.notice(notice.STOPPED)
    assert stopped.values["unused"] == "yes"
    assert view.idling.stopped_at is not None
    assert [kind for kind in await bench.kinds() if kind != notice.READY] == ["idle", "idle_soon", "stopped"]
    done = [entry for entry in await bench.engine.trail(order.reservation_id) if entry.action == audit.STOPPED]
    assert [(entry.by, entry.facts["reason"]) for entry in done] == [("", "idle")]
    assert [item for item in await actions(bench, order) if item in (ASK, ANNOUNCE)] == [ASK, ANNOUNCE]


async def test_the_round_over_all_machines_asks_by_itself(bench: Bench):
    seen, order = rounds(bench), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    machines = PretendedUse(bench.redis, utc_now)
    await machines.pretend(order.reservation_id, {"": QUIET})
    activities = UtilisationActivities(
        views=bench.views,
        series=seen.series,
        probe=machines,
        simulated=machines,
        open_provider=bench.open,
        clock=utc_now,
        sampled=seen.idle.heard,
    )
    view = await bench.engine.get(order.reservation_id)
    assert await activities.sample(view, await machines.look(view)) == 2
    asked = await bench.notice(notice.IDLE)
    assert asked.values["how"] == ""


async def test_use_again_takes_the_question_back_and_says_so(bench: Bench):
    seen, order = rounds(bench), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == ASK
    await bench.notice(notice.IDLE)
    await seen.see(order, AT_WORK)
    assert await seen.check(order) == WITHDRAW
    await bench.notice(notice.IDLE_OVER)
    view = await bench.engine.get(order.reservation_id)
    assert (view.state, view.idling.asked_at, view.idling.stop_at) == ("running", None, None)


async def test_an_answer_is_remembered_and_the_same_answer_twice_is_one(bench: Bench):
    seen, order = rounds(bench), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == ASK
    await bench.notice(notice.IDLE)
    until = datetime.now(timezone.utc) + timedelta(hours=4)
    await bench.engine.keep(order.reservation_id, until, "one", by=bench.person.user_id)
    await bench.engine.keep(order.reservation_id, until + timedelta(days=3), "one", by=bench.person.user_id)
    view = await bench.engine.get(order.reservation_id)
    assert (view.idling.kept_until, view.idling.asked_at) == (until, None)
    await seen.see(order, QUIET)
    assert await seen.check(order) == NOTHING
    assert [item for item in await actions(bench, order) if item in (ASK, audit.KEPT)] == [ASK, audit.KEPT]


async def test_what_was_due_by_an_old_view_is_not_done_when_somebody_answered_meanwhile(bench: Bench):
    seen, order = rounds(bench, stop_seconds=1), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == ASK
    await bench.notice(notice.IDLE)
    old = await bench.engine.get(order.reservation_id)
    until = datetime.now(timezone.utc) + timedelta(hours=4)
    await bench.engine.keep(order.reservation_id, until, "one", by=bench.person.user_id)
    idle = IdleCheck(
        engine=bench.engine,
        series=seen.series,
        thresholds=seen.thresholds,
        blueprints={},
        clock=lambda: datetime.now(timezone.utc) + timedelta(seconds=2),
    )
    await seen.see(order, QUIET)
    assert await idle.check(old) == ANNOUNCE
    await bench.engine.keep(order.reservation_id, until, "two", by=bench.person.user_id)
    assert notice.IDLE_SOON not in await bench.kinds()
    assert (await bench.engine.get(order.reservation_id)).state == "running"


async def test_a_database_is_asked_about_and_never_stopped_by_itself(bench: Bench):
    seen, order = rounds(bench, stop_seconds=1), await bench.reserve_and_wait(software="postgres")
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == ASK
    asked = await bench.notice(notice.IDLE)
    assert (asked.values["how"], asked.values["stops"]) == ("only_asked", "")
    assert (await bench.engine.get(order.reservation_id)).idling.stop_at is None


async def test_a_wish_holds_also_after_its_machines_were_started_again(bench: Bench):
    seen, order = rounds(bench), await bench.reserve_and_wait()
    await bench.engine.set_idle(order.reservation_id, IdleWish(ask_seconds=6 * 3600), "one", by=bench.person.user_id)
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == NOTHING
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.start_nodes(order.reservation_id)
    view = await bench.until(order, lambda view: view.state == "running")
    assert view.idling.wish == IdleWish(ask_seconds=6 * 3600)
    assert view.idling.counts_from is not None, "after a start the count begins anew"


async def test_long_after_it_was_stopped_as_unused_it_is_asked_whether_to_give_it_back(bench: Bench):
    seen, order = rounds(bench, stop_seconds=1, release_seconds=2), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == ASK
    for _ in range(100):
        await seen.see(order, QUIET)
        if await seen.check(order) == STOP:
            break
        await bench.pause()
    asked = await bench.notice(notice.IDLE_REST)
    assert asked.values["stopped_daily"]
    until = datetime.now(timezone.utc) + timedelta(hours=1)
    await bench.engine.keep(order.reservation_id, until, "keep", by=bench.person.user_id)
    view = await bench.engine.get(order.reservation_id)
    assert (view.state, view.idling.kept_until) == ("stopped", until), "nothing is given back by itself"


async def test_nothing_is_kept_of_what_is_being_given_back(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.release(order.reservation_id)
    with pytest.raises(WrongState):
        await bench.engine.keep(order.reservation_id, datetime.now(timezone.utc) + HOURS, "late")


async def test_a_long_lease_that_nobody_can_look_into_is_asked_about_once(bench: Bench):
    seen, order = rounds(bench, long_unused_seconds=1), bench.order(nodes=1, lease_seconds=20 * 86400)
    await bench.engine.start(replace(order, max_lease_seconds=30 * 86400))
    await bench.until(order, lambda view: view.state == "running")
    while not (await bench.engine.get(order.reservation_id)).idling.is_long_asked:
        assert await seen.check(order) == NOTHING
        await bench.pause()
    asked = await bench.notice(notice.LONG_LEASE)
    assert (asked.values["how"], asked.values["blind"]) == ("", "yes")
    assert datetime.fromisoformat(asked.values["at"]) == (await bench.engine.get(order.reservation_id)).created_at
    for _ in range(3):
        await seen.check(order)
    await bench.engine.keep(order.reservation_id, utc_now() + timedelta(days=7), "kept", by=bench.person.user_id)
    assert (await actions(bench, order)).count("long_lease") == 1
    assert not (await bench.engine.get(order.reservation_id)).idling.is_asked
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)


async def test_what_was_seen_a_while_ago_announces_and_stops_nothing(bench: Bench):
    seen, order = rounds(bench, stop_seconds=1), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == ASK
    view = await bench.engine.get(order.reservation_id)
    samples = await seen.series.read(view.id, since=utc_now() - HOURS)
    now = utc_now()
    keys = [node.key for node in view.living_nodes]
    verdict = judge(samples, keys, seen.thresholds, now, vcpus=view.vcpus)
    asked = await bench.until(order, lambda view: view.idling.stop_at is not None)
    while utc_now() < asked.idling.stop_at:
        await bench.pause()
    await bench.engine.seen(view.id, Sighting(verdict, seen.thresholds, now - timedelta(minutes=4)))
    # Signals are taken one after the other, and this one is taken before the question to its workflow.
    assert not (await bench.engine.get(view.id)).idling.is_announced
    await bench.engine.seen(view.id, Sighting(verdict, seen.thresholds, now))
    await bench.until(order, lambda view: view.idling.is_announced)


async def test_who_takes_it_over_was_asked_nothing_yet(bench: Bench):
    seen, order = rounds(bench), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    assert await seen.check(order) == ASK
    await bench.engine.offer_handover(order.reservation_id, "ben", by=order.owner)
    await bench.engine.hand_over(order.reservation_id, "ben", "etl-of-ben", by="ben")
    idling = (await bench.engine.get(order.reservation_id)).idling
    assert (idling.asked_at, idling.stop_at) == (None, None)
    assert await seen.check(order) == NOTHING, "being unused is counted from then on"


# --- archived at last -------------------------------------------------------------------------------------------------


async def off_as_unused(bench: Bench, **spans: int) -> ReservationOrder:
    """One that was stopped as unused."""
    seen, order = rounds(bench, stop_seconds=1, **spans), await bench.reserve_and_wait()
    await seen.see(order, QUIET, since=HOURS)
    for _ in range(100):
        await seen.see(order, QUIET)
        if await seen.check(order) == STOP:
            break
        await bench.pause()
    await bench.until(order, lambda view: view.state in ("stopped", "archiving", "archived"))
    return order


async def test_what_stays_unused_is_asked_about_announced_and_archived_and_each_is_said_once(bench: Bench):
    order = await off_as_unused(bench, release_seconds=1, archive_seconds=2)
    view = await bench.until(order, lambda view: view.state == "archived")
    told = await bench.notice(notice.ARCHIVED)
    assert told.values["unused"] == "yes"
    asked = await bench.notice(notice.IDLE_REST)
    assert asked.values["archives"]
    assert asked.values["archived_daily"] == "$864.00"
    kinds = [kind for kind in await bench.kinds() if kind not in (notice.READY, notice.IDLE, notice.IDLE_SOON)]
    assert kinds == [notice.STOPPED, notice.IDLE_REST, notice.IDLE_ARCHIVE, notice.ARCHIVED]
    assert view.idling.archive_at is None
    done = [entry for entry in await bench.engine.trail(order.reservation_id) if entry.action == audit.ARCHIVED]
    assert [(entry.by, entry.facts["reason"]) for entry in done] == [("", "idle")]


async def test_protecting_it_after_the_question_takes_the_archiving_back(bench: Bench):
    order = await off_as_unused(bench, release_seconds=1, archive_seconds=4)
    await bench.notice(notice.IDLE_REST)
    await bench.engine.protect(order.reservation_id, is_protected=True, by="ann")
    assert (await bench.engine.get(order.reservation_id)).idling.archive_at is None
    await bench.told(notice.IDLE_REST, 3)
    assert (await bench.engine.get(order.reservation_id)).state == "stopped"
    assert notice.IDLE_ARCHIVE not in await bench.kinds()
