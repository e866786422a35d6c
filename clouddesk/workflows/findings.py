"""What a survey of one account means: what belongs together, whose it is, and who can do something about it. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from clouddesk.language.money import rate
from clouddesk.model import audit
from clouddesk.model.actor import LOCAL_WORKSPACE, Person
from clouddesk.model.audit import AuditEntry
from clouddesk.model.credentials import credential_ref
from clouddesk.model.node import GONE, Belonging, Node, Survey
from clouddesk.model.notice import ORPHAN, Notice
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.model.orphan import Orphan
from clouddesk.model.reservation import ARCHIVED, ENDED, RUNNING, STOPPED, Reservation
from clouddesk.workflows.drift import observe, observe_images
from clouddesk.workflows.sweep import SweptAccount

UNPRICED = "an unknown sum"


@dataclass(frozen=True)
class Unit:
    """What is settled as one: all that carries a reservation's tag; without such a tag, all of one owner."""

    reservation_id: str
    owner: str = ""
    """ "workspace/user" of what carries no reservation's tag."""

    @classmethod
    def of(cls, thing: Node | Belonging) -> Unit:
        return cls(thing.reservation_id) if thing.reservation_id else cls("", thing.owner)


def grouped(survey: Survey) -> dict[Unit, Survey]:
    """The account's holdings by unit."""
    nodes: dict[Unit, list[Node]] = defaultdict(list)
    belongings: dict[Unit, list[Belonging]] = defaultdict(list)
    for node in survey.nodes:
        nodes[Unit.of(node)].append(node)
    for item in survey.belongings:
        belongings[Unit.of(item)].append(item)
    return {unit: Survey(tuple(nodes[unit]), tuple(belongings[unit])) for unit in {**nodes, **belongings}}


def orphan_of(
    account: SweptAccount, unit: Unit, holdings: Survey, *, view: Reservation | None, now: datetime
) -> Orphan:
    """``account``: with all refs that reach it, best first. ``view``: of the reservation, where there is one."""
    keeper = _keeper(account, _owner(holdings, view))
    key = f"{account.provider}/{account.account_id}/{unit.reservation_id}" + (f"/{unit.owner}" if unit.owner else "")
    return Orphan(
        id="o-" + sha256(key.encode()).hexdigest()[:8],
        provider=account.provider,
        credential_ref=keeper.credential_ref,
        workspace_id=keeper.person.workspace_id,
        owner=keeper.person.user_id,
        reservation_id=unit.reservation_id,
        name=view.name if view else unit.reservation_id or account.provider,
        nodes=holdings.nodes,
        belongings=holdings.belongings,
        found_at=now,
        account_id=account.account_id,
    )


def one_of_each(orphans: Sequence[Orphan]) -> list[Orphan]:
    """The same things found twice are one orphan: that which its owner's own credentials reach, where there is one.

    An account is looked through twice when its cloud tells two ids of it for two people's keys.
    """

    def rank(orphan: Orphan) -> tuple[bool, bool, str]:
        own = credential_ref(orphan.person, orphan.provider)
        return orphan.credential_ref != own, not orphan.credential_ref, orphan.id

    taken: set[tuple[str, str]] = set()
    kept = []
    for orphan in sorted(orphans, key=rank):
        things = {(orphan.provider, thing) for thing in orphan.things}
        if not things & taken:
            kept.append(orphan)
        taken |= things
    return kept


def is_adrift(view: Reservation, there: Survey) -> bool:
    """Whether a reservation at rest looks otherwise than it should."""
    if view.state not in (RUNNING, STOPPED, ARCHIVED):
        return False
    seen = observe(view, there.nodes)
    if view.state == ARCHIVED and observe_images(view.images, {item.id for item in there.belongings})[1]:
        return True
    return bool(seen.drifts) or seen.state != view.state


def is_left_behind(view: Reservation, provider: str, holdings: Survey) -> bool:
    """Whether machines of a reservation are where it is not: it was moved, and they came after that."""
    return any((provider, node.region) != (view.provider, view.region) for node in holdings.nodes)


def is_of_account(view: Reservation, account: SweptAccount) -> bool:
    """Whether its machines must be in that account. One's own machine is the same for everybody at its terminal."""
    if view.provider != account.provider:
        return False
    is_here = view.provider == OWN_MACHINE and view.workspace_id == LOCAL_WORKSPACE
    return is_here or credential_ref(view.account_person, view.provider) in account.credential_refs


def ended(view: Reservation, reason: str, now: datetime) -> Reservation:
    """The view of a reservation that no workflow looks after, once its cloud lists nothing of it."""
    over = replace(
        view.counted(now),
        state=ENDED,
        reason=reason,
        ended_at=now,
        choose_by=None,
        can_go_on=False,
        offered=None,
        nodes=tuple(replace(node, state=GONE, address=None, private_address=None) for node in view.nodes),
        revision=view.revision + 1,
    )
    return over.read_after(view)


# --- what is told and written down; ids are the same for the same fact, however often an activity is repeated ---------


def found_notice(orphan: Orphan, now: datetime) -> Notice:
    """The same for the same things, for as long as they are known: another sweep does not tell of them again."""
    return orphan_notice(orphan, ORPHAN, now, key=orphan.fingerprint, is_for_admins=orphan.is_for_admins)


def orphan_notice(
    orphan: Orphan, kind: str, now: datetime, *, key: str, is_for_admins: bool = False, **facts: str
) -> Notice:
    """With every value that the wordings may use."""
    return Notice(
        id=":".join(part for part in (orphan.id, kind, "admins" if is_for_admins else "", key) if part),
        kind=kind,
        workspace_id=orphan.workspace_id,
        user_id=orphan.owner,
        conversation="",
        reservation_id=orphan.reservation_id,
        created_at=now,
        is_for_admins=is_for_admins,
        values={
            "orphan_id": orphan.id,
            "reservation_id": orphan.reservation_id,
            "name": orphan.name,
            "owner": orphan.owner,
            "provider": orphan.provider,
            "region": ", ".join(orphan.regions),
            "nodes": str(len(orphan.nodes)),
            "size": ", ".join(sorted({node.size for node in orphan.nodes})),
            "belongings": str(len(orphan.belongings)),
            "things": ", ".join(orphan.things),
            **facts,
        },
    )


def hourly_price(view: Reservation | None) -> str:
    """For people; what was never a reservation here has no known price."""
    return rate(view.current_hourly_price_usd) if view and view.is_live else UNPRICED


def found_entry(orphan: Orphan, now: datetime) -> AuditEntry:
    return orphan_entry(orphan, audit.ORPHAN_FOUND, now, key=orphan.fingerprint, things=" ".join(orphan.things))


def orphan_entry(orphan: Orphan, action: str, now: datetime, *, key: str, by: str = "", **facts: str) -> AuditEntry:
    facts = {"provider": orphan.provider, **facts}
    return AuditEntry.about(orphan, action, now, key=f"{action}:{key}", by=by, **facts)


def ended_entry(view: Reservation, now: datetime) -> AuditEntry:
    """Of a view that was ended without its workflow."""
    facts = {"reason": view.reason or "", "cost_usd": f"{view.accrued_usd:.6f}"}
    return AuditEntry.about(view, audit.ENDED, now, key=f"{audit.ENDED}:{view.revision}", **facts)


# --- whose it is -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Keeper:
    """Who is asked about an orphan, and with which credentials their answer is carried out."""

    credential_ref: str
    person: Person


def _owner(holdings: Survey, view: Reservation | None) -> Person | None:
    """As the tags tell; where they tell none, or do not agree, as the reservation's own view does."""
    things: tuple[Node | Belonging, ...] = (*holdings.nodes, *holdings.belongings)
    tags = {thing.owner for thing in things} - {""}
    if len(tags) == 1:
        workspace_id, _, user_id = tags.pop().partition("/")
        if workspace_id and user_id:
            return Person(workspace_id, user_id)
    return view.person if view else None


def _keeper(account: SweptAccount, owner: Person | None) -> _Keeper:
    """Nobody's credentials ever work for people of another workspace, whoever shares the account."""
    holders = {ref: holder(ref) for ref in account.credential_refs}
    if owner is None:
        first_ref, first = next(iter(holders.items()))
        if len(set(holders.values())) == 1:
            return _Keeper(first_ref, first)
        is_shared = len({person.workspace_id for person in holders.values()}) > 1
        return _Keeper("" if is_shared else first_ref, Person(first.workspace_id, ""))
    own = credential_ref(owner, account.provider)
    near = [ref for ref, person in holders.items() if person.workspace_id == owner.workspace_id]
    return _Keeper(own if own in near else next(iter(near), ""), owner)


def holder(ref: str) -> Person:
    """Whose credentials lie there."""
    _, workspace_id, user_id, _ = ref.split("/")
    return Person(workspace_id, user_id)
