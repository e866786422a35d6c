"""What people's machines do: of a period, of one reservation or of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clouddesk.access import Right
from clouddesk.model.actor import Actor
from clouddesk.model.ports import Clock
from clouddesk.model.stores import UtilisationSeries
from clouddesk.model.utilisation import KEPT
from clouddesk.model.utilisation_report import UtilisationReport, report
from clouddesk.records import Records

STEPS = 48
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Utilisation:
    """Reports of what machines were seen doing."""

    series: UtilisationSeries
    records: Records
    clock: Clock

    async def report(
        self, actor: Actor, reservation_id: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> UtilisationReport:
        """Of the last 24 hours unless told otherwise; what is older than two weeks is gone. Raises NotFound."""
        reservation = await self.records.with_right(actor, Right.SEE, reservation_id)
        now = self.clock()
        end = min(until or now, now)
        # It cannot have done anything before it was there, and a curve of nothing but gaps tells nothing.
        begin = max(since or end - DAY, now - KEPT, min(reservation.created_at, end - timedelta(hours=1)))
        samples = await self.series.read(reservation.id, since=min(begin, now - timedelta(hours=1)))
        return report(reservation, samples, min(begin, end - timedelta(minutes=1)), end, now, steps=STEPS)

    async def reports(
        self, actor: Actor, reservation_ids: Sequence[str], *, since: datetime | None = None
    ) -> list[UtilisationReport]:
        """As ``report``, of each."""
        return [await self.report(actor, id_, since=since) for id_ in reservation_ids]
