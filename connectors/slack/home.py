"""App Home as one person sees it: drawn from the Desk whenever it is looked at."""

from __future__ import annotations

from typing import Any

from clouddesk.desk import Desk
from clouddesk.model.errors import Unavailable
from connectors.slack import answers, people, views
from connectors.slack.messenger import Messenger
from connectors.slack.people import Known, People


class Home:
    """Draws App Home."""

    def __init__(self, *, desk: Desk, people: People, messenger: Messenger) -> None:
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

    async def _view(self, known: Known) -> dict[str, Any]:
        try:
            actor = await self._people.actor(known)
            return views.home(
                await self._desk.reservations(actor, include_ended=True),
                await self._desk.credentials(actor),
                now=self._desk.clock(),
                timezone_name=known.timezone,
            )
        except Unavailable:
            return views.home_down()
