"""The Reservations port over Temporal: starts workflows, sends them updates, asks them for the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import TypeVar

import structlog
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RetryConfig, RPCError, RPCStatusCode
from temporalio.workflow import UpdateMethodMultiParam

from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import (
    CloudDeskError,
    CredentialsMissing,
    CredentialsRejected,
    LimitExceeded,
    NotFound,
    NotLookedAfter,
    ProviderDown,
    ProviderError,
    QuotaExceeded,
    RequestRejected,
    Unavailable,
    Undecided,
    WrongState,
)
from clouddesk.model.node import Node, Opening
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.model.reservation import ENDED, RELEASING, RUNNING, Reservation, ReservationOrder
from clouddesk.model.scaling import Scale
from clouddesk.model.share import Share
from clouddesk.workflows.contracts import (
    REBOOT,
    START,
    STOP,
    TASK_QUEUE,
    Choice,
    CloudAccount,
    Extension,
    Handover,
    Opened,
    OpeningToTeam,
    ReservationStart,
    Scaling,
    Sharing,
    Timing,
    Unsharing,
    Wish,
)
from clouddesk.workflows.failures import failure_code
from clouddesk.workflows.offers import RefreshOffers
from clouddesk.workflows.reservation import ReservationWorkflow
from clouddesk.workflows.state import ReservationState
from clouddesk.workflows.sweep import SWEEP_ID, Clearance, ClearOrphan, Sweep, SweepOrder

log = structlog.get_logger()
T = TypeVar("T")
M = TypeVar("M")

PATIENCE_SECONDS = 6.0
REFRESH_SECONDS = 60.0
SWEEP_SECONDS = 600.0
RETRIES = RetryConfig(max_elapsed_time_millis=3000, max_retries=5)


class TemporalReservations:
    """Implements ``clouddesk.model.ports.Reservations``.

    Raises NotFound, WrongState and LimitExceeded from the workflow, and Unavailable when Temporal cannot be reached.
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

    @classmethod
    async def connect(cls, address: str, *, namespace: str = "default") -> TemporalReservations:
        """Connects with the first call, so that it can be made before Temporal runs."""
        return cls(await Client.connect(address, namespace=namespace, lazy=True, retry_config=RETRIES))

    async def start(self, order: ReservationOrder) -> None:
        """Begin; the same order twice begins once. Needs no worker: the order waits for one."""
        await self._reach()
        try:
            await self._answered(
                self._client.start_workflow(
                    ReservationWorkflow.run,
                    ReservationStart(order, self._timing),
                    id=order.reservation_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=f"{order.name} of {order.workspace_id}/{order.owner}",
                ),
                late=Undecided,
            )
        except WorkflowAlreadyStartedError:
            log.info("reservation.started_already", reservation_id=order.reservation_id)

    async def extend(self, reservation_id: str, seconds: int, request_id: str, *, by: str = "") -> datetime:
        """Lengthen the lease; returns the new end. The same request_id twice extends once."""
        extension = Extension(seconds, request_id, by)
        return await self._update(reservation_id, ReservationWorkflow.extend, extension, "extend", request_id)

    async def hold(self, reservation_id: str, *, by: str = "") -> datetime:
        """Keep it as long as is allowed; returns the new end."""
        return await self._update(reservation_id, ReservationWorkflow.hold, Wish(by), "hold")

    async def share(self, reservation_id: str, share: Share, request_id: str, *, by: str = "") -> None:
        """Give a colleague a part in it, in place of the one that they had. The same request_id twice shares once."""
        sharing = Sharing(share, request_id, by)
        await self._update(reservation_id, ReservationWorkflow.share, sharing, "share", request_id)

    async def unshare(self, reservation_id: str, user_id: str, request_id: str, *, by: str = "") -> None:
        """Take a colleague's part away, if they have one."""
        unsharing = Unsharing(user_id, request_id, by)
        await self._update(reservation_id, ReservationWorkflow.unshare, unsharing, "unshare", request_id)

    async def open_to_team(self, reservation_id: str, *, is_open: bool, by: str = "") -> None:
        """Let the workspace know of it, or not any more."""
        await self._update(reservation_id, ReservationWorkflow.open_to_team, OpeningToTeam(is_open, by), "share")

    async def offer_handover(self, reservation_id: str, to: str, *, by: str = "") -> None:
        """Ask that colleague to take it over; "" when they do not want it."""
        await self._update(reservation_id, ReservationWorkflow.offer_handover, Handover(to, by=by), "hand over")

    async def hand_over(self, reservation_id: str, to: str, name: str, *, by: str = "") -> None:
        """It is theirs from now on, under this name."""
        await self._update(reservation_id, ReservationWorkflow.hand_over, Handover(to, name, by), "hand over")

    async def choose(
        self, reservation_id: str, answer: str, *, by: str = "", request_id: str = "", offered_usd: float = 0.0
    ) -> None:
        """Answer what happens with machines that came up only in part (``reservation.CHOICES``) or would be dearer."""
        choice = Choice(answer, by, offered_usd)
        await self._update(reservation_id, ReservationWorkflow.choose, choice, "choose", request_id)

    async def credentials_renewed(self, reservation_id: str) -> None:
        """Somebody gave new credentials: what waits for them goes on."""
        await self._reach()
        await self._answered(
            self._handle(reservation_id).signal(ReservationWorkflow.credentials_renewed), late=Undecided
        )

    async def keys_changed(self, reservation_id: str) -> None:
        """A colleague who has a part in it added or removed an SSH key."""
        await self._reach()
        await self._answered(self._handle(reservation_id).signal(ReservationWorkflow.keys_changed), late=Undecided)

    async def trail(self, reservation_id: str) -> list[AuditEntry]:
        """What was done with the reservation, from the workflow itself. Raises NotFound."""
        return await self._answered(self._handle(reservation_id).query(ReservationWorkflow.trail))

    async def release(self, reservation_id: str, *, by: str = "") -> None:
        """Begin the teardown. What has ended already is released already.

        When no worker answers, the wish is left with Temporal, which hands it to the first that comes.
        """
        try:
            await self._update(reservation_id, ReservationWorkflow.release, Wish(by), "release", "once")
        except WrongState:
            return
        except Undecided:
            log.warning("reservation.release_later", reservation_id=reservation_id)
            later = self._handle(reservation_id).signal(ReservationWorkflow.release_soon, Wish(by))
            await self._answered(later, late=Undecided)

    async def stop(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        """Begin to power off."""
        await self._update(reservation_id, ReservationWorkflow.stop, Wish(by), STOP, request_id)

    async def start_nodes(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        """Begin to power on."""
        await self._update(reservation_id, ReservationWorkflow.start, Wish(by), START, request_id)

    async def reboot(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        """Begin to restart the operating systems."""
        await self._update(reservation_id, ReservationWorkflow.reboot, Wish(by), REBOOT, request_id)

    async def scale(self, reservation_id: str, scale: Scale, request_id: str, *, by: str = "") -> None:
        """Begin to grow or shrink. The same request_id twice does it once."""
        scaling = Scaling(scale, request_id, by)
        await self._update(reservation_id, ReservationWorkflow.scale, scaling, "scale", request_id)

    async def let_in(
        self, reservation_id: str, openings: tuple[Opening, ...], *, before: tuple[Opening, ...], by: str = ""
    ) -> None:
        """Change what is let in from outside; returns when the cloud has done it. The same twice is once."""
        await self._update(reservation_id, ReservationWorkflow.let_in, Opened(openings, before, by), "open")

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

    async def refresh_offers(self, provider: str, credential_ref: str) -> int:
        """Fetch the provider's live offers with that access and keep them; returns how many.

        Calls at the same time share one fetch. Raises Unavailable, also when the cloud does not answer.
        """
        work = self._client.execute_workflow(
            RefreshOffers.run,
            CloudAccount(provider, credential_ref),
            id=f"refresh-offers-{provider}",
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        try:
            return await self._answered(work, seconds=REFRESH_SECONDS)
        except WorkflowFailureError as error:
            log.warning("offers.refresh_failed", provider=provider, code=failure_code(error))
            raise Unavailable(provider) from error

    async def sweep(self) -> SweepReport:
        """Look through all accounts now; joins a sweep that is under way. Raises Unavailable."""
        work = self._client.execute_workflow(
            Sweep.run,
            SweepOrder(self._timing),
            id=SWEEP_ID,
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        try:
            return await self._answered(work, seconds=SWEEP_SECONDS)
        except WorkflowFailureError as error:
            raise Unavailable("the sweep") from error

    async def adopt(self, order: ReservationOrder, nodes: tuple[Node, ...], *, by: str = "") -> None:
        """Look after machines that exist: a reservation of theirs whose lease begins now.

        Raises WrongState when one looks after them already, or they are being deleted.
        """
        state = ReservationState.adopting(order, nodes, by=by)
        try:
            await self._answered(
                self._client.start_workflow(
                    ReservationWorkflow.run,
                    ReservationStart(order, self._timing, state),
                    id=order.reservation_id,
                    task_queue=self._task_queue,
                    # The workflow that looked after them once has ended, or is forgotten.
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    static_summary=f"{order.name} of {order.workspace_id}/{order.owner}, adopted",
                ),
                late=Undecided,
            )
        except WorkflowAlreadyStartedError as error:
            state_now = RELEASING if await self._is_being_cleared(order.reservation_id) else RUNNING
            raise WrongState(order.name, state=state_now, wanted="adopt") from error

    async def clear(self, orphan: Orphan, *, by: str = "") -> None:
        """Begin to destroy what an orphan consists of; once, however often that is wanted.

        Raises WrongState when a reservation looks after it, or nothing tells its things from those of others.
        """
        if not orphan.reservation_id:
            raise WrongState(orphan.name, state="orphan", wanted="delete")
        try:
            await self._answered(
                self._client.start_workflow(
                    ClearOrphan.run,
                    Clearance(orphan, by, self._timing),
                    # The reservation's own id: what is deleted cannot be adopted, nor what is looked after be deleted.
                    id=orphan.reservation_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    static_summary=f"what is left of {orphan.name} of {orphan.person}",
                ),
                late=Undecided,
            )
        except WorkflowAlreadyStartedError as error:
            if not await self._is_being_cleared(orphan.reservation_id):
                raise WrongState(orphan.name, state=RUNNING, wanted="delete") from error

    # --- inside --------------------------------------------------------------------------------------------------

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
        if cause.type == LimitExceeded.code:
            what, asked, limit = cause.details
            return LimitExceeded(what, asked=asked, limit=limit)
        if cause.type in _CLOUDS_REFUSALS:
            return _CLOUDS_REFUSALS[cause.type](*cause.details)
    return Undecided("the worker")


_CLOUDS_REFUSALS: dict[str, type[CredentialsMissing] | type[ProviderError]] = {
    error.code: error
    for error in (CredentialsMissing, CredentialsRejected, ProviderDown, QuotaExceeded, RequestRejected)
}
"""Of what is done while somebody waits for the answer; each goes by the cloud's name."""
