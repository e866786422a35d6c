"""Who was deactivated in Slack: noticed when it happens, and once a day among all who have machines."""

from __future__ import annotations

import asyncio

import structlog
from slack_sdk.errors import SlackApiError

from clouddesk.desk import Desk
from clouddesk.model.actor import ADMIN, DEACTIVATED, MEMBER, Actor
from clouddesk.model.errors import CloudDeskError
from connectors.slack.people import People

EVERY_SECONDS = 86_400
AGAIN_SECONDS = 300
"""After a look that could not be finished."""

_log = structlog.get_logger()


class Leavers:
    """Tells the Desk of people who are gone."""

    def __init__(self, *, desk: Desk, people: People, workspace_id: str) -> None:
        self._desk = desk
        self._people = people
        # Nobody in particular: in the trail it is CloudDesk itself.
        self._actor = Actor(workspace_id, "", roles=(MEMBER, ADMIN))

    async def changed(self, user_id: str, *, is_deleted: bool) -> None:
        """Something about this person is other than it was. Who left, or is back, is as Slack has them now."""
        if not is_deleted and not await self._people.has_left(user_id):
            return
        await self._people.forget(user_id)
        if (await self._people.get(user_id)).refused == DEACTIVATED:
            left = await self._desk.leavers.left(self._actor, user_id)
            _log.info("slack.person_left", user=user_id, reservations=len(left))

    async def run(self) -> None:
        """Look at everybody who has machines or a part in some, again and again, until cancelled."""
        while True:
            is_done = await self.look()
            await asyncio.sleep(EVERY_SECONDS if is_done else AGAIN_SECONDS)

    async def look(self) -> bool:
        """Once; False when somebody could not be looked up."""
        try:
            concerned = await self._desk.leavers.concerned(self._actor)
            for user_id in concerned:
                if (await self._people.get(user_id)).refused == DEACTIVATED:
                    await self._desk.leavers.left(self._actor, user_id)
        except (SlackApiError, CloudDeskError) as error:
            _log.warning("slack.leavers_not_looked_up", error=type(error).__name__)
            return False
        return True
