"""The way from an action to the Desk, and from a message to the person who sent it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from clouddesk import settings
from clouddesk.model.actor import LOCAL_WORKSPACE, Actor, Person
from clouddesk.model.errors import Denied

if TYPE_CHECKING:
    from clouddesk.admins import Admins
    from clouddesk.desk import Desk


class DeskAccess:
    """Holds the process's one Desk: opened at the first call, closed with the server."""

    def __init__(self) -> None:
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()
        self._desk: Desk | None = None
        self.admins: Admins | None = None

    async def desk(self) -> Desk:
        """The Desk; a failed opening is tried again at the next call."""
        async with self._opening:
            if self._desk is None:
                # Brings every adapter along, which the tests of the dialogue do without.
                from clouddesk.adapters.redis import open_redis
                from clouddesk.admins import Admins
                from clouddesk.assembly import open_desk

                now = settings.load()
                self._desk = await self._open.enter_async_context(open_desk(now))
                redis = open_redis(now.redis_url)
                self._open.push_async_callback(redis.close)
                self.admins = Admins(redis, now.admins, has_group=bool(now.slack_admin_group))
            return self._desk

    def use(self, desk: Desk | None) -> None:
        """Use this Desk from now on; None opens one at the next call."""
        self._desk = desk

    async def close(self) -> None:
        """Close what was opened."""
        self._desk = None
        await self._open.aclose()


the = DeskAccess()


async def actor_of(metadata: dict[str, Any], sender_id: str) -> Actor:
    """Who speaks, as the channel vouched for; in a plain ``rasa shell`` the sender, in the local workspace.

    Raises Denied when a channel says who it is and not of which workspace: people at the terminal may do more.
    """
    if metadata.get("user_id") and not metadata.get("workspace_id"):
        raise Denied("speak for nobody's workspace")
    person = Person(str(metadata.get("workspace_id") or LOCAL_WORKSPACE), str(metadata.get("user_id") or sender_id))
    timezone, locale = str(metadata.get("timezone") or "UTC"), str(metadata.get("locale") or "")
    if the.admins is None:
        return Actor(person.workspace_id, person.user_id, timezone=timezone, locale=locale)
    return await the.admins.actor(person, timezone=timezone, locale=locale)
