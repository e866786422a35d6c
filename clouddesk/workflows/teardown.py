"""The last part of a reservation's life: until the cloud itself lists nothing of it any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit, notice
    from clouddesk.workflows.configuring import forget
    from clouddesk.workflows.context import CREDENTIAL_CODES, ReservationContext
    from clouddesk.workflows.contracts import TEAR_DOWN, TeardownOrder
    from clouddesk.workflows.failures import failure_code


async def tear_down(context: ReservationContext, *, begin_anew: Callable[[], None]) -> None:
    """Never gives up. Owner and admins are told when it takes long, and the owner when new credentials are needed.

    ``begin_anew`` is called between two tries and leaves a history behind that has grown long.
    """
    state, timing = context.state, context.timing
    pauses = context.credential_pauses()
    state.trouble_at = state.trouble_at or workflow.now() + timedelta(seconds=timing.trouble_after_seconds)
    while (code := await _attempt(context, until=state.trouble_at)) is not None:
        if code in CREDENTIAL_CODES:
            context.tell_of_refused_credentials(code)
            await context.wait_for_credentials(pauses.take(state.trouble_at))
        now = workflow.now()
        if now >= state.trouble_at:
            key = f"release:{now:%Y%m%dT%H%M%S}"
            for is_for_admins in (False, True):
                state.notify(notice.TROUBLE, now, key=key, is_for_admins=is_for_admins, reason=code, action="release")
            state.trouble_at = now + timedelta(seconds=timing.trouble_again_seconds)
        begin_anew()
    now = workflow.now()
    cost_usd = state.view.cost_so_far_usd(now)
    state.finish(now)
    state.record(audit.ENDED, now, reason=state.view.reason or "", cost_usd=f"{cost_usd:.6f}")
    key = str(state.generation) if state.generation else ""
    if state.is_failure:
        tried = [f"{item.provider}/{item.region}/{item.size}" for item in state.refusals]
        state.notify(notice.FAILED, now, key=key, tried=" ".join(tried if len(tried) > 1 else ()))
    else:
        state.notify(notice.ENDED, now, key=key)
    await forget(context)


async def _attempt(context: ReservationContext, *, until: datetime) -> str | None:
    """None when nothing is left, else why that is not known."""
    order, state, timing = context.order, context.state, context.timing
    is_all_listed = state.has_begun and not (state.is_growing or state.has_stale_images)
    try:
        await workflow.execute_activity(
            TEAR_DOWN,
            TeardownOrder(
                context.account,
                order.reservation_id,
                order.nodes.region,
                0.0 if is_all_listed or state.is_nothing_made else timing.confirm_seconds,
                timing,
            ),
            schedule_to_close_timeout=max(until - workflow.now(), timedelta(seconds=1)),
            heartbeat_timeout=context.heartbeat,
            retry_policy=context.retry_policy(CREDENTIAL_CODES),
        )
    except ActivityError as error:
        code = failure_code(error)
        # A key that was refused before anything was made cannot list anything either: nothing to wait for.
        return None if code in CREDENTIAL_CODES and state.is_nothing_made else code
    context.credentials_work()
    return None
