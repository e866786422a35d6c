"""People who left: their machines are offered to the workspace's admins, and their parts in others' machines end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from clouddesk import access
from clouddesk.approvals import Approvals
from clouddesk.model.actor import Actor
from clouddesk.model.audit import LEFT, AuditEntry
from clouddesk.model.notice import LEAVER
from clouddesk.model.ports import AdminsOf, Clock, Reservations
from clouddesk.model.reservation import RELEASING, Reservation
from clouddesk.model.stores import AuditTrail, Notices, ReservationViews
from clouddesk.workflows.notices import addressed, make_notice

SOON = timedelta(days=1)
"""So long before the end of a lease the admins are told once more."""


@dataclass(frozen=True)
class Leavers:
    """For the connectors, which know who is still there, and for admins. Every method may be called again."""

    engine: Reservations
    views: ReservationViews
    notices: Notices
    trail: AuditTrail
    admins_of: AdminsOf
    clock: Clock
    approvals: Approvals

    async def concerned(self, actor: Actor) -> list[str]:
        """Of whom it matters that they left, as user ids: who has machines in the workspace or a part in some, who
        waits for an approval, and who gives them.
        """
        access.require_admin(actor)
        found: set[str] = set()
        for item in await self._live(actor):
            found |= {item.owner, *(share.user_id for share in item.open_shares(self.clock()))}
        return sorted(found | await self.approvals.concerned(actor))

    async def left(self, actor: Actor, user_id: str) -> list[Reservation]:
        """Somebody is not of the workspace any more: what they leave behind, which goes on until its lease ends.

        The admins are told of each reservation once, and once more shortly before its end. What they asked an approval
        for is not done.
        """
        access.require_admin(actor)
        await self.approvals.left(actor, user_id)
        now, items = self.clock(), await self._live(actor)
        for item in items:
            if item.share_of(user_id, now):
                await self.engine.unshare(item.id, user_id, f"left:{user_id}", by=actor.user_id)
        own = [item for item in items if item.owner == user_id]
        for item in own:
            await self._offer(actor, item, now)
        return own

    async def _offer(self, actor: Actor, item: Reservation, now: datetime) -> None:
        key = "soon" if item.expires_at - now <= SOON else ""
        notice = make_notice(item, LEAVER, now, key=key, is_for_admins=True, owner_id=item.owner)
        for one in await addressed(notice, self.admins_of):
            await self.notices.send(one)
        await self.trail.append([AuditEntry.about(item, LEFT, now, key=f"{LEFT}:{item.owner}", by=actor.user_id)])

    async def _live(self, actor: Actor) -> list[Reservation]:
        found = await self.views.all(only_live=True)
        return [item for item in found if item.workspace_id == actor.workspace_id and item.state != RELEASING]
