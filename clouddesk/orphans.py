"""Orphans for their owners: leave them alone, look after them again, or have them destroyed."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace

from clouddesk import access
from clouddesk.accounts import Accounts
from clouddesk.budgets import Budgets
from clouddesk.limits import Limits
from clouddesk.model import audit
from clouddesk.model.actor import OPERATOR, Actor, Person
from clouddesk.model.approval import ADOPT, Purchase
from clouddesk.model.audit import AuditEntry
from clouddesk.model.budget import Commitment
from clouddesk.model.credentials import CredentialInfo, credential_ref
from clouddesk.model.errors import CloudDeskError, CredentialsMissing, NotFound, Undecided, UnknownRegion, WrongState
from clouddesk.model.node import Node, NodeOrder, NodePlan
from clouddesk.model.offer import OWN_MACHINE, Offer, Requirements
from clouddesk.model.order import ReservationOrder
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.model.ports import Catalog, Clock, Reservations
from clouddesk.model.request import CLUSTER, VM
from clouddesk.model.reservation import RELEASING, Reservation
from clouddesk.model.stores import AuditTrail, Orphans, ReservationViews
from clouddesk.quotations import Quotations
from clouddesk.quoting import DEFAULT_STORAGE_GB
from clouddesk.records import Records

_Prices = tuple[float, float]
"""What a machine costs an hour, running and stopped."""


@dataclass(frozen=True)
class Orphanage:
    """Every method for people takes the Actor first, and authorises it."""

    accounts: Accounts
    store: Orphans
    engine: Reservations
    records: Records
    views: ReservationViews
    catalog: Catalog
    trail: AuditTrail
    limits: Limits
    installation: str
    is_simulated: bool
    clock: Clock
    budgets: Budgets
    quotations: Quotations

    async def sweep(self, actor: Actor) -> SweepReport:
        """Look through every account of everybody now; for admins, who are told of their own workspace only.

        Raises Denied, Unavailable.
        """
        access.require_admin(actor)
        report = await self.engine.sweep()
        return report if OPERATOR in actor.roles else report.of_workspace(actor.workspace_id)

    async def all(self, actor: Actor) -> list[Orphan]:
        """The actor's own, and for admins everybody's in the workspace, longest known first."""
        return [orphan for orphan in await self.store.all() if access.may_settle(actor, orphan)]

    async def being_deleted(self, person: Person, access: CredentialInfo) -> list[Orphan]:
        """Those that this access of the person's may help to delete."""
        return [
            orphan
            for orphan in await self.store.all()
            if orphan.is_being_deleted
            and (orphan.workspace_id, orphan.provider) == (person.workspace_id, access.provider)
            and orphan.account_id == access.account_id
        ]

    async def get(self, actor: Actor, orphan_id: str) -> Orphan:
        """One by its id. Raises NotFound also for one that is not the actor's to settle."""
        orphan = await self.store.get(orphan_id)
        if orphan is None or not access.may_settle(actor, orphan):
            raise NotFound(orphan_id)
        return orphan

    async def keep(self, actor: Actor, orphan_id: str) -> Orphan:
        """Leave it alone, and do not ask again unless more is found.

        Raises WrongState when it is being deleted already, and NotFound, also when it is gone meanwhile.
        """
        orphan = await self.get(actor, orphan_id)

        def keep(known: Orphan) -> Orphan:
            if known.is_being_deleted:
                raise WrongState(known.name, state=RELEASING, wanted="keep")
            # Whoever keeps it knows of it, told or not.
            return replace(known, is_kept=True, told=tuple(sorted(known.known_to_readers.union(known.things))))

        kept = await self.store.change(orphan.id, keep)
        if kept is None:
            raise NotFound(orphan.id)
        key = f"{audit.ORPHAN_SETTLED}:kept:{kept.fingerprint}"
        facts = {"provider": kept.provider, "what": "kept"}
        entry = AuditEntry.about(kept, audit.ORPHAN_SETTLED, self.clock(), key=key, by=actor.user_id, **facts)
        await self.trail.append([entry])
        return orphan

    async def adopt(self, actor: Actor, orphan_id: str, *, approval_id: str = "") -> Reservation:
        """Make it a reservation again, with the default lease from now on.

        Raises NotFound; OverBudget; WrongState when there is no machine in it, or machines in several regions, or
        nobody whose it is; CredentialsMissing when its owner has no access to the account, which a reservation hangs
        on.
        """
        orphan = await self.get(actor, orphan_id)
        regions = {node.region for node in orphan.nodes}
        if not orphan.owner or not orphan.reservation_id or len(regions) != 1:
            raise WrongState(orphan.name, state="orphan", wanted="adopt")
        orphan = await self._with_own_credentials(orphan)
        if orphan.credential_ref != credential_ref(orphan.person, orphan.provider):
            raise CredentialsMissing(orphan.provider)
        order = await self._order(orphan)
        purchase = Purchase(
            ADOPT,
            order.reservation_id,
            order.owner,
            order.name,
            key=f"{ADOPT}:{orphan.id}:{orphan.fingerprint}",
            orphan_id=orphan.id,
        )
        ends_at = order.created_at.timestamp() + order.lease_seconds
        number, price = len(order.nodes.nodes), order.hourly_price_usd
        planned = Commitment(order.reservation_id, order.owner, price, ends_at, number, order.is_unpriced)
        async with self.budgets.claim(orphan.workspace_id, purchase, lambda _: planned, approval_id=approval_id):
            adopted = await self.records.adopt(order, orphan.nodes, by=actor.user_id)
        await self.store.remove(orphan.id)
        return adopted

    async def delete(self, actor: Actor, orphan_id: str) -> Orphan:
        """Begin to destroy it; its owner is told when the cloud lists nothing of it any more.

        Raises NotFound; WrongState for what carries no reservation's tag, and CredentialsMissing when nobody of the
        workspace has access to the account.
        """
        known = orphan = await self.get(actor, orphan_id)
        if not orphan.reservation_id:
            raise WrongState(orphan.name, state="orphan", wanted="delete")
        orphan = await self._with_own_credentials(orphan)
        if not orphan.credential_ref:
            raise CredentialsMissing(orphan.provider)
        # Marked first: what is marked is not kept any more, and a sweep takes off a mark that is not true.
        await self._mark(orphan.id, is_being_deleted=True)
        try:
            await self.engine.clear(orphan, by=actor.user_id)
        except Undecided:
            raise
        except CloudDeskError:
            await self._mark(orphan.id, is_being_deleted=orphan.is_being_deleted)
            raise
        return known

    async def _mark(self, orphan_id: str, *, is_being_deleted: bool) -> None:
        await self.store.change(orphan_id, lambda known: replace(known, is_being_deleted=is_being_deleted))

    async def _with_own_credentials(self, orphan: Orphan) -> Orphan:
        """Its owner's, also when these were given after the last sweep."""
        has_own = any(
            info.provider == orphan.provider and info.account_id and info.account_id == orphan.account_id
            for info in await self.accounts.list(orphan.person)
        )
        return replace(orphan, credential_ref=credential_ref(orphan.person, orphan.provider)) if has_own else orphan

    async def _order(self, orphan: Orphan) -> ReservationOrder:
        view = await self.views.get(orphan.reservation_id)
        person, count = orphan.person, len(orphan.nodes)
        if view is not None and view.person == person:
            name = view.name  # its own for good: no other reservation of the person can have taken it
        else:
            name = await self.views.claim_name(person, "adopted", orphan.reservation_id)
        await self.quotations.refresh_offers(person, (orphan.provider,))
        size, _ = Counter(node.size for node in orphan.nodes).most_common(1)[0]
        region = orphan.nodes[0].region
        offer = self._offer(orphan.nodes[0], size)
        prices = {
            name: self._agreed(orphan, view, name) or self._prices(self._offer(orphan.nodes[0], name))
            for name in {node.size for node in orphan.nodes}
        }
        known = [found for node in orphan.nodes if (found := prices[node.size])]
        return ReservationOrder(
            reservation_id=orphan.reservation_id,
            name=name,
            workspace_id=person.workspace_id,
            owner=person.user_id,
            conversation=view.conversation if view else "",
            kind=view.kind if view else CLUSTER if count > 1 else VM,
            software=view.software if view else None,
            provider=orphan.provider,
            vcpus=offer.vcpus if offer else 0,
            memory_gb=offer.memory_gb if offer else 0.0,
            credential_ref=orphan.credential_ref,
            nodes=NodeOrder(
                installation=self.installation,
                reservation_id=orphan.reservation_id,
                owner=str(person),
                region=region,
                size=size,
                os=view.os if view else "",
                nodes=tuple(NodePlan(node.key or node.id, node.role) for node in orphan.nodes),
                disk_gb=0.0,
                name=name,
            ),
            lease_seconds=self.limits.default_lease_seconds,
            max_lease_seconds=self.limits.max_lease_seconds,
            warning_seconds=self.limits.warning_seconds,
            hourly_price_usd=sum(running for running, _ in known),
            stopped_hourly_price_usd=sum(stopped for _, stopped in known),
            is_unpriced=len(known) < count,
            created_at=self.clock(),
            is_simulated=self.is_simulated and orphan.provider != OWN_MACHINE,
        )

    def _offer(self, node: Node, size: str) -> Offer | None:
        # Named by its size, an offer is found whatever its architecture.
        wanted = Requirements(providers=(node.provider,), region=node.region, size_names=(size,))
        with suppress(UnknownRegion):
            return next(iter(self.catalog.cheapest(wanted, limit=1)), None)
        return None

    def _agreed(self, orphan: Orphan, view: Reservation | None, size: str) -> _Prices | None:
        """What one of its machines cost when it was a reservation, as far as that was known."""
        place = (orphan.provider, orphan.nodes[0].region, size)
        if view is None or view.is_unpriced or (view.provider, view.region, view.size) != place:
            return None
        if not view.hourly_price_usd and view.provider != OWN_MACHINE:
            # It was adopted by a version that took unknown for nothing.
            return None
        return view.hourly_price_usd / view.node_count, view.stopped_hourly_price_usd / view.node_count

    def _prices(self, offer: Offer | None) -> _Prices | None:
        """What one such machine costs with the disk that machines here usually have; None where no list tells."""
        if offer is None:
            return None
        disk_gb = max(offer.disk_gb, DEFAULT_STORAGE_GB)
        running = offer.machine_hourly_price_usd(disk_gb)
        running = offer.hourly_price_usd if running is None else running
        if running is None:
            return None
        if self.accounts.bills_stopped_machines(offer.provider):
            return running, running
        return running, offer.stopped_hourly_price_usd(disk_gb)
