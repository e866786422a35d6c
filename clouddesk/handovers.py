"""Machines that get another owner: offered by the one, accepted by the other (docs/decisions/0015-another-owner.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clouddesk import access
from clouddesk.access import Right
from clouddesk.model.actor import ADMIN, Actor, Person
from clouddesk.model.errors import WrongState
from clouddesk.model.invalid import NoColleague, NotHandedOver
from clouddesk.model.ports import Clock, Reservations, Timers
from clouddesk.model.reservation import ARCHIVED, RUNNING, STOPPED, Reservation
from clouddesk.model.stores import ReservationViews
from clouddesk.model.timer import power_ids
from clouddesk.records import Records
from clouddesk.sharing import OWNER, Shares


@dataclass(frozen=True)
class Handovers:
    """Who may offer them, and who may accept."""

    engine: Reservations
    records: Records
    shares: Shares
    views: ReservationViews
    timers: Timers
    clock: Clock

    async def check(self, actor: Actor, reservation_id: str, to: str) -> Reservation:
        """That it could be offered to them. Raises NoColleague, NotHandedOver, WrongState."""
        item = await self.records.with_right(actor, Right.OWN, reservation_id)
        why = OWNER if to == item.owner else await self.shares.why_not(Person(item.workspace_id, to))
        if why is not None:
            raise NoColleague(to, why)
        if item.state not in (RUNNING, STOPPED, ARCHIVED):
            raise WrongState(item.name, state=item.state, wanted="hand over")
        if not item.is_reached and not item.is_simulated:
            raise NotHandedOver(item.name)
        return item

    async def offer(self, actor: Actor, reservation_id: str, to: str) -> Reservation:
        """Ask them to take it over; nothing changes until they do. Raises as ``check``."""
        item = await self.check(actor, reservation_id, to)
        await self.engine.offer_handover(item.id, to, by=actor.user_id)
        return replace(item, offered_to=to)

    async def decline(self, actor: Actor, reservation_id: str) -> Reservation:
        """The one whom it is offered to does not want it. Raises NotFound, Denied."""
        item = access.require_offered(actor, await self.records.get(reservation_id), reservation_id, self.clock())
        await self.engine.offer_handover(item.id, "", by=actor.user_id)
        return replace(item, offered_to="")

    async def accept(self, actor: Actor, reservation_id: str) -> Reservation:
        """It is the actor's from now on, under a name that they have no other of; the other's part in it ends.

        Machines by the clock follow; reminders were the other's own. Raises NotFound, Denied, WrongState.
        """
        item = access.require_offered(actor, await self.records.get(reservation_id), reservation_id, self.clock())
        # Under an id of its own: the reservation has claimed its name with its first owner.
        claim = f"{item.id}:{actor.user_id}"
        name = await self.views.claim_name(actor.person, item.name, claim, is_exact=True)
        await self.engine.hand_over(item.id, actor.user_id, name, by=actor.user_id)
        for timer in await self.timers.get(power_ids(item.id)):
            is_admin = ADMIN in actor.roles
            await self.timers.put(replace(timer, by=actor.user_id, conversation="", is_by_admin=is_admin))
        return await self.records.after_change(replace(item, owner=actor.user_id, name=name, offered_to=""))
