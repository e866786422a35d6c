"""Budgets: what is set, how much of it is used, and the one way to commit money: within them, or with an approval."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from clouddesk import access
from clouddesk.model import audit
from clouddesk.model.actor import Actor
from clouddesk.model.approval import APPROVED, DONE, Approval, OverBudget, Purchase
from clouddesk.model.audit import AuditEntry
from clouddesk.model.budget import (
    Bound,
    Budget,
    BudgetBook,
    Commitment,
    Finding,
    Hold,
    Use,
    alive,
    commitments,
    judge,
    month_of,
    uses,
)
from clouddesk.model.costs import CostAccount
from clouddesk.model.errors import CloudDeskError, Unavailable
from clouddesk.model.ports import Clock
from clouddesk.model.quote import Quote
from clouddesk.model.reservation import Reservation
from clouddesk.model.stores import Approvals, AuditTrail, CostLedger
from clouddesk.model.stores import Budgets as BudgetStore

TEAM, EACH = "team", "each"
"""Whose a budget is, beside the user ids of people: of the workspace together, and of everybody without one."""

Plan = Callable[[Commitment | None], Commitment]
"""What a reservation will cost, from what it costs as far as is known: the dearest of all that was said yes to."""


@dataclass(frozen=True)
class BudgetView:
    """What there is to know of a budget. ``whose`` is TEAM, EACH or a user id."""

    whose: str
    uses: tuple[Use, ...]
    budget: Budget
    """What counts for them: as set for them, else for everybody, else as configured."""
    month: str
    """ "2026-11"."""


@dataclass(frozen=True)
class Budgets:
    """Everybody's budgets. ``defaults``: what the configuration says where nothing was set."""

    store: BudgetStore
    approvals: Approvals
    ledger: CostLedger
    trail: AuditTrail
    defaults: BudgetBook
    clock: Clock

    async def book(self, actor: Actor) -> BudgetBook:
        """All that is set in the workspace; for admins. Raises Denied."""
        access.require_budgets_of_all(actor)
        return await self._book(actor.workspace_id)

    async def own_book(self, actor: Actor) -> BudgetBook:
        """Only what was set, without what is configured; for admins. Raises Denied."""
        access.require_budgets_of_all(actor)
        return await self.store.book(actor.workspace_id)

    async def view(self, actor: Actor, whose: str, *, bounds: Mapping[str, Bound | None] | None = None) -> BudgetView:
        """How much of it is used: everybody's own and the team's, for admins anybody's. Raises Denied.

        ``bounds``: as if these were set.
        """
        if whose not in (actor.user_id, TEAM):
            access.require_budgets_of_all(actor)
        book = _having(await self.store.book(actor.workspace_id), whose, bounds or {}).over(self.defaults)
        accounts, known, now = await self._standing(actor.workspace_id)
        owner = None if whose == TEAM else "" if whose == EACH else whose
        found = uses(book, accounts, known, owner, now)
        return BudgetView(whose, tuple(found), counting(book, whose), month_of(now).name)

    async def set(self, actor: Actor, whose: str, bounds: Mapping[str, Bound | None]) -> BudgetBook:
        """Set these bounds by measure, or take those away that are None; what is set then. Raises Denied."""
        access.require_budgets_of_all(actor)

        book = await self.store.change(actor.workspace_id, lambda book: _having(book, whose, bounds))
        facts = {measure: _bound_fact(bound) for measure, bound in bounds.items()}
        await self._record(actor, audit.BUDGET_SET, whose=whose, **facts)
        return book.over(self.defaults)

    async def name_approver(self, actor: Actor, user_id: str, *, is_wanted: bool = True) -> BudgetBook:
        """Somebody decides on requests beside the admins from now on, or does not any more. Raises Denied."""
        access.require_budgets_of_all(actor)

        def name(book: BudgetBook) -> BudgetBook:
            others = tuple(item for item in book.approvers if item != user_id)
            return replace(book, approvers=(*others, user_id) if is_wanted else others)

        book = await self.store.change(actor.workspace_id, name)
        await self._record(actor, audit.APPROVER_NAMED if is_wanted else audit.APPROVER_REMOVED, whose=user_id)
        return book.over(self.defaults)

    async def approvers(self, workspace_id: str) -> tuple[str, ...]:
        """Those who were named, beside the admins."""
        return (await self._book(workspace_id)).approvers

    async def look(self, workspace_id: str, reservation_id: str, plan: Plan) -> tuple[Finding, ...]:
        """Which bounds it would go beyond now; () where nothing is bound. The caller has authorised who asks."""
        book = await self._book(workspace_id)
        if book.is_empty:
            return ()
        accounts, known, now = await self._standing(workspace_id)
        return tuple(judge(book, accounts, known, plan(known.get(reservation_id)), now))

    async def look_at_quote(self, actor: Actor, quote: Quote) -> tuple[Finding, ...]:
        """Which bounds the actor's quote would go beyond."""
        return await self.look(actor.workspace_id, quote.reservation_id, plan_of(quote, actor.user_id, self.clock()))

    @asynccontextmanager
    async def claim(
        self, workspace_id: str, purchase: Purchase, plan: Plan, *, approval_id: str = ""
    ) -> AsyncIterator[None]:
        """Commit the money, then do within the context what costs it. Of several at once each sees those before it.

        Raises OverBudget when it is over a hard limit and not what ``approval_id`` approves; nothing is done then.
        What fails for good gives the money free. What may still be done keeps it for a while.
        """
        if (await self._book(workspace_id)).is_empty:
            yield
            return
        approved = await self._approved(workspace_id, purchase, approval_id)

        async def decide(said: BudgetBook, holds: list[Hold]) -> list[Hold]:
            book, now = said.over(self.defaults), self.clock().timestamp()
            accounts = await self._accounts(workspace_id)
            holds = alive(holds, accounts, now)
            if any(hold.key == purchase.key for hold in holds):
                # Said once more.
                return holds
            known = commitments(accounts, holds, now)
            planned = plan(known.get(purchase.reservation_id))
            findings = tuple(judge(book, accounts, known, planned, now))
            is_approved = approved is not None and not approved.why_not(planned, self.clock())
            if any(item.is_over for item in findings) and not is_approved:
                raise OverBudget(purchase, planned, findings)
            return [*holds, Hold(purchase.key, now, planned)]

        await self.store.hold(workspace_id, decide)
        try:
            yield
        except Unavailable:
            # Perhaps it was passed on.
            raise
        except CloudDeskError:
            with suppress(Unavailable):
                await self.store.let_go(workspace_id, purchase.key)
            raise
        with suppress(Unavailable):
            await self.store.hold(workspace_id, _done(purchase.key))

    async def _approved(self, workspace_id: str, purchase: Purchase, approval_id: str) -> Approval | None:
        """The approval of just this, given by somebody else."""
        approval = await self.approvals.get(workspace_id, approval_id) if approval_id else None
        if approval is None or approval.status not in (APPROVED, DONE):
            return None
        return approval if approval.purchase.approval_id == purchase.approval_id else None

    async def _standing(self, workspace_id: str) -> tuple[list[CostAccount], dict[str, Commitment], float]:
        holds = await self.store.holds(workspace_id)
        now = self.clock().timestamp()
        accounts = await self._accounts(workspace_id)
        return accounts, commitments(accounts, holds, now), now

    async def _accounts(self, workspace_id: str) -> list[CostAccount]:
        begin = month_of(self.clock().timestamp()).begin
        return await self.ledger.accounts(workspace_id, since=datetime.fromtimestamp(begin, timezone.utc))

    async def _book(self, workspace_id: str) -> BudgetBook:
        return (await self.store.book(workspace_id)).over(self.defaults)

    async def _record(self, actor: Actor, action: str, *, whose: str, **facts: str) -> None:
        at = self.clock()
        entry = AuditEntry(
            id=f"{action}:{actor.workspace_id}:{whose}:{at.isoformat()}",
            at=at,
            action=action,
            workspace_id=actor.workspace_id,
            by=actor.user_id,
            owner="" if whose in (TEAM, EACH) else whose,
            name=whose,
            facts=facts,
        )
        await self.trail.append([entry])


def _done(key: str) -> Callable[[BudgetBook, list[Hold]], Awaitable[list[Hold]]]:
    """The hold of that key was carried out: the ledger has it in a moment."""

    async def done(_: BudgetBook, holds: list[Hold]) -> list[Hold]:
        return [replace(hold, is_done=True) if hold.key == key else hold for hold in holds]

    return done


def counting(book: BudgetBook, whose: str) -> Budget:
    """What counts for them, of all that the book says."""
    return book.team if whose == TEAM else book.each if whose == EACH else book.of(whose)


def _having(book: BudgetBook, whose: str, bounds: Mapping[str, Bound | None]) -> BudgetBook:
    """The same with these bounds set, or taken away."""
    budget = book.team if whose == TEAM else book.each if whose == EACH else book.people.get(whose, Budget())
    for measure, bound in bounds.items():
        budget = budget.having(measure, bound)
    if whose == TEAM:
        return replace(book, team=budget)
    if whose == EACH:
        return replace(book, each=budget)
    people = {**book.people, whose: budget}
    return replace(book, people={user_id: item for user_id, item in people.items() if not item.is_empty})


def plan_of(quote: Quote, owner: str, now: datetime) -> Plan:
    """What a yes to the quote commits to."""
    ends_at = quote.ends_at.timestamp() if quote.request.until else now.timestamp() + quote.lease_seconds
    planned = Commitment(quote.reservation_id, owner, quote.hourly_price_usd, ends_at, len(quote.nodes))
    return lambda known: planned


def change_of(item: Reservation, *, by_seconds: float = 0.0, at_least: Commitment | None = None) -> Plan:
    """What a reservation commits to when it lasts so much longer, or comes to at least this."""

    def plan(known: Commitment | None) -> Commitment:
        before = as_is(item)
        before = known.at_least(replace(before, hourly_usd=0.0, machines=0)) if known else before
        after = replace(before, ends_at=before.ends_at + by_seconds)
        return after.at_least(at_least) if at_least else after

    return plan


def running(item: Reservation, *, hourly_usd: float | None = None, machines: int = 0) -> Plan:
    """What a reservation commits to when all of its machines run, or so many for so much."""
    price = item.hourly_price_usd if hourly_usd is None else hourly_usd
    return change_of(item, at_least=replace(as_is(item), hourly_usd=price, machines=machines or item.node_count))


def taken_over(item: Reservation, owner: str) -> Plan:
    """What a reservation commits its next owner to."""
    change = change_of(item)
    return lambda known: replace(change(known), owner=owner)


def as_is(item: Reservation) -> Commitment:
    """What a reservation commits to as it is."""
    account = CostAccount.of(item)
    return Commitment(
        item.id, item.owner, account.committed_hourly_usd, account.ends_at, account.machines, item.is_unpriced
    )


def _bound_fact(bound: Bound | None) -> str:
    if bound is None or bound.is_empty:
        return "none"
    parts = ["" if bound.most is None else f"{bound.most:g}", "" if bound.warn is None else f"warn {bound.warn:g}"]
    return " ".join(part for part in parts if part)
