"""The authorisation matrix: the ways into the Desk, with who may go them.

A new method of the Desk needs a row: in ``OF_RESERVATIONS`` where it takes a reservation's id, in ``OTHERS`` where it
does not, in ``FOR_EVERYBODY`` where it takes nobody as there is nothing to protect.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from clouddesk.budgets import as_is
from clouddesk.costs import TEAM, BillWish, CostWish
from clouddesk.model.actor import DEACTIVATED, LOCAL_WORKSPACE, Actor
from clouddesk.model.approval import EXTEND as EXTENSION
from clouddesk.model.approval import OverBudget, Purchase
from clouddesk.model.budget import MONTH, Bound
from clouddesk.model.credentials import Secret
from clouddesk.model.errors import CloudDeskError, Denied, NotFound, QuoteExpired
from clouddesk.model.handover import NotLeft
from clouddesk.model.offer import Requirements
from clouddesk.model.share import EXTEND, MANAGE, USE
from clouddesk.peers import Kind
from tests.conversation.memory_clock import START
from tests.keys import public_key
from tests.unit.desk.matrix import (
    ANN,
    OWN,
    SEE,
    VM,
    Row,
    Scene,
    Who,
    admins,
    anybody,
    managers,
    managers_and_who_asked,
    members,
    of_the_team,
    ones_own,
    owners_who_change,
    rights,
    settlers,
    with_right,
)
from tests.unit.desk.ways_with_one import OF_RESERVATIONS, STATES

WISH = CostWish(START - timedelta(days=1), START + timedelta(days=1))
BILLS = BillWish((f"{START:%Y-%m}",))
NEW_KEY = public_key()
KEY = {"access_key_id": Secret("AKIA"), "secret_access_key": Secret("hidden")}


async def _names(found: Awaitable[Any]) -> set[str]:
    return {item.name for item in await found}


async def _who(found: Awaitable[Iterable[str]]) -> set[str]:
    return set(await found)


async def _names_of(found: Awaitable[Any]) -> set[str]:
    return {row.item.name for row in await found}


async def _begun(scene: Scene) -> set[str]:
    found = await scene.desk.begun(scene.actor, "q-" + scene.item.id.removeprefix("r-"))
    return {found.name} if found else set()


async def _planned(scene: Scene) -> set[str]:
    return {item.name for item in (await scene.desk.team_view.plan_stop(scene.actor)).stopping}


async def _stopped(scene: Scene) -> set[str]:
    done = await scene.desk.team_view.stop(scene.actor, [scene.item.id], request_id="r")
    return {item.name for item in done.stopped}


async def _ids(found: Awaitable[Any]) -> set[str]:
    return {item.id for item in await found}


async def _comments(found: Awaitable[Any]) -> set[str]:
    return {key.comment for key in await found}


async def _accounts(scene: Scene) -> set[str]:
    """Hers among them: the sandbox gives everybody some."""
    return {info.account for info in await scene.desk.credentials(scene.actor)} & {"annual"}


async def _trail(scene: Scene) -> set[str]:
    return {entry.id async for entry in scene.desk.audit(scene.actor, since=START - timedelta(days=1))}


async def _costs(scene: Scene, wish: CostWish) -> set[str]:
    return {line.account.owner for line in (await scene.desk.costs.report(scene.actor, wish)).lines}


async def _bills(scene: Scene, wish: BillWish) -> set[str]:
    """Whose reservations are named."""
    report = await scene.desk.costs.compare_bills(scene.actor, wish)
    return {line.owner for item in report.comparisons for line in item.lines} if report else set()


async def _template(scene: Scene, name: str, *, is_team: bool) -> Any:
    return await scene.desk.templates.get(ANN, name, is_team=is_team)


async def _rename(scene: Scene, name: str, *, is_team: bool) -> None:
    template = await _template(scene, name, is_team=is_team)
    await scene.desk.templates.rename(scene.actor, template, "renamed")


async def _delete(scene: Scene, name: str, *, is_team: bool) -> None:
    await scene.desk.templates.delete(scene.actor, await _template(scene, name, is_team=is_team))


async def _may_change(scene: Scene, name: str, *, is_team: bool) -> set[str]:
    template = await _template(scene, name, is_team=is_team)
    return {name} if scene.desk.templates.may_change(scene.actor, template) else set()


async def _forget_reminders(scene: Scene) -> set[str]:
    await scene.desk.timers.forget_reminders(scene.actor, list(scene.world.timers.items.values()))
    return set(scene.world.timers.items)


def _over(scene: Scene) -> OverBudget:
    purchase = Purchase(EXTENSION, scene.item.id, "ann", "etl", key="two", seconds=3600)
    return OverBudget(purchase, as_is(scene.item), ())


async def _look_at_quote(scene: Scene) -> Any:
    return await scene.desk.budgets.look_at_quote(scene.actor, await scene.desk.get_quote(ANN, scene.quote_id))


async def _look_at_growth(scene: Scene) -> Any:
    return await scene.desk.scaling.look(scene.actor, await scene.desk.scaling.quote(ANN, scene.item.id, 3))


def _when(is_shown: Callable[[Who], bool], *things: str) -> Callable[[Who], set[str]]:
    return lambda who: set(things) if is_shown(who) else set()


REMINDER = f"reminder-{ANN.person}-1"
_is_seen = _when(lambda who: SEE in rights(who), "etl")
_is_ones_own = _when(lambda who: who.is_owner, "etl")


def _nobody(who: Who) -> type[Denied] | type[NotFound]:
    """It is offered to somebody else."""
    return Denied if SEE in rights(who) else NotFound


async def _not_now(scene: Scene) -> Any:
    await scene.desk.peers.ask(Actor(LOCAL_WORKSPACE, "dan"), "ann", Kind())
    return await scene.desk.peers.not_now(scene.actor, scene.item.id, "dan")


def _left(scene: Scene) -> str:
    """The id of what Ann has left behind."""
    scene.world.colleagues.refused["ann"] = DEACTIVATED
    return scene.item.id


def _successors(who: Who) -> type[CloudDeskError] | None:
    """Admins; nobody takes over what is theirs."""
    if OWN not in rights(who):
        return Denied if SEE in rights(who) else NotFound
    return NotLeft if who.is_admin and who.is_owner else None if who.is_admin else Denied


def _askers(who: Who) -> type[Denied] | type[NotFound] | None:
    """Those who have no part in it yet."""
    if not who.changes:
        return Denied
    return None if who.is_here and who.relation in ("a stranger", "a colleague whose part is over") else NotFound


OTHERS: dict[str, Row] = {
    "handovers.accept": Row(lambda s: s.desk.handovers.accept(s.actor, s.item.id), _nobody),
    "handovers.offered": Row(lambda s: _names(s.desk.handovers.offered(s.actor)), anybody, lambda who: set()),
    "handovers.check_left": Row(lambda s: s.desk.handovers.check_left(s.actor, _left(s)), _successors),
    "handovers.take_over": Row(lambda s: s.desk.handovers.take_over(s.actor, _left(s)), _successors),
    "handovers.decline": Row(lambda s: s.desk.handovers.decline(s.actor, s.item.id), _nobody),
    "peers.for_team": Row(lambda s: _names(s.desk.peers.for_team(s.actor, Kind())), anybody, lambda who: set()),
    "peers.owners": Row(lambda s: s.desk.peers.owners(s.actor, Kind()), members),
    "peers.not_now": Row(_not_now, with_right(OWN)),
    "peers.ask": Row(lambda s: s.desk.peers.ask(s.actor, "ann", Kind()), _askers),
    "approvals.ask": Row(lambda s: s.desk.approvals.ask(s.actor, _over(s), conversation="c"), members),
    "approvals.managers": Row(lambda s: s.desk.approvals.managers(s.actor), anybody),
    "approvals.deciders": Row(lambda s: s.desk.approvals.deciders(s.actor, "a-1"), managers_and_who_asked),
    "approvals.get": Row(lambda s: s.desk.approvals.get(s.actor, "a-1"), managers_and_who_asked),
    "approvals.waiting": Row(
        lambda s: _ids(s.desk.approvals.waiting(s.actor)), anybody, _when(lambda who: managers(who) is None, "a-1")
    ),
    "approvals.own": Row(
        lambda s: _ids(s.desk.approvals.own(s.actor)), anybody, _when(lambda who: who.is_owner, "a-1")
    ),
    "approvals.declined_by": Row(lambda s: _ids(s.desk.approvals.declined_by(s.actor)), anybody, lambda who: set()),
    "approvals.approve": Row(lambda s: s.desk.approvals.approve(s.actor, "a-1"), managers),
    "approvals.decline": Row(lambda s: s.desk.approvals.decline(s.actor, "a-1", "no"), managers),
    "approvals.concerned": Row(
        lambda s: _who(s.desk.approvals.concerned(s.actor)),
        admins,
        lambda who: {"ann", "root"} if who.is_here else {"root"},
    ),
    "approvals.left": Row(lambda s: s.desk.approvals.left(s.actor, "ann"), admins),
    "approvals.withdraw": Row(lambda s: s.desk.approvals.withdraw(s.actor, "a-1"), ones_own()),
    "budgets.book": Row(lambda s: s.desk.budgets.book(s.actor), admins),
    "budgets.own_book": Row(lambda s: s.desk.budgets.own_book(s.actor), admins),
    "budgets.set": Row(lambda s: s.desk.budgets.set(s.actor, "ann", {MONTH: Bound(1)}), admins),
    "budgets.name_approver": Row(lambda s: s.desk.budgets.name_approver(s.actor, "bob"), admins),
    "budgets.view: one's own": Row(lambda s: s.desk.budgets.view(s.actor, s.actor.user_id), anybody),
    "budgets.view: the team's": Row(lambda s: s.desk.budgets.view(s.actor, TEAM), anybody),
    "budgets.view: Ann's": Row(
        lambda s: s.desk.budgets.view(s.actor, "ann"),
        lambda who: None if who.is_admin or who.relation == "the owner" else Denied,
    ),
    "budgets.look_at_quote": Row(lambda s: _look_at_quote(s), anybody),
    "scaling.look": Row(lambda s: _look_at_growth(s), with_right(OWN)),
    "absences.note": Row(lambda s: s.desk.absences.note(s.actor, START, START + timedelta(days=7)), members),
    "absences.current": Row(lambda s: s.desk.absences.current(s.actor), anybody),
    "absences.answer": Row(lambda s: s.desk.absences.answer(s.actor, "keep"), anybody),
    "absences.end": Row(lambda s: s.desk.absences.end(s.actor), anybody),
    "absences.status_seen": Row(lambda s: s.desk.absences.status_seen(s.actor, None), anybody),
    "absences.running": Row(lambda s: _names(s.desk.absences.running(s.actor, START)), anybody, _is_ones_own),
    "desk.offers": Row(lambda s: s.desk.offers(s.actor, Requirements(vcpus=1)), anybody),
    "desk.welcome": Row(lambda s: s.desk.welcome(s.actor), anybody),
    "desk.credentials": Row(lambda s: _accounts(s), anybody, _when(lambda who: who.is_owner, "annual")),
    "desk.add_credentials": Row(lambda s: s.desk.add_credentials(s.actor, "aws", KEY), members),
    "desk.remove_credentials": Row(lambda s: s.desk.remove_credentials(s.actor, "aws"), members),
    "desk.audit": Row(_trail, anybody, _when(lambda who: who.is_here and (who.is_owner or who.is_admin), "entry")),
    "desk.quote": Row(lambda s: s.desk.quote(s.actor, VM), members),
    "desk.compare": Row(lambda s: s.desk.compare(s.actor, VM), members),
    "desk.usual": Row(lambda s: s.desk.usual(s.actor), anybody),
    "desk.get_quote": Row(lambda s: s.desk.get_quote(s.actor, s.quote_id), ones_own(QuoteExpired)),
    "desk.reserve": Row(
        lambda s: s.desk.reserve(s.actor, s.quote_id, conversation="c"), owners_who_change(QuoteExpired)
    ),
    "desk.begun": Row(_begun, anybody, _is_seen),
    "desk.reservations": Row(lambda s: _names(s.desk.reservations(s.actor)), anybody, _is_ones_own),
    "desk.reservations: with shared ones": Row(
        lambda s: _names(s.desk.reservations(s.actor, with_shared=True)),
        anybody,
        _when(lambda who: who.is_here and who.relation not in ("a stranger", "a colleague whose part is over"), "etl"),
    ),
    "desk.all_reservations": Row(lambda s: _names(s.desk.all_reservations(s.actor)), anybody, _is_seen),
    "desk.latest_notices": Row(
        lambda s: _ids(s.desk.latest_notices(s.actor)), anybody, _when(lambda who: who.is_owner, "notice")
    ),
    "desk.find": Row(lambda s: _names(s.desk.find(s.actor, None)), anybody, _is_ones_own),
    "desk.find: by its id": Row(lambda s: _names(s.desk.find(s.actor, s.item.id)), anybody, _is_seen),
    "costs.report": Row(lambda s: _costs(s, WISH), anybody, _when(lambda who: who.is_owner, "ann")),
    "costs.report: the team's": Row(
        lambda s: _costs(s, replace(WISH, whose=TEAM)),
        anybody,
        lambda who: ({"ann"} if who.is_admin else {""}) if who.is_here else set(),
    ),
    "costs.report: Ann's": Row(
        lambda s: _costs(s, replace(WISH, people=("ann",))),
        lambda who: None if who.is_admin or who.relation == "the owner" else Denied,
        _when(lambda who: who.is_here and (who.is_owner or who.is_admin), "ann"),
    ),
    "costs.compare_bills": Row(
        lambda s: _bills(s, BILLS),
        anybody,
        lambda who: ({"ann"} if who.is_owner else {""}) if who.is_here else set(),
    ),
    "costs.compare_bills: the team's": Row(
        lambda s: _bills(s, replace(BILLS, whose=TEAM)), admins, _when(lambda who: who.is_here, "ann")
    ),
    "orphans.sweep": Row(lambda s: s.desk.orphans.sweep(s.actor), admins),
    "orphans.all": Row(
        lambda s: _names(s.desk.orphans.all(s.actor)), anybody, _when(lambda who: settlers(who) is None, "lost")
    ),
    "orphans.get": Row(lambda s: s.desk.orphans.get(s.actor, "o-1"), settlers),
    "orphans.keep": Row(lambda s: s.desk.orphans.keep(s.actor, "o-1"), settlers),
    "orphans.adopt": Row(lambda s: s.desk.orphans.adopt(s.actor, "o-1"), settlers),
    "orphans.delete": Row(lambda s: s.desk.orphans.delete(s.actor, "o-1"), settlers),
    "team_view.running": Row(
        lambda s: _names_of(s.desk.team_view.running(s.actor)), admins, _when(lambda who: who.is_here, "etl")
    ),
    "team_view.plan_stop": Row(lambda s: _planned(s), admins, _when(lambda who: who.is_here, "etl")),
    "team_view.stop": Row(lambda s: _stopped(s), admins, _when(lambda who: who.is_here, "etl")),
    "team_view.who_may": Row(lambda s: s.desk.team_view.who_may(s.actor), anybody),
    "freezing.current": Row(lambda s: s.desk.freezing.current(s.actor), anybody),
    "freezing.check": Row(lambda s: s.desk.freezing.check(s.actor), anybody),
    "freezing.freeze": Row(lambda s: s.desk.freezing.freeze(s.actor), admins),
    "freezing.unfreeze": Row(lambda s: s.desk.freezing.unfreeze(s.actor), admins),
    "leavers.concerned": Row(
        lambda s: _who(s.desk.leavers.concerned(s.actor)),
        admins,
        lambda who: {"ann", USE, EXTEND, MANAGE, "root"} if who.is_here else {"root"},
    ),
    "leavers.left": Row(
        lambda s: _names(s.desk.leavers.left(s.actor, "ann")), admins, _when(lambda who: who.is_here, "etl")
    ),
    "ssh_keys.list": Row(
        lambda s: _comments(s.desk.ssh_keys.list(s.actor)), anybody, _when(lambda who: who.is_owner, "anns")
    ),
    "ssh_keys.add": Row(lambda s: s.desk.ssh_keys.add(s.actor, NEW_KEY), members),
    "ssh_keys.remove": Row(lambda s: s.desk.ssh_keys.remove(s.actor, "1"), owners_who_change()),
    "templates.list": Row(
        lambda s: _names(s.desk.templates.list(s.actor)),
        anybody,
        lambda who: {"ours", *(["mine"] if who.is_owner else [])} if who.is_here else set(),
    ),
    "templates.get": Row(lambda s: s.desk.templates.get(s.actor, "mine"), ones_own()),
    "templates.get: the team's": Row(
        lambda s: s.desk.templates.get(s.actor, "ours"), lambda who: None if who.is_here else NotFound
    ),
    "templates.save": Row(lambda s: s.desk.templates.save(s.actor, "new", VM), members),
    "templates.save: over the team's": Row(
        lambda s: s.desk.templates.save(s.actor, "ours", VM, is_team=True),
        lambda who: of_the_team(who) if who.is_here else members(who),
    ),
    "templates.rename": Row(lambda s: _rename(s, "mine", is_team=False), owners_who_change()),
    "templates.rename: the team's": Row(lambda s: _rename(s, "ours", is_team=True), of_the_team),
    "templates.delete": Row(lambda s: _delete(s, "mine", is_team=False), owners_who_change()),
    "templates.delete: the team's": Row(lambda s: _delete(s, "ours", is_team=True), of_the_team),
    "templates.may_change": Row(
        lambda s: _may_change(s, "mine", is_team=False),
        anybody,
        _when(lambda who: who.is_owner and who.changes, "mine"),
    ),
    "templates.may_change: the team's": Row(
        lambda s: _may_change(s, "ours", is_team=True), anybody, _when(lambda who: of_the_team(who) is None, "ours")
    ),
    "timers.remind: of all that runs": Row(
        lambda s: s.desk.timers.remind(s.actor, at=START + timedelta(hours=1), conversation="c"), anybody
    ),
    "timers.place_of": Row(lambda s: s.desk.timers.place_of(s.actor), anybody),
    "timers.use_place": Row(lambda s: s.desk.timers.use_place(s.actor, "DE"), members),
    "team_channels.get": Row(lambda s: s.desk.team_channels.get(s.actor), anybody),
    "team_channels.tell_here": Row(lambda s: s.desk.team_channels.tell_here(s.actor, "C1", with_people=False), admins),
    "team_channels.tell_nowhere": Row(lambda s: s.desk.team_channels.tell_nowhere(s.actor), admins),
    "timers.reminders": Row(
        lambda s: _ids(s.desk.timers.reminders(s.actor)), anybody, _when(lambda who: who.is_owner, REMINDER)
    ),
    "timers.forget_reminders": Row(_forget_reminders, anybody, _when(lambda who: not who.is_owner, REMINDER)),
}

FOR_EVERYBODY = {
    *("desk.blueprints", "desk.providers", "desk.clouds", "desk.regions", "desk.price_lists", "desk.setup"),
    *("leases.longest_end", "absences.cost_usd", "absences.lines"),
}
"""Without an actor: prices, blueprints, and what follows from things that the caller holds already."""

WITHIN = {
    *("accounts.list", "accounts.add", "accounts.remove", "accounts.welcome", "accounts.refresh_offers"),
    *("accounts.bills_stopped_machines", "accounts.is_worth_waiting", "accounts.no_price"),
    *("budgets.look", "budgets.claim", "budgets.approvers"),
    *(
        "shares.why_not",
        "absences.owners",
        "accounts.asked_for_offers",
        "accounts.opens_later",
        "orphans.being_deleted",
    ),
}
"""Authorise nobody, as only the Desk's own modules call them."""


def rows() -> dict[str, Row]:
    """All of the matrix's, by the name of the method and of what is tried with it."""
    of_one = {
        name: Row(lambda s, call=call: call(s.desk, s.actor, s.item.id), with_right(right), state=STATES.get(name, ""))  # type: ignore[misc]
        for name, (right, call) in OF_RESERVATIONS.items()
    }
    return of_one | OTHERS
