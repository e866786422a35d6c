"""Protection as a reservation's workflow keeps it: who set it, and the earlier warnings. No Temporal here."""

from __future__ import annotations

from datetime import datetime

from clouddesk.model import audit
from clouddesk.model.idling import shown_alive
from clouddesk.workflows.state import ReservationState
from clouddesk.workflows.wishes import Protecting


def protect(state: ReservationState, now: datetime, wish: Protecting) -> None:
    """Protect it, or take that off; what is so already stays, and nobody did it twice."""
    if state.view.is_protected == wish.is_protected:
        return
    state.record(audit.PROTECTED if wish.is_protected else audit.UNPROTECTED, now, by=wish.by)
    # Whoever protects it counts on it as it is.
    idling = shown_alive(state.view.idling, now) if state.view.idling.archive_at else state.view.idling
    state.change(now, is_protected=wish.is_protected, idling=idling)
    if state.has_begun:
        state.arm_warnings(now)
