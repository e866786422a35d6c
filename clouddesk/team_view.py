"""The team view: for admins, all that runs in their workspace, and stopping it for others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clouddesk import access
from clouddesk.model import audit
from clouddesk.model.actor import Actor
from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.notice import TEAM_STOPPED, Notice
from clouddesk.model.ports import AdminsOf, Clock
from clouddesk.model.reservation import ARCHIVED, RUNNING, Reservation
from clouddesk.model.stores import AuditTrail, Notices, ReservationViews, UtilisationSeries
from clouddesk.model.utilisation import Sample
from clouddesk.power import Power

COST, AGE, IDLENESS, OWNER, END = "cost", "age", "idleness", "owner", "end"
ORDERS = (COST, AGE, IDLENESS, OWNER, END)

BUSY_CPU_PERCENT = 5.0
LOOKED_BACK = timedelta(days=2)
MOST_LOOKED_AT = 200
"""Reservations whose samples are read at a time; where there are more, nothing is said of idleness."""
AT_ONCE = 8
PROTECTED = "protected"


@dataclass(frozen=True)
class Running:
    """A live reservation, and since when nothing was seen happening on it; None where that is not known."""

    item: Reservation
    idle_since: datetime | None = None


@dataclass(frozen=True)
class StopPlan:
    """What stopping would stop, and what it would leave, with why: ``PROTECTED`` or the state that it is in."""

    stopping: tuple[Reservation, ...]
    left: tuple[tuple[Reservation, str], ...] = ()

    @property
    def machines(self) -> int:
        return sum(item.node_count for item in self.stopping)

    @property
    def owners(self) -> tuple[str, ...]:
        return tuple(sorted({item.owner for item in self.stopping}))


@dataclass(frozen=True)
class Stopped:
    """How it went with each."""

    stopped: tuple[Reservation, ...] = ()
    failed: tuple[tuple[Reservation, CloudDeskError], ...] = field(default=())


@dataclass(frozen=True)
class TeamView:
    """All reservations of a workspace, for its admins. Every method raises Denied for everybody else."""

    views: ReservationViews
    series: UtilisationSeries
    power: Power
    notices: Notices
    trail: AuditTrail
    admins_of: AdminsOf
    clock: Clock

    async def running(self, actor: Actor, *, by: str = COST, owner: str | None = None) -> list[Running]:
        """All that lives, or just one person's, in one of ``ORDERS``: the dearest, oldest, longest idle … first."""
        access.require_admin(actor)
        items = [item for item in await self._live(actor) if owner is None or item.owner == owner]
        found = [Running(item) for item in items]
        if len(items) <= MOST_LOOKED_AT:
            found = await asyncio.gather(*(self._looked_at(item) for item in items))
        return sorted(found, key=_KEYS[by])

    async def who_may(self, actor: Actor) -> list[str]:
        """The workspace's admins, as user ids; everybody there may know whom to ask."""
        return list(await self.admins_of(actor.workspace_id))

    async def plan_stop(self, actor: Actor, *, owner: str | None = None) -> StopPlan:
        """What could be stopped now: of one person, or of all. Nothing happens."""
        access.require_admin(actor)
        items = sorted(await self._live(actor), key=lambda item: (item.owner, item.created_at))
        whose = [item for item in items if owner is None or item.owner == owner]
        left = [(item, why) for item in whose if (why := _why_left(item))]
        return StopPlan(tuple(item for item in whose if not _why_left(item)), tuple(left))

    async def stop(self, actor: Actor, ids: Sequence[str], *, reason: str = "", request_id: str) -> Stopped:
        """Stop those of these that can be stopped, each as its owner would; owners are told by whom, and why.

        The same request_id twice is one wish. What is protected by now is left alone.
        """
        access.require_admin(actor)
        wanted = [item for item in await self._live(actor) if item.id in set(ids) and not item.is_protected]
        turn = asyncio.Semaphore(AT_ONCE)

        async def stop(item: Reservation) -> CloudDeskError | None:
            async with turn:
                try:
                    await self.power.stop(actor, item.id, request_id=f"{request_id}/{item.id}")
                except CloudDeskError as error:
                    return error
            return None

        errors = await asyncio.gather(*(stop(item) for item in wanted))
        both = list(zip(wanted, errors, strict=True))
        stopped = [item for item, error in both if error is None]
        if stopped:
            await self._tell(actor, stopped, reason, request_id)
        return Stopped(tuple(stopped), tuple((item, error) for item, error in both if error is not None))

    async def _tell(self, actor: Actor, stopped: Sequence[Reservation], reason: str, request_id: str) -> None:
        now = self.clock()
        names = " ".join(item.name for item in stopped)
        facts = {"reservations": " ".join(item.id for item in stopped), "names": names, "reason": reason}
        await self.trail.append(
            [
                AuditEntry(
                    f"{audit.TEAM_STOPPED}:{request_id}",
                    now,
                    audit.TEAM_STOPPED,
                    actor.workspace_id,
                    by=actor.user_id,
                    facts=facts,
                )
            ]
        )
        for owner in sorted({item.owner for item in stopped} - {actor.user_id}):
            own = [item.name for item in stopped if item.owner == owner]
            await self.notices.send(
                Notice(
                    id=f"{TEAM_STOPPED}:{request_id}:{owner}",
                    kind=TEAM_STOPPED,
                    workspace_id=actor.workspace_id,
                    user_id=owner,
                    conversation="",
                    reservation_id="",
                    created_at=now,
                    values={"name": ", ".join(own), "by": actor.user_id, "why": reason},
                )
            )

    async def _live(self, actor: Actor) -> list[Reservation]:
        now = self.clock()
        found = await self.views.all(only_live=True)
        return [item for item in found if access.may(actor, access.Right.SEE, item, now)]

    async def _looked_at(self, item: Reservation) -> Running:
        if item.state != RUNNING:
            return Running(item)
        return Running(item, idle_since(await self.series.read(item.id, since=self.clock() - LOOKED_BACK)))


def idle_since(samples: Sequence[Sample]) -> datetime | None:
    """Since when no sample shows any use; None when the last of some machine does, or nothing was learned."""
    seen = [sample for sample in samples if sample.is_seen]
    busy = [sample.at for sample in seen if _is_busy(sample)]
    quiet = [sample.at for sample in seen if not busy or sample.at > max(busy)]
    return min(quiet, default=None)


def _is_busy(sample: Sample) -> bool:
    percents = (sample.cpu_percent, sample.gpu_percent)
    return bool(sample.logins or sample.jobs) or any(
        percent is not None and percent >= BUSY_CPU_PERCENT for percent in percents
    )


def machines_in(items: Iterable[Reservation]) -> int:
    """How many machines these are; what is archived has none."""
    return sum(item.node_count for item in items if item.state != ARCHIVED)


def most_machines(items: Sequence[Reservation]) -> list[tuple[str, int, float]]:
    """By person, who has most first: their machines, and what an hour of them costs."""
    found: dict[str, tuple[int, float]] = {}
    for item in items:
        machines, hourly = found.get(item.owner, (0, 0.0))
        found[item.owner] = machines + machines_in([item]), hourly + item.current_hourly_price_usd
    return sorted(((owner, *sums) for owner, sums in found.items()), key=lambda row: (-row[1], -row[2], row[0]))


def _why_left(item: Reservation) -> str:
    """Why it cannot be stopped with the others; "" when it can."""
    if item.is_protected:
        return PROTECTED
    return "" if item.state == RUNNING else item.state


def _by_idleness(found: Running) -> tuple[bool, float]:
    return found.idle_since is None, found.idle_since.timestamp() if found.idle_since else 0.0


_KEYS: dict[str, Callable[[Running], tuple[object, ...]]] = {
    COST: lambda found: (-found.item.current_hourly_price_usd, found.item.created_at),
    AGE: lambda found: (found.item.created_at, found.item.id),
    IDLENESS: _by_idleness,
    OWNER: lambda found: (found.item.owner, found.item.created_at),
    END: lambda found: (found.item.expires_at, found.item.id),
}
