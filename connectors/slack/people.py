"""Who somebody in Slack is: by ids, never by display name; where they live, and whether they may speak to us."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import dataclass

from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from clouddesk.admins import Admins
from clouddesk.model.actor import Actor, Person
from connectors.slack.messenger import Messenger

CACHED_SECONDS = 600
NEAR_SECONDS = 30
"""So long this process does not even ask Redis."""
NEAR_PEOPLE = 1_000
ADMINS_SECONDS = 300

BOT = "bot"
GUEST = "guest"
DEACTIVATED = "deactivated"
FOREIGN = "foreign"
REFUSED = (BOT, GUEST, DEACTIVATED, FOREIGN)
"""Why somebody may not speak to us; ``words.refused`` has a sentence for each."""


@dataclass(frozen=True)
class Known:
    """A Slack user. ``refused`` is one of REFUSED, or None for the members of our workspace."""

    person: Person
    timezone: str = "UTC"
    locale: str = "en-US"
    refused: str | None = None


class People:
    """Users of one workspace, as Slack describes them; kept for ten minutes, for all gateways."""

    def __init__(
        self, messenger: Messenger, redis: Redis[bytes], admins: Admins, *, workspace_id: str, group: str, prefix: str
    ) -> None:
        self._messenger = messenger
        self._redis = redis
        self._admins = admins
        self._workspace_id = workspace_id
        self._group = group
        self._prefix = prefix
        self._near: OrderedDict[str, tuple[float, Known]] = OrderedDict()

    async def get(self, user_id: str) -> Known:
        """Whoever has this id."""
        until, known = self._near.get(user_id, (0.0, None))
        if known is None or until < time.monotonic():
            known = await self._get(user_id)
            self._near[user_id] = (time.monotonic() + NEAR_SECONDS, known)
            if len(self._near) > NEAR_PEOPLE:
                self._near.popitem(last=False)
        return known

    async def _get(self, user_id: str) -> Known:
        key = f"{self._prefix}:person:{user_id}"
        text = await self._redis.get(key)
        if text is None:
            text = json.dumps(await self._look(user_id)).encode()
            await self._redis.set(key, text, ex=CACHED_SECONDS)
        return Known(Person(self._workspace_id, user_id), **json.loads(text))

    async def actor(self, known: Known) -> Actor:
        """With the roles that the person has now."""
        person = known.person
        if self._group and await self._admins.is_due(person.workspace_id):
            await self._admins.keep(person.workspace_id, await self._members(), seconds=ADMINS_SECONDS)
        return await self._admins.actor(person, timezone=known.timezone)

    async def _look(self, user_id: str) -> dict[str, str | None]:
        try:
            answer = await self._messenger.call("users.info", user=user_id, include_locale=True)
        except SlackApiError as error:
            if error.response["error"] in ("user_not_found", "user_not_visible"):
                return {"refused": FOREIGN}
            raise
        user = answer["user"]
        return {
            "timezone": user.get("tz") or "UTC",
            "locale": user.get("locale") or "en-US",
            "refused": _refusal(user, self._workspace_id),
        }

    async def _members(self) -> list[str]:
        answer = await self._messenger.call("usergroups.users.list", usergroup=self._group)
        return [str(item) for item in answer["users"]]


def _refusal(user: dict[str, object], workspace_id: str) -> str | None:
    if user.get("is_bot") or user.get("id") == "USLACKBOT":
        return BOT
    if user.get("deleted"):
        return DEACTIVATED
    if user.get("is_stranger") or (user.get("team_id") or workspace_id) != workspace_id:
        return FOREIGN
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return GUEST
    return None
