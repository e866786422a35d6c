"""Another owner, as a reservation's workflow takes it: offered, then accepted or not.

The machines stay where they are, in the cloud account that they were ordered with. Deterministic; no Temporal here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from clouddesk.language.money import UNKNOWN, money
from clouddesk.model import audit, notice
from clouddesk.model.handover import offer_ends, offered_to
from clouddesk.model.idling import shown_alive
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import Reservation, Tenure
from clouddesk.workflows.notices import make_notice
from clouddesk.workflows.state import ReservationState
from clouddesk.workflows.wishes import Handover


def offer(state: ReservationState, now: datetime, wish: Handover) -> None:
    """Ask somebody to take it over, also once more; with nobody named, whom it is offered to does not want it.

    By anybody else that is taking it back, as is an offer to another person.
    """
    view, before = state.view, offered_to(state.view, now)
    if not wish.to and not view.offered_to:
        return
    state.change(now, offered_to=wish.to, offered_at=now if wish.to else None)
    if before and not wish.to and wish.by == before:
        _note_no(state, now, wish)
    elif before not in ("", wish.to):
        _take_back(state, now, before, by=wish.by)
        if not wish.to and view.owner not in (wish.by, wish.left):
            _tell(state, notice.HANDOVER_WITHDRAWN, now, view.owner, person=before, by=wish.by)
    if wish.to:
        _ask(state, now, wish)


def _ask(state: ReservationState, now: datetime, wish: Handover) -> None:
    view = state.view
    state.record(audit.OFFERED, now, by=wish.by, person=wish.to, what="offered")
    hours = max(0.0, (view.expires_at - now).total_seconds() / 3600)
    rest = UNKNOWN if view.is_unpriced else money(hours * view.current_hourly_price_usd)
    by = {"person": wish.by} if wish.by != view.owner else {}
    _tell(state, notice.HANDOVER, now, wish.to, rest=rest, stands=offer_ends(view).isoformat(), **by)


def _note_no(state: ReservationState, now: datetime, wish: Handover) -> None:
    view = state.view
    state.record(audit.OFFERED, now, by=wish.by, person=wish.by, what="declined")
    if wish.left == view.owner:
        # Nobody reads what its owner is told.
        facts = {"person": wish.by, "owner_id": view.owner}
        state.notify(notice.HANDOVER_DECLINED, now, key=f"{view.revision}", is_for_admins=True, **facts)
    else:
        _tell(state, notice.HANDOVER_DECLINED, now, view.owner, person=wish.by)


def _take_back(state: ReservationState, now: datetime, user_id: str, *, by: str) -> None:
    """Whom it was offered to has nothing to accept any more."""
    state.record(audit.OFFERED, now, by=by, person=user_id, what="withdrawn")
    _tell(state, notice.HANDOVER_WITHDRAWN, now, user_id, by=by)


def may_hand_over(view: Reservation, now: datetime, wish: Handover) -> bool:
    """Whether it is offered to them, is theirs already, or is of somebody who has left."""
    return wish.left == view.owner or wish.to in (view.owner, offered_to(view, now))


def hand_over(state: ReservationState, order: ReservationOrder, now: datetime, wish: Handover) -> ReservationOrder:
    """The order with which it goes on: somebody else's, whose keys take the place of the first owner's."""
    before = state.view
    if offered_to(before, now) not in ("", wish.to):
        _take_back(state, now, before.offered_to, by=wish.by)
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
        offered_at=None,
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
