"""Whom connectors know as colleagues, and whom as none, kept in Redis for all processes."""

from __future__ import annotations

from redis.asyncio import Redis

from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.actor import DEACTIVATED, LOCAL_WORKSPACE, UNKNOWN, Person

KEPT_SECONDS = 3600
"""A connector looks people up again whenever they are spoken of."""
LEFT_SECONDS = 3 * 86400
"""Who left is spoken of by nobody; the connector looks every day whether they are still gone."""


class RedisColleagues:
    """Implements ``clouddesk.model.ports.Colleagues``; connectors write what they find."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def note(self, person: Person, why: str | None) -> None:
        """Why nothing is shared with them; None for colleagues."""
        kept_seconds = LEFT_SECONDS if why == DEACTIVATED else KEPT_SECONDS
        async with answering():
            await self._redis.set(_key(person), why or "", ex=kept_seconds)

    async def refusal(self, person: Person) -> str | None:
        """What was noted last; UNKNOWN of who was not looked up, but at the terminal, where nobody is."""
        if person.workspace_id == LOCAL_WORKSPACE:
            return None
        async with answering():
            why = await self._redis.get(_key(person))
        return UNKNOWN if why is None else why.decode() or None


def _key(person: Person) -> str:
    return f"{PREFIX}:colleague:{person}"
