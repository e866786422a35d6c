"""Calls of reservations' workflows: updates and questions with patience, and Temporal's errors as ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.workflow import UpdateMethodMultiParam

from clouddesk.model.errors import (
    CloudDeskError,
    CredentialsMissing,
    CredentialsRejected,
    ImagesLost,
    LimitExceeded,
    NoFirewall,
    NotFound,
    NotLookedAfter,
    Protected,
    ProviderDown,
    ProviderError,
    PutBack,
    QuotaExceeded,
    RequestRejected,
    Unavailable,
    Undecided,
    Unsure,
    WrongState,
)
from clouddesk.model.invalid import CannotArchive
from clouddesk.model.reservation import ENDED, Reservation
from clouddesk.workflows.contracts import TASK_QUEUE, Timing
from clouddesk.workflows.reservation import ReservationWorkflow
from clouddesk.workflows.sweep import ClearOrphan

T = TypeVar("T")
M = TypeVar("M")

PATIENCE_SECONDS = 6.0


class WorkflowCalls:
    """Raises NotFound, WrongState and LimitExceeded from the workflow, and Unavailable when Temporal cannot be reached.

    What was sent and not answered within ``patience_seconds`` raises Undecided: it is carried out when a worker
    comes. A question that no worker answers raises Unavailable.
    """

    def __init__(
        self,
        client: Client,
        *,
        task_queue: str = TASK_QUEUE,
        timing: Timing | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._client = client
        self._task_queue = task_queue
        self._timing = timing or Timing()
        self._patience_seconds = patience_seconds

    async def get(self, reservation_id: str) -> Reservation:
        """The truth, from the workflow itself. Raises NotFound."""
        try:
            return await self._answered(self._handle(reservation_id).query(ReservationWorkflow.view))
        except Unavailable as error:
            is_refused = isinstance(error.__cause__, WorkflowQueryFailedError)
            if is_refused and await self._is_being_cleared(reservation_id):
                # What deletes an orphan under its id is no reservation.
                raise NotFound("that reservation") from error
            raise

    def _handle(self, reservation_id: str) -> WorkflowHandle[ReservationWorkflow, Reservation]:
        return self._client.get_workflow_handle_for(ReservationWorkflow.run, reservation_id)

    async def _is_being_cleared(self, reservation_id: str) -> bool:
        """Whether the latest workflow of that id is one that deletes an orphan."""
        try:
            found = await self._answered(self._handle(reservation_id).describe())
        except NotFound:
            return False
        return found.workflow_type == ClearOrphan.__name__

    async def _reach(self) -> None:
        """Raises Unavailable while Temporal does not answer: nothing has been sent then."""
        await self._answered(self._client.workflow_service.get_system_info(GetSystemInfoRequest()))

    async def _update(
        self,
        reservation_id: str,
        update: UpdateMethodMultiParam[[ReservationWorkflow, M], T],
        message: M,
        wanted: str,
        request_id: str = "",
    ) -> T:
        """Have the workflow carry it out. The same request_id twice is one wish; without one each is its own."""
        await self._reach()

        async def outcome() -> T:
            accepted = await self._handle(reservation_id).start_update(
                update,
                message,
                wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                id=f"{wanted}-{request_id}" if request_id else None,
            )
            try:
                return await accepted.result()
            except RPCError as error:
                raise Undecided("Temporal") from error

        try:
            return await self._answered(outcome(), late=Undecided)
        except NotFound:
            # Either it never was, or its workflow has ended and takes no more updates.
            view = await self.get(reservation_id)
            if view.state == ENDED:
                raise WrongState(view.name, state=view.state, wanted=wanted) from None
            # An operator ended its workflow, so nobody would carry it out.
            raise NotLookedAfter(view.name) from None

    async def _answered(
        self, call: Awaitable[T], *, seconds: float | None = None, late: type[Unavailable] = Unavailable
    ) -> T:
        """The answer, or our error; ``late`` is the one for a call that was sent and not answered in time."""
        try:
            return await asyncio.wait_for(call, seconds or self._patience_seconds)
        except WorkflowUpdateFailedError as error:
            raise _our_error(error) from error
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise NotFound("that reservation") from error
            # What broke off in the middle may have been taken.
            raise late("Temporal") from error
        except (asyncio.TimeoutError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError) as error:
            raise late("the worker") from error
        except RuntimeError as error:
            # The lazy connection could not be made.
            raise Unavailable("Temporal") from error


def _our_error(error: WorkflowUpdateFailedError) -> CloudDeskError:
    """The workflow's refusal, with its facts."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        if cause.type == WrongState.code:
            name, state, wanted = cause.details
            return WrongState(name, state=state, wanted=wanted)
        if cause.type == Protected.code:
            return Protected(*cause.details)
        if cause.type == CannotArchive.code:
            name, provider = cause.details
            return CannotArchive(name, provider=provider)
        if cause.type == ImagesLost.code:
            name, provider = cause.details
            return ImagesLost(name, provider=provider)
        if cause.type == LimitExceeded.code:
            what, asked, limit = cause.details
            return LimitExceeded(what, asked=asked, limit=limit)
        if cause.type in _CLOUDS_REFUSALS:
            return _CLOUDS_REFUSALS[cause.type](*cause.details)
    return Undecided("the worker")


_CLOUDS_REFUSALS: dict[str, type[CredentialsMissing] | type[ProviderError]] = {
    error.code: error
    for error in (
        *(CredentialsMissing, CredentialsRejected, ProviderDown, QuotaExceeded, RequestRejected),
        *(NoFirewall, PutBack, Unsure),
    )
}
"""Of what is done while somebody waits for the answer; each goes by the cloud's name."""
