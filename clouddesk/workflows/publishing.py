"""What people see of a reservation: its view, notices and audit trail, written outside in the order of its changes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import PUBLISH, Publication

SHOWN_WITHIN = timedelta(seconds=2)
"""So long an update waits until its outcome can be seen."""


class Publisher:
    """Publishes what is new in a reservation's state."""

    def __init__(self, context: ReservationContext) -> None:
        self._context = context
        self._state = context.state

    async def run(self) -> None:
        """Keep the view that people read up to date, in order, without ever holding up the reservation itself."""
        state = self._state
        while True:
            await workflow.wait_condition(lambda: state.has_news)
            view, notices, entries, count = state.view, tuple(state.outbox), state.new_entries, state.entries
            await workflow.execute_activity(
                PUBLISH,
                Publication(view, notices, entries),
                start_to_close_timeout=timedelta(seconds=20),
                retry_policy=self._context.retry_policy(),
            )
            state.published_revision = view.revision
            state.published_entries = count
            del state.outbox[: len(notices)]

    async def shown(self) -> None:
        """Wait until people see what an update did; not for long, for the view must not hold up anything."""
        revision = self._state.view.revision
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: self._state.published_revision >= revision, timeout=SHOWN_WITHIN)
