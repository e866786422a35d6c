"""What the form that shares a machine does: opened and taken only for who may share it, each time anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clouddesk.desk import Desk
from clouddesk.model.actor import Actor
from clouddesk.model.errors import Denied, NotFound, Unavailable
from connectors.slack import answers, views, words
from connectors.slack.people import People
from connectors.slack.share_view import PERSON, UNTIL, Given


class Sharing:
    """Fills the form, and checks what comes back; the dialogue then does it, as if it had been said."""

    def __init__(self, *, desk: Desk, people: People) -> None:
        self._desk = desk
        self._people = people

    async def form(self, actor: Actor, reservation_id: str, place: Mapping[str, str]) -> dict[str, Any] | None:
        """The form; None for what is not this person's to share, of which the dialogue says so."""
        try:
            item = await self._desk.owned(actor, reservation_id)
        except (NotFound, Denied, Unavailable):
            return None
        if not item.is_live:
            return None
        return views.share(item, now=self._desk.clock(), reader=actor, place=place)

    async def problems(self, actor: Actor, given: Given) -> dict[str, str]:
        """Sentences by block id, where something chosen cannot be."""
        try:
            item = await self._desk.owned(actor, given.reservation_id)
        except (NotFound, Denied):
            return {PERSON: answers.NOT_YOURS_TO_SHARE}
        except Unavailable:
            return {PERSON: answers.NOT_NOW}
        found = {}
        refused = (await self._people.get(given.share.user_id)).refused if given.share.user_id else None
        if not given.share.user_id:
            found[PERSON] = words.EMPTY_FIELD
        elif given.share.user_id == item.owner:
            found[PERSON] = words.SHARE_WITH_OWNER
        elif refused is not None:
            found[PERSON] = words.SHARE_REFUSED[refused]
        if not given.share.is_open(self._desk.clock()):
            found[UNTIL] = words.SHARE_IS_OVER
        return found
