"""Who somebody in Slack is: by ids, never by display name; where they live, and whether they may speak to us."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from clouddesk.adapters.colleagues import RedisColleagues
from clouddesk.admins import Admins
from clouddesk.model.actor import DEACTIVATED, Actor, Person
from clouddesk.model.errors import Unavailable
from connectors.slack.messenger import Messenger

CACHED_SECONDS = 600
NEAR_SECONDS = 30
"""So long this process does not even ask Redis."""
NEAR_PEOPLE = 1_000
ADMINS_SECONDS = 300
"""How often the group whose members are admins is looked up."""

BOT = "bot"
GUEST = "guest"
FOREIGN = "foreign"
REFUSED = (BOT, GUEST, DEACTIVATED, FOREIGN)
"""Why somebody may not speak to us; ``answers.refused`` has a sentence for each."""

GROUP_HINTS = {
    "missing_scope": "Give the app the scope usergroups:read and install it again, or name the admins in settings.yml.",
    "no_such_subteam": "slack_admin_group in settings.yml must be the id of a user group of this workspace.",
}
GROUP_HINT = "Until Slack tells them, those who were its members last are admins."

_log = structlog.get_logger()


@dataclass(frozen=True)
class Known:
    """A Slack user. ``refused`` is one of REFUSED, or None for the members of our workspace."""

    person: Person
    timezone: str = "UTC"
    locale: str = ""
    status: str = ""
    """What they say of themselves beside their name, with its emoji and until when it stands (0: until changed)."""
    emoji: str = ""
    status_until: int = 0
    refused: str | None = None


class People:
    """Users of one workspace, as Slack describes them; kept for ten minutes, for all gateways."""

    def __init__(
        self, messenger: Messenger, redis: Redis[bytes], admins: Admins, *, workspace_id: str, group: str, prefix: str
    ) -> None:
        self._messenger = messenger
        self._redis = redis
        self._admins = admins
        self._colleagues = RedisColleagues(redis)
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
            await self._colleagues.note(Person(self._workspace_id, user_id), json.loads(text)["refused"])
        return Known(Person(self._workspace_id, user_id), **json.loads(text))

    async def has_left(self, user_id: str) -> bool:
        """Whether they were deactivated when they were looked up last; Slack is not asked."""
        return await self._colleagues.refusal(Person(self._workspace_id, user_id)) == DEACTIVATED

    async def forget(self, user_id: str) -> None:
        """Slack is asked about this person when they next matter; other gateways may take some seconds more."""
        self._near.pop(user_id, None)
        await self._redis.delete(f"{self._prefix}:person:{user_id}")

    async def actor(self, known: Known) -> Actor:
        """With the roles that the person has now."""
        return await self._admins.actor(known.person, timezone=known.timezone, locale=known.locale)

    async def keep_admins(self) -> None:
        """Look up who is in the group of admins, again and again, until cancelled; for the gateway, beside its work.

        Who asks for an admin in another process, or at night, finds what was looked up here.
        """
        if not self._group:
            return
        told = ""
        while True:
            code = await self._look_up_admins()
            if code and code != told:
                hint = GROUP_HINTS.get(code, GROUP_HINT)
                _log.warning("slack.admins_unknown", group=self._group, error=code, hint=hint)
            told = code
            await asyncio.sleep(ADMINS_SECONDS)

    async def _look_up_admins(self) -> str:
        """Why it is not known who they are; those of before stay then. "" when it is known."""
        try:
            answer = await self._messenger.call("usergroups.users.list", usergroup=self._group)
            await self._admins.keep(self._workspace_id, [str(item) for item in answer["users"]])
        except SlackApiError as error:
            return str(error.response["error"])
        except Unavailable as error:
            return error.code
        return ""

    async def _look(self, user_id: str) -> dict[str, str | int | None]:
        try:
            answer = await self._messenger.call("users.info", user=user_id, include_locale=True)
        except SlackApiError as error:
            if error.response["error"] in ("user_not_found", "user_not_visible"):
                return {"refused": FOREIGN}
            raise
        user = answer["user"]
        profile = user.get("profile") or {}
        return {
            "status": str(profile.get("status_text") or ""),
            "emoji": str(profile.get("status_emoji") or ""),
            "status_until": int(profile.get("status_expiration") or 0),
            "timezone": user.get("tz") or "UTC",
            "locale": user.get("locale") or "",
            "refused": _refusal(user, self._workspace_id),
        }


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
