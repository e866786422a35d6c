"""Looks at what machines were seen doing, and tells their reservation's workflow when something is due for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from clouddesk.model import long_leases
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.idle_steps import NOTHING, advance, matters_from, usual, wished
from clouddesk.model.idleness import IDLE, MOMENTS_APART, UNKNOWN, Thresholds, Verdict, is_enough, judge, signs_of_use
from clouddesk.model.ports import Clock
from clouddesk.model.reservation import Reservation
from clouddesk.model.stores import UtilisationSeries
from clouddesk.model.utilisation import KEPT, Sample
from clouddesk.workflows.wishes import Sighting

LOOK_BACK = timedelta(days=2)
"""So much of what was seen is read at least before a step; more where somebody wishes to be asked later."""


class Seen(Protocol):
    """The part of the engine that hears of it."""

    async def seen(self, reservation_id: str, sighting: Sighting) -> None:
        """A step is due because of how it is used."""
        ...


class IdleCheck:
    """Decides by the view what is due; the workflow decides again by what is true there, and does it."""

    def __init__(
        self,
        *,
        engine: Seen,
        series: UtilisationSeries,
        thresholds: Thresholds,
        blueprints: Mapping[str, Blueprint],
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._series = series
        self._thresholds = thresholds
        self._blueprints = blueprints
        self._clock = clock

    async def heard(self, item: Reservation, _: Sequence[Sample]) -> None:
        """For the rounds in which machines are looked at; what was seen just now is in the series."""
        await self.check(item)

    async def check(self, item: Reservation) -> str:
        """The step that is due; its workflow was told of it."""
        now = self._clock()
        thresholds = usual(item, self._thresholds, self._blueprints)
        matters = matters_from(item, thresholds, now)
        if matters is None:
            return NOTHING
        step, verdict = await self._judged(item, thresholds, now, matters)
        if step != NOTHING:
            await self._engine.seen(item.id, Sighting(verdict, thresholds, now))
        elif verdict.state == UNKNOWN or (
            verdict.state == IDLE and not wished(thresholds, item.idling.wish).ask_seconds
        ):
            # The other question does not come.
            await self.check_lease(item, verdict)
        return step

    async def _judged(
        self, item: Reservation, thresholds: Thresholds, now: datetime, matters: datetime
    ) -> tuple[str, Verdict]:
        """The step that is due by all that was seen; where none is, the verdict is of as little as tells so."""
        nodes = [node.key for node in item.living_nodes]
        *short, longest = self._begins(item, thresholds, now, matters)
        for begin in short:
            samples = await self._series.read(item.id, since=begin)
            verdict = judge(samples, nodes, thresholds, now, vcpus=item.vcpus)
            step, _ = advance(item, verdict, thresholds, now)
            if step == NOTHING and is_enough(
                samples, nodes, thresholds, now, vcpus=item.vcpus, begin=begin, matters_from=matters
            ):
                return step, verdict
        samples = await self._series.read(item.id, since=longest)
        verdict = judge(samples, nodes, thresholds, now, vcpus=item.vcpus)
        return advance(item, verdict, thresholds, now)[0], verdict

    async def check_lease(self, item: Reservation, verdict: Verdict | None = None) -> bool:
        """Whether it is to be asked if a long lease is still needed; its workflow was told. For stopped ones, too."""
        now, thresholds = self._clock(), usual(item, self._thresholds, self._blueprints)
        since = long_leases.due(item, None, thresholds, now)
        samples: list[Sample] = []
        # What is kept of a whole fortnight is only read of those few that it is said of.
        for span in (min(timedelta(seconds=thresholds.long_unused_seconds), KEPT), KEPT):
            if since is None:
                return False
            samples = [one for one in await self._series.read(item.id, since=now - span) if one.is_seen]
            since = long_leases.due(item, _last_use(samples, thresholds, item.vcpus), thresholds, now)
        if since is None:
            return False
        is_looked_at = any(one.logins is not None for one in samples if one.at >= since)
        sighting = Sighting(verdict, thresholds, now, unused_since=since, is_looked_at=is_looked_at)
        await self._engine.seen(item.id, sighting)
        return True

    def _begins(self, item: Reservation, thresholds: Thresholds, now: datetime, matters: datetime) -> list[datetime]:
        """Since when is read, the shortest first: the latest looks show most machines in use, and so it ends there."""
        wait = item.idling.wish.ask_seconds or thresholds.ask_seconds
        needed = matters - thresholds.blind
        certain = needed - MOMENTS_APART
        # A question that is open must not be taken back only because what was before it is not read.
        longest = min(certain, now - max(LOOK_BACK, timedelta(seconds=wait * 8) + timedelta(hours=1)))
        shorter = (now - thresholds.gap, needed, certain)
        return [*(begin for begin in shorter if begin > longest), longest]


def _last_use(samples: Sequence[Sample], thresholds: Thresholds, vcpus: int) -> datetime | None:
    moments = [one.at for one in samples if signs_of_use(one, thresholds, vcpus)]
    typed = [one.last_input_at for one in samples if one.last_input_at is not None]
    return max((*moments, *typed), default=None)
