"""What a reservation's machines let in from outside, changed while they run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit
    from clouddesk.model.errors import ProviderDown
    from clouddesk.model.node import SSH
    from clouddesk.model.reservation import RUNNING, STOPPED
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import LET_IN, Admission, Opened
    from clouddesk.workflows.failures import TIMED_OUT, failure_code
    from clouddesk.workflows.state import openings_told

TIME_LIMIT = timedelta(seconds=60)
CHANGED = "changed"
"""What a reservation is called that has other openings by now than the wish goes by."""


def check(context: ReservationContext, wish: Opened) -> None:
    """Refuse what does not fit the state, and what goes by other openings than there are."""
    view = context.state.view
    if view.openings == wish.openings:
        return
    if context.is_ending or view.state not in (RUNNING, STOPPED) or context.is_letting_in:
        context.refuse("open")
    if view.openings != wish.before:
        context.refuse("open", state=CHANGED)


async def let_in(context: ReservationContext, wish: Opened) -> None:
    """Have the cloud do it, then show it. Raises the cloud's refusal; what was let in before stays then."""
    state = context.state
    if state.view.openings == wish.openings:
        return
    nodes = replace(context.order.nodes, openings=(SSH, *wish.openings))
    context.is_letting_in = True
    try:
        attempt = workflow.start_activity(
            LET_IN,
            Admission(context.account, nodes),
            schedule_to_close_timeout=TIME_LIMIT,
            heartbeat_timeout=context.heartbeat,
            retry_policy=context.retry_policy(),
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        if not await context.unless_ending(attempt):
            context.refuse("open")
        await attempt
    except ActivityError as error:
        code = failure_code(error)
        # One that did not answer in time is as good as down.
        code = ProviderDown.code if code == TIMED_OUT else code
        raise ApplicationError(code, context.account.provider, type=code) from None
    finally:
        context.is_letting_in = False
    now = workflow.now()
    context.order = replace(context.order, nodes=nodes)
    state.record(audit.OPENED, now, by=wish.by, **openings_told(context.order))
    state.change(now, openings=wish.openings)
