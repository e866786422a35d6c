"""The audit trail: who asked for what, who confirmed it, what it cost, what was done in the cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.orphan import Orphan
from clouddesk.model.reservation import Reservation

REQUESTED = "requested"
"""A quote was said yes to; ``facts`` hold what was agreed and its price."""
CREATED = "created"
CONFIGURED = "configured"
"""Its software runs and was proven."""
CHOSEN = "chosen"
"""Somebody, or the time limit, decided what happens with machines that came up only in part, or are dearer."""
MOVED = "moved"
"""The cloud had none of the machines left; ``facts`` hold where they are got instead, and for how much."""
EXTENDED = "extended"
HELD = "held"
SHARED = "shared"
UNSHARED = "unshared"
OFFERED = "offered"
"""Somebody was asked to take it over ("offered"), did not want to, or is asked no more; ``facts`` hold ``what``."""
HANDED_OVER = "handed_over"
FOR_TEAM = "for_team"
"""Everybody of the workspace may know of it and ask for it, or not any more (``facts``)."""
LOGINS = "logins"
"""The keys of those that it is shared with were put on its machines, and all others of that kind taken off."""
RELINKED = "relinked"
"""The secret in its links was changed, because somebody has no part in it any more."""
STOPPED = "stopped"
STARTED = "started"
REBOOTED = "rebooted"
ARCHIVED = "archived"
"""Its machines are to be given back, and images of their disks kept."""
IMAGES = "images"
"""What came of that, or of starting what was archived; ``facts`` hold the images, or the reason why it did not."""
SCALED = "scaled"
"""Another number of machines was asked for; ``facts`` hold how many there were and the price of each further one."""
RESIZED = "resized"
"""It came to that number, or ``facts`` hold the reason why it did not."""
IDLE = "idle"
"""What came of it that nobody used it; ``facts`` hold the step."""
KEPT = "kept"
"""Somebody needs it until the time in ``facts``: it is not stopped as unused before."""
IDLE_SET = "idle_set"
"""Somebody wants it other than usual when nobody uses it."""
OPENED = "opened"
"""Other addresses or ports are let in from outside; ``facts`` hold which, and nothing when all is closed."""
RELEASED = "released"
EXPIRED = "expired"
FAILED = "failed"
DRIFTED = "drifted"
"""The cloud showed something that nobody here did."""
ENDED = "ended"
"""The cloud lists nothing any more; ``facts`` hold the cost."""
PROTECTED = "protected"
UNPROTECTED = "unprotected"
TEAM_STOPPED = "team_stopped"
"""An admin stopped several people's machines, or all of one; ``facts`` hold which, and why."""
FROZEN = "frozen"
"""No new machines in the workspace; ``facts`` hold until when, and why."""
UNFROZEN = "unfrozen"
LEFT = "left"
"""Its owner is not of the workspace any more, and its admins were asked what becomes of it."""
CREDENTIALS_ADDED = "credentials_added"
CREDENTIALS_REMOVED = "credentials_removed"
BUDGET_SET = "budget_set"
"""``name`` says whose; ``facts`` hold the bounds by measure."""
APPROVER_NAMED = "approver_named"
APPROVER_REMOVED = "approver_removed"
APPROVAL_ASKED = "approval_asked"
"""Something is over a hard limit; ``facts`` hold what it is and the numbers."""
APPROVAL_DECIDED = "approval_decided"
"""``facts`` hold what became of the request, and the reason that was given."""
ORPHAN_FOUND = "orphan_found"
ORPHAN_SETTLED = "orphan_settled"


@dataclass(frozen=True)
class AuditEntry:
    """One fact of the trail; written once, never changed, no secret in it.

    ``id`` is the same for a repeated delivery of the same fact. ``by`` is the user id of whoever did it, "" for
    CloudDesk itself.
    """

    id: str
    at: datetime
    action: str
    workspace_id: str
    by: str = ""
    owner: str = ""
    reservation_id: str = ""
    name: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def about(
        cls, subject: Reservation | Orphan, action: str, at: datetime, /, *, key: str, by: str = "", **facts: str
    ) -> AuditEntry:
        """What was done with a reservation or an orphan. ``key`` tells this fact apart from others about the same."""
        return cls(
            id=f"{subject.id}:{key}",
            at=at,
            action=action,
            workspace_id=subject.workspace_id,
            by=by,
            owner=subject.owner,
            reservation_id=subject.id if isinstance(subject, Reservation) else subject.reservation_id,
            name=subject.name,
            facts=facts,
        )

    @classmethod
    def of_credentials(cls, action: str, person: Person, info: CredentialInfo, at: datetime, *, by: str) -> AuditEntry:
        """What was done with a person's access to a cloud."""
        return cls(
            id=f"{action}:{person}:{info.provider}:{at.isoformat()}",
            at=at,
            action=action,
            workspace_id=person.workspace_id,
            by=by,
            owner=person.user_id,
            facts={"provider": info.provider, "account": info.account},
        )
