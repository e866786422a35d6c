"""Which workflows and activities a worker serves, and how eagerly."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from clouddesk.workflows.activities import Activities
from clouddesk.workflows.contracts import TASK_QUEUE
from clouddesk.workflows.offers import RefreshOffers
from clouddesk.workflows.reservation import ReservationWorkflow

GRACE = timedelta(seconds=5)
"""What a worker that is told to stop gives its activities before it cancels them; another worker goes on with those."""


def make_worker(client: Client, activities: Activities, *, task_queue: str = TASK_QUEUE) -> Worker:
    """A worker for all workflows and activities; not started yet."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[ReservationWorkflow, RefreshOffers],
        activities=activities.all,
        max_concurrent_activities=200,
        graceful_shutdown_timeout=GRACE,
        # A release during provisioning reaches the activity with its next heartbeat.
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        default_heartbeat_throttle_interval=timedelta(seconds=1),
    )
