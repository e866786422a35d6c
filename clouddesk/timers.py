"""Machines by the clock, and reminders: who may set them, and how many there may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from clouddesk import access
from clouddesk.access import Right
from clouddesk.language.holidays import usual_place
from clouddesk.model.actor import ADMIN, Actor
from clouddesk.model.errors import WrongState
from clouddesk.model.invalid import TimeIsOver, TooManyReminders
from clouddesk.model.ports import Clock
from clouddesk.model.ports import Timers as TimerPort
from clouddesk.model.reservation import ENDED, RELEASING
from clouddesk.model.stores import Calendars, ReservationViews
from clouddesk.model.timer import REMIND, Timer, Weekly, power_id, power_ids
from clouddesk.records import Records

MOST_REMINDERS = 10
"""Of one person."""


@dataclass(frozen=True)
class Switch:
    """Machines are to be stopped or started: each week, or once ``at`` a moment."""

    power: str
    weekly: Weekly | None = None
    at: datetime | None = None
    holidays: str = ""
    """Whose public holidays a weekly one leaves out."""


@dataclass(frozen=True)
class Timers:
    """Everybody's timers. What is set for a machine is its own: whoever may see the one sees the other."""

    port: TimerPort
    records: Records
    clock: Clock
    calendars: Calendars
    views: ReservationViews

    async def schedule(
        self, actor: Actor, reservation_id: str, switches: Sequence[Switch], *, conversation: str
    ) -> list[Timer]:
        """Have it stopped and started at these times; all that there is then, in the order of ``power_ids``.

        Each takes the place of the one of its kind: one weekly stop and start, and one of each for once.
        Raises TimeIsOver, and WrongState when it is being given back.
        """
        item = await self.records.with_right(actor, Right.MANAGE, reservation_id)
        if item.state in (RELEASING, ENDED):
            raise WrongState(item.name, state=item.state, wanted="schedule")
        for switch in switches:
            if switch.at and switch.at <= self.clock():
                raise TimeIsOver("that time")
        for switch in switches:
            await self.port.put(
                Timer(
                    id=power_id(item.id, switch.power, is_once=switch.weekly is None),
                    what=switch.power,
                    workspace_id=actor.workspace_id,
                    by=actor.user_id,
                    conversation=conversation,
                    timezone=actor.timezone,
                    at=switch.at,
                    weekly=switch.weekly,
                    reservation_id=item.id,
                    is_by_admin=ADMIN in actor.roles,
                    owners_before=len(item.earlier_owners),
                    holidays=switch.holidays if switch.weekly else "",
                )
            )
        return await self.port.get(power_ids(item.id))

    async def schedule_of(self, actor: Actor, reservation_id: str) -> list[Timer]:
        """When it is stopped and started by itself."""
        item = await self.records.with_right(actor, Right.SEE, reservation_id)
        return await self.port.get(power_ids(item.id))

    async def leave_out(self, actor: Actor, reservation_id: str, holidays: str) -> list[Timer]:
        """Whose public holidays its weekly schedule leaves out ("": none); the schedule, () when it has none."""
        item = await self.records.with_right(actor, Right.MANAGE, reservation_id)
        known = [timer for timer in await self.port.get(power_ids(item.id)) if timer.weekly]
        for timer in known:
            if timer.holidays != holidays:
                await self.port.put(replace(timer, holidays=holidays))
        return await self.port.get(power_ids(item.id)) if known else []

    async def place_of(self, actor: Actor) -> str:
        """Whose public holidays are the actor's: as they said, else where they seem to be; "" when nobody knows."""
        return await self.calendars.get(actor.person) or usual_place(actor.timezone, actor.locale) or ""

    async def use_place(self, actor: Actor, place: str) -> list[str]:
        """The actor's are those of this place from now on; the names of the machines whose schedules go by them now."""
        access.require_member(actor)
        await self.calendars.put(actor.person, place)
        changed = []
        for item in await self.views.of_person(actor.person, only_live=True):
            if any(timer.holidays for timer in await self.port.get(power_ids(item.id))):
                await self.leave_out(actor, item.id, place)
                changed.append(item.name)
        return changed

    async def unschedule(
        self, actor: Actor, reservation_id: str, *, powers: Sequence[str] = (), only_once: bool = False
    ) -> list[Timer]:
        """It is not stopped and started by itself any more, or just not the one of these; what was taken away.

        ``only_once``: what is for each week stays.
        """
        item = await self.records.with_right(actor, Right.MANAGE, reservation_id)
        known = await self.port.get(power_ids(item.id))
        gone = [timer for timer in known if not powers or timer.what in powers]
        gone = [timer for timer in gone if timer.weekly is None] if only_once else gone
        await self.port.remove([timer.id for timer in gone])
        return gone

    async def remind(
        self,
        actor: Actor,
        *,
        at: datetime | None = None,
        weekly: Weekly | None = None,
        reservation_id: str = "",
        before_end_seconds: int | None = None,
        note: str = "",
        conversation: str,
    ) -> Timer:
        """Tell the actor at that time what runs then, or how this reservation is; ``before_end_seconds`` goes with it.

        Raises TimeIsOver, TooManyReminders, and NotFound for a reservation that is not the actor's to see.
        """
        owners_before = 0
        if reservation_id:
            item = await self.records.with_right(actor, Right.SEE, reservation_id)
            owners_before = len(item.earlier_owners)
            if before_end_seconds is not None:
                at = item.expires_at - timedelta(seconds=before_end_seconds)
        if weekly is None and (at is None or at <= self.clock()):
            raise TimeIsOver("that time")
        taken = {timer.id for timer in await self.reminders(actor)}
        free = [id_ for id_ in _slots(actor) if id_ not in taken]
        for id_ in free:
            timer = Timer(
                id=id_,
                what=REMIND,
                workspace_id=actor.workspace_id,
                by=actor.user_id,
                conversation=conversation,
                timezone=actor.timezone,
                at=at,
                weekly=weekly,
                reservation_id=reservation_id,
                note=note,
                before_end_seconds=before_end_seconds,
                is_by_admin=ADMIN in actor.roles,
                owners_before=owners_before,
            )
            if await self.port.add(timer):
                return timer
        raise TooManyReminders(MOST_REMINDERS)

    async def reminders(self, actor: Actor) -> list[Timer]:
        """The actor's own."""
        return await self.port.get(_slots(actor))

    async def forget_reminders(self, actor: Actor, timers: Sequence[Timer]) -> None:
        """These are not wanted any more; nobody's but the actor's own are touched."""
        own = set(_slots(actor))
        await self.port.remove([timer.id for timer in timers if timer.id in own])


def _slots(actor: Actor) -> list[str]:
    """The ids that a person's reminders can have, so that they are found without a list of them."""
    return [f"reminder-{actor.person}-{number}" for number in range(1, MOST_REMINDERS + 1)]
