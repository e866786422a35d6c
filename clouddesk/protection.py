"""Protects reservations from what is done to many at once, and from what is done because nobody uses them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clouddesk.access import Right
from clouddesk.model.actor import Actor
from clouddesk.model.ports import Reservations
from clouddesk.model.reservation import Reservation
from clouddesk.records import Records


@dataclass(frozen=True)
class Protection:
    """By the owner or an admin, and taken off by either.

    What is protected is not released, and stopped only by itself and by name. Its lease still ends: the warnings come
    earlier instead (``workflows/protection.py``).
    """

    engine: Reservations
    records: Records

    async def protect(self, actor: Actor, reservation_id: str) -> Reservation:
        """Protect it; twice is once. Raises WrongState when it is being given back."""
        return await self._set(actor, reservation_id, is_protected=True)

    async def unprotect(self, actor: Actor, reservation_id: str) -> Reservation:
        """Take the protection off."""
        return await self._set(actor, reservation_id, is_protected=False)

    async def _set(self, actor: Actor, reservation_id: str, *, is_protected: bool) -> Reservation:
        reservation = await self.records.with_right(actor, Right.OWN, reservation_id)
        await self.engine.protect(reservation.id, is_protected=is_protected, by=actor.user_id)
        return await self.records.after_change(replace(reservation, is_protected=is_protected))
