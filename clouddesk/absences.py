"""The guard of vacations: whoever is away is asked once what is to become of what still runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clouddesk import access
from clouddesk.language.money import hourly, money
from clouddesk.model.absence import NOTHING, STATUS, TOLD, Absence
from clouddesk.model.actor import Actor, Person
from clouddesk.model.notice import AWAY, Notice
from clouddesk.model.ports import Clock
from clouddesk.model.reservation import CONFIGURING, PARTIAL, PROVISIONING, RUNNING, SCALING, STARTING, Reservation
from clouddesk.model.stores import AbsenceStore, Notices, ReservationViews

_UP = (PROVISIONING, PARTIAL, CONFIGURING, RUNNING, STARTING, SCALING)


@dataclass(frozen=True)
class Noted:
    """What is known of an absence now that it was told; ``is_new``: that nobody was asked about it before."""

    absence: Absence
    running: tuple[Reservation, ...]
    is_new: bool


@dataclass(frozen=True)
class Absences:
    """Each person has one at most, their own; nobody else is told of it."""

    store: AbsenceStore
    views: ReservationViews
    notices: Notices
    clock: Clock

    async def note(self, actor: Actor, since: datetime, until: datetime | None, *, source: str = TOLD) -> Noted:
        """The actor is away then, which the caller asks about if it is new and something runs.

        What overlaps with what is known is the same absence, with its end as told last.
        """
        access.require_member(actor)
        now = self.clock()
        running = await self.running(actor, since)
        before: list[Absence | None] = []

        def note(known: Absence | None) -> Absence | None:
            before[:] = [known if known and known.ends_at > now and known.overlaps(since, until) else None]
            if before[0] and before[0].answer == NOTHING and running:
                before[0] = None  # nobody was asked, as nothing ran
            if before[0]:
                # What the person says counts more than what their status does.
                is_told = source == TOLD or before[0].source == source
                told = replace(before[0], since=since, until=until or before[0].until, source=source)
                return told if is_told else before[0]
            return Absence(
                id=f"{source}-{since:%Y%m%d%H%M}",
                since=since,
                until=until,
                source=source,
                asked_at=now,
                answer="" if running else NOTHING,
            )

        absence = await self.store.change(actor.person, note)
        if absence is None:
            raise AssertionError("what is noted is there")
        return Noted(absence, tuple(running), is_new=before[0] is None)

    async def current(self, actor: Actor) -> Absence | None:
        """The one that lies ahead or is on."""
        known = await self.store.read(actor.person)
        return known if known and known.ends_at > self.clock() else None

    async def answer(self, actor: Actor, answer: str, *, stopping: Sequence[str] = ()) -> Absence | None:
        """Remember what is to become of what runs; None when nothing is asked about (any more)."""

        def note(known: Absence | None) -> Absence | None:
            return replace(known, answer=answer, stopping=tuple(stopping)) if known else None

        return await self.store.change(actor.person, note)

    async def end(self, actor: Actor) -> Absence | None:
        """The actor is back, or does not go; the absence that is over with that."""
        over: list[Absence | None] = []

        def note(known: Absence | None) -> None:
            over[:] = [known]

        await self.store.change(actor.person, note)
        return over[0] if over[0] and over[0].ends_at > self.clock() else None

    async def status_seen(self, actor: Actor, away: tuple[datetime, datetime | None] | None) -> bool:
        """What the actor's status in the chat says; None: not away. Asks by a notice, once; whether it did."""
        known = await self.current(actor)
        if away is None:
            if known and known.source == STATUS:
                await self.end(actor)
            return False
        if known and known.overlaps(*away):
            return False
        noted = await self.note(actor, *away, source=STATUS)
        if not (noted.is_new and noted.running):
            return False
        await self.notices.send(self._question(actor, noted))
        return True

    async def owners(self, workspace_id: str) -> list[Person]:
        """Whoever has machines there: for the connector, which looks at their statuses and acts for nobody else."""
        live = await self.views.all(only_live=True)
        return sorted({item.person for item in live if item.workspace_id == workspace_id}, key=str)

    async def running(self, actor: Actor, since: datetime) -> list[Reservation]:
        """What of the actor's own runs now, and does so still when they are gone."""
        own = await self.views.of_person(actor.person, only_live=True)
        return [item for item in own if (item.state in _UP or item.is_mixed) and item.expires_at > since]

    def cost_usd(self, item: Reservation, until: datetime | None) -> float:
        """What it costs from now to the return, or to the end of its lease, if it runs on."""
        end = min(item.expires_at, until) if until else item.expires_at
        return item.current_hourly_price_usd * max(0.0, (end - self.clock()).total_seconds()) / 3600

    def lines(self, running: Sequence[Reservation], until: datetime | None) -> str:
        """What runs, a line each."""
        return "\n".join(
            f"• *{item.name}*: {hourly(item.current_hourly_price_usd)} an hour, {money(self.cost_usd(item, until))} "
            + ("until you are back" if until and item.expires_at > until else "until its lease ends")
            for item in running
        )

    def _question(self, actor: Actor, noted: Noted) -> Notice:
        absence, total = noted.absence, sum(self.cost_usd(item, noted.absence.until) for item in noted.running)
        return Notice(
            id=f"away:{actor.person}:{absence.id}",
            kind=AWAY,
            workspace_id=actor.workspace_id,
            user_id=actor.user_id,
            conversation="",
            reservation_id="",
            created_at=self.clock(),
            values={
                "name": "away",
                "absence": absence.id,
                "lines": self.lines(noted.running, absence.until),
                "total": money(total),
                "until": absence.until.isoformat() if absence.until else "",
                "simulated": "yes" if any(item.is_simulated for item in noted.running) else "no",
            },
        )
