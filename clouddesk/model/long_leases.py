"""Long leases on which nobody was seen for days, where the questions about unused machines do not come: asked once.

Where nothing can be learned, where a team asks nobody, and of machines that somebody has switched off and left. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from clouddesk.model.idleness import Thresholds
from clouddesk.model.idling import IdleState
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation

SOON = timedelta(days=2)
"""From then on the warnings of its end ask."""


def due(item: Reservation, used_at: datetime | None, thresholds: Thresholds, now: datetime) -> datetime | None:
    """Since when nobody uses it, if that is to be asked about now; None otherwise.

    ``used_at``: the last use that was seen.
    """
    state, left = item.idling, item.expires_at - now
    is_long = item.expires_at - item.created_at > timedelta(seconds=thresholds.long_lease_seconds) and left > SOON
    is_wanted = item.is_held or item.is_protected or state.is_kept(now)
    # What it was stopped for is asked about already (``idle_steps.OFFER``).
    is_asked_about = state.asked_at is not None or state.stopped_at is not None
    if not thresholds.long_lease_seconds or not is_long or is_wanted or is_asked_about or item.is_mixed:
        return None
    wait = {RUNNING: thresholds.long_unused_seconds, STOPPED: thresholds.release_seconds}.get(item.state, 0)
    since = max(moment for moment in (item.created_at, state.counts_from, used_at) if moment is not None)
    if not wait or now - since < timedelta(seconds=wait):
        return None
    # Once for each time in which nobody uses it.
    return since if state.long_asked_at is None or state.long_asked_at < since else None


def asked(state: IdleState, now: datetime) -> IdleState:
    """It is asked about."""
    return replace(state, long_asked_at=now, is_long_asked=True)
