"""Approvals: what is over a hard limit, asked of those who may allow it; and the purchase that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256

from clouddesk.model.budget import Commitment, Finding
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.offer import SAME_PRICE
from clouddesk.model.quote import Quote
from clouddesk.model.reservation import RUNNING, STARTING, Reservation
from clouddesk.model.scaling import Scale

RESERVE, EXTEND, HOLD, SCALE, START, TAKE, ADOPT = "reserve", "extend", "hold", "scale", "start", "take", "adopt"
TAKE_OVER = "take_over"
"""What costs: a quote's machines, a longer lease, one as long as is allowed, more machines, switching on what was
stopped, dearer machines where there were none of those quoted, orphans that become a reservation again, and a
colleague's machines that become one's own."""
OF_OWN = (EXTEND, HOLD, SCALE, START, TAKE)
"""What is done with a reservation that the purchase's owner has already."""

PENDING = "pending"
APPROVED = "approved"
"""Somebody approved it, and it is being carried out."""
DONE = "done"
DECLINED = "declined"
EXPIRED = "expired"
WITHDRAWN = "withdrawn"
CHANGED = "changed"
"""It was approved, and had become dearer by then, or could not be had any more: the person is asked anew."""
FAILED = "failed"
"""It was approved and could not be done."""
OPEN = (PENDING, APPROVED)
GONE = "gone"
"""Why it is WITHDRAWN, where who asked did not do it: they are not of the workspace any more."""
_SAME_END_SECONDS = 60.0
"""Two ends are the same that are no further apart: clocks differ."""

OFFER, DEARER, LARGER, LONGER, OTHERS = "offer", "dearer", "larger", "longer", "others"
"""Why it is CHANGED: what was offered is not to be had so any more; it would cost more by the hour, be more machines,
or last longer than was approved; or what it is about is somebody else's by now."""

OWN, PARTY = "own", "party"
"""Why somebody who may decide otherwise may not: they asked, or it is on their budget; they have a part in it."""


@dataclass(frozen=True)
class Purchase:
    """Something that costs, with all that it takes to do it. ``key``: the same for the same wish said twice."""

    kind: str
    reservation_id: str
    owner: str
    """Whose budget it is on."""
    name: str
    key: str
    quote: Quote | None = None
    conversation: str = ""
    seconds: int = 0
    """By how much longer."""
    scale: Scale | None = None
    offered_usd: float = 0.0
    orphan_id: str = ""

    @property
    def begins_then(self) -> bool:
        """Whether its lease begins with the yes, and so ends later by as long as the yes took."""
        return self.kind == ADOPT or (self.quote is not None and not self.quote.request.until)

    @property
    def approval_id(self) -> str:
        """Made from the wish, so that a repeated one meets the same request."""
        text = "\n".join((self.kind, self.reservation_id, self.key))
        return f"a-{sha256(text.encode()).hexdigest()[:10]}"


@dataclass(frozen=True)
class Approval:
    """A request to go beyond a hard limit, and what became of it."""

    id: str
    workspace_id: str
    asker: str
    purchase: Purchase
    planned: Commitment
    findings: tuple[Finding, ...]
    conversation: str
    timezone: str
    created_at: datetime
    expires_at: datetime
    status: str = PENDING
    by: str = ""
    """Who decided; "" for nobody."""
    reason: str = ""
    """Said by who declined it; of CHANGED one of those above; of WITHDRAWN perhaps GONE; of FAILED an error's code."""
    decided_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it waits for somebody to decide."""
        return self.status == PENDING and now < self.expires_at

    def is_seen_in(self, view: Reservation | None) -> bool:
        """Whether what was asked for has been done, as far as its reservation shows; None for none."""
        if view is None:
            return False
        wish, ends_at = self.purchase, view.expires_at.timestamp() + _SAME_END_SECONDS
        count = wish.scale.count if wish.scale else 0
        return {
            RESERVE: True,
            ADOPT: view.is_live,
            TAKE_OVER: view.owner == wish.owner,
            EXTEND: ends_at >= self.planned.ends_at,
            HOLD: ends_at >= self.planned.ends_at,
            SCALE: count in (view.node_count, view.scaling_to),
            START: view.state in (STARTING, RUNNING),
            TAKE: view.offered is None and view.hourly_price_usd == wish.offered_usd,
        }[wish.kind]

    def why_not(self, planned: Commitment, now: datetime) -> str:
        """Why this is not what was approved, "" where it is: no dearer, no larger and no longer, and for the same."""
        agreed = self.planned
        waited = (now - self.created_at).total_seconds() if self.purchase.begins_then else 0.0
        reasons = {
            OTHERS: planned.owner != agreed.owner,
            LARGER: planned.machines > agreed.machines,
            DEARER: planned.hourly_usd > agreed.hourly_usd * SAME_PRICE or planned.is_unpriced > agreed.is_unpriced,
            LONGER: planned.ends_at > agreed.ends_at + waited + _SAME_END_SECONDS,
        }
        return next((why for why, is_so in reasons.items() if is_so), "")


class OverBudget(CloudDeskError):
    """It is over a hard limit, and nobody has approved it."""

    code = "over_budget"

    def __init__(self, purchase: Purchase, planned: Commitment, findings: tuple[Finding, ...]) -> None:
        self.purchase = purchase
        self.planned = planned
        self.findings = findings
        super().__init__(f"{purchase.kind} of {purchase.name} is over the budget")

    @property
    def ends_at(self) -> datetime | None:
        """When what is asked for is over; None of what begins with the yes."""
        return None if self.purchase.begins_then else datetime.fromtimestamp(self.planned.ends_at, timezone.utc)


class NobodyApproves(CloudDeskError):
    """There is nobody who could approve it: who may is the one who asks."""

    code = "nobody_approves"

    def __init__(self, findings: tuple[Finding, ...], *, is_admin: bool) -> None:
        self.findings = findings
        self.is_admin = is_admin
        super().__init__("over the budget, and nobody could approve it")


class NotYoursToDecide(CloudDeskError):
    """Nobody decides what is their own, or on what they have a part in."""

    code = "not_yours_to_decide"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not yours to decide: {why}")


class AlreadyDecided(CloudDeskError):
    """Somebody was faster, or its time is over."""

    code = "already_decided"

    def __init__(self, approval: Approval) -> None:
        self.approval = approval
        super().__init__(f"{approval.id} is {approval.status}")
