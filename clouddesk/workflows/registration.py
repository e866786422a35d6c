"""Which workflows and activities a worker serves, and how eagerly."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from clouddesk.workflows.activities import Activities
from clouddesk.workflows.billing import BillActivities
from clouddesk.workflows.bills import CompareBills
from clouddesk.workflows.configure_activities import ConfigureActivities
from clouddesk.workflows.contracts import TASK_QUEUE
from clouddesk.workflows.digest import DIGEST_ID, Digest, DigestOrder
from clouddesk.workflows.digesting import DigestActivities
from clouddesk.workflows.login_activities import LoginActivities
from clouddesk.workflows.measuring import UtilisationActivities
from clouddesk.workflows.offers import RefreshOffers
from clouddesk.workflows.reservation import ReservationWorkflow
from clouddesk.workflows.ringing import TimerActivities
from clouddesk.workflows.sweep import SWEEP_ID, ClearOrphan, Sweep, SweepOrder
from clouddesk.workflows.sweeping import SweepActivities
from clouddesk.workflows.timing import OnTime
from clouddesk.workflows.utilisation import UTILISATION_ID, Utilisation

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
    digesting: DigestActivities | None = None,
    ringing: TimerActivities | None = None,
    measuring: UtilisationActivities | None = None,
    *,
    logins: LoginActivities | None = None,
    billing: BillActivities | None = None,
    task_queue: str = TASK_QUEUE,
) -> Worker:
    """A worker for all workflows and activities; not started yet.

    ``sweeping``, ``digesting``, ``ringing``, ``measuring``, ``logins``, ``billing``: with those of the sweep, of the
    digest, of timers, of utilisation, of colleagues' logins, of the clouds' bills.
    """
    others = [part for part in (sweeping, digesting, ringing, measuring, logins, billing) if part is not None]
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[ReservationWorkflow, RefreshOffers, Sweep, ClearOrphan, Digest, OnTime, Utilisation, CompareBills],
        activities=[*activities.all, *configuring.all, *(item for part in others for item in part.all)],
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
    await _keep(client, SWEEP_ID, schedule)


async def schedule_digest(client: Client, timezone: str, *, task_queue: str = TASK_QUEUE) -> None:
    """Have people told of their week on Mondays at 9 there; "" is never, whatever was said before."""
    if not timezone:
        with suppress(RPCError):  # there is none
            await client.get_schedule_handle(DIGEST_ID).delete()
        return
    monday = ScheduleCalendarSpec(day_of_week=[ScheduleRange(1)], hour=[ScheduleRange(9)])
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(Digest.run, DigestOrder(timezone), id=DIGEST_ID, task_queue=task_queue),
        spec=ScheduleSpec(calendars=[monday], time_zone_name=timezone),
        # Of a Monday on which nothing ran it is told later in the day, and not in the middle of the week.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=10)),
    )
    await _keep(client, DIGEST_ID, schedule)


async def schedule_utilisation(client: Client, *, every: timedelta, task_queue: str = TASK_QUEUE) -> None:
    """Have all machines looked at by themselves, one round at a time."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(Utilisation.run, id=UTILISATION_ID, task_queue=task_queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # What machines did while no worker was there cannot be learned afterwards.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )
    await _keep(client, UTILISATION_ID, schedule)


async def _keep(client: Client, schedule_id: str, schedule: Schedule) -> None:

    async def update(_: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule)

    try:
        await client.create_schedule(schedule_id, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(schedule_id).update(update)
