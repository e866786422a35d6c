"""What workflows do in the outside world: provider calls in threads, with heartbeats, retries left to Temporal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from clouddesk.model import node as nodes
from clouddesk.model.errors import (
    CredentialsMissing,
    CredentialsRejected,
    NoCapacity,
    ProviderError,
    QuotaExceeded,
    Unavailable,
)
from clouddesk.model.node import Node, NodeOrder
from clouddesk.model.offer import Offer
from clouddesk.model.ports import AdminsOf, Provider
from clouddesk.model.reservation import REASON_PROVISION_FAILED
from clouddesk.model.stores import AuditTrail, MachineSecrets, Notices, ReservationViews
from clouddesk.workflows.contracts import (
    END_NODES,
    LET_IN,
    LOOK,
    POWER,
    PROVISION,
    PUBLISH,
    REBOOT,
    REFRESH_OFFERS,
    START,
    STOP,
    TEAR_DOWN,
    Admission,
    CloudAccount,
    Ending,
    Inspection,
    PowerChange,
    Provisioned,
    Provisioning,
    Publication,
    TeardownOrder,
    Timing,
)
from clouddesk.workflows.failures import NOTHING_MADE
from clouddesk.workflows.fairness import Lanes
from clouddesk.workflows.image_activities import ImageActivities
from clouddesk.workflows.notices import addressed, nobody
from clouddesk.workflows.polling import delays
from clouddesk.workflows.working import beating, failing

log = structlog.get_logger()
T = TypeVar("T")

ProviderFactory = Callable[[str, str], Awaitable[Provider]]
"""A fresh provider from its name and a credential ref. Raises CredentialsMissing, Unavailable."""
KeepOffers = Callable[[str, Sequence[Offer]], Awaitable[None]]

ACCEPTED = "accepted"
SHOWN_WITHIN_SECONDS = 1.0
"""How far machines are is no reason to wait longer for a Redis that does not answer."""


class Activities:
    """All activities; what they need of the world is handed in."""

    def __init__(
        self,
        *,
        open_provider: ProviderFactory,
        views: ReservationViews,
        notices: Notices,
        audit: AuditTrail,
        keep_offers: KeepOffers,
        machine_secrets: MachineSecrets,
        admins_of: AdminsOf = nobody,
        threads: Executor | None = None,
    ) -> None:
        """``admins_of``: the user ids of a workspace's admins, who are told what an owner alone cannot mend."""
        self._open_provider = open_provider
        self._views = views
        self._notices = notices
        self._audit = audit
        self._admins_of = admins_of
        self._keep_offers = keep_offers
        self._machine_secrets = machine_secrets
        self._threads = threads
        self._lanes = Lanes()
        self._images = ImageActivities(open_provider=open_provider, call=self._call)

    @property
    def all(self) -> list[Callable[..., Any]]:
        """What the worker registers."""
        return [
            *(self.provision, self.power, self.end_nodes, self.let_in, self.look, self.tear_down),
            *(self.publish, self.refresh_offers),
            *self._images.all,
        ]

    @activity.defn(name=PROVISION)
    async def provision(self, work: Provisioning) -> Provisioned:
        """Make the nodes that are missing; returns all of them when they run, or those that came up at all.

        Safe to repeat at any point: the provider looks for the reservation's tags before it makes anything.
        """
        is_repeated = activity.info().attempt > 1
        # From the first call that makes something on, nobody knows what was made, whatever that call answered.
        may_be_made = is_repeated or work.is_again
        async with beating(), failing(work.order.reservation_id, work.account):
            work = await self._with_bot(work)
            order = work.order
            try:
                provider = await self._open_provider(work.account.provider, work.account.credential_ref)
                if not may_be_made:
                    await self._call(work.account, provider.get_nodes, order.reservation_id, order.region)
            except (CredentialsRejected, CredentialsMissing) as error:
                if may_be_made:
                    raise
                raise ApplicationError(error.code, NOTHING_MADE, type=error.code, non_retryable=True) from None
            await self._discard(provider, work)
            found = await self._make(provider, work)
            if is_repeated and found.reason is None:
                # An earlier attempt that was given up may have lived on and made the same once more: end its doubles.
                found = await self._make(provider, work)
            return found

    @activity.defn(name=POWER)
    async def power(self, work: PowerChange) -> list[Node]:
        """Stop, start or reboot; returns the nodes that the cloud says are so when all are or time is out.

        Safe to repeat.
        """
        wanted = nodes.STOPPED if work.change == STOP else nodes.RUNNING
        async with beating() as beat, failing(work.reservation_id, work.account):
            provider = await self._open_provider(work.account.provider, work.account.credential_ref)
            changes = {STOP: provider.stop_nodes, START: provider.start_nodes, REBOOT: provider.reboot_nodes}
            # What the cloud accepted is not asked for again: a second reboot would hit people who work already.
            if ACCEPTED not in activity.info().heartbeat_details:
                await self._call(work.account, changes[work.change], work.reservation_id, work.region)
            beat(ACCEPTED)
            listed = await self._until_all(
                wanted,
                work.account,
                provider,
                work.reservation_id,
                work.region,
                work.node_keys,
                work.timing,
                limit_seconds=work.timing.power_seconds,
            )
            return [node for node in listed if node.key in work.node_keys and node.state == wanted]

    @activity.defn(name=END_NODES)
    async def end_nodes(self, work: Ending) -> None:
        """End until the cloud does not list them, twice: clouds list with a delay. Every error is worth another try.

        One whose key is not written yet is of a creation that was broken off, unless it is among those that stay.
        """
        async with beating(), failing(work.reservation_id, work.account, is_final=False):
            provider = await self._open_provider(work.account.provider, work.account.credential_ref)
            was_gone = False
            for delay_seconds in delays(work.timing):
                listed = await self._call(work.account, provider.get_nodes, work.reservation_id, work.region)
                ending = [node.id for node in listed if node.key in ("", *work.node_keys)]
                left = [node_id for node_id in ending if node_id not in work.kept]
                if left:
                    await self._call(work.account, provider.end_nodes, work.reservation_id, work.region, left)
                elif was_gone:
                    log.info("nodes.ended", reservation_id=work.reservation_id, keys=work.node_keys)
                    return
                was_gone = not left
                await asyncio.sleep(delay_seconds if left else work.timing.confirm_seconds)

    @activity.defn(name=LET_IN)
    async def let_in(self, work: Admission) -> None:
        """Change what the firewall of machines that there are lets in. Safe to repeat."""
        async with beating(), failing(work.order.reservation_id, work.account):
            provider = await self._open_provider(work.account.provider, work.account.credential_ref)
            await self._call(work.account, provider.let_in, work.order)
            if work.settle_seconds:
                await asyncio.sleep(work.settle_seconds)
                await self._call(work.account, provider.let_in, work.order)

    @activity.defn(name=LOOK)
    async def look(self, work: Inspection) -> list[Node]:
        """What the cloud lists. A node that is not listed is looked for once more, for clouds list with a delay."""
        async with beating(), failing(work.reservation_id, work.account):
            provider = await self._open_provider(work.account.provider, work.account.credential_ref)
            listed = await self._call(work.account, provider.get_nodes, work.reservation_id, work.region)
            if set(work.node_ids) - {node.id for node in listed}:
                await asyncio.sleep(work.timing.missing_seconds)
                listed = await self._call(work.account, provider.get_nodes, work.reservation_id, work.region)
            return listed

    @activity.defn(name=TEAR_DOWN)
    async def tear_down(self, work: TeardownOrder) -> None:
        """Destroy until the cloud lists nothing. Every error is worth another try."""
        async with beating(), failing(work.reservation_id, work.account, is_final=False):
            provider = await self._open_provider(work.account.provider, work.account.credential_ref)
            needs_second_look = work.confirm_seconds > 0
            was_complete = False
            for delay_seconds in delays(work.timing):
                left = await self._call(work.account, provider.destroy_nodes, work.reservation_id, work.region)
                if left.is_complete and (was_complete or not needs_second_look):
                    log.info("nodes.destroyed", reservation_id=work.reservation_id)
                    return
                was_complete = left.is_complete
                await asyncio.sleep(work.confirm_seconds if left.is_complete else delay_seconds)

    @activity.defn(name=PUBLISH)
    async def publish(self, work: Publication) -> None:
        """Write the view, deliver the notices, add to the trail. Safe to repeat: what is known already is dropped."""
        async with failing(work.view.id):
            await self._views.put(work.view)
            for notice in work.notices:
                for copy in await addressed(notice, self._admins_of):
                    await self._notices.send(copy)
                log.info(
                    f"notice.{notice.kind}", reservation_id=notice.reservation_id, is_for_admins=notice.is_for_admins
                )
            if work.entries:
                await self._audit.append(work.entries)

    @activity.defn(name=REFRESH_OFFERS)
    async def refresh_offers(self, account: CloudAccount) -> int:
        """Fetch all of the provider's offers and keep them; returns how many."""
        async with failing("", account):
            provider = await self._open_provider(account.provider, account.credential_ref)
            offers = await self._call(account, provider.list_offers)
            await self._keep_offers(account.provider, offers)
            log.info("offers.refreshed", provider=account.provider, count=len(offers))
            return len(offers)

    # --- inside --------------------------------------------------------------------------------------------------

    async def _make(self, provider: Provider, work: Provisioning) -> Provisioned:
        """Exactly the nodes of the order, running; or those that came up, with the reason why not all.

        Raises when none did.
        """
        order = work.order
        refused: ProviderError | None = None
        try:
            made = await self._call(work.account, provider.create_nodes, order)
        except (NoCapacity, QuotaExceeded) as error:
            refused = error
            made = await self._call(work.account, provider.get_nodes, order.reservation_id, order.region)
            if not made:
                raise
        log.info("nodes.created", reservation_id=order.reservation_id, count=len(made))
        made_keys = {node.key for node in made}
        found = await self._until_all(
            nodes.RUNNING,
            work.account,
            provider,
            order.reservation_id,
            order.region,
            tuple(plan.key for plan in order.nodes if refused is None or plan.key in made_keys),
            work.timing,
            limit_seconds=work.timing.provision_seconds,
            first=made,
            show=self._counting(order),
        )
        ordered = {plan.key for plan in order.nodes}
        up = tuple(node for node in found if node.state == nodes.RUNNING and node.key in ordered)
        if not up:
            raise refused or ApplicationError(REASON_PROVISION_FAILED, type=REASON_PROVISION_FAILED, non_retryable=True)
        if len(up) == len(order.nodes):
            return Provisioned(up)
        useless = tuple(node.id for node in found if node not in up)
        return Provisioned(up, refused.code if refused else REASON_PROVISION_FAILED, useless)

    async def _with_bot(self, work: Provisioning) -> Provisioning:
        """With CloudDesk's own key beside people's, where it has something to do on the machines."""
        if not work.is_configured:
            return work
        key = await self._machine_secrets.bot_key(work.order.reservation_id)
        return replace(work, order=replace(work.order, public_keys=(*work.order.public_keys, key.public_key)))

    def _counting(self, order: NodeOrder) -> Callable[[Sequence[Node]], Awaitable[None]]:
        """Tells people how many machines run by now, when that has changed. It never fails the work.

        Not by way of the workflow: its history would grow with the machines, for something that is gone in a minute.
        """
        ordered = {plan.key for plan in order.nodes}
        shown = len(ordered)  # that all of them run, the workflow tells itself

        async def show(listed: Sequence[Node]) -> None:
            nonlocal shown
            up = len(ordered.intersection(node.key for node in listed if node.state == nodes.RUNNING))
            if up != shown and up < len(ordered):
                with suppress(Unavailable, asyncio.TimeoutError):
                    await asyncio.wait_for(self._views.put_nodes_up(order.reservation_id, up), SHOWN_WITHIN_SECONDS)
                    shown = up

        return show

    async def _discard(self, provider: Provider, work: Provisioning) -> None:
        """End what an earlier try left without use, and what came late of it; until the cloud lists it no more."""
        if not work.is_again:
            return
        order = work.order
        wanted = {plan.key for plan in order.nodes}
        for delay_seconds in delays(work.timing):
            listed = await self._call(work.account, provider.get_nodes, order.reservation_id, order.region)
            left = [node.id for node in listed if node.id in work.useless or node.key not in wanted]
            if not left:
                return
            await self._call(work.account, provider.end_nodes, order.reservation_id, order.region, left)
            await asyncio.sleep(delay_seconds)

    async def _call(self, account: CloudAccount, function: Callable[..., T], *args: Any) -> T:
        """A blocking call in a thread, when the account's others leave room for it.

        When the activity is cancelled, the call is waited for all the same: after a cancelled activity has ended,
        nothing is being created any more.
        """
        async with self._lanes.lane(account.credential_ref):
            call = asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*args))
            try:
                return await asyncio.shield(call)
            except asyncio.CancelledError:
                await asyncio.wait([call])
                raise

    async def _until_all(
        self,
        state: str,
        account: CloudAccount,
        provider: Provider,
        reservation_id: str,
        region: str,
        keys: tuple[str, ...],
        timing: Timing,
        *,
        limit_seconds: float,
        first: Sequence[Node] = (),
        show: Callable[[Sequence[Node]], Awaitable[None]] | None = None,
    ) -> list[Node]:
        """Poll until every node is in the state, or broken or lost, or time has run out; what the cloud lists then.

        ``show`` gets what each poll finds.

        The time is counted from when the work was first given out, so that retries do not lengthen it; by the server's
        clock and this process' own, so that a jump of the machine's clock does not matter.
        """
        info = activity.info()
        earlier_seconds = (info.current_attempt_scheduled_time - info.scheduled_time).total_seconds()
        until = time.monotonic() + limit_seconds - earlier_seconds
        complete_at = time.monotonic()
        found = list(first)
        pauses = delays(timing)
        while True:
            if show is not None:
                await show(found)
            now = time.monotonic()
            by_key = {node.key: node for node in found if node.key in keys}
            if all(key in by_key for key in keys):
                complete_at = now
            are_lost = now - complete_at > timing.missing_seconds
            waiting = [
                key
                for key in keys
                if (by_key[key].state not in (state, nodes.ERROR) if key in by_key else not are_lost)
            ]
            if not waiting or now > until:
                if len(by_key) < len(keys) or any(node.state != state for node in by_key.values()):
                    log.warning("nodes.failed", reservation_id=reservation_id, states=[node.state for node in found])
                return [*(by_key[key] for key in keys if key in by_key), *(n for n in found if n.key not in keys)]
            await asyncio.sleep(next(pauses))
            try:
                found = await self._call(account, provider.get_nodes, reservation_id, region)
            except ProviderError as error:
                if not error.is_retryable:
                    raise
                log.info("provider.retry", reservation_id=reservation_id, provider=error.provider, code=error.code)
