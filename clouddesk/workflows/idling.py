"""Unused machines in a reservation's workflow: takes the step that is due, and what people answer and wish.

Every step comes with a fresh look at the machines, never from a timer alone: where nothing is seen, nothing is stopped.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from clouddesk.language import idleness as words
    from clouddesk.language.money import money, rate
    from clouddesk.model import audit, long_leases, notice
    from clouddesk.model.idle_steps import (
        ANNOUNCE,
        ANNOUNCE_ARCHIVE,
        ARCHIVE,
        ASK,
        NOTHING,
        OFFER,
        STOP,
        WITHDRAW,
        advance,
        saves_by_stopping,
        wished,
    )
    from clouddesk.model.idleness import JUST_NOW, Thresholds, Verdict
    from clouddesk.model.idling import IdleState, kept, with_wish
    from clouddesk.model.reservation import STOPPED, Reservation
    from clouddesk.workflows.archiving import Archiver
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.power import STOPPING_THEM, PowerSwitch
    from clouddesk.workflows.wishes import IdleSetting, Keeping, Sighting

_MOST_REQUESTS = 50
LONG_LEASE = "long_lease"
"""The step's name in the trail."""
_KINDS = {
    ASK: notice.IDLE,
    WITHDRAW: notice.IDLE_OVER,
    ANNOUNCE: notice.IDLE_SOON,
    OFFER: notice.IDLE_REST,
    ANNOUNCE_ARCHIVE: notice.IDLE_ARCHIVE,
}


class IdleWatch:
    """What one reservation does about being unused."""

    def __init__(self, context: ReservationContext, switch: PowerSwitch, archiver: Archiver) -> None:
        self._context = context
        self._switch = switch
        self._archiver = archiver

    def see(self, sighting: Sighting) -> None:
        """Take the step that is due by what is true here; what was due elsewhere may not be any more."""
        state, now = self._context.state, workflow.now()
        if self._context.is_ending or not state.has_begun or not self._switch.is_idle:
            return
        view = state.view
        step, idling = advance(view, sighting.verdict, sighting.thresholds, now)
        is_old = sighting.at is not None and now - sighting.at > JUST_NOW
        if step == NOTHING and not is_old:
            self._ask_of_long_lease(sighting, now)
        # It waited for a worker, and somebody may have come meanwhile: the next look decides.
        if step == NOTHING or (is_old and step in (ANNOUNCE, STOP)):
            return
        if step == STOP:
            self._switch.begin(STOPPING_THEM, "", idling=idling)
            return
        if step == ARCHIVE:
            self._archiver.begin("", idling=idling)
            return
        state.change(now, idling=idling)
        state.record(audit.IDLE, now, step=step, **_audited(idling))
        state.notify(
            _KINDS[step],
            now,
            key=f"{state.view.revision}",
            **facts_of(state.view, idling, sighting.verdict, sighting.thresholds, now),
        )

    def _ask_of_long_lease(self, sighting: Sighting, now: datetime) -> None:
        """Once, where the other questions do not come."""
        state = self._context.state
        if sighting.unused_since is None:
            return
        since = long_leases.due(state.view, sighting.unused_since, sighting.thresholds, now)
        if since is None:
            return
        state.change(now, idling=long_leases.asked(state.view.idling, now))
        state.record(audit.IDLE, now, step=LONG_LEASE, since=since.isoformat())
        facts = facts_of(state.view, state.view.idling, None, sighting.thresholds, now)
        how = "stopped" if state.view.state == STOPPED else "" if saves_by_stopping(state.view) else "saves_nothing"
        facts |= {"at": since.isoformat(), "how": how, "blind": "" if sighting.is_looked_at else "yes"}
        state.notify(notice.LONG_LEASE, now, key=f"{state.view.revision}", **facts)

    def rest(self, now: datetime) -> None:
        """Ask what is due of machines that are off for long; what cannot be asked now is not asked any more."""
        state = self._context.state
        due = state.view.idling.offer_at
        if due is None or now < due:
            return
        self.see(Sighting(None, Thresholds()))
        if state.view.idling.offer_at == due:
            state.change(now, idling=replace(state.view.idling, offer_at=None))

    def seconds_to_rest(self, now: datetime) -> float:
        """Until that is due; without end when it is not."""
        due = self._context.state.view.idling.offer_at
        return math.inf if due is None else max(0.0, (due - now).total_seconds())

    def keep(self, keeping: Keeping) -> datetime | None:
        """Somebody needs it; until when it is kept then."""
        state, now = self._context.state, workflow.now()
        if not self._is_new(keeping.request_id):
            return state.view.idling.kept_until
        idling = kept(self._noted(keeping.request_id), keeping.until, is_protected=keeping.is_protected)
        state.change(now, idling=idling)
        job = {"job": "yes"} if keeping.is_protected else {}
        state.record(audit.KEPT, now, by=keeping.by, until=keeping.until.isoformat(), **job)
        return idling.kept_until

    def set(self, setting: IdleSetting) -> None:
        """Somebody wants it other than usual."""
        state, now = self._context.state, workflow.now()
        if not self._is_new(setting.request_id):
            return
        state.change(now, idling=with_wish(self._noted(setting.request_id), setting.wish, now))
        wish = {name: str(value) for name, value in vars(setting.wish).items() if value is not None}
        state.record(audit.IDLE_SET, now, by=setting.by, **wish)

    def _is_new(self, request_id: str) -> bool:
        return request_id not in self._context.state.view.idling.requests

    def _noted(self, request_id: str) -> IdleState:
        idling = self._context.state.view.idling
        return replace(idling, requests=(*idling.requests[1 - _MOST_REQUESTS :], request_id))


def facts_of(
    view: Reservation, idling: IdleState, verdict: Verdict | None, thresholds: Thresholds, now: datetime
) -> dict[str, Any]:
    """What a notice about it says besides what every notice does."""
    facts: dict[str, Any] = {
        "stopped_hourly": rate(view.stopped_hourly_price_usd),
        "stopped_daily": money(view.stopped_hourly_price_usd * 24),
        "asked": f"{now:%Y%m%dT%H%M%S}",
        "stops": idling.stop_at.isoformat() if idling.stop_at else "",
        "archives": idling.archive_at.isoformat() if idling.archive_at else "",
        "how": _how(view, idling, thresholds),
    }
    if view.archived_hourly_price_usd is not None:
        facts["archived_hourly"] = rate(view.archived_hourly_price_usd)
        facts["archived_daily"] = money(view.archived_hourly_price_usd * 24)
        if view.archived_hourly_price_usd < view.current_hourly_price_usd:
            facts["archive"] = "instead"
    if verdict is not None and idling.since is not None:
        missing = words.unlearned(verdict)
        facts |= {"why": words.why(verdict), "idle_for": words.span(now - idling.since)}
        facts["doubt"] = f" I cannot see {missing}." if missing else ""
    if idling.stopped_at is not None:
        facts["idle_for"] = words.span(now - idling.stopped_at)
    return facts


def _how(view: Reservation, idling: IdleState, thresholds: Thresholds) -> str:
    """Which question it is: "" says when it is stopped."""
    if idling.stop_at:
        return ""
    if not saves_by_stopping(view):
        return "saves_nothing"
    is_stopped = wished(thresholds, idling.wish).stop_seconds and not view.is_protected
    return "doubtful" if is_stopped else "only_asked"


def _audited(idling: IdleState) -> dict[str, str]:
    told = {name: getattr(idling, name) for name in ("since", "stop_at", "stopped_at", "archive_at")}
    return {name: moment.isoformat() for name, moment in told.items() if moment is not None}
