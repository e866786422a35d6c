"""Sharing as a reservation's workflow keeps it: who has a part in it, what they are told, and when it is over.

No Temporal here; everything is deterministic.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from clouddesk.model import audit, notice
from clouddesk.model.reservation import REASON_EXPIRED
from clouddesk.model.share import Share
from clouddesk.workflows.notices import make_notice
from clouddesk.workflows.state import ReservationState
from clouddesk.workflows.wishes import OpeningToTeam, Sharing, Unsharing

UNSHARED = "unshared"
"""Why a share is over: somebody ended it. The other reasons are those that the reservation itself ends for."""
_MOST_REQUESTS = 200


def share(state: ReservationState, now: datetime, sharing: Sharing) -> None:
    """Give somebody a part in it, in place of the one that they had."""
    if not _is_new(state, sharing.request_id):
        return
    new = sharing.share
    if new in state.view.shares:
        return
    others = tuple(item for item in state.view.shares if item.user_id != new.user_id)
    state.change(now, shares=(*others, new))
    until = new.until.isoformat() if new.until else ""
    state.record(audit.SHARED, now, by=sharing.by, person=new.user_id, allowed=new.allowed, until=until)
    _tell(state, notice.SHARED, now, new, by=sharing.by)
    if new.user_id != state.view.owner:
        _tell_owner(state, now, by=sharing.by, person=new.user_id, allowed=new.allowed)


def open_to_team(state: ReservationState, now: datetime, wish: OpeningToTeam) -> None:
    """Let the workspace know of it, or not any more; what is so already stays."""
    if state.view.is_for_team != wish.is_open:
        state.change(now, is_for_team=wish.is_open)
        state.record(audit.FOR_TEAM, now, by=wish.by, is_open=str(wish.is_open).lower())
        if wish.is_open:
            _tell_owner(state, now, by=wish.by, person="", allowed="")


def unshare(state: ReservationState, now: datetime, wish: Unsharing) -> None:
    """Take somebody's part away; nothing happens when they have none."""
    if not _is_new(state, wish.request_id):
        return
    found = tuple(item for item in state.view.shares if item.user_id == wish.user_id)
    _end(state, now, found, UNSHARED, by=wish.by)


def drop_expired(state: ReservationState, now: datetime) -> None:
    """Those whose time is over are no more."""
    over = tuple(item for item in state.view.shares if not item.is_open(now))
    _end(state, now, over, REASON_EXPIRED)


def drop_all(state: ReservationState, now: datetime, reason: str) -> None:
    """The reservation ends, and so does everybody's part in it."""
    _end(state, now, state.view.shares, reason)


def seconds_to_next(state: ReservationState, now: datetime) -> float:
    """Until the first of them is over; without end when none has an end of its own."""
    ends = [item.until for item in state.view.shares if item.until is not None]
    return max(0.0, (min(ends) - now).total_seconds()) if ends else math.inf


def _end(state: ReservationState, now: datetime, shares: tuple[Share, ...], reason: str, *, by: str = "") -> None:
    if not shares:
        return
    gone = {item.user_id for item in shares}
    state.change(
        now,
        shares=tuple(item for item in state.view.shares if item not in shares),
        let_in=tuple(user_id for user_id in state.view.let_in if user_id not in gone),
    )
    for item in shares:
        state.logins.told.pop(item.user_id, None)
        state.logins.left.append(item.user_id)
        state.record(audit.UNSHARED, now, by=by, person=item.user_id, reason=reason)
        _tell(state, notice.UNSHARED, now, item, by=by, reason=reason)


def _tell(state: ReservationState, kind: str, now: datetime, share: Share, *, by: str, reason: str = "") -> None:
    """To the colleague alone, outside the owner's conversation."""
    told = make_notice(
        state.view,
        kind,
        now,
        key=f"{share.user_id}:{state.view.revision}",
        allowed=share.allowed,
        ends=(share.until or state.view.expires_at).isoformat(),
        keys="coming" if state.view.is_reached else "simulated" if state.view.is_simulated else "never",
        by=by,
        reason=reason,
    )
    state.outbox.append(replace(told, user_id=share.user_id, conversation=""))


def _tell_owner(state: ReservationState, now: datetime, *, by: str, person: str, allowed: str) -> None:
    """What an admin does with somebody's machine is not done behind their back."""
    if by and by != state.view.owner:
        key = f"{person or 'team'}:{state.view.revision}"
        state.notify(notice.SHARED_BY, now, key=key, by=by, person=person, person_id=person, allowed=allowed)


def _is_new(state: ReservationState, request_id: str) -> bool:
    if request_id in state.share_requests:
        return False
    state.share_requests = [*state.share_requests[1 - _MOST_REQUESTS :], request_id]
    return True
