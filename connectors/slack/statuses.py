"""Looks at what people with machines say of themselves in Slack: who is away is asked once what still has to run."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import structlog
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from clouddesk.desk import Desk
from clouddesk.language.statuses import read_status
from clouddesk.model.actor import Person
from clouddesk.model.errors import CloudDeskError
from connectors.slack.people import People

LOOK_SECONDS = 900.0
BETWEEN_SECONDS = 0.2
"""Slack answers about a hundred such questions a minute, and others ask, too."""

_log = structlog.get_logger()


class Statuses:
    """Any number of gateways may look: the question is asked once."""

    def __init__(self, *, desk: Desk, people: People, workspace_id: str) -> None:
        self._desk = desk
        self._people = people
        self._workspace_id = workspace_id

    async def run(self) -> None:
        """Again and again, until cancelled; for the gateway, beside its work."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Once at everybody who has machines. What cannot be looked at now is so the next time."""
        try:
            owners = await self._desk.absences.owners(self._workspace_id)
        except CloudDeskError:
            return
        for person in owners:
            try:
                await self._look_at(person)
            except (CloudDeskError, SlackApiError, RedisError) as error:
                _log.warning("slack.status_unknown", error=type(error).__name__)
            await asyncio.sleep(BETWEEN_SECONDS)

    async def _look_at(self, person: Person) -> None:
        known = await self._people.get(person.user_id)
        if known.refused:
            return
        until = datetime.fromtimestamp(known.status_until, timezone.utc) if known.status_until else None
        now = self._desk.clock()
        away = read_status(known.status, known.emoji, until, now=now, timezone=known.timezone)
        actor = await self._people.actor(known)
        if await self._desk.absences.status_seen(actor, (away.since, away.until) if away else None):
            _log.info("slack.away", user=str(person))
