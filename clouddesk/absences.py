"""The guard of vacations: whoever is away is asked once what is to become of what still runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clouddesk import access
from clouddesk.language.money import hourly, money
from clouddesk.model.absence import NOTHING, STATUS, TOLD, Absence
from clouddesk.model.actor import Actor, Person
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.notice import AWAY, Notice
from clouddesk.model.ports import Clock
from clouddesk.model.reservation import CONFIGURING, PARTIAL, PROVISIONING, RUNNING, SCALING, STARTING, Reservation
from clouddesk.model.stores import AbsenceStore, Notices, ReservationViews
from clouddesk.model.timer import STOP, Timer
from clouddesk.timers import Switch, Timers

_UP = (PROVISIONING, PARTIAL, CONFIGURING, RUNNING, STARTING, SCALING)


@dataclass(frozen=True)
class Noted:
    """What is known of an absence now that it was told; ``is_new``: that nobody was asked about it before."""

    absence: Absence
    running: tuple[Reservation, ...]
    is_new: bool
    replaced: Absence | None = None
    """The one that it took the place of, with the stops that were set for its beginning and are not any more."""


@dataclass(frozen=True)
class Leaving:
    """What is stopped by itself when an absence begins."""

    stopping: tuple[Reservation, ...] = ()
    sooner: tuple[tuple[Reservation, datetime], ...] = ()
    """Those whose owner had set a stop before that: it stays."""
    in_place_of: tuple[tuple[Reservation, datetime], ...] = ()
    """Those whose owner had set a stop for later: it is stopped when the absence begins instead."""
    failed: tuple[tuple[Reservation, CloudDeskError], ...] = ()


@dataclass(frozen=True)
class Absences:
    """Each person has one at most, their own; nobody else is told of it."""

    store: AbsenceStore
    views: ReservationViews
    notices: Notices
    timers: Timers
    clock: Clock

    async def note(self, actor: Actor, since: datetime, until: datetime | None, *, source: str = TOLD) -> Noted:
        """The actor is away then, which the caller asks about if it is new and something runs.

        What overlaps with what is known is the same absence, with its end as told last.
        """
        access.require_member(actor)
        now = self.clock()
        running = await self.running(actor, since)

        def again(known: Absence | None) -> Absence | None:
            is_asked = bool(running)
            return _told_again(known, since, until, source, now=now, is_asked=is_asked) if known else None

        before: list[Absence | None] = []

        def note(known: Absence | None) -> Absence:
            before[:] = [known]
            return again(known) or Absence(
                id=f"{source}-{since:%Y%m%d%H%M}",
                since=since,
                until=until,
                source=source,
                asked_at=now,
                answer="" if running else NOTHING,
            )

        # The stops first: what cannot be moved is not told as if it had been.
        if known := await self.store.read(actor.person):
            await self._move_stops(actor, known, again(known))
        absence = await self.store.change(actor.person, note)
        if absence is None:
            raise AssertionError("what is noted is there")
        is_new = again(before[0]) is None
        replaced = before[0] if is_new and before[0] and before[0].stopping and before[0].since > now else None
        return Noted(absence, tuple(running), is_new=is_new, replaced=replaced)

    async def current(self, actor: Actor) -> Absence | None:
        """The one that lies ahead or is on."""
        known = await self.store.read(actor.person)
        return known if known and known.ends_at > self.clock() else None

    async def answer(
        self, actor: Actor, answer: str, *, stop: Sequence[Reservation] = (), conversation: str = ""
    ) -> Leaving:
        """Remember what is to become of what runs, in place of what was answered before.

        ``stop``: these are to be stopped when it begins, which is told in ``conversation``.
        """
        known = await self.current(actor)
        if known is None:
            return Leaving()
        await self._take_back(actor, known)
        leaving = await self._leaving(actor, known, stop, conversation)

        def note(known: Absence | None) -> Absence | None:
            stopping = tuple(item.id for item in leaving.stopping)
            return replace(known, answer=answer, stopping=stopping) if known else None

        await self.store.change(actor.person, note)
        return leaving

    async def end(self, actor: Actor) -> Absence | None:
        """The actor is back, or does not go; the absence that is over with that. What it was to stop is not stopped."""
        if known := await self.store.read(actor.person):
            await self._take_back(actor, known)
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
        if known and (
            known.overlaps(*away) or (known.source == TOLD and known.stopping and known.since > self.clock())
        ):
            # What was told in words, and is planned for, does not give way to a status.
            return False
        if known and known.source == STATUS and away[0] > self.clock():
            # "Next week" that is still there when that week has come.
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
            f"• *{item.name}*: {hourly(item.current_hourly_price_usd)}, {money(self.cost_usd(item, until))} "
            + ("until you are back" if until and item.expires_at > until else "until its lease ends")
            for item in running
        )

    # --- stops for the beginning -------------------------------------------------------------------------------------

    async def _leaving(self, actor: Actor, known: Absence, stop: Sequence[Reservation], conversation: str) -> Leaving:
        stopping, sooner, in_place_of, failed = [], [], [], []
        for item in stop:
            try:
                own = await self._stop_once(actor, item.id)
                if own and own.at and own.at <= known.since:
                    sooner.append((item, own.at))
                    continue
                switches = [Switch(STOP, at=known.since)]
                await self.timers.schedule(actor, item.id, switches, conversation=conversation)
            except CloudDeskError as error:
                failed.append((item, error))
                continue
            stopping.append(item)
            if own and own.at:
                in_place_of.append((item, own.at))
        return Leaving(tuple(stopping), tuple(sooner), tuple(in_place_of), tuple(failed))

    async def _move_stops(self, actor: Actor, known: Absence, after: Absence | None) -> None:
        """What was to be stopped when it begins is so at its new beginning; not at all if another takes its place."""
        if after is None:
            await self._take_back(actor, known)
        elif after.since != known.since:
            for timer in await self._set_for(actor, known):
                switches = [Switch(STOP, at=after.since)]
                await self.timers.schedule(actor, timer.reservation_id, switches, conversation=timer.conversation)

    async def _take_back(self, actor: Actor, known: Absence) -> None:
        for timer in await self._set_for(actor, known):
            await self.timers.unschedule(actor, timer.reservation_id, powers=(STOP,), only_once=True)

    async def _set_for(self, actor: Actor, known: Absence) -> list[Timer]:
        """The stops for its beginning that are still ahead; not what their owner has set otherwise meanwhile."""
        if not known.stopping or known.since <= self.clock():
            return []
        own = {item.id for item in await self.views.of_person(actor.person, only_live=True)}
        timers = [await self._stop_once(actor, id_) for id_ in known.stopping if id_ in own]
        return [timer for timer in timers if timer and timer.at == known.since]

    async def _stop_once(self, actor: Actor, reservation_id: str) -> Timer | None:
        known = await self.timers.schedule_of(actor, reservation_id)
        return next((timer for timer in known if timer.what == STOP and timer.weekly is None), None)

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
                "starts": absence.since.isoformat() if absence.since > self.clock() else "",
                "simulated": "yes" if any(item.is_simulated for item in noted.running) else "no",
            },
        )


def _told_again(
    known: Absence, since: datetime, until: datetime | None, source: str, *, now: datetime, is_asked: bool
) -> Absence | None:
    """The known one with what is told of it now; None when that is another, or nobody was asked about the known one."""
    if known.ends_at <= now or not known.overlaps(since, until) or (known.answer == NOTHING and is_asked):
        return None
    # What the person says counts more than what their status does.
    if source != TOLD and known.source != source:
        return known
    if known.stopping and since <= now < known.since:
        # "I'm on vacation until the 20th" names no beginning, and nothing is stopped at once because of it.
        since = known.since
    return replace(known, since=since, until=until or known.until, source=source)
