"""Machines that come or leave while their reservation lives: what is asked of the cloud for it, until it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import notice
    from clouddesk.model.node import NodeOrder
    from clouddesk.workflows.configuring import has_bot
    from clouddesk.workflows.context import CREDENTIAL_CODES, ReservationContext
    from clouddesk.workflows.contracts import END_NODES, PROVISION, Ending, Provisioned, Provisioning
    from clouddesk.workflows.failures import failure_code


async def make_machines(context: ReservationContext, wanted: NodeOrder) -> Provisioned | None:
    """What comes of the order, beside what there is. None when the end is due. Raises ActivityError."""
    attempt = workflow.start_activity(
        PROVISION,
        Provisioning(context.account, wanted, context.timing, is_configured=has_bot(context.order)),
        result_type=Provisioned,
        schedule_to_close_timeout=timedelta(seconds=context.timing.provision_seconds * 2),
        heartbeat_timeout=context.heartbeat,
        retry_policy=context.retry_policy(),
        # A teardown may begin only when nothing is being created any more.
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )
    return await attempt if await context.unless_ending(attempt) else None


async def end_machines(context: ReservationContext, keys: Sequence[str], *, kept: Sequence[str], action: str) -> bool:
    """Until the cloud lists none of them any more, however long that takes; False when the end is due.

    ``kept``: ids of those that stay. ``action``: what it is for, in a notice of trouble.
    """
    state = context.state
    ending = Ending(
        context.account,
        context.order.reservation_id,
        context.order.nodes.region,
        tuple(keys),
        context.timing,
        tuple(kept),
    )

    def tell(code: str) -> None:
        now = workflow.now()
        topic = "scale" if action == "shrink" else action
        state.notify(notice.TROUBLE, now, key=f"{topic}:{state.view.revision}", reason=code, action=action)

    if not await until_done(context, END_NODES, ending, tell=tell):
        return False
    for key in keys:
        state.host_keys.pop(key, None)
    return True


async def until_done(context: ReservationContext, activity: str, work: Any, *, tell: Callable[[str], None]) -> bool:
    """Have the activity done, however often it must be tried; False when the end is due.

    Of refused credentials the owner is told by itself; of anything else ``tell`` does, once.
    """
    pauses, is_told = context.credential_pauses(), False
    while True:
        attempt = workflow.start_activity(
            activity,
            work,
            schedule_to_close_timeout=timedelta(seconds=context.timing.trouble_after_seconds),
            heartbeat_timeout=context.heartbeat,
            retry_policy=context.retry_policy(CREDENTIAL_CODES),
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        if not await context.unless_ending(attempt):
            return False
        try:
            await attempt
        except ActivityError as error:
            code = failure_code(error)
        else:
            context.credentials_work()
            return True
        if code in CREDENTIAL_CODES:
            context.tell_of_refused_credentials(code)
        elif not is_told:
            is_told = True
            tell(code)
        await context.wait_for_credentials(pauses.take())
        if context.is_ending:
            return False
