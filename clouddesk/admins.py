"""Who is an admin: the settings' list, and the members of a group that a connector knows of.

Every process that asks (actions, gateway, worker) asks here, so that a person has the same rights in all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from redis.asyncio import Redis

from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.actor import ADMIN, MEMBER, Actor, Person

GROUP_KEPT = timedelta(days=7)
"""A group that nobody can look up again is believed for this long: an outage leaves no workspace without admins."""


class Admins:
    """``listed``: "workspace/user" from the settings. A group's members come from whoever can look them up.

    ``has_group`` is False where the settings name no group: then nobody asks for one.
    """

    def __init__(self, redis: Redis[bytes], listed: Collection[str], *, has_group: bool = True) -> None:
        self._redis = redis
        self._listed = frozenset(listed)
        self._has_group = has_group

    async def actor(self, person: Person, *, timezone: str = "UTC", locale: str = "") -> Actor:
        """The person with their roles."""
        is_admin = str(person) in self._listed
        if not is_admin and self._has_group:
            async with answering():
                is_admin = bool(await self._redis.sismember(_group(person.workspace_id), person.user_id))
        roles = (ADMIN, MEMBER) if is_admin else (MEMBER,)
        return Actor(person.workspace_id, person.user_id, roles=roles, timezone=timezone, locale=locale)

    async def of_workspace(self, workspace_id: str) -> list[str]:
        """All of them, as user ids."""
        members: set[bytes] = set()
        if self._has_group:
            async with answering():
                members = await self._redis.smembers(_group(workspace_id))
        listed = [item.partition("/")[2] for item in self._listed if item.partition("/")[0] == workspace_id]
        return sorted({*listed, *(member.decode() for member in members)})

    async def keep(self, workspace_id: str, members: Sequence[str]) -> None:
        """These are the group's members now."""
        async with answering(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(_group(workspace_id))
            if members:
                pipeline.sadd(_group(workspace_id), *members)
                pipeline.expire(_group(workspace_id), GROUP_KEPT)
            await pipeline.execute()


def _group(workspace_id: str) -> str:
    return f"{PREFIX}:admins:{workspace_id}"
