"""The activities of the round over all machines: asks them what they do, and keeps it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from temporalio import activity

from clouddesk.model.credentials import credential_ref
from clouddesk.model.errors import CloudDeskError, Unavailable
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.ports import Clock, Probe, Provider
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation
from clouddesk.model.stores import ReservationViews, UtilisationSeries
from clouddesk.model.utilisation import Sample
from clouddesk.workflows.utilisation import LIST_PAGES, MEASURE, Page, Round
from clouddesk.workflows.working import beating, failing

log = structlog.get_logger()

READ_AT_ONCE = 100
"""Views in memory at a time."""
PAGE_MACHINES = 50
METRICS_SPAN = timedelta(minutes=15)
"""How far back a cloud is asked: its newest value is minutes old."""
METRICS_SECONDS = 60.0
"""What a cloud has for its answer, so that what others told is not held up."""

Sampled = Callable[[Reservation, Sequence[Sample]], Awaitable[None]]
"""Hears of each running reservation that was looked at, with what was seen of its machines just now.

What was seen before is in the series. It may be called again with the same; what it raises is only logged.
"""


Resting = Callable[[Reservation], Awaitable[object]]
"""Hears in each round of each reservation whose machines are off; what it raises is only logged."""


class OpenProvider(Protocol):
    """Opens an account with the secret that lies at a credential ref."""

    def __call__(self, name: str, credential_ref: str, /) -> Awaitable[Provider]: ...


async def _nobody_listens(_: Reservation, __: Sequence[Sample]) -> None:
    return


async def _nobody_minds(_: Reservation) -> None:
    return


class UtilisationActivities:
    """What they need of the world is handed in."""

    def __init__(
        self,
        *,
        views: ReservationViews,
        series: UtilisationSeries,
        probe: Probe,
        simulated: Probe,
        open_provider: OpenProvider,
        clock: Clock,
        sampled: Sampled = _nobody_listens,
        resting: Resting = _nobody_minds,
    ) -> None:
        """``probe`` looks at machines that are really there, ``simulated`` at the others."""
        self._views = views
        self._series = series
        self._probe = probe
        self._simulated = simulated
        self._open_provider = open_provider
        self._clock = clock
        self._sampled = sampled
        self._resting = resting

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
                    if item.state == STOPPED:
                        await self._hear_of_rest(item)
                    if item.state == RUNNING:
                        place = item.provider, item.region, credential_ref(item.account_person, item.provider)
                        found[place].append((item.id, item.node_count))
        return [Page(*place, tuple(page)) for place, items in found.items() for page in _paged(items)]

    @activity.defn(name=MEASURE)
    async def measure(self, page: Page) -> Round:
        """Look at the machines of these reservations, all at once; one that is silent holds up no other."""
        async with beating(), failing(""):
            items = [item for item in await self._views.many(page.reservation_ids) if item.state == RUNNING]
            looked = await asyncio.gather(*(self._look(item) for item in items))
            samples = dict(zip((item.id for item in items), looked, strict=True))
            asked = await self._ask_cloud(page, items, samples)
            outcomes = await asyncio.gather(*(self.sample(item, samples[item.id]) for item in items))
        return Round(
            reservations=len(items),
            machines=sum(len(item.living_nodes) for item in items),
            seen=sum(outcomes),
            asked_of_clouds=asked,
        )

    async def sample(self, item: Reservation, samples: Sequence[Sample]) -> int:
        """Keep what was seen of one reservation's machines, and hand it on; of how many something was learned."""
        if samples:
            try:
                await self._series.append(item.id, samples)
            except Unavailable:
                log.warning("utilisation.not_kept", reservation_id=item.id)
        try:
            await self._sampled(item, samples)
        except Exception:
            # Whoever listens must not keep the others from being looked at.
            log.exception("utilisation.not_heard", reservation_id=item.id)
        return sum(sample.is_seen for sample in samples)

    async def _hear_of_rest(self, item: Reservation) -> None:
        try:
            await self._resting(item)
        except Exception:
            log.exception("utilisation.not_heard", reservation_id=item.id)

    async def _look(self, item: Reservation) -> list[Sample]:
        try:
            return await (self._simulated if item.is_simulated else self._probe).look(item)
        except Exception:
            log.exception("utilisation.not_looked", reservation_id=item.id)
            return []

    async def _ask_cloud(self, page: Page, items: Sequence[Reservation], samples: dict[str, list[Sample]]) -> int:
        """Let the cloud tell of real machines that did not themselves; of how many it was asked."""
        silent: dict[str, tuple[str, str]] = {}
        for item in items:
            told = {sample.node for sample in samples[item.id]}
            for node in item.living_nodes:
                if node.state == NODE_RUNNING and node.key not in told and not item.is_simulated:
                    silent[node.id] = (item.id, node.key)
        if not silent:
            return 0
        now = self._clock()
        try:
            percents = await asyncio.wait_for(self._cpu_percents(page, tuple(silent), now), METRICS_SECONDS)
        except (CloudDeskError, asyncio.TimeoutError) as error:
            # The owner may have taken the credentials away; what they must know of that is told elsewhere.
            log.info("utilisation.cloud_silent", provider=page.provider, code=getattr(error, "code", "timeout"))
            return len(silent)
        except Exception:
            # What the others told is kept whatever the cloud says.
            log.exception("utilisation.cloud_broke", provider=page.provider)
            return len(silent)
        for id_, percent in percents.items():
            if id_ in silent:
                reservation_id, key = silent[id_]
                samples[reservation_id].append(Sample(node=key, at=now, cpu_percent=percent))
        return len(silent)

    async def _cpu_percents(self, page: Page, ids: Sequence[str], now: datetime) -> dict[str, float]:
        provider = await self._open_provider(page.provider, page.credential_ref)
        since = now - METRICS_SPAN
        return await asyncio.to_thread(lambda: provider.cpu_percents(page.region, ids, since=since, until=now))


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
