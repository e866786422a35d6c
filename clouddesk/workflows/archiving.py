"""A reservation without machines: images of their disks are kept, and they are made again from those when it starts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.language.money import rate
    from clouddesk.model import audit, notice
    from clouddesk.model.errors import ImagesLost
    from clouddesk.model.idling import IdleState, switched
    from clouddesk.model.invalid import CannotArchive
    from clouddesk.model.node import STOPPED as NODE_STOPPED
    from clouddesk.model.node import Node, NodeImage, NodePlan
    from clouddesk.model.reservation import ARCHIVED, ARCHIVING, RUNNING, STARTING, STOPPED
    from clouddesk.workflows.configuring import told_of
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import (
        ARCHIVE,
        DELETE_IMAGES,
        KEEP_IMAGES,
        START,
        STOP,
        ImageKeeping,
        ImageOrder,
        Outcome,
        Provisioned,
    )
    from clouddesk.workflows.drift import IMAGES_BACK
    from clouddesk.workflows.failures import (
        IMAGES_LEFT,
        POWER_FAILED,
        failure_code,
        nothing_was_made,
        provisioning_reason,
    )
    from clouddesk.workflows.imaging import look_at_images
    from clouddesk.workflows.machines import end_machines, make_machines, until_done
    from clouddesk.workflows.power import REBOOTING, PowerSwitch, change_power, set_up_again

OPENING = "changed"
"""What a reservation is called that refuses something because its firewall is being changed."""


class Archiver:
    """Archives, and starts what is archived; one of them at a time, and no change of power or number beside it."""

    def __init__(self, context: ReservationContext, switch: PowerSwitch) -> None:
        self._context = context
        self._switch = switch
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        return self._task is None or self._task.done()

    @property
    def is_archived(self) -> bool:
        """Starting it is to make its machines again."""
        return self._context.state.view.state == ARCHIVED

    async def abandon(self) -> None:
        """The end is due, which gives up a change by itself: wait until the cloud is not being told anything more."""
        if self._task and not self._task.done():
            await workflow.wait([self._task])

    # --- archiving -----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Refuse to archive what does not fit the state, is protected, or is where no images are kept."""
        context, view = self._context, self._context.state.view
        if view.state in (ARCHIVING, ARCHIVED):
            return
        is_at_rest = view.state in (RUNNING, STOPPED) and context.state.has_begun and bool(view.living_nodes)
        if context.is_ending or not is_at_rest or view.is_mixed:
            context.refuse(ARCHIVE)
        if not self._switch.is_idle:
            context.refuse(ARCHIVE, state=REBOOTING)
        if context.is_letting_in:
            context.refuse(ARCHIVE, state=OPENING)
        context.require_unprotected()
        if view.archived_hourly_price_usd is None:
            error = CannotArchive(view.name, provider=view.provider)
            raise ApplicationError(str(error), error.name, error.provider, type=error.code)

    def begin(self, by: str, *, idling: IdleState | None = None) -> None:
        """Begin, unless it is under way or done already. ``idling``: it is done because nobody uses them."""
        state, now = self._context.state, workflow.now()
        before = state.view.state
        if before in (ARCHIVING, ARCHIVED):
            return
        state.tried = None
        state.record(audit.ARCHIVED, now, by=by, **({"reason": "idle"} if idling else {}))
        state.change(now, state=ARCHIVING, idling=idling or switched(state.view.idling, now))
        self._task = asyncio.create_task(self._archive(before, is_unused=idling is not None))

    async def _archive(self, before: str, *, is_unused: bool) -> None:
        context, state = self._context, self._context.state
        await context.until_logins_are_left_alone()
        if context.is_ending:
            return
        if before == RUNNING:
            failed = await self._stop()
            if context.is_ending:
                return
            if failed:
                self._stay(RUNNING, failed)
                # Some may have stopped all the same, or be gone: that is looked at, and is then nobody else's doing.
                state.tried, state.tried_at = NODE_STOPPED, workflow.now()
                context.is_look_wanted = True
                return
        if not await self._are_old_images_gone():
            if not context.is_ending:
                self._stay(STOPPED, IMAGES_LEFT)
            return
        living = state.view.living_nodes
        state.is_growing = True
        kept = await self._keep_images(living)
        if context.is_ending:
            return
        if isinstance(kept, str):
            state.has_stale_images = True
            self._stay(STOPPED, kept)
            # That they are not as they should be is most likely why.
            context.is_look_wanted = True
            return
        # From here on there is no way back: some of the machines may be gone.
        if not await end_machines(context, [node.key for node in living], kept=(), action=ARCHIVE):
            return
        self._rest(living, kept, is_unused=is_unused)

    async def _stop(self) -> str:
        """Why they could not be stopped; "" when they are, or the end is due."""
        context, state = self._context, self._context.state
        keys = tuple(node.key for node in state.view.living_nodes)
        attempt = change_power(context, STOP, keys)
        if not await context.unless_ending(attempt):
            return ""
        try:
            changed = {node.key: node for node in await attempt}
        except ActivityError as error:
            return failure_code(error)
        state.change(workflow.now(), nodes=tuple(changed.get(node.key, node) for node in state.view.nodes))
        return "" if changed.keys() >= set(keys) else POWER_FAILED

    async def _are_old_images_gone(self) -> bool:
        """Those of an earlier time must not be taken for those of now; somebody else deletes them. False: not in time,
        or the end is due."""
        context, state = self._context, self._context.state
        if state.has_stale_images:
            limit = timedelta(seconds=context.timing.trouble_after_seconds)
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(lambda: not state.has_stale_images or context.is_ending, timeout=limit)
        return not state.has_stale_images and not context.is_ending

    async def _keep_images(self, living: Sequence[Node]) -> tuple[NodeImage, ...] | str:
        """An image of each, or why there is not; "" when the end is due."""
        context = self._context
        timing = context.timing
        attempt = workflow.start_activity(
            KEEP_IMAGES,
            ImageKeeping(
                context.account,
                replace(context.order.nodes, nodes=tuple(self._plan(node.key, node.role) for node in living)),
                tuple(node.id for node in living),
                timing,
            ),
            result_type=list[NodeImage],
            # The activity keeps the limit itself; this one is for the case that no worker comes back at all.
            schedule_to_close_timeout=timedelta(seconds=timing.image_seconds + timing.power_seconds),
            heartbeat_timeout=context.heartbeat,
            retry_policy=context.retry_policy(),
            # Images may be deleted only when none is being made any more.
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        if not await context.unless_ending(attempt):
            return ""
        try:
            return tuple(await attempt)
        except ActivityError as error:
            return failure_code(error)

    def _stay(self, state_then: str, reason: str) -> None:
        """It has its machines; those that were stopped for it stay stopped."""
        state, now = self._context.state, workflow.now()
        state.is_growing = False
        state.change(now, state=state_then)
        state.record(audit.IMAGES, now, reason=reason)
        off = "yes" if state_then == STOPPED else ""
        state.notify(
            notice.NOT_ARCHIVED,
            now,
            key=str(state.view.revision),
            reason=reason,
            off=off,
            stopped_hourly=rate(state.view.stopped_hourly_price_usd),
        )

    def _rest(self, before: Sequence[Node], images: tuple[NodeImage, ...], *, is_unused: bool) -> None:
        """The machines are gone, the images are there."""
        state, now = self._context.state, workflow.now()
        state.is_growing = False
        installed = state.logins.installed
        state.archived_logins = {node.key: installed[node.id] for node in before if node.id in installed}
        state.host_keys.clear()
        idling = switched(state.view.idling, now)
        state.change(now, state=ARCHIVED, nodes=(), images=images, let_in=(), unsure_openings=(), idling=idling)
        state.record(audit.IMAGES, now, images=" ".join(image.id for image in images))
        state.notify(
            notice.ARCHIVED,
            now,
            key=str(state.view.revision),
            archived_hourly=rate(state.view.current_hourly_price_usd),
            unused="yes" if is_unused else "",
        )

    # --- starting ------------------------------------------------------------------------------------------------

    def check_start(self) -> None:
        """Refuse to start what has no image left."""
        view = self._context.state.view
        if view.has_lost_images:
            error = ImagesLost(view.name, provider=view.provider)
            raise ApplicationError(str(error), error.name, error.provider, type=error.code)

    def begin_start(self, by: str) -> None:
        """Make the machines again; only while it is archived, and nothing else is under way."""
        state, now = self._context.state, workflow.now()
        state.record(audit.STARTED, now, by=by)
        state.change(now, state=STARTING, idling=switched(state.view.idling, now))
        self._task = asyncio.create_task(self._start())

    async def _start(self) -> None:
        context, state = self._context, self._context.state
        if workflow.patched("images-first") and await self._is_less_than_was_thought():
            return
        # Some of its machines may have been lost before, or some of the images: there are those of the others.
        plans = tuple(replace(self._plan(image.key), image=image.id) for image in state.view.kept_images)
        keys = [plan.key for plan in plans]
        state.is_growing = True
        made: Provisioned | None = None
        reason: str | None = None
        are_some_made = True
        try:
            made = await make_machines(context, replace(context.order.nodes, nodes=plans))
        except ActivityError as error:
            reason, are_some_made = provisioning_reason(error), not nothing_was_made(error)
        if context.is_ending or (made is None and reason is None):
            return
        reason = reason or (made.reason if made else None)
        if made is None or reason is not None:
            if are_some_made and not await end_machines(context, keys, kept=(), action=START):
                return
            self._stay_archived(reason or "")
            return
        await self._run_again(made, plans)

    async def _is_less_than_was_thought(self) -> bool:
        """Whether images are gone that nobody knew of: then nothing is made, and whose they are is told. True as well
        when the end is due."""
        context, state = self._context, self._context.state
        drifts = await look_at_images(context)
        if context.is_ending:
            return True
        for drift in drifts:
            state.record(audit.DRIFTED, workflow.now(), what=drift.kind, nodes=", ".join(drift.nodes))
        gone = next((drift for drift in drifts if drift.kind != IMAGES_BACK), None)
        if gone is not None:
            self._stay_archived(gone.kind, which=", ".join(gone.nodes))
        return gone is not None

    async def _run_again(self, made: Provisioned, plans: Sequence[NodePlan]) -> None:
        context, state = self._context, self._context.state
        roles = {plan.key: plan.role for plan in plans}
        nodes = tuple(replace(node, role=roles[node.key]) for node in made.nodes if node.key in roles)
        now = workflow.now()
        state.is_growing = False
        # Whoever has no part in it any more may have a key on the disks still.
        installed = {node.id: state.archived_logins[node.key] for node in nodes if node.key in state.archived_logins}
        state.logins.installed.update(installed)
        state.archived_logins = {}
        state.record(audit.CREATED, now, nodes=" ".join(node.id for node in nodes))
        state.change(now, nodes=nodes, made_again=state.view.made_again + 1)
        outcome = await set_up_again(context) if state.view.found else Outcome()
        if outcome is None:
            return
        now = workflow.now()
        proven = {"found": outcome.found} if outcome.found else {}
        state.change(now, state=RUNNING, **proven)
        state.has_stale_images = True
        key = str(state.view.revision)
        if outcome.cause:
            state.notify(notice.UNPROVEN, now, key=key, action=START, **told_of(outcome))
        else:
            state.notify(notice.STARTED, now, key=key)

    def _stay_archived(self, reason: str, *, which: str = "") -> None:
        """There is no machine. ``which``: the machines whose images are gone; the others are there as before."""
        state, now = self._context.state, workflow.now()
        state.is_growing = False
        state.change(now, state=ARCHIVED)
        state.record(audit.IMAGES, now, reason=reason)
        state.notify(
            notice.NOT_STARTED,
            now,
            key=str(state.view.revision),
            reason=reason,
            which=which,
            archived_hourly=rate(state.view.current_hourly_price_usd),
        )

    def _plan(self, key: str, role: str = "") -> NodePlan:
        known = {plan.key: plan for plan in self._context.order.nodes.nodes}
        return known.get(key, NodePlan(key, role or key.rpartition("-")[0] or key))


class ImageCleaner:
    """Deletes images that are of no use any more, beside whatever else goes on."""

    def __init__(self, context: ReservationContext) -> None:
        self._context = context
        self._is_deleting = False

    @property
    def is_idle(self) -> bool:
        return not self._is_deleting

    async def run(self) -> None:
        """Until it is cancelled."""
        context, state = self._context, self._context.state
        while True:
            await workflow.wait_condition(lambda: state.has_stale_images and not context.is_ending)
            self._is_deleting = True
            try:
                is_done = await until_done(context, DELETE_IMAGES, self._order, tell=self._tell)
            finally:
                self._is_deleting = False
            if is_done:
                state.has_stale_images = False
                if state.view.images:
                    state.change(workflow.now(), images=())

    async def abandon(self) -> None:
        """The end is due, which gives this up by itself: wait until nothing is done any more."""
        # Without a condition where there is nothing to wait for, so that histories of before stay as they are.
        if self._is_deleting:
            await workflow.wait_condition(lambda: not self._is_deleting)

    @property
    def _order(self) -> ImageOrder:
        context = self._context
        order = context.order
        return ImageOrder(context.account, order.reservation_id, order.nodes.region, context.timing)

    def _tell(self, code: str) -> None:
        state, now = self._context.state, workflow.now()
        for is_for_admins in (False, True):
            key = f"images:{state.view.revision}"
            state.notify(notice.TROUBLE, now, key=key, is_for_admins=is_for_admins, reason=code, action="images")
