"""Who may do what. Only the Desk asks here, and nobody else decides."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import Enum

from clouddesk.language.people import called
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.audit import AuditEntry
from clouddesk.model.errors import Denied, NotFound
from clouddesk.model.handover import HandoverIsOver, offered_to
from clouddesk.model.orphan import Orphan
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import EXTEND, MANAGE, USE
from clouddesk.model.template import Template


class Right(Enum):
    """What somebody may do with a reservation."""

    SEE = "see"
    OPEN = "open"
    """What gets into its software: tokens and passwords."""
    EXTEND = "extend"
    """Lengthen the lease, for the owner's money."""
    MANAGE = "manage"
    """Stop, start, reboot, archive: what can be undone."""
    OWN = "own"
    """What is for good or the owner's to say: release, share, choose what becomes of machines that came up in part."""


_TAKES = {Right.SEE: USE, Right.EXTEND: EXTEND, Right.MANAGE: MANAGE}
"""What a share must allow. OWN stays with the owner and the admins, whatever is shared."""


def may(actor: Actor, right: Right, reservation: Reservation, now: datetime) -> bool:
    """Owners and admins of the same workspace; colleagues as far as it is shared with them; a viewer looks only."""
    if actor.workspace_id != reservation.workspace_id:
        return False
    if right is not Right.SEE and not _may_change(actor):
        return False
    share = reservation.share_of(actor.user_id, now)
    if right is Right.OPEN:
        # Running things takes no look into them: admins get in when it is shared with them, like everybody.
        return actor.user_id == reservation.owner or share is not None
    if actor.user_id == reservation.owner or ADMIN in actor.roles:
        return True
    return share is not None and right in _TAKES and share.allows(_TAKES[right])


def require(actor: Actor, right: Right, reservation: Reservation | None, words: str, now: datetime) -> Reservation:
    """The reservation, when the actor has the right.

    Raises NotFound(words) for one that the actor may not even see, exactly as for one that does not exist, so that
    nobody learns of other people's machines by guessing ids; Denied when it may be seen but not touched.
    """
    if reservation is None or not may(actor, Right.SEE, reservation, now):
        raise NotFound(words)
    if not may(actor, right, reservation, now):
        raise Denied(f"{right.value} {reservation.name}")
    return reservation


def require_offered(actor: Actor, reservation: Reservation | None, words: str, now: datetime) -> Reservation:
    """The reservation, when it is offered to the actor to take over. Raises as ``require``, and HandoverIsOver."""
    is_offered = reservation is not None and reservation.workspace_id == actor.workspace_id
    if reservation is None or not is_offered or reservation.offered_to != actor.user_id:
        seen = require(actor, Right.SEE, reservation, words, now)
        raise Denied(f"take over {seen.name}")
    if not _may_change(actor):
        raise Denied(f"take over {reservation.name}")
    if not offered_to(reservation, now):
        raise HandoverIsOver(reservation.name, called(reservation.person))
    return reservation


def may_read(actor: Actor, entry: AuditEntry) -> bool:
    """Admins read their workspace's whole audit trail; others what they did, and what was done with theirs."""
    if actor.workspace_id != entry.workspace_id:
        return False
    return ADMIN in actor.roles or actor.user_id in (entry.by, entry.owner)


def require_member(actor: Actor) -> None:
    """Raises Denied for people who may only look."""
    if not _may_change(actor):
        raise Denied("create machines")


def require_admin(actor: Actor) -> None:
    """Raises Denied for everybody else."""
    if ADMIN not in actor.roles:
        raise Denied("do what is for admins")


def may_see_costs_of_all(actor: Actor) -> bool:
    """Who spent what is for admins; everybody may know what the team spent together."""
    return ADMIN in actor.roles


def require_all_costs(actor: Actor) -> None:
    """Raises Denied for everybody else."""
    if not may_see_costs_of_all(actor):
        raise Denied("see what others spent")


def require_budgets_of_all(actor: Actor) -> None:
    """Raises Denied for everybody else: what others may spend is for admins to see and to set."""
    if ADMIN not in actor.roles:
        raise Denied("see and set others' budgets")


def may_decide(actor: Actor, workspace_id: str, approvers: Collection[str]) -> bool:
    """Whether the actor may decide on requests of that workspace: an admin, or somebody whom one has named."""
    if actor.workspace_id != workspace_id or not _may_change(actor):
        return False
    return ADMIN in actor.roles or actor.user_id in approvers


def may_settle(actor: Actor, orphan: Orphan) -> bool:
    """Its owner, or an admin of the workspace."""
    if actor.workspace_id != orphan.workspace_id or not _may_change(actor):
        return False
    return actor.user_id == orphan.owner or ADMIN in actor.roles


def may_change(actor: Actor, template: Template) -> bool:
    """Its author; of a team's template an admin of the workspace, too."""
    if actor.workspace_id != template.workspace_id or not _may_change(actor):
        return False
    return actor.user_id == template.author or (template.is_team and ADMIN in actor.roles)


def _may_change(actor: Actor) -> bool:
    return MEMBER in actor.roles or ADMIN in actor.roles
