"""What a timer does when its time has come: a short workflow, which a Temporal schedule starts, and its activity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from clouddesk.model.timer import Timer

RING = "ring"
PATIENCE = timedelta(minutes=25)
"""So long machines that are in the middle of something are waited for."""


@dataclass(frozen=True)
class Ring:
    """The timer whose time has come; ``key`` tells one time from the next."""

    timer: Timer
    key: str
    due: datetime


@workflow.defn
class OnTime:
    """Once for each time that a timer rings."""

    @workflow.run
    async def run(self, timer: Timer) -> str:
        info = workflow.info()
        try:
            outcome: str = await workflow.execute_activity(
                RING,
                Ring(timer, info.workflow_id, info.start_time),
                result_type=str,
                start_to_close_timeout=timedelta(seconds=30),
                schedule_to_close_timeout=PATIENCE,
                retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=2)),
            )
        except ActivityError:
            workflow.logger.warning("what %s was for could not be done in time", timer.id)
            return "missed"
        return outcome
