"""Machines of colleagues: what one may ask for before new ones are bought, and asking for it.

What is shown to whom (docs/sharing.md): of machines that their owner opened to the team everybody there sees name,
size, place and end; of all others no more than who has something of the kind, so that they can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from clouddesk import access
from clouddesk.access import Right
from clouddesk.model import notice
from clouddesk.model.actor import Actor, Person
from clouddesk.model.errors import NotFound
from clouddesk.model.notice import Notice
from clouddesk.model.offer import Requirements
from clouddesk.model.ports import Catalog, Clock, Reservations
from clouddesk.model.reservation import ARCHIVED, RUNNING, STOPPED, Reservation
from clouddesk.model.stores import Notices, ReservationViews
from clouddesk.records import Records

_USABLE = (RUNNING, STOPPED, ARCHIVED)
_LATELY = 50
"""So many of a person's notices back a request is answered, and an answer is known to have been given."""


@dataclass(frozen=True)
class Kind:
    """What is looked for; nothing said is anything."""

    software: tuple[str, ...] = ()
    gpu: bool = False
    name: str = ""
    """Of one that is open to the team."""


@dataclass(frozen=True)
class Peers:
    """Finds them, and asks their owners."""

    engine: Reservations
    records: Records
    views: ReservationViews
    notices: Notices
    catalog: Catalog
    clock: Clock

    async def open_to_team(self, actor: Actor, reservation_id: str, *, is_open: bool) -> Reservation:
        """Let everybody of the workspace see that it is there to be asked for, or not any more.

        Raises WrongState when it is being given back.
        """
        reservation = await self.records.with_right(actor, Right.OWN, reservation_id)
        await self.engine.open_to_team(reservation.id, is_open=is_open, by=actor.user_id)
        return replace(reservation, is_for_team=is_open)

    async def for_team(self, actor: Actor, kind: Kind) -> list[Reservation]:
        """Colleagues' machines of the kind that their owners opened to the team, and that the actor has no part in."""
        found = await self.views.for_team(actor.workspace_id)
        return [item for item in found if self._is_of_another(actor, item) and self._fits(item, kind)]

    async def owners(self, actor: Actor, kind: Kind) -> list[Person]:
        """Who else has something of the kind; nothing more is told of it. Reads all that lives."""
        access.require_member(actor)
        live = await self.views.all(only_live=True)
        found = [item for item in live if self._is_of_another(actor, item) and self._fits(item, kind)]
        return list(dict.fromkeys(item.person for item in found if not item.is_for_team))

    async def ask(self, actor: Actor, owner: str, kind: Kind) -> Person:
        """Ask that colleague to share something of the kind; once a day for the same. Raises NotFound."""
        access.require_member(actor)
        live = await self.views.of_person(Person(actor.workspace_id, owner), only_live=True)
        found = [item for item in live if self._is_of_another(actor, item) and self._fits(item, kind)]
        if kind.name:
            found = [item for item in found if item.is_for_team and item.name == kind.name]
        if not found:
            raise NotFound(kind.name or "anything of that kind")
        # What is there to be asked for comes first, then what lasts longest.
        wanted = max(found, key=lambda item: (item.is_for_team, item.expires_at))
        await self.notices.send(self._request(actor, wanted))
        return wanted.person

    async def not_now(self, actor: Actor, reservation_id: str, asker: str) -> Person:
        """Its owner does not share it with who asked, who is told; once for each time that they asked.

        Raises NotFound, also when they did not ask lately, and Denied.
        """
        item = await self.records.with_right(actor, Right.OWN, reservation_id)
        latest = await self.notices.latest(item.person, limit=_LATELY)
        found = [one for one in latest if one.kind == notice.ASKED_FOR and one.reservation_id == item.id]
        request = next((one for one in found if one.values["person_id"] == asker), None)
        if request is None:
            raise NotFound(reservation_id)
        told = Notice(
            id=f"{request.id}:{notice.NOT_NOW}",
            kind=notice.NOT_NOW,
            workspace_id=item.workspace_id,
            user_id=asker,
            conversation="",
            reservation_id="",
            created_at=self.clock(),
            values={"owner": item.owner},
        )
        known = await self.notices.latest(Person(item.workspace_id, asker), limit=_LATELY)
        if told.id not in {one.id for one in known}:
            await self.notices.send(told)
        return Person(item.workspace_id, asker)

    def _request(self, actor: Actor, wanted: Reservation) -> Notice:
        now = self.clock()
        return Notice(
            id=f"{wanted.id}:{notice.ASKED_FOR}:{actor.user_id}:{now:%Y%m%d}",
            kind=notice.ASKED_FOR,
            workspace_id=wanted.workspace_id,
            user_id=wanted.owner,
            # To the owner alone, wherever it was ordered.
            conversation="",
            reservation_id=wanted.id,
            created_at=now,
            values={
                "name": wanted.name,
                "reservation_id": wanted.id,
                "person": actor.user_id,
                "person_id": actor.user_id,
                "ends": wanted.expires_at.isoformat(),
                "simulated": "yes" if wanted.is_simulated else "no",
            },
        )

    def _is_of_another(self, actor: Actor, item: Reservation) -> bool:
        is_theirs = item.workspace_id == actor.workspace_id and item.person != actor.person
        return is_theirs and item.state in _USABLE and item.share_of(actor.user_id, self.clock()) is None

    def _fits(self, item: Reservation, kind: Kind) -> bool:
        if kind.software and not {*item.all_software} & {*kind.software}:
            return False
        return not kind.gpu or self._has_gpu(item)

    def _has_gpu(self, item: Reservation) -> bool:
        """As the price list says it of the size."""
        wanted = Requirements(
            gpu_count=1, providers=(item.provider,), size_names=(item.size,), architecture=item.architecture
        )
        return bool(self.catalog.cheapest(replace(wanted, spot=item.spot), limit=1))
