"""Approvals: who goes beyond a hard limit asks for it, somebody else decides, and what is approved is done once."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from clouddesk import access
from clouddesk.approval_notes import asked, decided, end_of, entry_of
from clouddesk.budgets import Budgets
from clouddesk.model import audit
from clouddesk.model.actor import ADMIN, DEACTIVATED, MEMBER, Actor, Person
from clouddesk.model.approval import (
    APPROVED,
    CHANGED,
    DECLINED,
    DONE,
    EXPIRED,
    FAILED,
    GONE,
    OF_OWN,
    OFFER,
    OPEN,
    OTHERS,
    OWN,
    PARTY,
    PENDING,
    WITHDRAWN,
    AlreadyDecided,
    Approval,
    NobodyApproves,
    NotYoursToDecide,
    OverBudget,
    Purchase,
)
from clouddesk.model.errors import CloudDeskError, NotFound, OfferChanged, Unavailable
from clouddesk.model.ports import AdminsOf, Clock, Colleagues, Timers
from clouddesk.model.reservation import Reservation
from clouddesk.model.stores import Approvals as ApprovalStore
from clouddesk.model.stores import AuditTrail, Notices
from clouddesk.records import Records

log = structlog.get_logger()

OPEN_FOR = timedelta(hours=24)
"""So long a request waits for somebody to decide, unless what is asked for is over before."""
RECENT = timedelta(days=2)

CarryOut = Callable[[Actor, Approval], Awaitable[Reservation]]
"""Does what was approved, for who asked; once, however often it is called."""


@dataclass(frozen=True)
class Approvals:
    """Everybody's requests."""

    store: ApprovalStore
    budgets: Budgets
    records: Records
    notices: Notices
    trail: AuditTrail
    timers: Timers
    admins_of: AdminsOf
    colleagues: Colleagues
    carry_out: CarryOut
    clock: Clock

    async def ask(self, actor: Actor, over: OverBudget, *, conversation: str) -> Approval:
        """Ask those who may decide; the same wish again is the same request, and they are told once.

        Raises NobodyApproves when only the actor, or who has a part in it, could; Unavailable: nothing was asked then.
        """
        access.require_member(actor)
        purchase, now = over.purchase, self.clock()
        approval = Approval(
            id=await self._id(actor.workspace_id, purchase),
            workspace_id=actor.workspace_id,
            asker=actor.user_id,
            purchase=replace(purchase, conversation=conversation),
            planned=over.planned,
            findings=over.findings,
            conversation=conversation,
            timezone=actor.timezone,
            created_at=now,
            expires_at=min(now + OPEN_FOR, over.ends_at or now + OPEN_FOR),
        )
        if not await self._deciders(approval):
            raise NobodyApproves(over.findings, is_admin=ADMIN in actor.roles)
        known = await self.store.get(actor.workspace_id, approval.id)
        if known is None or known.status == PENDING:
            # First its end, so that there is none without: it tells who asked, also when all else is lost.
            await self.timers.put(end_of(known or approval))
            known = await self.store.add(approval)
        if known.is_open(now):
            await self._record(known, audit.APPROVAL_ASKED, at=known.created_at, by=known.asker)
            for user_id in await self._deciders(known):
                await self.notices.send(asked(known, user_id))
        log.info("approval.asked", approval=known.id, user=str(actor.person), kind=purchase.kind)
        return known

    async def _id(self, workspace_id: str, purchase: Purchase) -> str:
        """That of the request for this wish which still counts; else a new one beside those that are closed."""
        for number in itertools.count(1):
            id_ = purchase.approval_id if number == 1 else f"{purchase.approval_id}-{number}"
            known = await self.store.get(workspace_id, id_)
            if known is None or known.status == APPROVED or known.is_open(self.clock()):
                return id_
            if known.status == DONE and known.is_seen_in(await self.records.get(purchase.reservation_id)):
                return id_
        raise AssertionError("there is always another number")

    async def managers(self, actor: Actor) -> list[str]:
        """Who decides in the actor's workspace, as user ids: its admins and named approvers."""
        return await self._managers(actor.workspace_id)

    async def deciders(self, actor: Actor, approval_id: str) -> list[str]:
        """Who may decide on it, as user ids: the managers, but for whom it is about. Raises NotFound."""
        return await self._deciders(await self.get(actor, approval_id))

    async def get(self, actor: Actor, approval_id: str) -> Approval:
        """One that the actor has asked for or may decide on. Raises NotFound."""
        approval = await self.store.get(actor.workspace_id, approval_id)
        if approval is None or not (approval.asker == actor.user_id or await self._may_decide(actor)):
            raise NotFound(approval_id)
        return approval

    async def waiting(self, actor: Actor) -> list[Approval]:
        """Those that the actor may decide on now, oldest first."""
        if not await self._may_decide(actor):
            return []
        now = self.clock()
        found = [item for item in await self.store.all(actor.workspace_id) if item.is_open(now)]
        return [item for item in found if actor.user_id not in await self._parties(item)]

    async def own(self, actor: Actor) -> list[Approval]:
        """What the actor asked for lately, newest first."""
        since = self.clock() - RECENT
        found = [item for item in await self.store.all(actor.workspace_id) if item.asker == actor.user_id]
        return [item for item in reversed(found) if item.created_at > since]

    async def declined_by(self, actor: Actor) -> list[Approval]:
        """What the actor declined lately and gave no reason for, newest first."""
        since = self.clock() - RECENT
        found = [item for item in await self.store.all(actor.workspace_id) if item.created_at > since]
        return [
            item for item in reversed(found) if item.status == DECLINED and item.by == actor.user_id and not item.reason
        ]

    async def approve(self, actor: Actor, approval_id: str) -> tuple[Approval, Reservation | None]:
        """Allow it and do it, once, however many approve it. What it became; the reservation where it was done.

        CHANGED: it is not what was approved any more, so who asked is asked anew. Raises NotFound, NotYoursToDecide,
        AlreadyDecided, and Unavailable, after which it can be approved once more; others say why it could not be done.
        """
        approval = await self._to_decide(actor, approval_id)
        if approval.status in OPEN and await self._has_left(approval.workspace_id, approval.asker):
            raise AlreadyDecided(await self._withdraw_of_leaver(approval))

        def approve(known: Approval) -> Approval:
            if not known.is_open(self.clock()):
                return known
            return replace(known, status=APPROVED, by=actor.user_id, decided_at=self.clock())

        known = await self._changed(approval, approve)
        if known.status != APPROVED:
            raise AlreadyDecided(_seen(known, self.clock()))
        return await self._carry_out(known)

    async def decline(self, actor: Actor, approval_id: str, reason: str = "") -> Approval:
        """Refuse it; who asked is told, with the reason. A reason may be given afterwards.

        Raises NotFound, NotYoursToDecide, AlreadyDecided.
        """
        approval = await self._to_decide(actor, approval_id)

        def decline(known: Approval) -> Approval:
            is_reason = known.status == DECLINED and known.by == actor.user_id and bool(reason) and not known.reason
            if known.is_open(self.clock()) or is_reason:
                return replace(known, status=DECLINED, by=actor.user_id, reason=reason, decided_at=self.clock())
            return known

        known = await self._changed(approval, decline)
        is_mine = known.status == DECLINED and known.by == actor.user_id and known.reason == reason
        if not is_mine:
            raise AlreadyDecided(_seen(known, self.clock()))
        await self._settled(known)
        return known

    async def withdraw(self, actor: Actor, approval_id: str) -> Approval:
        """Who asked wants it no more. Raises NotFound, AlreadyDecided."""
        approval = await self.store.get(actor.workspace_id, approval_id)
        if approval is None or approval.asker != actor.user_id:
            raise NotFound(approval_id)

        def withdraw(known: Approval) -> Approval:
            return replace(known, status=WITHDRAWN, decided_at=self.clock()) if known.status == PENDING else known

        known = await self._changed(approval, withdraw)
        if known.status != WITHDRAWN:
            raise AlreadyDecided(known)
        await self._closed(known, by=actor.user_id)
        return known

    async def concerned(self, actor: Actor) -> set[str]:
        """Who waits for a decision, and who decides unless they have left, as user ids; for admins."""
        access.require_admin(actor)
        asking = {item.asker for item in await self.store.all(actor.workspace_id) if item.status in OPEN}
        return asking | {*await self._named(actor.workspace_id)}

    async def left(self, actor: Actor, user_id: str) -> None:
        """Who asked is not of the workspace any more: what they asked for is not done. For admins."""
        access.require_admin(actor)
        for item in await self.store.all(actor.workspace_id):
            if item.asker == user_id and item.status in OPEN:
                await self._withdraw_of_leaver(item)

    async def _withdraw_of_leaver(self, approval: Approval) -> Approval:
        def withdraw(known: Approval) -> Approval:
            is_open = known.status in OPEN
            return replace(known, status=WITHDRAWN, reason=GONE, decided_at=self.clock()) if is_open else known

        known = await self._changed(approval, withdraw)
        await self._closed(known, by="")
        return known

    async def _closed(self, approval: Approval, *, by: str) -> None:
        await self._record(approval, audit.APPROVAL_DECIDED, at=approval.decided_at or self.clock(), by=by)
        await self._forget_end(approval)

    async def _carry_out(self, approval: Approval) -> tuple[Approval, Reservation | None]:
        is_admin = approval.asker in await self.admins_of(approval.workspace_id)
        roles = (ADMIN, MEMBER) if is_admin else (MEMBER,)
        asker = Actor(approval.workspace_id, approval.asker, roles=roles, timezone=approval.timezone)
        item = await self.records.get(approval.purchase.reservation_id)
        if item and approval.purchase.kind in OF_OWN and item.owner != approval.purchase.owner:
            return await self._end(approval, CHANGED, reason=OTHERS), None
        try:
            made = await self.carry_out(asker, approval)
        except Unavailable:
            raise
        except (OfferChanged, OverBudget) as error:
            item = await self.records.get(approval.purchase.reservation_id)
            if item and approval.is_seen_in(item):
                # An outage had taken the answer, not the order.
                return await self._end(approval, DONE, name=item.name), item
            why = approval.why_not(error.planned, self.clock()) if isinstance(error, OverBudget) else ""
            return await self._end(approval, CHANGED, reason=why or OFFER), None
        except CloudDeskError as error:
            await self._end(approval, FAILED, reason=error.code)
            raise
        return await self._end(approval, DONE, name=made.name), made

    async def _end(self, approval: Approval, status: str, *, reason: str = "", name: str = "") -> Approval:
        def end(known: Approval) -> Approval:
            purchase = replace(known.purchase, name=name or known.purchase.name)
            return (
                replace(known, status=status, reason=reason, purchase=purchase) if known.status == APPROVED else known
            )

        known = await self._changed(approval, end)
        await self._settled(known)
        return known

    async def _settled(self, approval: Approval) -> None:
        """Tell who asked, write it down, and let it end no more by itself."""
        await self.notices.send(decided(approval, self.clock()))
        await self._closed(approval, by=approval.by)

    async def _forget_end(self, approval: Approval) -> None:
        # It would find that it is decided.
        with suppress(Unavailable):
            await self.timers.remove([end_of(approval).id])

    async def _to_decide(self, actor: Actor, approval_id: str) -> Approval:
        approval = await self.store.get(actor.workspace_id, approval_id)
        may = await self._may_decide(actor)
        if approval is None or not (may or approval.asker == actor.user_id):
            raise NotFound(approval_id)
        if actor.user_id in (approval.asker, approval.purchase.owner):
            raise NotYoursToDecide(OWN)
        if actor.user_id in await self._parties(approval):
            raise NotYoursToDecide(PARTY)
        return approval

    async def _managers(self, workspace_id: str) -> list[str]:
        named = await self._named(workspace_id)
        return [user_id for user_id in named if not await self._has_left(workspace_id, user_id)]

    async def _named(self, workspace_id: str) -> list[str]:
        named = await self.budgets.approvers(workspace_id)
        return list(dict.fromkeys((*await self.admins_of(workspace_id), *named)))

    async def _has_left(self, workspace_id: str, user_id: str) -> bool:
        return await self.colleagues.refusal(Person(workspace_id, user_id)) == DEACTIVATED

    async def _deciders(self, approval: Approval) -> list[str]:
        parties = await self._parties(approval)
        return [user_id for user_id in await self._managers(approval.workspace_id) if user_id not in parties]

    async def _parties(self, approval: Approval) -> set[str]:
        """Who gets something of it: who asked, whose it was then and is now, and with whom it is shared."""
        item = await self.records.get(approval.purchase.reservation_id)
        parties = {approval.asker, approval.purchase.owner}
        if item and item.workspace_id == approval.workspace_id:
            parties |= {item.owner, *(share.user_id for share in item.open_shares(self.clock()))}
        return parties

    async def _may_decide(self, actor: Actor) -> bool:
        return access.may_decide(actor, actor.workspace_id, await self.budgets.approvers(actor.workspace_id))

    async def _changed(self, approval: Approval, change: Callable[[Approval], Approval]) -> Approval:
        changed = await self.store.change(approval.workspace_id, approval.id, change)
        if changed is None:
            raise NotFound(approval.id)
        return changed

    async def _record(self, approval: Approval, action: str, *, at: datetime, by: str) -> None:
        await self.trail.append([entry_of(approval, action, at, by=by)])


def _seen(approval: Approval, now: datetime) -> Approval:
    """One whose time is over is so before its timer has rung."""
    return replace(approval, status=EXPIRED) if approval.status == PENDING and not approval.is_open(now) else approval
