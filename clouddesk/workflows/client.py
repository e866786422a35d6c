"""The Reservations port over Temporal: starts workflows, sends them updates, asks them for the truth."""

from __future__ import annotations

from datetime import datetime

import structlog
from temporalio.client import (
    Client,
    WorkflowFailureError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RetryConfig

from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import (
    Unavailable,
    Undecided,
    WrongState,
)
from clouddesk.model.idling import IdleWish
from clouddesk.model.node import Node, Opening
from clouddesk.model.order import ReservationOrder
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.model.reservation import RELEASING, RUNNING
from clouddesk.model.scaling import Scale
from clouddesk.model.share import Share
from clouddesk.workflows.calls import WorkflowCalls
from clouddesk.workflows.contracts import ARCHIVE, REBOOT, START, STOP, CloudAccount, ReservationStart
from clouddesk.workflows.failures import failure_code
from clouddesk.workflows.offers import RefreshOffers
from clouddesk.workflows.reservation import ReservationWorkflow
from clouddesk.workflows.state import ReservationState
from clouddesk.workflows.sweep import SWEEP_ID, Clearance, ClearOrphan, Sweep, SweepOrder
from clouddesk.workflows.wishes import (
    Choice,
    Extension,
    Handover,
    IdleSetting,
    Keeping,
    Opened,
    OpeningToTeam,
    Protecting,
    Scaling,
    Sharing,
    Sighting,
    Unsharing,
    Wish,
)

log = structlog.get_logger()
REFRESH_SECONDS = 60.0
SWEEP_SECONDS = 600.0
RETRIES = RetryConfig(max_elapsed_time_millis=3000, max_retries=5)


class TemporalReservations(WorkflowCalls):
    """Implements ``clouddesk.model.ports.Reservations``."""

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

    async def protect(self, reservation_id: str, *, is_protected: bool, by: str = "") -> None:
        """Protect it, or take that off."""
        await self._update(reservation_id, ReservationWorkflow.protect, Protecting(is_protected, by), "protect")

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

    async def offer_handover(self, reservation_id: str, to: str, *, by: str = "", left: str = "") -> None:
        """Ask that colleague to take it over; "" when they do not want it, or it is taken back."""
        wish = Handover(to, by=by, left=left)
        await self._update(reservation_id, ReservationWorkflow.offer_handover, wish, "hand over")

    async def hand_over(self, reservation_id: str, to: str, name: str, *, by: str = "", left: str = "") -> None:
        """It is theirs from now on, under this name."""
        wish = Handover(to, name, by, left)
        await self._update(reservation_id, ReservationWorkflow.hand_over, wish, "hand over")

    async def choose(
        self, reservation_id: str, answer: str, *, by: str = "", request_id: str = "", offered_usd: float = 0.0
    ) -> None:
        """Answer what happens with machines that came up only in part (``reservation.CHOICES``) or would be dearer."""
        choice = Choice(answer, by, offered_usd)
        await self._update(reservation_id, ReservationWorkflow.choose, choice, "choose", request_id)

    async def keep(
        self, reservation_id: str, until: datetime, request_id: str, *, by: str = "", is_protected: bool = False
    ) -> None:
        """It is needed until then, whether it looks so or not. The same request_id twice is one wish."""
        keeping = Keeping(until, request_id, by, is_protected)
        await self._update(reservation_id, ReservationWorkflow.keep, keeping, "keep", request_id)

    async def set_idle(self, reservation_id: str, wish: IdleWish, request_id: str, *, by: str = "") -> None:
        """What happens when nobody uses it, in place of what was wished before."""
        setting = IdleSetting(wish, request_id, by)
        await self._update(reservation_id, ReservationWorkflow.set_idle, setting, "set_idle", request_id)

    async def seen(self, reservation_id: str, sighting: Sighting) -> None:
        """A step is due because of how it is used."""
        await self._answered(self._handle(reservation_id).signal(ReservationWorkflow.seen, sighting), late=Undecided)

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
        """Begin to power on, or to make the machines again of what is archived."""
        await self._update(reservation_id, ReservationWorkflow.start, Wish(by), START, request_id)

    async def archive(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        """Begin to keep images of its machines' disks and to give the machines back."""
        await self._update(reservation_id, ReservationWorkflow.archive, Wish(by), ARCHIVE, request_id)

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
