"""How long a reservation lasts: extensions, what they cost, and up to when it can be kept at most."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from clouddesk.access import Right
from clouddesk.budgets import Budgets, Plan, change_of
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.approval import EXTEND, HOLD, Purchase
from clouddesk.model.budget import Finding
from clouddesk.model.errors import LimitExceeded
from clouddesk.model.invalid import ExtensionTooShort
from clouddesk.model.ports import Reservations
from clouddesk.model.reservation import ARCHIVED, Reservation
from clouddesk.records import Records

LEAST_EXTENSION_SECONDS = 60


@dataclass(frozen=True)
class Leases:
    """The ends of reservations."""

    engine: Reservations
    records: Records
    limits: Limits
    budgets: Budgets

    async def extension_price_usd(self, actor: Actor, reservation_id: str, seconds: int) -> float | None:
        """What the reservation costs for that much longer: running, or archived where it is; None: nobody knows.

        Raises LimitExceeded beyond the longest lease.
        """
        reservation = await self.records.with_right(actor, Right.SEE, reservation_id)
        left = (self.longest_end(reservation) - reservation.expires_at).total_seconds()
        if seconds > left + 1:
            what, size = ("days", 86400) if min(seconds, left) >= 2 * 86400 else ("hours", 3600)
            raise LimitExceeded(what, asked=round(seconds / size, 1), limit=max(0, math.floor(left / size)))
        if reservation.is_unpriced:
            return None
        is_archived = reservation.state == ARCHIVED
        hourly_usd = reservation.current_hourly_price_usd if is_archived else reservation.hourly_price_usd
        return hourly_usd * seconds / 3600

    async def look_at_extension(self, actor: Actor, reservation_id: str, seconds: int) -> tuple[Finding, ...]:
        """Which bounds of its owner's budget and the team's so much longer a lease would go beyond."""
        reservation = await self.records.with_right(actor, Right.EXTEND, reservation_id)
        plan = change_of(reservation, by_seconds=seconds)
        return await self.budgets.look(reservation.workspace_id, reservation.id, plan)

    async def extend(
        self, actor: Actor, reservation_id: str, seconds: int, *, request_id: str, approval_id: str = ""
    ) -> Reservation:
        """Lengthen the lease. The same request_id twice extends once.

        Raises LimitExceeded beyond the longest lease, and OverBudget, unless ``approval_id`` approves just this.
        """
        reservation = await self.records.with_right(actor, Right.EXTEND, reservation_id)
        if seconds < LEAST_EXTENSION_SECONDS:
            raise ExtensionTooShort(least_seconds=LEAST_EXTENSION_SECONDS)
        purchase = Purchase(
            EXTEND, reservation.id, reservation.owner, reservation.name, key=request_id, seconds=seconds
        )
        plan = change_of(reservation, by_seconds=seconds)
        async with self.budgets.claim(reservation.workspace_id, purchase, plan, approval_id=approval_id):
            end = await self.engine.extend(reservation.id, seconds, request_id, by=actor.user_id)
        return await self.records.after_change(replace(reservation, expires_at=end))

    async def hold(
        self, actor: Actor, reservation_id: str, *, request_id: str = "", approval_id: str = ""
    ) -> Reservation:
        """Keep it until the longest lease allowed. Raises WrongState when it is being given back; OverBudget."""
        reservation = await self.records.with_right(actor, Right.EXTEND, reservation_id)
        purchase = Purchase(
            HOLD,
            reservation.id,
            reservation.owner,
            reservation.name,
            key=request_id or f"{HOLD}:{reservation.id}:{reservation.expires_at.isoformat()}",
        )
        plan = self._until_longest_end(reservation)
        async with self.budgets.claim(reservation.workspace_id, purchase, plan, approval_id=approval_id):
            end = await self.engine.hold(reservation.id, by=actor.user_id)
        return await self.records.after_change(replace(reservation, expires_at=end, is_held=True))

    def _until_longest_end(self, reservation: Reservation) -> Plan:
        left = (self.longest_end(reservation) - reservation.expires_at).total_seconds()
        return change_of(reservation, by_seconds=max(0.0, left))

    def longest_end(self, reservation: Reservation) -> datetime:
        """How long it can be kept at most, as its workflow has it."""
        return reservation.longest_end or reservation.created_at + timedelta(seconds=self.limits.max_lease_seconds)
