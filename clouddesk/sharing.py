"""Shares people's machines with their colleagues."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from clouddesk.access import Right
from clouddesk.model.actor import Actor, Person
from clouddesk.model.errors import NotFound, NotLookedAfter
from clouddesk.model.invalid import NoColleague, ShareIsOver
from clouddesk.model.ports import Clock, Colleagues, Reservations
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import LEVELS, Share
from clouddesk.model.stores import ReservationViews
from clouddesk.records import Records

OWNER = "owner"
"""Why somebody is no colleague to share with: it is theirs. The connectors know the other reasons."""


@dataclass(frozen=True)
class LentLogins:
    """Colleagues' own keys on machines of others."""

    engine: Reservations
    views: ReservationViews
    clock: Clock

    async def renew(self, person: Person) -> list[str]:
        """Have what is shared with them know their keys of now; the names of that. Raises Unavailable."""
        now = self.clock()
        seen = await self.views.seen_by(person, now=now, only_live=True)
        shared = [item for item in seen if item.is_reached and item.share_of(person.user_id, now)]
        for item in shared:
            with suppress(NotFound, NotLookedAfter):
                await self.engine.keys_changed(item.id)
        return [item.name for item in shared]


@dataclass(frozen=True)
class Shares:
    """Gives people a part in a reservation, and takes it away."""

    engine: Reservations
    records: Records
    colleagues: Colleagues
    clock: Clock

    async def share(self, actor: Actor, reservation_id: str, share: Share, *, request_id: str) -> Reservation:
        """Give a colleague a part in it, in place of the one that they had; they are told.

        Raises NoColleague, ShareIsOver, and WrongState when it is being given back.
        """
        reservation = await self.records.with_right(actor, Right.OWN, reservation_id)
        if share.allowed not in LEVELS:
            raise ValueError(share.allowed)
        if share.until is not None and share.until <= self.clock():
            raise ShareIsOver(share.until)
        person = Person(reservation.workspace_id, share.user_id)
        why = OWNER if person == reservation.person else await self.why_not(person)
        if why is not None:
            raise NoColleague(share.user_id, why)
        await self.engine.share(reservation.id, share, request_id, by=actor.user_id)
        others = tuple(item for item in reservation.shares if item.user_id != share.user_id)
        return replace(reservation, shares=(*others, share))

    async def unshare(self, actor: Actor, reservation_id: str, user_id: str, *, request_id: str) -> Reservation:
        """Take a colleague's part away, if they have one, and tell them; whoever has a part may give it up."""
        right = Right.SEE if user_id == actor.user_id else Right.OWN
        reservation = await self.records.with_right(actor, right, reservation_id)
        await self.engine.unshare(reservation.id, user_id, request_id, by=actor.user_id)
        return replace(reservation, shares=tuple(item for item in reservation.shares if item.user_id != user_id))

    async def why_not(self, person: Person) -> str | None:
        """Why they are no colleague to share with; None when they are."""
        return await self.colleagues.refusal(person)
