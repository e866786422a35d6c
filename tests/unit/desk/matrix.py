"""The authorisation matrix: everybody who could try something with the Desk, the rules, and the things it is tried on.

What is allowed is written down here once more, in tables that know nothing of ``clouddesk.access``.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from clouddesk.budgets import as_is
from clouddesk.desk import Desk
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, OPERATOR, VIEWER, Actor
from clouddesk.model.approval import EXTEND as EXTENSION
from clouddesk.model.approval import Approval, NotYoursToDecide, Purchase
from clouddesk.model.audit import REQUESTED, AuditEntry
from clouddesk.model.credentials import credential_ref
from clouddesk.model.errors import CloudDeskError, Denied, NotFound
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import Node
from clouddesk.model.notice import READY, Notice
from clouddesk.model.orphan import Orphan
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import PARTIAL, Reservation
from clouddesk.model.share import EXTEND, MANAGE, USE, Share
from tests.conversation.memory import MemoryDesk
from tests.conversation.memory_clock import START
from tests.keys import public_key

ANN = Actor(LOCAL_WORKSPACE, "ann")
"""Whose everything is that the matrix is about."""
OVER, NOBODY = "over", "bob"

ROLES: dict[str, tuple[str, ...]] = {
    "member": (MEMBER,),
    "admin": (MEMBER, ADMIN),
    "viewer": (VIEWER,),
    "guest": (),
    "operator": (MEMBER, ADMIN, OPERATOR),
}
RELATIONS = {
    "the owner": ANN.user_id,
    "a colleague who may use it": USE,
    "a colleague who may extend it": EXTEND,
    "a colleague who may manage it": MANAGE,
    "a colleague whose part is over": OVER,
    "a stranger": NOBODY,
}
WORKSPACES = (LOCAL_WORKSPACE, "other")


@dataclass(frozen=True)
class Who:
    """Somebody who tries: a role, what one has to do with Ann's things, and the workspace one comes from."""

    role: str
    relation: str
    workspace_id: str

    @property
    def actor(self) -> Actor:
        return Actor(self.workspace_id, RELATIONS[self.relation], roles=ROLES[self.role])

    @property
    def is_here(self) -> bool:
        return self.workspace_id == LOCAL_WORKSPACE

    @property
    def is_admin(self) -> bool:
        return ADMIN in ROLES[self.role]

    @property
    def is_owner(self) -> bool:
        return self.is_here and self.relation == "the owner"

    @property
    def changes(self) -> bool:
        """Whether the role lets one do more than look."""
        return self.role in ("member", "admin", "operator")

    def __str__(self) -> str:
        return f"{self.relation}, {self.role} of {self.workspace_id}"


PEOPLE = [Who(role, relation, place) for role in ROLES for relation in RELATIONS for place in WORKSPACES]

Refusal = type[CloudDeskError] | None
"""The error that is to be raised; None: it is allowed."""
Rule = Callable[[Who], Refusal]

SEE, LENGTHEN, SWITCH, OWN, OPEN = "see", "lengthen", "switch", "own", "open"
_ALL = {SEE, LENGTHEN, SWITCH, OWN}
_PARTS = {
    "a colleague who may use it": {SEE, OPEN},
    "a colleague who may extend it": {SEE, OPEN, LENGTHEN},
    "a colleague who may manage it": {SEE, OPEN, LENGTHEN, SWITCH},
}


def rights(who: Who) -> set[str]:
    """What somebody may do with Ann's reservation."""
    if not who.is_here:
        return set()
    had = {*_ALL, OPEN} if who.is_owner else _PARTS.get(who.relation, set()) | (_ALL if who.is_admin else set())
    return had if who.changes else had & {SEE}


def with_right(right: str) -> Rule:
    """What cannot be seen is not there; what can be seen and not touched is denied."""

    def refusal(who: Who) -> Refusal:
        had = rights(who)
        return None if right in had else Denied if SEE in had else NotFound

    return refusal


def anybody(who: Who) -> Refusal:
    """For one's own, or for what is nobody's secret."""
    return None


def members(who: Who) -> Refusal:
    return None if who.changes else Denied


def admins(who: Who) -> Refusal:
    return None if who.is_admin else Denied


def settlers(who: Who) -> Refusal:
    """Of orphans: the owner and the admins of the workspace, who may do more than look."""
    return None if who.is_here and who.changes and (who.is_owner or who.is_admin) else NotFound


def ones_own(missing: type[CloudDeskError] = NotFound) -> Rule:
    """What others do not even find."""
    return lambda who: None if who.is_owner else missing


def owners_who_change(missing: type[CloudDeskError] = NotFound) -> Rule:
    return lambda who: Denied if not who.changes else None if who.is_owner else missing


def of_the_team(who: Who) -> Refusal:
    """The team's template of Ann's: changed by her and by admins, and not there in other workspaces."""
    if not who.changes:
        return Denied
    if not who.is_here:
        return NotFound
    return None if who.is_owner or who.is_admin else Denied


def managers(who: Who) -> Refusal:
    """Of Ann's request: nobody decides on their own, nor on what they have a part in; others do not find it."""
    if who.is_owner or (who.is_here and who.is_admin and who.relation in _PARTS):
        return NotYoursToDecide
    return None if who.is_here and who.is_admin else NotFound


def managers_and_who_asked(who: Who) -> Refusal:
    return None if who.is_here and (who.is_owner or who.is_admin) else NotFound


VM = ResourceRequest(kind="vm")
ANNS_KEY = public_key(comment="anns")


@dataclass
class Scene:
    """Ann's things of every kind, and the desk that somebody stands at."""

    world: MemoryDesk
    item: Reservation
    quote_id: str = ""
    actor: Actor = ANN

    @property
    def desk(self) -> Desk:
        return self.world.desk

    def things(self) -> dict[str, Any]:
        """All that a refusal must leave as it was."""
        world = self.world
        kept = {
            "reservations": world.views.items,
            "orphans": world.orphans.items,
            "cleared": world.engine.cleared,
            "templates": world.templates.shelves,
            "timers": world.timers.items,
            "ssh keys": {person: keys for person, keys in world.ssh_keys.items.items() if keys},
            "credentials": world.accounts.infos,
            "freezes": world.freezes.items,
            "budgets": world.budgets.books,
            "approvals": world.approvals.items,
            "trail": world.trail.entries,
        }
        # What lies in them is never changed, but replaced.
        return {name: copy.copy(value) for name, value in kept.items()}


@dataclass(frozen=True)
class Row:
    """One way into the Desk. ``shows``: the things that it must return then, and no others."""

    call: Callable[[Scene], Awaitable[Any]]
    refusal: Rule
    shows: Callable[[Who], set[str]] | None = None
    state: str = ""
    """The one that the reservation must be in; running unless said."""


async def set_up(row: Row) -> Scene:
    """Ann's machines, in which people have parts of every kind, and one of each of her other things."""
    world = MemoryDesk()
    for who in PEOPLE:
        await world.accounts.welcome(who.actor.person)
    item = await _reservation(world, row.state)
    quote = await world.desk.quote(ANN, VM)
    for name, is_team in (("mine", False), ("ours", True)):
        await world.desk.templates.save(ANN, name, ResourceRequest(kind="vm", count=2), is_team=is_team)
    await world.desk.timers.remind(ANN, at=START + timedelta(hours=2), conversation="c")
    await world.desk.ssh_keys.add(ANN, ANNS_KEY)
    world.accounts.infos[ANN.person] = [
        replace(info, account="annual", account_id=info.provider) for info in world.accounts.infos[ANN.person]
    ]
    world.trail.entries = [AuditEntry("entry", START, REQUESTED, LOCAL_WORKSPACE, by=ANN.user_id, owner=ANN.user_id)]
    await world.notices.send(Notice("notice", READY, LOCAL_WORKSPACE, ANN.user_id, "c", item.id, START))
    await world.orphans.note(_orphan())
    await world.approvals.add(_approval(world, item))
    world.clock.forward(minutes=5)
    return Scene(world, item, quote.id)


async def _reservation(world: MemoryDesk, state: str) -> Reservation:
    quote = await world.desk.quote(ANN, ResourceRequest(kind="vm", count=2, name="etl"))
    item = await world.desk.reserve(ANN, quote.id, conversation="c")
    world.engine.finish_provisioning(item.id)
    levels = tuple(Share(level, level) for level in (USE, EXTEND, MANAGE))
    item = replace(world.views.items[item.id], shares=(*levels, Share(OVER, MANAGE, world.clock())))
    if state == PARTIAL:
        choose_by = world.clock() + timedelta(hours=1)
        item = replace(item, nodes=item.nodes[:-1], choose_by=choose_by, can_go_on=True)
    # Whichever cloud it came to be on: one that keeps images.
    item = replace(item, state=state or item.state, archived_hourly_price_usd=0.01)
    world.views.items[item.id] = item = replace(item, offered_to="zoe", offered_at=world.clock())
    return item


def _approval(world: MemoryDesk, item: Reservation) -> Approval:
    """Ann asks for an hour more."""
    purchase = Purchase(EXTENSION, item.id, item.owner, item.name, key="one", seconds=3600)
    now = world.clock()
    times = (now, now + timedelta(hours=24))
    return Approval("a-1", LOCAL_WORKSPACE, ANN.user_id, purchase, as_is(item), (), "c", "UTC", *times)


def _orphan() -> Orphan:
    node = Node("i-1", "node-1", "node", NODE_RUNNING, "aws", "us-east-1", "t3.medium", reservation_id="r-0bad0001")
    return Orphan(
        id="o-1",
        provider="aws",
        credential_ref=credential_ref(ANN.person, "aws"),
        workspace_id=LOCAL_WORKSPACE,
        owner=ANN.user_id,
        reservation_id="r-0bad0001",
        name="lost",
        nodes=(node,),
        belongings=(),
        found_at=START,
        account_id="aws",
    )
