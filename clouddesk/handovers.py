"""Machines that get another owner: offered by the one, accepted by the other (docs/decisions/0015-another-owner.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clouddesk import access
from clouddesk.access import Right
from clouddesk.budgets import Budgets, taken_over
from clouddesk.language.people import called
from clouddesk.model.actor import DEACTIVATED, Actor, Person
from clouddesk.model.approval import TAKE_OVER, Purchase
from clouddesk.model.errors import WrongState
from clouddesk.model.handover import NotHandedOver, NotLeft, NotOffered, offered_to
from clouddesk.model.invalid import NoColleague
from clouddesk.model.ports import Clock, Reservations
from clouddesk.model.reservation import ARCHIVED, RUNNING, STOPPED, Reservation
from clouddesk.model.stores import ReservationViews
from clouddesk.records import Records
from clouddesk.sharing import OWNER, Shares


@dataclass(frozen=True)
class Handovers:
    """Who may offer them, and who may accept."""

    engine: Reservations
    records: Records
    shares: Shares
    views: ReservationViews
    clock: Clock
    budgets: Budgets

    async def check(self, actor: Actor, reservation_id: str, to: str) -> Reservation:
        """That it could be offered to them. Raises NoColleague, NotHandedOver, WrongState."""
        item = await self.records.with_right(actor, Right.OWN, reservation_id)
        why = OWNER if to == item.owner else await self.shares.why_not(Person(item.workspace_id, to))
        if why is not None:
            raise NoColleague(to, why)
        _require_movable(item)
        return item

    async def check_left(self, actor: Actor, reservation_id: str) -> Reservation:
        """That an admin could take it over, as its owner is not of the workspace any more and cannot be asked.

        Raises NotFound, Denied, NotLeft, NotHandedOver, WrongState.
        """
        item = await self.records.with_right(actor, Right.OWN, reservation_id)
        access.require_admin(actor)
        if item.owner == actor.user_id or not await self._left(item):
            raise NotLeft(item.name, called(item.person))
        _require_movable(item)
        return item

    async def offer(self, actor: Actor, reservation_id: str, to: str) -> Reservation:
        """Ask them to take it over, until ``offer_ends``; nothing changes until they do.

        Whoever it was offered to before is told that it is not any more; to the same one it is a new offer.
        Raises as ``check``.
        """
        item = await self.check(actor, reservation_id, to)
        await self.engine.offer_handover(item.id, to, by=actor.user_id, left=await self._left(item))
        return replace(item, offered_to=to, offered_at=self.clock())

    async def offered(self, actor: Actor) -> list[Reservation]:
        """What the actor was asked to take over and has not answered, the latest offer first, also after its end."""
        return await self.views.offered_to(actor.person)

    async def withdraw(self, actor: Actor, reservation_id: str) -> Reservation:
        """The offer is taken back, and whom it was made to is told. Raises NotFound, Denied, NotOffered."""
        item = await self.records.with_right(actor, Right.OWN, reservation_id)
        if not offered_to(item, self.clock()):
            raise NotOffered(item.name)
        await self.engine.offer_handover(item.id, "", by=actor.user_id, left=await self._left(item))
        done = await self.records.after_change(replace(item, offered_to="", offered_at=None))
        if done.owner != item.owner:
            # They had accepted a moment before.
            raise NotOffered(item.name)
        return done

    async def decline(self, actor: Actor, reservation_id: str) -> Reservation:
        """The one whom it is offered to does not want it. Raises NotFound, Denied, HandoverIsOver."""
        item = access.require_offered(actor, await self.records.get(reservation_id), reservation_id, self.clock())
        await self.engine.offer_handover(item.id, "", by=actor.user_id, left=await self._left(item))
        return replace(item, offered_to="", offered_at=None)

    async def accept(self, actor: Actor, reservation_id: str, *, approval_id: str = "") -> Reservation:
        """It is the actor's from now on, under a name that they have no other of; the other's part in it ends.

        The rest of its lease is on the actor's budget. Machines by the clock follow; reminders were the other's own.
        Raises NotFound, Denied, HandoverIsOver, WrongState, OverBudget.
        """
        item = access.require_offered(actor, await self.records.get(reservation_id), reservation_id, self.clock())
        purchase = Purchase(TAKE_OVER, item.id, actor.user_id, item.name, key=f"{TAKE_OVER}:{_claim(item, actor)}")
        plan = taken_over(item, actor.user_id)
        async with self.budgets.claim(item.workspace_id, purchase, plan, approval_id=approval_id):
            given = await self._give_to(actor, item)
        return await self.records.after_change(given)

    async def take_over(self, actor: Actor, reservation_id: str) -> Reservation:
        """What somebody left behind is the admin's from now on, as after ``accept``; admins are told.

        Nobody asks the admin's own budget first: left with nobody it would cost the same. Raises as ``check_left``.
        """
        item = await self.check_left(actor, reservation_id)
        return await self.records.after_change(await self._give_to(actor, item))

    async def _give_to(self, actor: Actor, item: Reservation) -> Reservation:
        """As it is then."""
        name = await self.views.claim_name(actor.person, item.name, _claim(item, actor), is_exact=True)
        await self.engine.hand_over(item.id, actor.user_id, name, by=actor.user_id, left=await self._left(item))
        return replace(item, owner=actor.user_id, name=name, offered_to="", offered_at=None)

    async def _left(self, item: Reservation) -> str:
        """Its owner, if they are known to be of the workspace no more; else ""."""
        return item.owner if await self.shares.why_not(item.person) == DEACTIVATED else ""


def _require_movable(item: Reservation) -> None:
    if item.state not in (RUNNING, STOPPED, ARCHIVED):
        raise WrongState(item.name, state=item.state, wanted="hand over")
    if not item.is_reached and not item.is_simulated:
        raise NotHandedOver(item.name)


def _claim(item: Reservation, actor: Actor) -> str:
    """An id of its own for the name: the reservation has claimed it with its first owner."""
    return f"{item.id}:{actor.user_id}"
