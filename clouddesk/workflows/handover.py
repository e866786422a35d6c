"""Another owner, as a reservation's workflow takes it: offered, then accepted or not.

The machines stay where they are, in the cloud account that they were ordered with. Deterministic; no Temporal here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from clouddesk.language.money import UNKNOWN, money
from clouddesk.model import audit, notice
from clouddesk.model.idling import shown_alive
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import Tenure
from clouddesk.workflows.contracts import Handover
from clouddesk.workflows.notices import make_notice
from clouddesk.workflows.state import ReservationState


def offer(state: ReservationState, now: datetime, wish: Handover) -> None:
    """Ask somebody to take it over; with nobody named, whom it was offered to does not want it."""
    view = state.view
    if wish.to == view.offered_to:
        return
    before = view.offered_to
    state.change(now, offered_to=wish.to)
    state.record(audit.OFFERED, now, by=wish.by, person=wish.to or before, is_declined=str(not wish.to).lower())
    if wish.to:
        hours = max(0.0, (view.expires_at - now).total_seconds() / 3600)
        rest = UNKNOWN if view.is_unpriced else money(hours * view.current_hourly_price_usd)
        by = {"person": wish.by} if wish.by != view.owner else {}
        _tell(state, notice.HANDOVER, now, wish.to, rest=rest, **by)
    elif wish.left == view.owner:
        # Nobody reads what its owner is told.
        facts = {"person": before, "owner_id": view.owner}
        state.notify(notice.HANDOVER_DECLINED, now, key=f"{view.revision}", is_for_admins=True, **facts)
    else:
        _tell(state, notice.HANDOVER_DECLINED, now, view.owner, person=before)


def hand_over(state: ReservationState, order: ReservationOrder, now: datetime, wish: Handover) -> ReservationOrder:
    """The order with which it goes on: somebody else's, whose keys take the place of the first owner's."""
    before = state.view
    has_left = wish.left == before.owner
    left = {"has_left": "yes"} if has_left else {}
    state.record(audit.HANDED_OVER, now, by=wish.by, before=before.owner, person=wish.to, name=wish.name, **left)
    barred = [*state.logins.barred, *order.nodes.public_keys]
    state.logins.barred = list(dict.fromkeys(barred))
    state.logins.left.append(before.owner)
    state.logins.told.pop(wish.to, None)
    state.change(
        now,
        owner=wish.to,
        name=wish.name,
        conversation="",
        offered_to="",
        is_for_team=False,
        has_owner_keys=False,
        account_owner=before.account_owner or before.owner,
        earlier_owners=(*before.earlier_owners, Tenure(before.owner, now, has_left=has_left)),
        shares=tuple(share for share in before.shares if share.user_id != wish.to),
        # Whoever has it now was asked nothing yet.
        idling=shown_alive(before.idling, now),
    )
    facts = {"before": before.owner, "before_name": before.name}
    if has_left:
        state.notify(notice.HANDED_OVER, now, key=f"{state.view.revision}", is_for_admins=True, **facts)
    told = (before.owner, wish.to) if not has_left else (wish.to,) if before.offered_to == wish.to else ()
    for user_id in told:
        _tell(state, notice.HANDED_OVER, now, user_id, **facts)
    # Machines that come later are made without the keys of who has no part in it any more.
    return replace(order, owner=wish.to, name=wish.name, nodes=replace(order.nodes, public_keys=()))


def _tell(state: ReservationState, kind: str, now: datetime, user_id: str, **facts: str) -> None:
    """To them alone."""
    told = make_notice(state.view, kind, now, key=f"{user_id}:{state.view.revision}")
    state.outbox.append(replace(told, user_id=user_id, conversation="", values={**told.values, **facts}))
