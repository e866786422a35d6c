"""The reservation: provision, warn, expire, tear down; updates extend, release, stop, start and reboot."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import notice
    from clouddesk.model.errors import CredentialsMissing, CredentialsRejected, LimitExceeded, WrongState
    from clouddesk.model.node import Node
    from clouddesk.model.reservation import (
        REASON_EXPIRED,
        REASON_RELEASED,
        RUNNING,
        STARTING,
        STOPPED,
        STOPPING,
        Reservation,
    )
    from clouddesk.workflows.contracts import (
        POWER,
        PROVISION,
        PUBLISH,
        REBOOT,
        START,
        STOP,
        TEAR_DOWN,
        CloudAccount,
        Extension,
        PowerChange,
        Provisioning,
        Publication,
        ReservationStart,
        TeardownOrder,
    )
    from clouddesk.workflows.failures import failure_code, nothing_was_made, provisioning_reason
    from clouddesk.workflows.state import ReservationState

SHOWN_WITHIN = timedelta(seconds=2)
CREDENTIAL_CODES = [CredentialsRejected.code, CredentialsMissing.code]
REBOOTING = "rebooting"
"""What a running reservation is called that refuses something because it is being rebooted."""


@dataclass(frozen=True)
class _Power:
    """One change of power: from which state, through which, to which, and the notice when it is done."""

    change: str
    before: str
    during: str
    after: str
    notice: str
    settled: tuple[str, ...]
    """States in which there is nothing (more) to do."""


_STOP = _Power(STOP, RUNNING, STOPPING, STOPPED, notice.STOPPED, settled=(STOPPING, STOPPED))
_START = _Power(START, STOPPED, STARTING, RUNNING, notice.STARTED, settled=(STARTING, RUNNING))
_REBOOT = _Power(REBOOT, RUNNING, RUNNING, RUNNING, notice.REBOOTED, settled=())


@workflow.defn
class ReservationWorkflow:
    """One reservation from the yes to the moment at which the cloud lists nothing of it any more."""

    @workflow.init
    def __init__(self, start: ReservationStart) -> None:
        self._order = start.order
        self._timing = start.timing
        self._state = ReservationState.of(start.order)
        self._account = CloudAccount(start.order.provider, start.order.credential_ref)
        self._power: _Power | None = None
        self._power_task: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, start: ReservationStart) -> Reservation:
        publishing = asyncio.create_task(self._publish())
        try:
            if not self._state.is_ready:
                await self._provision()
            await self._keep_lease()
        except asyncio.CancelledError:
            # An operator cancelled the workflow: machines are given back as for a release, never left behind.
            self._end(REASON_RELEASED)
        # In a task of its own, which no cancellation of the workflow reaches: a teardown that has begun is finished.
        teardown = asyncio.create_task(self._tear_down())
        while not teardown.done():
            with suppress(asyncio.CancelledError):
                await workflow.wait([teardown])
        teardown.result()
        await workflow.wait_condition(lambda: not self._state.has_news)
        await workflow.wait_condition(workflow.all_handlers_finished)
        publishing.cancel()
        return self._state.view

    # --- messages ------------------------------------------------------------------------------------------------

    @workflow.query
    def view(self) -> Reservation:
        """The truth, now."""
        return self._state.view

    @workflow.update
    async def extend(self, extension: Extension) -> datetime:
        """Lengthen the lease; returns the new end."""
        end = self._state.extend(workflow.now(), extension.seconds, extension.request_id)
        await self._shown()
        return end

    @extend.validator
    def _may_extend(self, extension: Extension) -> None:
        if extension.request_id not in self._state.extensions and self._is_ending:
            self._refuse("extend")
        try:
            self._state.check_extension(extension.seconds, extension.request_id)
        except LimitExceeded as error:
            raise ApplicationError(str(error), error.what, error.asked, error.limit, type=error.code) from None

    @workflow.update
    async def release(self) -> None:
        """Begin the teardown, whatever else is under way."""
        self._end(REASON_RELEASED)
        await self._shown()

    @workflow.signal
    def release_soon(self) -> None:
        """As ``release``, for when no worker is there to answer: a signal is kept until one comes."""
        self._end(REASON_RELEASED)

    @workflow.update
    async def stop(self) -> None:
        """Begin to power off, disks kept."""
        await self._begin(_STOP)

    @workflow.update
    async def start(self) -> None:
        """Begin to power on."""
        await self._begin(_START)

    @workflow.update
    async def reboot(self) -> None:
        """Begin to restart the operating systems."""
        await self._begin(_REBOOT)

    @stop.validator
    def _may_stop(self) -> None:
        self._check(_STOP)

    @start.validator
    def _may_start(self) -> None:
        self._check(_START)

    @reboot.validator
    def _may_reboot(self) -> None:
        self._check(_REBOOT)

    # --- the life of a reservation -------------------------------------------------------------------------------

    async def _provision(self) -> None:
        """Until all nodes run and the lease begins, or until an end is asked for, or until it has failed."""
        provisioning = workflow.start_activity(
            PROVISION,
            Provisioning(self._account, self._order.nodes, self._timing),
            result_type=list[Node],
            # The activity keeps the limit itself; this one is for the case that no worker comes back at all.
            schedule_to_close_timeout=timedelta(seconds=self._timing.provision_seconds * 2),
            heartbeat_timeout=self._heartbeat,
            retry_policy=self._retry_policy(),
            # A teardown may begin only when nothing is being created any more.
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        try:
            await workflow.wait_condition(lambda: provisioning.done() or self._is_ending)
        finally:
            provisioning.cancel()
            await workflow.wait([provisioning])
        try:
            nodes = await provisioning
        except (ActivityError, asyncio.CancelledError) as error:
            if not self._is_ending:
                self._state.fail(is_nothing_made=nothing_was_made(error))
                self._end(provisioning_reason(error))
            return
        if not self._is_ending:
            self._state.begin_lease(workflow.now(), nodes)
            self._state.notify(notice.READY, workflow.now())

    async def _keep_lease(self) -> None:
        """Warn and wait until the lease is over or an end is asked for."""
        while not self._is_ending:
            now = workflow.now()
            end = self._state.view.expires_at
            if now >= end:
                self._end(REASON_EXPIRED)
                return
            warning = self._state.take_due_warning(now)
            if warning is not None:
                self._state.notify(notice.EXPIRING, now, key=f"{warning}:{end:%Y%m%dT%H%M%S}")
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda end=end: self._is_ending or self._state.view.expires_at != end,  # type: ignore[misc]
                    timeout=timedelta(seconds=self._state.seconds_to_next(now)),
                )

    async def _tear_down(self) -> None:
        """Until the cloud lists nothing. Never gives up, and tells the owner when it takes long."""
        state = self._state
        await self._abandon_power()
        patience_seconds = self._timing.trouble_after_seconds
        while not await self._is_torn_down(patience_seconds):
            patience_seconds = self._timing.trouble_again_seconds
        now = workflow.now()
        state.finish(now)
        state.notify(notice.FAILED if state.is_failure else notice.ENDED, now)

    async def _is_torn_down(self, patience_seconds: float) -> bool:
        order = self._order
        # A key that was refused before anything was made cannot list anything either: nothing to wait for.
        final_codes = CREDENTIAL_CODES if self._state.is_nothing_made else []
        try:
            await workflow.execute_activity(
                TEAR_DOWN,
                TeardownOrder(
                    self._account,
                    order.reservation_id,
                    order.nodes.region,
                    0.0 if self._state.is_ready or self._state.is_nothing_made else self._timing.confirm_seconds,
                    self._timing,
                ),
                schedule_to_close_timeout=timedelta(seconds=patience_seconds),
                heartbeat_timeout=self._heartbeat,
                retry_policy=self._retry_policy(final_codes),
            )
        except ActivityError as error:
            code = failure_code(error)
            if code in final_codes:
                return True
            now = workflow.now()
            self._state.notify(notice.TROUBLE, now, key=f"release:{now:%Y%m%dT%H%M%S}", reason=code, action="release")
            return False
        return True

    # --- power ---------------------------------------------------------------------------------------------------

    async def _begin(self, power: _Power) -> None:
        """Begin a change of power, unless it is under way or done already; returns when it has begun."""
        if self._power is None and self._state.view.state not in power.settled:
            self._power = power
            if power.during != power.before:
                self._state.change(workflow.now(), state=power.during)
            self._power_task = asyncio.create_task(self._carry_out(power, str(self._state.view.revision)))
        await self._shown()

    async def _carry_out(self, power: _Power, key: str) -> None:
        state = self._state
        try:
            nodes = await workflow.execute_activity(
                POWER,
                PowerChange(
                    self._account,
                    self._order.reservation_id,
                    self._order.nodes.region,
                    power.change,
                    tuple(plan.key for plan in self._order.nodes.nodes),
                    self._timing,
                ),
                result_type=list[Node],
                schedule_to_close_timeout=timedelta(seconds=self._timing.power_seconds * 2),
                heartbeat_timeout=self._heartbeat,
                retry_policy=self._retry_policy(),
                cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except (ActivityError, asyncio.CancelledError) as error:
            if not self._is_ending:
                state.change(workflow.now(), state=power.before)
                state.notify(
                    notice.TROUBLE,
                    workflow.now(),
                    key=f"{power.change}:{key}",
                    reason=failure_code(error),
                    action=power.change,
                )
        else:
            if not self._is_ending:
                state.change(workflow.now(), state=power.after, nodes=tuple(nodes))
                state.notify(power.notice, workflow.now(), key=key)
        finally:
            self._power = None

    async def _abandon_power(self) -> None:
        """End a change of power that is under way, and wait until the cloud is not being told anything any more."""
        if self._power_task and not self._power_task.done():
            self._power_task.cancel()
            await workflow.wait([self._power_task])

    def _check(self, power: _Power) -> None:
        """Refuse what does not fit the state, and a second change beside another one that is under way."""
        if self._power is _REBOOT and power is not _REBOOT:
            self._refuse(power.change, state=REBOOTING)
        if self._is_ending or self._state.view.state not in (power.before, *power.settled):
            self._refuse(power.change)

    # --- inside --------------------------------------------------------------------------------------------------

    @property
    def _is_ending(self) -> bool:
        return self._state.ending is not None

    @property
    def _heartbeat(self) -> timedelta:
        return timedelta(seconds=self._timing.heartbeat_seconds)

    def _retry_policy(self, final_codes: list[str] | None = None) -> RetryPolicy:
        return RetryPolicy(
            initial_interval=timedelta(seconds=self._timing.first_retry_seconds),
            maximum_interval=timedelta(seconds=self._timing.last_retry_seconds),
            non_retryable_error_types=final_codes,
        )

    def _end(self, reason: str) -> None:
        """The teardown is due, and people see so at once, even while something under way is still being abandoned."""
        self._state.end(workflow.now(), reason)

    def _refuse(self, wanted: str, *, state: str | None = None) -> NoReturn:
        view = self._state.view
        error = WrongState(view.name, state=state or view.state, wanted=wanted)
        raise ApplicationError(str(error), error.name, error.state, error.wanted, type=error.code)

    async def _publish(self) -> None:
        """Keep the view that people read up to date, in order, without ever holding up the reservation itself."""
        state = self._state
        while True:
            await workflow.wait_condition(lambda: state.has_news)
            view, notices = state.view, tuple(state.outbox)
            await workflow.execute_activity(
                PUBLISH,
                Publication(view, notices),
                start_to_close_timeout=timedelta(seconds=20),
                retry_policy=self._retry_policy(),
            )
            state.published_revision = view.revision
            del state.outbox[: len(notices)]

    async def _shown(self) -> None:
        """Wait until people see what an update did; not for long, for the view must not hold up anything."""
        revision = self._state.view.revision
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: self._state.published_revision >= revision, timeout=SHOWN_WITHIN)
