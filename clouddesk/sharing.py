"""Shares people's machines with their colleagues; who may do so is for the Desk to say."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clouddesk.model.actor import Person
from clouddesk.model.invalid import NoColleague, ShareIsOver
from clouddesk.model.ports import Clock, Colleagues, Reservations
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import LEVELS, Share

OWNER = "owner"
"""Why somebody is no colleague to share with: it is theirs. The connectors know the other reasons."""


@dataclass(frozen=True)
class Shares:
    """Gives people a part in a reservation, and takes it away."""

    engine: Reservations
    colleagues: Colleagues
    clock: Clock

    async def give(self, reservation: Reservation, share: Share, *, by: str, request_id: str) -> Reservation:
        """How it stands then. Raises NoColleague, ShareIsOver, WrongState."""
        if share.allowed not in LEVELS:
            raise ValueError(share.allowed)
        if share.until is not None and share.until <= self.clock():
            raise ShareIsOver(share.until)
        why = OWNER if share.user_id == reservation.owner else await self._why_not(reservation, share.user_id)
        if why is not None:
            raise NoColleague(share.user_id, why)
        await self.engine.share(reservation.id, share, request_id, by=by)
        others = tuple(item for item in reservation.shares if item.user_id != share.user_id)
        return replace(reservation, shares=(*others, share))

    async def end(self, reservation: Reservation, user_id: str, *, by: str, request_id: str) -> Reservation:
        """How it stands then."""
        await self.engine.unshare(reservation.id, user_id, request_id, by=by)
        return replace(reservation, shares=tuple(item for item in reservation.shares if item.user_id != user_id))

    async def _why_not(self, reservation: Reservation, user_id: str) -> str | None:
        return await self.colleagues.refusal(Person(reservation.workspace_id, user_id))
