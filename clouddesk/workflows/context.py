"""What the parts of a reservation's workflow share: its order and state, and how its activities are called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit, notice
    from clouddesk.model.errors import CredentialsMissing, CredentialsRejected, Protected, WrongState
    from clouddesk.model.order import ReservationOrder
    from clouddesk.model.reservation import REASON_EXPIRED, REASON_RELEASED
    from clouddesk.workflows import sharing
    from clouddesk.workflows.contracts import CloudAccount, ReservationStart, Timing
    from clouddesk.workflows.state import ReservationState

CREDENTIAL_CODES = (CredentialsRejected.code, CredentialsMissing.code)
_AUDITED_AS = {REASON_RELEASED: audit.RELEASED, REASON_EXPIRED: audit.EXPIRED}


class ReservationContext:
    """Lives in the workflow; everything here is deterministic."""

    def __init__(self, start: ReservationStart) -> None:
        self.order: ReservationOrder = start.order
        self.timing: Timing = start.timing
        self.state = start.state or ReservationState.of(start.order)
        self.has_new_credentials = False
        self.is_look_wanted = False
        """Something may be other in the cloud than is known here."""
        self.is_letting_in = False
        """Its firewall is being changed."""
        self.is_clearing_wanted = False
        """Something of it turned up where there was none left."""
        self.are_logins_changing = False
        """Colleagues' keys or the links' secrets are being changed on the machines."""

    @property
    def account(self) -> CloudAccount:
        return CloudAccount(self.order.provider, self.order.credential_ref)

    @property
    def is_ending(self) -> bool:
        return self.state.ending is not None

    @property
    def heartbeat(self) -> timedelta:
        return timedelta(seconds=self.timing.heartbeat_seconds)

    def retry_policy(self, final_codes: tuple[str, ...] = ()) -> RetryPolicy:
        return RetryPolicy(
            initial_interval=timedelta(seconds=self.timing.first_retry_seconds),
            maximum_interval=timedelta(seconds=self.timing.last_retry_seconds),
            non_retryable_error_types=list(final_codes),
        )

    def end(self, reason: str, *, by: str = "") -> None:
        """The teardown is due, and people see so at once, even while something under way is still being abandoned."""
        if not self.is_ending:
            self.state.record(_AUDITED_AS.get(reason, audit.FAILED), workflow.now(), by=by, reason=reason)
        self.state.end(workflow.now(), reason)
        sharing.drop_all(self.state, workflow.now(), reason)

    async def until_logins_are_left_alone(self) -> None:
        """For whoever changes the machines themselves, which that gives way to."""
        # Without a condition where there is nothing to wait for, so that histories of before stay as they are.
        if self.are_logins_changing:
            await workflow.wait_condition(lambda: not self.are_logins_changing)

    async def unless_ending(
        self, work: workflow.ActivityHandle[Any], *, is_given_up: Callable[[], bool] = lambda: False
    ) -> bool:
        """Wait until the work is done; False when the end is due: it has ended then, or was given up and has ended.

        ``is_given_up``: something else before which it is given up likewise.
        """
        given_up: asyncio.CancelledError | None = None
        try:
            await workflow.wait_condition(lambda: work.done() or self.is_ending or is_given_up())
        except asyncio.CancelledError as error:
            given_up = error
        work.cancel()
        # Whoever waits for it may be told to give up a second time meanwhile.
        while not work.done():
            with suppress(asyncio.CancelledError):
                await workflow.wait([work])
        if given_up is not None:
            raise given_up
        return not (self.is_ending or is_given_up())

    def refuse(self, wanted: str, *, state: str | None = None) -> NoReturn:
        """Raises the refusal as the client's side understands it."""
        view = self.state.view
        error = WrongState(view.name, state=state or view.state, wanted=wanted)
        raise ApplicationError(str(error), error.name, error.state, error.wanted, type=error.code)

    def require_unprotected(self) -> None:
        """Raises the refusal to release what is protected; what ends already ends."""
        view = self.state.view
        if view.is_protected and not self.is_ending:
            raise ApplicationError(str(Protected(view.name)), view.name, type=Protected.code)

    def tell_of_refused_credentials(self, code: str) -> None:
        """Ask the owner for new ones; once until they work again."""
        if not self.state.are_credentials_refused:
            self.state.are_credentials_refused = True
            now = workflow.now()
            view, key = self.state.view, f"{now:%Y%m%dT%H%M%S%f}"
            holder = view.account_owner
            has_left = any(tenure.owner == holder and tenure.has_left for tenure in view.earlier_owners)
            self.state.notify(
                notice.CREDENTIALS, now, key=key, is_for_admins=has_left, reason=code, before=holder if has_left else ""
            )
            if holder and not has_left:
                # It is somebody else's by now, who cannot give new ones.
                self.state.outbox[-1] = replace(self.state.outbox[-1], user_id=holder, conversation="")

    def credentials_work(self) -> None:
        """The cloud took them, or there are new ones: the next refusal is news again."""
        self.state.are_credentials_refused = False

    async def wait_for_credentials(self, seconds: float) -> None:
        """Until somebody gave new ones, or an end is asked for, or for so long at most."""
        was_ending = self.is_ending
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self.has_new_credentials or self.is_ending != was_ending, timeout=timedelta(seconds=seconds)
            )
        self.has_new_credentials = False

    def credential_pauses(self) -> CredentialPauses:
        return CredentialPauses(self.timing)


class CredentialPauses:
    """How long to wait before refused credentials are tried again: longer each time."""

    def __init__(self, timing: Timing) -> None:
        self._next = timing.first_credential_retry_seconds
        self._last = timing.last_credential_retry_seconds

    def take(self, until: datetime | None = None) -> float:
        """Seconds; none beyond ``until``."""
        pause = self._next
        self._next = min(self._last, pause * 2)
        if until is not None:
            pause = min(pause, (until - workflow.now()).total_seconds())
        return max(pause, 0.0)
