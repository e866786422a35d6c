"""Which workflows and activities a worker serves, and how eagerly."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from clouddesk.workflows.activities import Activities
from clouddesk.workflows.configure_activities import ConfigureActivities
from clouddesk.workflows.contracts import TASK_QUEUE
from clouddesk.workflows.offers import RefreshOffers
from clouddesk.workflows.reservation import ReservationWorkflow
from clouddesk.workflows.ringing import TimerActivities
from clouddesk.workflows.sweep import SWEEP_ID, ClearOrphan, Sweep, SweepOrder
from clouddesk.workflows.sweeping import SweepActivities
from clouddesk.workflows.timing import OnTime

# The sandbox would import what is ours anew for each workflow. Before Python 3.12 an import that a finalizer makes
# within another one breaks both (KeyError, python/cpython#91351), so that each of them is a risk to a busy worker.
WORKFLOW_RUNNER = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("clouddesk")
)
GRACE = timedelta(seconds=5)
"""What a worker that is told to stop gives its activities before it cancels them; another worker goes on with those."""


def make_worker(
    client: Client,
    activities: Activities,
    configuring: ConfigureActivities,
    sweeping: SweepActivities | None = None,
    ringing: TimerActivities | None = None,
    *,
    task_queue: str = TASK_QUEUE,
) -> Worker:
    """A worker for all workflows and activities; not started yet.

    ``sweeping``: with those of the sweep; ``ringing``: with those of timers.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[ReservationWorkflow, RefreshOffers, Sweep, ClearOrphan, OnTime],
        activities=[
            *activities.all,
            *configuring.all,
            *(sweeping.all if sweeping else ()),
            *(ringing.all if ringing else ()),
        ],
        workflow_runner=WORKFLOW_RUNNER,
        max_concurrent_activities=1000,
        graceful_shutdown_timeout=GRACE,
        # A release during provisioning reaches the activity with its next heartbeat.
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        default_heartbeat_throttle_interval=timedelta(seconds=1),
    )


async def schedule_sweep(client: Client, *, every: timedelta, task_queue: str = TASK_QUEUE) -> None:
    """Have the sweep run by itself, one at a time; as often as said now, whatever was said before."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(Sweep.run, SweepOrder(), id=SWEEP_ID, task_queue=task_queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )

    async def update(_: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule)

    try:
        await client.create_schedule(SWEEP_ID, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(SWEEP_ID).update(update)
