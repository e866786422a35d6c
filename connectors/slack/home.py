"""App Home as one person sees it: drawn from the Desk whenever it is looked at, and when what it shows changes."""

from __future__ import annotations

from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from clouddesk import budget_words
from clouddesk.costs import CostWish
from clouddesk.desk import Desk
from clouddesk.language.periods import this_month
from clouddesk.model.actor import ADMIN
from clouddesk.model.errors import CloudDeskError, Unavailable
from connectors.slack import answers, people, views
from connectors.slack.messenger import Messenger
from connectors.slack.people import Known, People

LOOKED_AT_SECONDS = 3600
"""So long after it was opened the page is kept up to date."""

_log = structlog.get_logger()


class Home:
    """Draws App Home."""

    def __init__(self, *, desk: Desk, people: People, messenger: Messenger, redis: Redis[bytes], prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._desk = desk
        self._people = people
        self._messenger = messenger

    async def publish(self, user_id: str) -> None:
        """Show what this person has now; the reason, to who gets nothing."""
        known = await self._people.get(user_id)
        if known.refused == people.BOT:
            return
        if known.refused:
            view = views.refused_home(answers.refused(known.refused).text)
        else:
            view = await self._view(known)
        await self._messenger.call("views.publish", user_id=user_id, view=view)

    async def open(self, user_id: str) -> None:
        """Somebody looks at their page."""
        await self._redis.set(self._opened(user_id), "1", ex=LOOKED_AT_SECONDS)
        await self.publish(user_id)

    async def refresh(self, user_id: str) -> None:
        """After something of this person's has changed: show it, if they may be looking. Raises nothing."""
        try:
            if await self._redis.exists(self._opened(user_id)):
                await self.publish(user_id)
        except (RedisError, SlackApiError, CloudDeskError) as error:
            _log.warning("slack.home_not_drawn", error=type(error).__name__)

    def _opened(self, user_id: str) -> str:
        return f"{self._prefix}:home:{user_id}"

    async def _view(self, known: Known) -> dict[str, Any]:
        try:
            actor = await self._people.actor(known)
            now = self._desk.clock()
            seen = await self._desk.reservations(actor, with_shared=True)
            month = this_month(now=now, timezone=known.timezone)
            budget = await self._desk.budgets.view(actor, actor.user_id)
            return views.home(
                [item for item in seen if item.person == actor.person],
                await self._desk.credentials(actor),
                await self._desk.costs.report(actor, CostWish(month.since, month.until, month.earlier_since)),
                keys=await self._desk.ssh_keys.list(actor),
                shared=[(item, share) for item in seen if (share := item.share_of(actor.user_id, now))],
                team=await self._desk.team_view.running(actor) if ADMIN in actor.roles else None,
                freeze=await self._desk.freezing.current(actor),
                now=now,
                reader=known,
                budget=[budget_words.use(item, budget.month) for item in budget.uses],
            )
        except Unavailable:
            return views.home_down()
