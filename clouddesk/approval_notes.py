"""What a request to go beyond a budget leaves behind: notices, entries of the audit trail, and the timer of its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from clouddesk import budget_words
from clouddesk.language.people import called
from clouddesk.model.actor import Person
from clouddesk.model.approval import APPROVED, CHANGED, DECLINED, DONE, EXPIRED, FAILED, PENDING, Approval
from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import Unavailable
from clouddesk.model.notice import APPROVAL_ASKED, APPROVAL_DECIDED, Notice
from clouddesk.model.timer import LAPSE, Timer


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


def lapsed(approval: Approval, now: datetime, *, is_done: bool) -> Approval:
    """It as it is when its time is over: what was approved and met an outage may have been done all the same."""
    if approval.status == PENDING:
        return replace(approval, status=EXPIRED, decided_at=now)
    if approval.status == APPROVED:
        return replace(approval, status=DONE) if is_done else replace(approval, status=FAILED, reason=Unavailable.code)
    return approval


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


def asked(approval: Approval, user_id: str) -> Notice:
    """For somebody who may decide."""
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
