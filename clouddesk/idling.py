"""Machines that nobody seems to use: keep them all the same, and what is to happen to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from clouddesk.access import Right
from clouddesk.limits import Limits
from clouddesk.model import idle_steps
from clouddesk.model.actor import Actor
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.errors import WrongState
from clouddesk.model.idleness import Thresholds
from clouddesk.model.idling import IdleState, IdleWish, kept
from clouddesk.model.invalid import TimeIsOver
from clouddesk.model.ports import Clock, Reservations
from clouddesk.model.reservation import ENDED, RELEASING, Reservation
from clouddesk.records import Records


@dataclass(frozen=True)
class Idling:
    """What people say of their machines' being unused. The same request_id twice is one wish."""

    engine: Reservations
    records: Records
    blueprints: Mapping[str, Blueprint]
    limits: Limits
    clock: Clock

    async def keep(
        self, actor: Actor, reservation_id: str, until: datetime, *, request_id: str, is_protected: bool = False
    ) -> Reservation:
        """It is needed until then; with ``is_protected`` its schedule does not stop it either.

        Raises TimeIsOver, and WrongState when it is being given back.
        """
        item = await self._changeable(actor, reservation_id)
        if until <= self.clock():
            raise TimeIsOver("that time")
        await self.engine.keep(item.id, until, request_id, by=actor.user_id, is_protected=is_protected)
        return await self._after(item, kept(item.idling, until, is_protected=is_protected))

    async def wish(self, actor: Actor, reservation_id: str, wish: IdleWish, *, request_id: str) -> Reservation:
        """What happens when nobody uses it; what was wished before and is not changed by it stays."""
        item = await self._changeable(actor, reservation_id)
        await self.engine.set_idle(item.id, wish, request_id, by=actor.user_id)
        return await self._after(item, replace(item.idling, wish=wish.after(item.idling.wish)))

    async def thresholds(self, actor: Actor, reservation_id: str) -> Thresholds:
        """What happens when nobody uses it, with everything that was wished."""
        item = await self.records.with_right(actor, Right.SEE, reservation_id)
        usual = idle_steps.usual(item, self.limits.idle_thresholds(), self.blueprints)
        return idle_steps.wished(usual, item.idling.wish)

    async def _changeable(self, actor: Actor, reservation_id: str) -> Reservation:
        item = await self.records.with_right(actor, Right.MANAGE, reservation_id)
        if item.state in (RELEASING, ENDED):
            raise WrongState(item.name, state=item.state, wanted="keep")
        return item

    async def _after(self, item: Reservation, idling: IdleState) -> Reservation:
        return await self.records.after_change(replace(item, idling=idling))
