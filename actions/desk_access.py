"""The way from an action to the Desk, and from a message to the person who sent it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from clouddesk import settings
from clouddesk.model.actor import ADMIN, MEMBER, Actor

if TYPE_CHECKING:
    from clouddesk.desk import Desk


class DeskAccess:
    """Holds the process's one Desk: opened at the first call, closed with the server."""

    def __init__(self) -> None:
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()
        self._desk: Desk | None = None
        self.admins: tuple[str, ...] = ()

    async def desk(self) -> Desk:
        """The Desk; a failed opening is tried again at the next call."""
        async with self._opening:
            if self._desk is None:
                # Brings every adapter along, which the tests of the dialogue do without.
                from clouddesk.assembly import open_desk

                now = settings.load()
                self._desk = await self._open.enter_async_context(open_desk(now))
                self.admins = now.admins
            return self._desk

    def use(self, desk: Desk | None) -> None:
        """Use this Desk from now on; None opens one at the next call."""
        self._desk = desk

    async def close(self) -> None:
        """Close what was opened."""
        self._desk = None
        await self._open.aclose()


the = DeskAccess()


def actor_of(metadata: dict[str, Any], sender_id: str) -> Actor:
    """Who speaks, as the channel vouched for; in a plain ``rasa shell`` the sender, in the local workspace."""
    workspace = str(metadata.get("workspace_id") or "local")
    user = str(metadata.get("user_id") or sender_id)
    roles = (ADMIN, MEMBER) if f"{workspace}/{user}" in the.admins else (MEMBER,)
    return Actor(workspace_id=workspace, user_id=user, roles=roles, timezone=str(metadata.get("timezone") or "UTC"))
