"""The weekly digest: everybody is told what their machines cost in the week before, and admins what the team's did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

DIGEST_ID = "clouddesk-digest"
SEND_DIGEST = "send_digest"


@dataclass(frozen=True)
class DigestOrder:
    """``timezone``: where the week begins."""

    timezone: str = "UTC"


@dataclass(frozen=True)
class DigestWork:
    """Activity ``send_digest``: of the last week before ``now`` that is over."""

    timezone: str
    now: datetime


@workflow.defn
class Digest:
    """Tell everybody once; the result is how many were told."""

    @workflow.run
    async def run(self, order: DigestOrder) -> int:
        told: int = await workflow.execute_activity(
            SEND_DIGEST,
            DigestWork(order.timezone, workflow.now()),
            result_type=int,
            start_to_close_timeout=timedelta(minutes=5),
            schedule_to_close_timeout=timedelta(hours=6),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5)),
        )
        return told
