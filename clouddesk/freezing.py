"""Freezes the making of new machines in a workspace, and lifts that again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clouddesk import access
from clouddesk.model.actor import Actor
from clouddesk.model.audit import FROZEN, UNFROZEN, AuditEntry
from clouddesk.model.errors import Frozen
from clouddesk.model.freeze import Freeze
from clouddesk.model.invalid import TimeIsOver
from clouddesk.model.ports import Clock
from clouddesk.model.stores import AuditTrail, Freezes


@dataclass(frozen=True)
class Freezing:
    """At most one freeze for each workspace.

    It holds for orders, whatever they are made from, and for growing. What runs goes on, may be stopped, started and
    extended, and what runs already without being looked after may be adopted: nothing new comes of that.
    """

    store: Freezes
    trail: AuditTrail
    clock: Clock

    async def current(self, actor: Actor) -> Freeze | None:
        """The one of the actor's workspace that holds now; everybody there may know of it."""
        found = await self.store.get(actor.workspace_id)
        return found if found is not None and found.holds(self.clock()) else None

    async def check(self, actor: Actor) -> None:
        """Raises Frozen while there is one."""
        found = await self.current(actor)
        if found is not None:
            raise Frozen(found)

    async def freeze(self, actor: Actor, *, until: datetime | None = None, reason: str = "") -> Freeze:
        """No new machines from now on, in place of an earlier freeze; for admins. Raises Denied, TimeIsOver."""
        access.require_admin(actor)
        now = self.clock()
        if until is not None and until <= now:
            raise TimeIsOver("that time")
        made = Freeze(actor.workspace_id, actor.user_id, now, until, reason)
        await self.store.put(made)
        facts = {"until": until.isoformat() if until else "", "reason": reason}
        await self.trail.append([_entry(FROZEN, actor, now, facts)])
        return made

    async def unfreeze(self, actor: Actor) -> Freeze | None:
        """New machines again; the freeze that was lifted, if any. For admins. Raises Denied."""
        access.require_admin(actor)
        found = await self.current(actor)
        await self.store.remove(actor.workspace_id)
        if found is not None:
            await self.trail.append([_entry(UNFROZEN, actor, self.clock(), {})])
        return found


def _entry(action: str, actor: Actor, now: datetime, facts: dict[str, str]) -> AuditEntry:
    id_ = f"{action}:{actor.workspace_id}:{now.isoformat()}"
    return AuditEntry(id_, now, action, actor.workspace_id, by=actor.user_id, facts=facts)
