"""A look at the images of what is archived: somebody may have deleted them in the cloud's own console."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from clouddesk.model.node import NodeImage
    from clouddesk.workflows.context import CREDENTIAL_CODES, ReservationContext
    from clouddesk.workflows.contracts import LOOK_AT_IMAGES, ImageOrder
    from clouddesk.workflows.drift import Drift, observe_images


async def look_at_images(context: ReservationContext) -> tuple[Drift, ...]:
    """Take over which of the images are there still; returns what is new about that, which is not told yet.

    Nothing is new when the cloud does not say, the end is due, or they are other images by then.
    """
    state = context.state
    before = state.view
    listed = await _listed(context)
    view = state.view
    if listed is None or (view.state, view.images) != (before.state, before.images):
        return ()
    images, drifts = observe_images(view.images, {image.id for image in listed})
    if drifts:
        state.change(workflow.now(), images=images)
    return drifts


async def _listed(context: ReservationContext) -> list[NodeImage] | None:
    order, timing = context.order, context.timing
    known = tuple(image.id for image in context.state.view.kept_images)
    attempt = workflow.start_activity(
        LOOK_AT_IMAGES,
        ImageOrder(context.account, order.reservation_id, order.nodes.region, timing, known),
        result_type=list[NodeImage],
        schedule_to_close_timeout=timedelta(seconds=timing.power_seconds),
        heartbeat_timeout=context.heartbeat,
        retry_policy=context.retry_policy(CREDENTIAL_CODES),
    )
    if not await context.unless_ending(attempt):
        return None
    try:
        return list(await attempt)
    except ActivityError:
        return None
