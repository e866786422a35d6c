"""The activities of the round over all machines: asks them what they do, and keeps it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from temporalio import activity

from clouddesk.model.credentials import credential_ref
from clouddesk.model.ports import Clock, Probe
from clouddesk.model.reservation import RUNNING, Reservation
from clouddesk.model.stores import ReservationViews, UtilisationSeries
from clouddesk.model.utilisation import Sample
from clouddesk.workflows.utilisation import LIST_PAGES, MEASURE, Page, Round
from clouddesk.workflows.working import beating, failing

log = structlog.get_logger()

READ_AT_ONCE = 100
"""Views in memory at a time."""
PAGE_MACHINES = 50

Sampled = Callable[[Reservation, Sequence[Sample]], Awaitable[None]]
"""Hears of each running reservation that was looked at, with what was seen of its machines just now.

What was seen before is in the series. It may be called again with the same; what it raises is only logged.
"""


async def _nobody_listens(_: Reservation, __: Sequence[Sample]) -> None:
    return


class UtilisationActivities:
    """What they need of the world is handed in."""

    def __init__(
        self,
        *,
        views: ReservationViews,
        series: UtilisationSeries,
        probe: Probe,
        clock: Clock,
        sampled: Sampled = _nobody_listens,
    ) -> None:
        self._views = views
        self._series = series
        self._probe = probe
        self._clock = clock
        self._sampled = sampled

    @property
    def all(self) -> list[Callable[..., Any]]:
        """What the worker registers."""
        return [self.list_pages, self.measure]

    @activity.defn(name=LIST_PAGES)
    async def list_pages(self) -> list[Page]:
        """All running reservations by account and region, in pages of about as many machines each."""
        async with failing(""):
            ids = await self._views.live_ids()
            found: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
            for first in range(0, len(ids), READ_AT_ONCE):
                for item in await self._views.many(ids[first : first + READ_AT_ONCE]):
                    if item.state == RUNNING:
                        place = item.provider, item.region, credential_ref(item.person, item.provider)
                        found[place].append((item.id, item.node_count))
        return [Page(*place, tuple(page)) for place, items in found.items() for page in _paged(items)]

    @activity.defn(name=MEASURE)
    async def measure(self, page: Page) -> Round:
        """Look at the machines of these reservations, all at once; one that is silent holds up no other."""
        async with beating(), failing(""):
            items = [item for item in await self._views.many(page.reservation_ids) if item.state == RUNNING]
            outcomes = await asyncio.gather(*(self.sample(item) for item in items))
        total = Round()
        for outcome in outcomes:
            total = total.plus(outcome)
        return total

    async def sample(self, item: Reservation) -> Round:
        """Look at one reservation's machines, keep what was seen, and hand it on."""
        samples = await self._probe.look(item)
        if samples:
            await self._series.append(item.id, samples)
        try:
            await self._sampled(item, samples)
        except Exception:
            # Whoever listens must not keep the others from being looked at.
            log.exception("utilisation.not_heard", reservation_id=item.id)
        return Round(reservations=1, machines=len(item.living_nodes), seen=sum(sample.is_seen for sample in samples))


def _paged(items: Sequence[tuple[str, int]]) -> list[tuple[str, ...]]:
    pages: list[tuple[str, ...]] = []
    page: list[str] = []
    machines = 0
    for id_, count in items:
        if page and machines + count > PAGE_MACHINES:
            pages.append(tuple(page))
            page, machines = [], 0
        page.append(id_)
        machines += count
    return [*pages, tuple(page)] if page else pages
