"""Orphans for their owners: leave them alone, look after them again, or have them destroyed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Protocol

from clouddesk.model import audit
from clouddesk.model.actor import Actor
from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import NotFound, WrongState
from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.model.offer import Requirements
from clouddesk.model.orphan import Orphan
from clouddesk.model.ports import AuditTrail, Catalog, Clock, Reservations, ReservationViews
from clouddesk.model.request import CLUSTER, VM
from clouddesk.model.reservation import ReservationOrder
from clouddesk.settings import Limits


class OrphanStore(Protocol):
    """The orphans that the sweeps found."""

    async def put(self, orphan: Orphan) -> None: ...

    async def get(self, orphan_id: str) -> Orphan | None: ...

    async def all(self) -> list[Orphan]: ...

    async def remove(self, orphan_id: str) -> None: ...


@dataclass(frozen=True)
class Orphanage:
    """Who may do what is for the Desk to say."""

    store: OrphanStore
    engine: Reservations
    views: ReservationViews
    catalog: Catalog
    trail: AuditTrail
    limits: Limits
    installation: str
    is_simulated: bool
    clock: Clock

    async def all(self) -> list[Orphan]:
        """All that are known, longest known first."""
        return await self.store.all()

    async def get(self, orphan_id: str) -> Orphan:
        """Raises NotFound."""
        orphan = await self.store.get(orphan_id)
        if orphan is None:
            raise NotFound(orphan_id)
        return orphan

    async def keep(self, actor: Actor, orphan: Orphan) -> None:
        """Leave it alone, and do not ask again unless more is found."""
        await self.store.put(replace(orphan, is_kept=True))
        now = self.clock()
        entry = AuditEntry(
            id=f"{orphan.id}:kept:{now.isoformat()}",
            at=now,
            action=audit.ORPHAN_SETTLED,
            workspace_id=orphan.workspace_id,
            by=actor.user_id,
            owner=orphan.owner,
            reservation_id=orphan.reservation_id,
            name=orphan.name,
            facts={"what": "kept"},
        )
        await self.trail.append([entry])

    async def adopt(self, actor: Actor, orphan: Orphan) -> str:
        """Make it a reservation again, with the default lease from now on; returns its id.

        Raises WrongState when there is no machine in it, or machines in several regions.
        """
        if not orphan.nodes or not orphan.reservation_id or len({node.region for node in orphan.nodes}) > 1:
            raise WrongState(orphan.name, state="orphan", wanted="adopt")
        order = await self._order(orphan)
        await self.engine.adopt(order, orphan.nodes, by=actor.user_id)
        await self.store.remove(orphan.id)
        return order.reservation_id

    async def delete(self, actor: Actor, orphan: Orphan) -> None:
        """Begin to destroy it; its owner is told when the cloud lists nothing of it any more."""
        await self.engine.clear(orphan, by=actor.user_id)

    async def _order(self, orphan: Orphan) -> ReservationOrder:
        view = await self.views.get(orphan.reservation_id)
        size, _ = Counter(node.size for node in orphan.nodes).most_common(1)[0]
        region = orphan.nodes[0].region
        wanted = Requirements(providers=(orphan.provider,), region=region, size_names=(size,))
        offer = next(iter(self.catalog.cheapest(wanted, limit=1)), None)
        count = len(orphan.nodes)
        price = offer.hourly_price_usd if offer and offer.hourly_price_usd else 0.0
        person = orphan.person
        stem = view.name if view else "adopted"
        name = await self.views.claim_name(person, stem, orphan.reservation_id, is_exact=view is not None)
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
            hourly_price_usd=view.hourly_price_usd * count / view.node_count if view else price * count,
            stopped_hourly_price_usd=view.stopped_hourly_price_usd * count / view.node_count if view else 0.0,
            created_at=self.clock(),
            is_simulated=self.is_simulated,
        )
