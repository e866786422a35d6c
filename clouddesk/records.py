"""Reservations by their id: the view that people read, and the engine's truth where the view cannot be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from clouddesk import access
from clouddesk.access import Right
from clouddesk.model.actor import Actor
from clouddesk.model.errors import NotFound, Unavailable
from clouddesk.model.node import Node
from clouddesk.model.order import ReservationOrder
from clouddesk.model.ports import Reservations
from clouddesk.model.reservation import RUNNING, Reservation, first_view
from clouddesk.model.stores import ReservationViews

log = structlog.get_logger()

_RESERVATION_ID = re.compile(r"r-[0-9a-f]{8}")


@dataclass(frozen=True)
class Records:
    """Everybody's reservations."""

    engine: Reservations
    views: ReservationViews
    clock: Callable[[], datetime]

    async def open(self, order: ReservationOrder) -> Reservation:
        """Start what was ordered; the same order twice starts it once."""
        await self.engine.start(order)
        view = first_view(order)
        # It has begun; its workflow writes the view as soon as Redis answers.
        with suppress(Unavailable):
            await self.views.put(view)
        log.info("reservation.requested", reservation_id=view.id, user=str(view.person), provider=view.provider)
        return view

    async def adopt(self, order: ReservationOrder, nodes: tuple[Node, ...], *, by: str) -> Reservation:
        """Look after machines that exist already. Raises WrongState when something looks after them."""
        await self.engine.adopt(order, nodes, by=by)
        view = await self.after_change(replace(first_view(order), state=RUNNING, nodes=nodes))
        # Whoever is told so finds it in the list, also before its workflow has written there.
        with suppress(Unavailable):
            await self.views.put(view)
        return view

    async def with_right(self, actor: Actor, right: Right, reservation_id: str) -> Reservation:
        """The reservation, for who has that right. Raises NotFound where they may not even see it, Denied."""
        return access.require(actor, right, await self.get(reservation_id), reservation_id, self.clock())

    async def get(self, reservation_id: str) -> Reservation | None:
        """Whoever's it is: the view; the truth itself when the view was lost."""
        view = await self.views.get(reservation_id)
        if view is None and _RESERVATION_ID.fullmatch(reservation_id):
            try:
                view = await self.engine.get(reservation_id)
            except NotFound:
                return None
            await self.views.put(view)
        return view

    async def after_change(self, known: Reservation) -> Reservation:
        """How it stands after a change that was made: the truth, or what is known of it while nobody answers."""
        try:
            return await self.engine.get(known.id)
        except Unavailable:
            return known
