"""What was approved, done as it was asked for: in the name of who asked, once, however often it is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from clouddesk.handovers import Handovers
from clouddesk.leases import Leases
from clouddesk.model.actor import Actor
from clouddesk.model.approval import ADOPT, EXTEND, HOLD, RESERVE, SCALE, START, TAKE, TAKE_OVER, Approval
from clouddesk.model.reservation import Reservation
from clouddesk.orphans import Orphanage
from clouddesk.power import Power
from clouddesk.scaling import Sizes

Do = Callable[[Actor, Approval], Awaitable[Reservation]]


@dataclass(frozen=True)
class Purchases:
    """Each goes the way that it would have gone without a budget, with the approval's id instead of room in it."""

    reserve: Do
    take: Do
    leases: Leases
    power: Power
    sizes: Sizes
    orphans: Orphanage
    handovers: Handovers

    async def carry_out(self, actor: Actor, approval: Approval) -> Reservation:
        """Raises what the way itself raises; OfferChanged and OverBudget when it is dearer by now."""
        ways: dict[str, Do] = {
            RESERVE: self.reserve,
            TAKE: self.take,
            EXTEND: self._extend,
            HOLD: self._hold,
            SCALE: self._scale,
            START: self._start,
            ADOPT: self._adopt,
            TAKE_OVER: self._take_over,
        }
        return await ways[approval.purchase.kind](actor, approval)

    async def _extend(self, actor: Actor, approval: Approval) -> Reservation:
        wish = approval.purchase
        return await self.leases.extend(
            actor, wish.reservation_id, wish.seconds, request_id=wish.key, approval_id=approval.id
        )

    async def _hold(self, actor: Actor, approval: Approval) -> Reservation:
        wish = approval.purchase
        # Of when it was asked for: it may have been extended since, which leaves the longest end as it is.
        return await self.leases.hold(actor, wish.reservation_id, request_id=wish.key, approval_id=approval.id)

    async def _scale(self, actor: Actor, approval: Approval) -> Reservation:
        wish = approval.purchase
        if wish.scale is None:
            raise ValueError("no number of machines was approved")
        return await self.sizes.scale(
            actor, wish.reservation_id, wish.scale, request_id=wish.key, approval_id=approval.id
        )

    async def _start(self, actor: Actor, approval: Approval) -> Reservation:
        wish = approval.purchase
        return await self.power.start(actor, wish.reservation_id, request_id=wish.key, approval_id=approval.id)

    async def _take_over(self, actor: Actor, approval: Approval) -> Reservation:
        return await self.handovers.accept(actor, approval.purchase.reservation_id, approval_id=approval.id)

    async def _adopt(self, actor: Actor, approval: Approval) -> Reservation:
        return await self.orphans.adopt(actor, approval.purchase.orphan_id, approval_id=approval.id)
