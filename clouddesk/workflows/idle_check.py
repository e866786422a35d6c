"""Looks at what machines were seen doing, and tells their reservation's workflow when something is due for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from clouddesk.model.blueprint import Blueprint
from clouddesk.model.idle_steps import NOTHING, advance, usual
from clouddesk.model.idleness import Thresholds, judge
from clouddesk.model.ports import Clock
from clouddesk.model.reservation import Reservation
from clouddesk.model.stores import UtilisationSeries
from clouddesk.model.utilisation import Sample
from clouddesk.workflows.contracts import Sighting

LOOK_BACK = timedelta(days=2)
"""So much of what was seen is read at least; more where somebody wishes to be asked later."""


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
        samples = await self._series.read(item.id, since=self._since(item, thresholds, now))
        verdict = judge(samples, [node.key for node in item.living_nodes], thresholds, now, vcpus=item.vcpus)
        step, _ = advance(item, verdict, thresholds, now)
        if step != NOTHING:
            await self._engine.seen(item.id, Sighting(verdict, thresholds, now))
        return step

    def _since(self, item: Reservation, thresholds: Thresholds, now: datetime) -> datetime:
        wait = item.idling.wish.ask_seconds or thresholds.ask_seconds
        return now - max(LOOK_BACK, timedelta(seconds=wait * 8) + timedelta(hours=1))
