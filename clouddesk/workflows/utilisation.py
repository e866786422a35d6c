"""The round in which all machines are looked at: what they do, every few minutes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

UTILISATION_ID = "clouddesk-utilisation"
LIST_PAGES = "list_pages"
MEASURE = "measure"

PAGES_AT_ONCE = 4
PAGE_LIMIT = timedelta(minutes=4)
"""A page that takes longer is given up; the next round looks at its machines again."""


@dataclass(frozen=True)
class Page:
    """Activity ``measure``: some running reservations, all of one account in one region."""

    provider: str
    region: str
    credential_ref: str
    reservation_ids: tuple[str, ...]


@dataclass(frozen=True)
class Round:
    """What came of it."""

    reservations: int = 0
    machines: int = 0
    seen: int = 0
    """Machines of which something was learned."""
    asked_of_clouds: int = 0
    """Machines that did not tell themselves, so that their cloud was asked."""
    failed_pages: int = 0

    def plus(self, other: Round) -> Round:
        return Round(
            self.reservations + other.reservations,
            self.machines + other.machines,
            self.seen + other.seen,
            self.asked_of_clouds + other.asked_of_clouds,
            self.failed_pages + other.failed_pages,
        )


@workflow.defn
class Utilisation:
    """Look at all machines of running reservations once."""

    @workflow.run
    async def run(self) -> Round:
        pages: list[Page] = await workflow.execute_activity(
            LIST_PAGES,
            result_type=list[Page],
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=RetryPolicy(maximum_attempts=3),
        )
        room = asyncio.Semaphore(PAGES_AT_ONCE)
        total = Round()
        for outcome in await asyncio.gather(*(_measure(page, room) for page in pages)):
            total = total.plus(outcome)
        return total


async def _measure(page: Page, room: asyncio.Semaphore) -> Round:
    async with room:
        try:
            outcome: Round = await workflow.execute_activity(
                MEASURE,
                page,
                result_type=Round,
                start_to_close_timeout=PAGE_LIMIT,
                heartbeat_timeout=timedelta(seconds=30),
                # What is missed now is looked at again in a few minutes.
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except ActivityError:
            return Round(failed_pages=1)
        return outcome
