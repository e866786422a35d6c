"""Switches people's machines off and on again, and keeps what is on their disks without them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clouddesk.access import Right
from clouddesk.budgets import Budgets, running
from clouddesk.model.actor import Actor
from clouddesk.model.approval import START, Purchase
from clouddesk.model.errors import ImagesLost, Protected, WrongState
from clouddesk.model.invalid import CannotArchive
from clouddesk.model.ports import Reservations
from clouddesk.model.reservation import (
    ARCHIVED,
    ARCHIVING,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    Reservation,
)
from clouddesk.records import Records


@dataclass(frozen=True)
class Power:
    """The power of reservations' machines. The same request_id twice is one wish."""

    engine: Reservations
    records: Records
    budgets: Budgets

    async def stop(self, actor: Actor, reservation_id: str, *, request_id: str = "") -> Reservation:
        """Power off, disks kept. Raises WrongState while it is not running."""
        reservation = await self.records.with_right(actor, Right.MANAGE, reservation_id)
        if reservation.state == STOPPED and not reservation.is_mixed:
            raise WrongState(reservation.name, state=STOPPED, wanted="stop")
        await self.engine.stop(reservation.id, by=actor.user_id, request_id=request_id)
        return await self.records.after_change(replace(reservation, state=STOPPING))

    async def start(
        self, actor: Actor, reservation_id: str, *, request_id: str = "", approval_id: str = ""
    ) -> Reservation:
        """Power on again, or make the machines again of what is archived.

        Raises WrongState unless it is stopped or archived, ImagesLost where nothing is left of what is archived,
        OverBudget where what runs costs too much by then.
        """
        reservation = await self.records.with_right(actor, Right.MANAGE, reservation_id)
        if reservation.state == RUNNING and not reservation.is_mixed:
            # Nothing to start, so no notice would ever follow.
            raise WrongState(reservation.name, state=RUNNING, wanted="start")
        if reservation.has_lost_images:
            raise ImagesLost(reservation.name, provider=reservation.provider)
        key = request_id or f"{START}:{reservation.id}"
        purchase = Purchase(START, reservation.id, reservation.owner, reservation.name, key=key)
        plan = running(reservation)
        async with self.budgets.claim(reservation.workspace_id, purchase, plan, approval_id=approval_id):
            await self.engine.start_nodes(reservation.id, by=actor.user_id, request_id=request_id)
        return await self.records.after_change(replace(reservation, state=STARTING))

    async def reboot(self, actor: Actor, reservation_id: str, *, request_id: str = "") -> Reservation:
        """Restart the operating systems. Raises WrongState unless it is running."""
        reservation = await self.records.with_right(actor, Right.MANAGE, reservation_id)
        await self.engine.reboot(reservation.id, by=actor.user_id, request_id=request_id)
        return await self.records.after_change(reservation)

    async def look_at_archive(self, actor: Actor, reservation_id: str) -> Reservation:
        """The reservation as it is, if it could be archived now; nothing happens. Raises as ``archive`` does."""
        reservation = await self._archivable(actor, reservation_id)
        if reservation.state not in (RUNNING, STOPPED):
            raise WrongState(reservation.name, state=reservation.state, wanted="archive")
        return reservation

    async def archive(self, actor: Actor, reservation_id: str, *, request_id: str = "") -> Reservation:
        """Keep images of its machines' disks, and give the machines back; those that run are stopped first.

        Raises WrongState unless it runs or is stopped, Protected, CannotArchive where its cloud keeps no images.
        """
        reservation = await self._archivable(actor, reservation_id)
        await self.engine.archive(reservation.id, by=actor.user_id, request_id=request_id)
        return await self.records.after_change(replace(reservation, state=ARCHIVING))

    async def _archivable(self, actor: Actor, reservation_id: str) -> Reservation:
        reservation = await self.records.with_right(actor, Right.MANAGE, reservation_id)
        if reservation.state == ARCHIVED:
            # Nothing to do, so no notice would ever follow.
            raise WrongState(reservation.name, state=ARCHIVED, wanted="archive")
        if reservation.is_protected:
            raise Protected(reservation.name)
        if reservation.archived_hourly_price_usd is None:
            raise CannotArchive(reservation.name, provider=reservation.provider)
        return reservation
