"""The activity behind timers: machines are stopped and started as if their people had said so, and people reminded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from temporalio import activity

from clouddesk.approval_notes import decided, entry_of, lapsed, lost
from clouddesk.budgets import Budgets, running
from clouddesk.language.holidays import holiday_on
from clouddesk.language.localtime import Whereabouts, local_time, zone_of
from clouddesk.language.money import rate
from clouddesk.model.actor import Person
from clouddesk.model.approval import APPROVED, EXPIRED, FAILED, OverBudget, Purchase
from clouddesk.model.approval import DONE as CARRIED_OUT
from clouddesk.model.approval import START as START_AGAIN
from clouddesk.model.audit import APPROVAL_DECIDED
from clouddesk.model.errors import NotFound, NotLookedAfter, Unavailable, WrongState
from clouddesk.model.notice import NOT_STARTED, OVER_BUDGET, REMINDER, UNTIMED, UNTIMELY, Notice
from clouddesk.model.ports import Clock, Reservations, Timers
from clouddesk.model.reservation import ARCHIVED, ARCHIVING, ENDED, RELEASING, RUNNING, STOPPED, Reservation
from clouddesk.model.share import MANAGE, USE
from clouddesk.model.stores import Notices, ReservationViews
from clouddesk.model.timer import LAPSE, POWERS, REMIND, START, STOP, Timer, power_ids
from clouddesk.workflows.notices import make_notice
from clouddesk.workflows.timing import RING, TELL_MISSED, Ring

log = structlog.get_logger()

DONE, REMINDED, MOVED, LAPSED = "done", "reminded", "moved", "lapsed"
OVER, NOT_ALLOWED, HELD, HOLIDAY, NOTHING_TO_DO = "over", "not_allowed", "held", "holiday", "nothing_to_do"
TOO_DEAR = "too_dear"
LEFT_ARCHIVED = "left_archived"
SUPERSEDED = "superseded"
"""What became of it."""
_SOON = timedelta(minutes=1)


class TimerActivities:
    """Does what is due; touches no cloud itself."""

    def __init__(
        self,
        *,
        engine: Reservations,
        views: ReservationViews,
        notices: Notices,
        timers: Timers,
        budgets: Budgets,
        clock: Clock,
    ) -> None:
        self._budgets = budgets
        self._engine = engine
        self._views = views
        self._notices = notices
        self._timers = timers
        self._clock = clock

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        """For the worker."""
        return [self.ring, self.tell_missed]

    @activity.defn(name=RING)
    async def ring(self, work: Ring) -> str:
        """Do it once for the key, however often it is tried; what became of it."""
        timer = work.timer
        todo = {REMIND: self._remind, LAPSE: self._lapse}.get(timer.what, self._switch)
        # It waited for something: its people may have thought better of it, or set another one under its id.
        is_again = activity.in_activity() and activity.info().attempt > 1
        outcome = SUPERSEDED if is_again and not await self._timers.holds(timer) else await todo(work)
        if timer.weekly is None and outcome not in (MOVED, SUPERSEDED):
            await self._timers.remove([timer.id])
        log.info("timer.rang", timer=timer.id, outcome=outcome, reservation_id=timer.reservation_id)
        return outcome

    @activity.defn(name=TELL_MISSED)
    async def tell_missed(self, work: Ring) -> None:
        """What was to be done could not be done in time: the owner hears of it, unless it is not wanted any more."""
        timer, view = work.timer, await self._view(work.timer.reservation_id)
        is_wanted = view is not None and view.state not in (RELEASING, ENDED) and await self._timers.holds(timer)
        if view is not None and is_wanted and timer.what in POWERS:
            at = work.due.isoformat()
            notice = make_notice(view, UNTIMELY, self._clock(), key=work.key, action=timer.what, at=at)
            await self._notices.send(notice)
        if timer.weekly is None and is_wanted:
            await self._timers.remove([timer.id])

    async def _switch(self, work: Ring) -> str:
        timer, view = work.timer, await self._view(work.timer.reservation_id)
        if view is None or view.state in (RELEASING, ENDED):
            await self._timers.remove(power_ids(timer.reservation_id))
            return OVER
        by = _by(timer, view, self._clock(), MANAGE)
        if by is None:
            await self._timers.remove([timer.id])
            # It may have taken the place of one of the owner's, who counts on it.
            over = make_notice(view, UNTIMED, self._clock(), key=timer.id, action=timer.what, person=timer.by)
            await self._notices.send(over)
            return NOT_ALLOWED
        if timer.what == START and timer.holidays and timer.weekly:
            day = work.due.astimezone(zone_of(timer.timezone)).date()
            if holiday_on(timer.holidays, day):
                return HOLIDAY
        if timer.what == STOP and (view.is_held or view.idling.is_protected_at(self._clock())):
            return HELD
        if timer.what == STOP and view.state in (ARCHIVING, ARCHIVED):
            return NOTHING_TO_DO
        if view.state == ARCHIVED:
            return await self._leave_archived(work, view)
        before, after = (RUNNING, STOPPED) if timer.what == STOP else (STOPPED, RUNNING)
        if view.state == after and not view.is_mixed:
            return NOTHING_TO_DO
        if view.state != before and not view.is_mixed:
            # In the middle of something: tried again until it is there.
            raise WrongState(view.name, state=view.state, wanted=timer.what)
        if timer.what == STOP:
            await self._engine.stop(view.id, by=by, request_id=work.key)
            return DONE
        purchase = Purchase(START_AGAIN, view.id, view.owner, view.name, key=work.key)
        try:
            async with self._budgets.claim(view.workspace_id, purchase, running(view)):
                await self._engine.start_nodes(view.id, by=by, request_id=work.key)
        except OverBudget:
            # Somebody has to be there to ask for an approval.
            await self._notices.send(make_notice(view, OVER_BUDGET, self._clock(), key=work.key))
            return TOO_DEAR
        return DONE

    async def _leave_archived(self, work: Ring, view: Reservation) -> str:
        """Its machines would have to be made again: that takes somebody who wants it. Said once, not every morning."""
        hourly = rate(view.current_hourly_price_usd)
        key = view.images[0].id if view.images else work.key
        await self._notices.send(
            make_notice(view, NOT_STARTED, self._clock(), key=f"clock:{key}", clock="yes", archived_hourly=hourly)
        )
        return LEFT_ARCHIVED

    async def _lapse(self, work: Ring) -> str:
        """Nobody has decided on a request in time; or it was approved, and nobody knows yet whether it was done."""
        timer, now = work.timer, self._clock()
        id_, _, name = timer.note.partition(" ")
        approvals = self._budgets.approvals
        known, is_done = await approvals.get(timer.workspace_id, id_), False
        if known is not None and known.status == APPROVED:
            reservation_id = known.purchase.reservation_id
            is_done = known.is_seen_in(await self._view(reservation_id) or await self._views.get(reservation_id))
        known = await approvals.change(timer.workspace_id, id_, lambda approval: lapsed(approval, now, is_done=is_done))
        if known is None:
            await self._notices.send(lost(timer, name, now))
        elif known.status in (EXPIRED, CARRIED_OUT, FAILED):
            at = known.decided_at or now
            await self._budgets.trail.append([entry_of(known, APPROVAL_DECIDED, at, by=known.by)])
            await self._notices.send(decided(known, now))
        return LAPSED

    async def _remind(self, work: Ring) -> str:
        timer, now = work.timer, self._clock()
        view = await self._view(timer.reservation_id) if timer.reservation_id else None
        if timer.reservation_id and (view is None or view.state in (RELEASING, ENDED)):
            await self._timers.remove([timer.id])
            return OVER
        if view and _by(timer, view, now, USE) is None:
            await self._timers.remove([timer.id])
            return NOT_ALLOWED
        if view and timer.before_end_seconds is not None:
            due = view.expires_at - timedelta(seconds=timer.before_end_seconds)
            if due > now + _SOON:
                # It was extended meanwhile.
                await self._timers.put(replace(timer, at=due))
                return MOVED
        await self._notices.send(await self._reminder(work, view))
        return REMINDED

    async def _reminder(self, work: Ring, view: Reservation | None) -> Notice:
        timer, now = work.timer, self._clock()
        note = f": {timer.note}" if timer.note else ""
        if view:
            made = make_notice(view, REMINDER, now, key=work.key, note=note, state=view.state)
            return replace(made, user_id=timer.by, conversation=timer.conversation)
        own = await self._views.of_person(Person(timer.workspace_id, timer.by), only_live=True)
        reader = Whereabouts(timer.timezone)
        lines = [
            f"• *{item.name}* · {item.state} · {rate(item.current_hourly_price_usd)} an hour · "
            f"ends {local_time(item.expires_at, reader, now)}"
            for item in own
        ]
        return Notice(
            id=f"{timer.id}:{REMINDER}:{work.key}",
            kind=REMINDER,
            workspace_id=timer.workspace_id,
            user_id=timer.by,
            conversation=timer.conversation,
            reservation_id="",
            created_at=now,
            values={"note": note, "lines": "\n".join(lines), "nodes": str(sum(item.node_count for item in own))},
        )

    async def _view(self, reservation_id: str) -> Reservation | None:
        """The truth; None when there is nothing (any more). Raises Unavailable while nobody can say."""
        try:
            return await self._engine.get(reservation_id)
        except (NotFound, NotLookedAfter):
            return None
        except Unavailable:
            view = await self._views.get(reservation_id)
            if view is not None and view.state == ENDED:
                return view
            raise


def _by(timer: Timer, view: Reservation, now: datetime, right: str) -> str | None:
    """In whose name it is done; None where nobody has that right any more, as no part outlasts what was given.

    What an owner has set their machines to goes with them to the next owner. A reminder does not.
    """
    was_theirs = timer.by in [tenure.owner for tenure in view.earlier_owners[timer.owners_before :]]
    if timer.by == view.owner:
        return timer.by
    if was_theirs and timer.what in POWERS:
        return view.owner
    share = view.share_of(timer.by, now)
    is_admins = timer.is_by_admin and not was_theirs
    return timer.by if is_admins or (share is not None and share.allows(right)) else None
