"""The yes to a price: to a quote, and to dearer machines where there were none left of those quoted."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from clouddesk import access
from clouddesk.access import Right
from clouddesk.accounts import Accounts, ReplaceableCatalog
from clouddesk.budgets import Budgets, change_of, plan_of, running
from clouddesk.freezing import Freezing
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.approval import RESERVE, Approval, Purchase
from clouddesk.model.approval import TAKE as TAKE_DEARER
from clouddesk.model.errors import Unavailable
from clouddesk.model.ports import Clock, Reservations
from clouddesk.model.quote import Quote
from clouddesk.model.reservation import TAKE, Reservation
from clouddesk.model.stores import ReservationViews
from clouddesk.ordering import make_order
from clouddesk.quotations import Quotations
from clouddesk.quoting import said_name
from clouddesk.records import Records
from clouddesk.ssh_keys import SshKeys


@dataclass(frozen=True)
class Reserving:
    """Begins reservations, within the budget or with an approval."""

    accounts: Accounts
    budgets: Budgets
    catalog: ReplaceableCatalog
    engine: Reservations
    freezing: Freezing
    installation: str
    limits: Limits
    quotations: Quotations
    records: Records
    ssh_keys: SshKeys
    views: ReservationViews
    clock: Clock

    async def reserve(self, actor: Actor, quote_id: str, *, conversation: str) -> Reservation:
        """Say yes to a quote. A second yes returns the same reservation; nothing is created twice.

        Raises QuoteExpired, OfferChanged, Frozen, OverBudget, Unavailable.
        """
        access.require_member(actor)
        existing = await self._begun(quote_id)
        if existing and access.may(actor, Right.OWN, existing, self.clock()):
            return existing
        await self.freezing.check(actor)
        quote = await self.quotations.get_to_reserve(actor, quote_id)
        return await self._order(actor, quote, conversation=conversation)

    async def begun(self, actor: Actor, quote_id: str) -> Reservation | None:
        """What an earlier yes to the quote has made, if the actor may see it; None before the first."""
        existing = await self._begun(quote_id)
        return existing if existing and access.may(actor, Right.SEE, existing, self.clock()) else None

    async def reserve_approved(self, actor: Actor, approval: Approval) -> Reservation:
        """The quote that was asked about, also when it is too old to be said yes to. Raises OfferChanged, Frozen."""
        wish = approval.purchase
        if existing := await self.records.get(wish.reservation_id):
            return existing
        if wish.quote is None:
            raise ValueError("no quote was approved")
        await self.freezing.check(actor)
        quote = await self.quotations.still_to_be_had(wish.quote)
        return await self._order(actor, quote, conversation=wish.conversation, approval_id=approval.id)

    async def choose(
        self,
        actor: Actor,
        reservation_id: str,
        answer: str,
        *,
        request_id: str = "",
        offered_usd: float = 0.0,
        approval_id: str = "",
    ) -> Reservation:
        """As ``Desk.choose``."""
        item = await self.records.with_right(actor, Right.OWN, reservation_id)
        key = f"{TAKE_DEARER}:{item.id}:{offered_usd}"
        purchase = Purchase(TAKE_DEARER, item.id, item.owner, item.name, key=key, offered_usd=offered_usd)
        is_dearer = answer == TAKE and item.offered is not None
        plan = running(item, hourly_usd=offered_usd) if is_dearer else change_of(item)
        async with self.budgets.claim(item.workspace_id, purchase, plan, approval_id=approval_id):
            await self.engine.choose(item.id, answer, by=actor.user_id, request_id=request_id, offered_usd=offered_usd)
        return await self.records.after_change(item)

    async def take_approved(self, actor: Actor, approval: Approval) -> Reservation:
        """The dearer machines that were asked about."""
        wish, key = approval.purchase, approval.purchase.key
        offered = wish.offered_usd
        return await self.choose(
            actor, wish.reservation_id, TAKE, request_id=key, offered_usd=offered, approval_id=approval.id
        )

    async def _begun(self, quote_id: str) -> Reservation | None:
        reservation_id = "r-" + quote_id.removeprefix("q-")
        existing, is_kept = await asyncio.gather(self.views.get(reservation_id), self.quotations.is_kept(quote_id))
        # The quote is gone: it was said yes to, or it is too old. The engine knows, also when the view was lost.
        return await self.records.get(reservation_id) if existing is None and not is_kept else existing

    async def _order(self, actor: Actor, quote: Quote, *, conversation: str, approval_id: str = "") -> Reservation:
        purchase = Purchase(RESERVE, quote.reservation_id, actor.user_id, quote.name, key=quote.id, quote=quote)
        plan = plan_of(quote, actor.user_id, self.clock())
        async with self.budgets.claim(actor.workspace_id, purchase, plan, approval_id=approval_id):
            return await self._open(actor, quote, conversation=conversation)

    async def _open(self, actor: Actor, quote: Quote, *, conversation: str) -> Reservation:
        is_exact = quote.request.name is not None
        stem = said_name(quote.request) or quote.name
        order = make_order(
            actor,
            quote,
            name=await self.views.claim_name(actor.person, stem, quote.reservation_id, is_exact=is_exact),
            conversation=conversation,
            installation=self.installation,
            limits=self.limits,
            catalog=self.catalog,
            bills_stopped_machines=self.accounts.bills_stopped_machines,
            public_keys=[key.line for key in await self.ssh_keys.list(actor)],
            software=self.quotations.setup(quote).software,
            now=self.clock(),
        )
        reservation = await self.records.open(order)
        with suppress(Unavailable):  # no more than a convenience next time
            await self.quotations.remember(actor, quote)
        return reservation
