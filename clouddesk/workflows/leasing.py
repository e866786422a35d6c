"""The lease of a reservation that has begun: warnings, what is due meanwhile, and the end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import notice
    from clouddesk.model.reservation import ARCHIVED, REASON_EXPIRED
    from clouddesk.workflows import sharing
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.idling import IdleWatch
    from clouddesk.workflows.renewing import Renewal


async def keep_lease(context: ReservationContext, idle: IdleWatch, renewal: Renewal) -> None:
    """Warn and wait until the lease is over or an end is asked for."""
    state = context.state
    while not context.is_ending:
        now = workflow.now()
        end = state.view.expires_at
        sharing.drop_expired(state, now)
        idle.rest(now)
        offer_at = state.view.idling.offer_at
        shares = state.view.shares
        if now >= end:
            context.end(REASON_EXPIRED)
            return
        warning = state.take_due_warning(now)
        if warning is not None:
            archived = "yes" if state.view.state == ARCHIVED else ""
            state.notify(notice.EXPIRING, now, key=f"{warning}:{end:%Y%m%dT%H%M%S}", archived=archived)
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda known=(end, shares, offer_at): (  # type: ignore[misc]
                    context.is_ending
                    or (state.view.expires_at, state.view.shares, state.view.idling.offer_at) != known
                    or renewal.may_begin
                ),
                timeout=timedelta(
                    seconds=min(
                        state.seconds_to_next(now),
                        sharing.seconds_to_next(state, now),
                        idle.seconds_to_rest(now),
                    )
                ),
            )
        if not context.is_ending:
            renewal.begin_if_long()
