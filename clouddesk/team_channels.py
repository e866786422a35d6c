"""Where the team is told its week's costs: for admins to say."""

from __future__ import annotations

from dataclasses import dataclass

from clouddesk import access
from clouddesk.model.actor import Actor
from clouddesk.model.stores import TeamChannels as Store
from clouddesk.model.team_channel import TeamChannel


@dataclass(frozen=True)
class TeamChannels:
    """One channel of each workspace."""

    store: Store

    async def get(self, actor: Actor) -> TeamChannel | None:
        """Where the actor's team is told; None when it is nowhere."""
        return await self.store.get(actor.workspace_id)

    async def tell_here(self, actor: Actor, channel: str, *, with_people: bool) -> TeamChannel:
        """Each week from now on in this channel, and in no other. Raises Denied for who is no admin."""
        access.require_all_costs(actor)
        wanted = TeamChannel(channel, actor.user_id, with_people)
        await self.store.put(actor.workspace_id, wanted)
        return wanted

    async def tell_nowhere(self, actor: Actor) -> bool:
        """Whether the team was told anywhere until now. Raises Denied for who is no admin."""
        access.require_all_costs(actor)
        was_told = await self.store.get(actor.workspace_id) is not None
        await self.store.put(actor.workspace_id, None)
        return was_told
