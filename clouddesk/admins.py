"""Who is an admin: the settings' list, and the members of a group that a connector knows of.

Every process that asks (actions, gateway, worker) asks here, so that a person has the same rights in all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from redis.asyncio import Redis

from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.actor import ADMIN, MEMBER, Actor, Person

TRUSTED_TIMES = 3
"""A group that nobody could look up again is believed for this many times as long as it counts as fresh."""


class Admins:
    """``listed``: "workspace/user" from the settings. A group's members come from whoever can look them up.

    ``has_group`` is False where the settings name no group: then nobody asks for one.
    """

    def __init__(self, redis: Redis[bytes], listed: Collection[str], *, has_group: bool = True) -> None:
        self._redis = redis
        self._listed = frozenset(listed)
        self._has_group = has_group

    async def actor(self, person: Person, *, timezone: str = "UTC") -> Actor:
        """The person with their roles."""
        is_admin = str(person) in self._listed
        if not is_admin and self._has_group:
            async with answering():
                is_admin = bool(await self._redis.sismember(_group(person.workspace_id), person.user_id))
        roles = (ADMIN, MEMBER) if is_admin else (MEMBER,)
        return Actor(person.workspace_id, person.user_id, roles=roles, timezone=timezone)

    async def of_workspace(self, workspace_id: str) -> list[str]:
        """All of them, as user ids."""
        members: set[bytes] = set()
        if self._has_group:
            async with answering():
                members = await self._redis.smembers(_group(workspace_id))
        listed = [item.partition("/")[2] for item in self._listed if item.partition("/")[0] == workspace_id]
        return sorted({*listed, *(member.decode() for member in members)})

    async def is_due(self, workspace_id: str) -> bool:
        """Whether the group should be looked up again."""
        async with answering():
            return not await self._redis.exists(_fresh(workspace_id))

    async def keep(self, workspace_id: str, members: Sequence[str], *, seconds: int) -> None:
        """These are the group's members now; fresh for that long."""
        async with answering(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(_group(workspace_id))
            if members:
                pipeline.sadd(_group(workspace_id), *members)
                pipeline.expire(_group(workspace_id), seconds * TRUSTED_TIMES)
            pipeline.set(_fresh(workspace_id), "1", ex=seconds)
            await pipeline.execute()


def _group(workspace_id: str) -> str:
    return f"{PREFIX}:admins:{workspace_id}"


def _fresh(workspace_id: str) -> str:
    return f"{PREFIX}:admins-fresh:{workspace_id}"
