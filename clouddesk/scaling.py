"""Growing and shrinking what runs: what that costs, and the yes to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from clouddesk.access import Right
from clouddesk.accounts import Accounts, ReplaceableCatalog
from clouddesk.adapters.blueprints import find_blueprint
from clouddesk.budgets import Budgets, running
from clouddesk.fallbacks import archived_hourly_price_usd, stopped_hourly_price_usd
from clouddesk.freezing import Freezing
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.approval import SCALE, Purchase
from clouddesk.model.blueprint import GROW, SHRINK, Blueprint
from clouddesk.model.budget import Finding
from clouddesk.model.errors import LimitExceeded, OfferChanged, UnknownRegion, UnknownSoftware, WrongState
from clouddesk.model.invalid import CannotScale, ClusterTooSmall, SameSize, TooFewMachines, UnknownMake
from clouddesk.model.offer import SAME_PRICE, Offer, Requirements
from clouddesk.model.ports import Reservations
from clouddesk.model.request import CLUSTER
from clouddesk.model.reservation import RUNNING, SCALING, Reservation
from clouddesk.model.scaling import Scale, ScaleQuote
from clouddesk.records import Records

SINGLE = "node"
"""The part of machines that are no cluster."""
PLAIN = "plain"


@dataclass(frozen=True)
class Sizes:
    """How many machines reservations have."""

    engine: Reservations
    records: Records
    accounts: Accounts
    blueprints: Mapping[str, Blueprint]
    catalog: ReplaceableCatalog
    limits: Limits
    clock: Callable[[], datetime]
    freezing: Freezing
    budgets: Budgets

    async def quote(self, actor: Actor, reservation_id: str, count: int) -> ScaleQuote:
        """What ``count`` machines in all would cost: further ones of the same size, at today's price of their offer.

        Raises WrongState unless it runs, SameSize, TooFewMachines, ClusterTooSmall, LimitExceeded, CannotScale,
        and UnknownMake of machines that were adopted.
        """
        reservation = await self.records.with_right(actor, Right.OWN, reservation_id)
        if reservation.state != RUNNING or reservation.is_mixed:
            raise WrongState(reservation.name, state=reservation.state, wanted="scale")
        before = len(reservation.living_nodes)
        if not reservation.disk_gb:
            raise UnknownMake(reservation.name)
        blueprint = self._blueprint(reservation, is_growth=count > before)
        self._check(reservation, blueprint, before, count)
        share = reservation.hourly_price_usd / reservation.node_count
        stopped_share = reservation.stopped_hourly_price_usd / reservation.node_count
        each, stopped_each = await self._prices(reservation) or (share, stopped_share)
        difference = (count - before) * (each if count > before else share)
        seconds_left = max(0.0, (reservation.expires_at - self.clock()).total_seconds())
        return ScaleQuote(
            reservation=reservation,
            scale=Scale(
                count=count,
                before=before,
                role=blueprint.growing_role if blueprint else SINGLE,
                hourly_price_usd=each,
                stopped_hourly_price_usd=stopped_each,
                archived_hourly_price_usd=archived_hourly_price_usd(
                    reservation.provider, reservation.region, disk_gb=reservation.disk_gb
                ),
            ),
            hourly_price_usd=share * before + difference,
            difference_usd=difference * seconds_left / 3600,
        )

    async def look(self, actor: Actor, quote: ScaleQuote) -> tuple[Finding, ...]:
        """Which bounds of its owner's budget and the team's the change would go beyond."""
        item = await self.records.with_right(actor, Right.OWN, quote.reservation.id)
        plan = running(item, hourly_usd=quote.hourly_price_usd, machines=quote.scale.count)
        return await self.budgets.look(item.workspace_id, item.id, plan)

    async def scale(
        self, actor: Actor, reservation_id: str, agreed: Scale, *, request_id: str, approval_id: str = ""
    ) -> Reservation:
        """Say yes to what was quoted. The same request_id twice is one wish.

        Raises OfferChanged when it is dearer by now, or there is another number of machines, Frozen, OverBudget; else
        as ``quote``.
        """
        try:
            quote = await self.quote(actor, reservation_id, agreed.count)
        except (WrongState, SameSize):
            if not await self._is_begun(reservation_id, agreed, request_id):
                raise
            return await self.records.with_right(actor, Right.OWN, reservation_id)
        now = quote.scale
        if now.is_growth:
            await self.freezing.check(actor)
        is_dearer = now.is_growth and now.hourly_price_usd > agreed.hourly_price_usd * SAME_PRICE
        if now.before != agreed.before or is_dearer:
            raise OfferChanged(reservation_id)
        item = quote.reservation
        purchase = Purchase(SCALE, item.id, item.owner, item.name, key=request_id, scale=agreed)
        plan = running(item, hourly_usd=quote.hourly_price_usd, machines=now.count)
        async with self.budgets.claim(item.workspace_id, purchase, plan, approval_id=approval_id):
            await self.engine.scale(reservation_id, now, request_id, by=actor.user_id)
        return await self.records.after_change(replace(quote.reservation, state=SCALING, scaling_to=now.count))

    async def _is_begun(self, reservation_id: str, agreed: Scale, request_id: str) -> bool:
        """Whether this wish was taken already, and only its answer was lost."""
        try:
            # No machines at all: what the workflow does not know yet it refuses.
            await self.engine.scale(reservation_id, replace(agreed, count=0), request_id)
        except WrongState:
            return False
        return True

    def _check(self, reservation: Reservation, blueprint: Blueprint | None, before: int, count: int) -> None:
        if count < 1:
            raise TooFewMachines(count, most=self.limits.max_nodes)
        if count == before:
            raise SameSize(reservation.name, count=before)
        if count > self.limits.max_nodes:
            raise LimitExceeded("machines", asked=count, limit=self.limits.max_nodes)
        if blueprint is None:
            return
        if count < blueprint.least_nodes:
            roles = [role.name for role in blueprint.roles]
            raise ClusterTooSmall(blueprint.title, asked=count, least=blueprint.least_nodes, roles=roles)
        is_growth = count > before
        # What is bare has nothing on it that could be lost or would have to join.
        if reservation.found and (GROW if is_growth else SHRINK) not in blueprint.scales:
            raise CannotScale(reservation.name, title=blueprint.title, is_growth=is_growth)

    def _blueprint(self, reservation: Reservation, *, is_growth: bool) -> Blueprint | None:
        """None for machines that are no cluster. Raises CannotScale when its blueprint is not there any more."""
        if reservation.kind != CLUSTER:
            return None
        software = reservation.software or PLAIN
        try:
            return find_blueprint(dict(self.blueprints), software)
        except UnknownSoftware:
            raise CannotScale(reservation.name, title=software, is_growth=is_growth) from None

    async def _prices(self, reservation: Reservation) -> tuple[float, float] | None:
        """By the hour, of one further machine that runs and one that is stopped; None while no price is known."""
        await self.accounts.refresh_offers(self.catalog)
        same = Requirements(
            storage_gb=reservation.disk_gb,
            providers=(reservation.provider,),
            region=reservation.region,
            size_names=(reservation.size,),
            spot=reservation.spot,
            architecture=reservation.architecture,
        )
        found: list[Offer] = []
        with suppress(UnknownRegion):
            found = self.catalog.cheapest(same, limit=1)
        if not found:
            return None
        disk_gb = max(reservation.disk_gb, found[0].disk_gb)
        price = found[0].machine_hourly_price_usd(disk_gb)
        if price is None:
            return None
        is_billed_stopped = self.accounts.bills_stopped_machines(reservation.provider)
        stopped = stopped_hourly_price_usd(
            found[0], disk_gb=disk_gb, machine_usd=price, is_billed_stopped=is_billed_stopped
        )
        return price, stopped
