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
TELL_MISSED = "tell_missed"
PATIENCE = timedelta(minutes=25)
"""So long machines that are in the middle of something are waited for."""
TELLING = timedelta(minutes=10)
"""So long it is tried to tell people that it was in vain."""


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
        work = Ring(timer, info.workflow_id, info.start_time)
        try:
            outcome: str = await workflow.execute_activity(
                RING,
                work,
                result_type=str,
                start_to_close_timeout=timedelta(seconds=30),
                schedule_to_close_timeout=PATIENCE,
                retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=2)),
            )
        except ActivityError:
            workflow.logger.warning("what %s was for could not be done in time", timer.id)
            await workflow.execute_activity(
                TELL_MISSED,
                work,
                start_to_close_timeout=timedelta(seconds=30),
                schedule_to_close_timeout=TELLING,
                retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=1)),
            )
            return "missed"
        return outcome
