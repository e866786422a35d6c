"""Approvals: who goes beyond a hard limit asks for it, somebody else decides, and what is approved is done once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from clouddesk import access, budget_words
from clouddesk.budgets import Budgets
from clouddesk.language.people import called
from clouddesk.model import audit
from clouddesk.model.actor import ADMIN, MEMBER, Actor, Person
from clouddesk.model.approval import (
    APPROVED,
    CHANGED,
    DECLINED,
    DONE,
    EXPIRED,
    FAILED,
    OF_OWN,
    OFFER,
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
)
from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import CloudDeskError, NotFound, OfferChanged, Unavailable
from clouddesk.model.notice import APPROVAL_ASKED, APPROVAL_DECIDED, Notice
from clouddesk.model.ports import AdminsOf, Clock, Timers
from clouddesk.model.reservation import Reservation
from clouddesk.model.stores import Approvals as ApprovalStore
from clouddesk.model.stores import AuditTrail, Notices
from clouddesk.model.timer import LAPSE, Timer
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
    carry_out: CarryOut
    clock: Clock

    async def ask(self, actor: Actor, over: OverBudget, *, conversation: str) -> Approval:
        """Ask those who may decide; the same wish again is the same request, and they are told once.

        Raises NobodyApproves when only the actor, or who has a part in it, could; Unavailable: nothing was asked then.
        """
        access.require_member(actor)
        purchase, now = over.purchase, self.clock()
        approval = Approval(
            id=purchase.approval_id,
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
                await self.notices.send(_asked(known, user_id))
        log.info("approval.asked", approval=known.id, user=str(actor.person), kind=purchase.kind)
        return known

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

        CHANGED: it is not what was approved any more, so who asked is asked anew. Raises NotFound, NotYoursToDecide, AlreadyDecided,
        and Unavailable, after which it can be approved once more; other errors say why it could not be done.
        """
        approval = await self._to_decide(actor, approval_id)

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
        await self._record(known, audit.APPROVAL_DECIDED, at=self.clock(), by=actor.user_id)
        await self._forget_end(known)
        return known

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
        except OfferChanged:
            return await self._end(approval, CHANGED, reason=OFFER), None
        except OverBudget as over:
            why = approval.why_not(over.planned, self.clock()) or OFFER
            return await self._end(approval, CHANGED, reason=why), None
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
        await self._record(approval, audit.APPROVAL_DECIDED, at=approval.decided_at or self.clock(), by=approval.by)
        await self.notices.send(decided(approval, self.clock()))
        await self._forget_end(approval)

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
        named = await self.budgets.approvers(workspace_id)
        return list(dict.fromkeys((*await self.admins_of(workspace_id), *named)))

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


def entry_of(approval: Approval, action: str, at: datetime, *, by: str) -> AuditEntry:
    """What was asked, or what became of it."""
    purchase = approval.purchase
    findings = (f"{item.whose} {item.measure} {item.total:.2f}/{item.limit:.2f}" for item in approval.findings)
    return AuditEntry(
        id=f"{approval.id}:{action}:{approval.status}:{len(approval.reason)}",
        at=at,
        action=action,
        workspace_id=approval.workspace_id,
        by=by,
        owner=purchase.owner,
        reservation_id=purchase.reservation_id,
        name=purchase.name,
        facts={
            "what": purchase.kind,
            "asked_by": approval.asker,
            "status": approval.status,
            "reason": approval.reason,
            "over": "; ".join(findings),
        },
    )


def lapsed(approval: Approval, now: datetime) -> Approval:
    """It as it is when nobody has decided in time, or what was approved was never done."""
    return replace(approval, status=EXPIRED, decided_at=now) if approval.status in (PENDING, APPROVED) else approval


def decided(approval: Approval, now: datetime) -> Notice:
    """What became of it, for who asked."""
    key = f"{approval.status}:{len(approval.reason)}"
    return _notice(approval, f"{approval.id}:{APPROVAL_DECIDED}:{key}", APPROVAL_DECIDED, now, approval.asker)


def lost(timer: Timer, name: str, now: datetime) -> Notice:
    """For who asked, where nothing is known of the request when its time is over."""
    return Notice(
        id=f"{timer.id}:{APPROVAL_DECIDED}:lost",
        kind=APPROVAL_DECIDED,
        workspace_id=timer.workspace_id,
        user_id=timer.by,
        conversation=timer.conversation,
        reservation_id="",
        created_at=now,
        values={"name": name, "status": "lost"},
    )


def _seen(approval: Approval, now: datetime) -> Approval:
    """One whose time is over is so before its timer has rung."""
    return replace(approval, status=EXPIRED) if approval.status == PENDING and not approval.is_open(now) else approval


def _asked(approval: Approval, user_id: str) -> Notice:
    id_ = f"{approval.id}:{APPROVAL_ASKED}:{user_id}"
    return replace(_notice(approval, id_, APPROVAL_ASKED, approval.created_at, user_id), conversation="")


def _notice(approval: Approval, id_: str, kind: str, now: datetime, user_id: str) -> Notice:
    purchase = approval.purchase
    return Notice(
        id=id_,
        kind=kind,
        workspace_id=approval.workspace_id,
        user_id=user_id,
        conversation=approval.conversation,
        reservation_id="",
        created_at=now,
        values={
            "approval_id": approval.id,
            "name": purchase.name,
            "status": approval.status,
            "owner": purchase.owner,
            "purchase": purchase.kind,
            "ends": approval.expires_at.isoformat(),
            "asked_by": called(Person(approval.workspace_id, approval.asker)),
            "decided_by": called(Person(approval.workspace_id, approval.by)) if approval.by else "",
            "what": budget_words.what(purchase, approval.planned, approval.created_at),
            "reasons": budget_words.reasons(
                approval.findings, f"{called(Person(approval.workspace_id, purchase.owner))}'s"
            ),
            "said": f" \u201c{approval.reason}\u201d" if approval.status == DECLINED and approval.reason else "",
            "changed": budget_words.CHANGES.get(approval.reason, "") if approval.status == CHANGED else "",
            "has_quote": "yes" if purchase.quote is not None else "no",
            "simulated": "yes" if purchase.quote is not None and purchase.quote.is_simulated else "no",
        },
    )


def end_of(approval: Approval) -> Timer:
    """What rings when nobody has decided in time."""
    return Timer(
        id=f"approval-{approval.workspace_id}-{approval.id}",
        what=LAPSE,
        workspace_id=approval.workspace_id,
        by=approval.asker,
        conversation=approval.conversation,
        timezone=approval.timezone,
        at=approval.expires_at,
        note=f"{approval.id} {approval.purchase.name}",
    )
