"""The small workflow that refreshes a provider's prices with somebody's access to it."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from clouddesk.workflows.contracts import REFRESH_OFFERS, CloudAccount


@workflow.defn
class RefreshOffers:
    """Ask the provider for all its offers and keep them where every Desk finds them; the result is their number."""

    @workflow.run
    async def run(self, account: CloudAccount) -> int:
        count: int = await workflow.execute_activity(
            REFRESH_OFFERS,
            account,
            result_type=int,
            start_to_close_timeout=timedelta(minutes=5),
            schedule_to_close_timeout=timedelta(minutes=10),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=4),
        )
        return count
