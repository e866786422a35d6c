"""For admins: what the team runs, stopping it, and times without new machines. Protection is the owners', too."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from actions import freeze_words, parking, questions, resolve, retries, team_cards, team_words
from actions.base import DeskAction, say_fault
from actions.lifecycle import ask_release
from actions.turn import Turn
from actions.wording import names, plural
from clouddesk.language import team
from clouddesk.language.clock import resolve_until
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly
from clouddesk.language.people import called
from clouddesk.language.team import TeamWish
from clouddesk.model.actor import ADMIN, Person
from clouddesk.model.errors import Denied, NotFound, Protected
from clouddesk.model.invalid import UnclearTime
from clouddesk.model.reservation import Reservation
from clouddesk.team_view import COST, StopPlan, most_machines

_CONFIRM_STOP = {
    (False, True): "utter_confirm_team_stop",
    (False, False): "utter_confirm_team_stop_saves_nothing",
    (True, True): "utter_confirm_team_stop_all",
    (True, False): "utter_confirm_team_stop_all_saves_nothing",
}
"""By whether it is everybody's, and whether it saves anything."""


class TeamAction(DeskAction):
    """Something about the team; who may not is told who may."""

    is_inner = True

    @abstractmethod
    async def answer(self, turn: Turn, wish: TeamWish) -> None:
        """Do what is wished."""

    async def respond(self, turn: Turn) -> None:
        """For admins; a polite no for others."""
        try:
            await self.answer(turn, turn.about_team or TeamWish(team.LIST))
        except Denied:
            await _say_for_admins(turn)


class ActionTeamList(TeamAction):
    """All that the team runs, or one person; who has most; what is the oldest."""

    topic = "team_list"
    is_aside = True

    async def answer(self, turn: Turn, wish: TeamWish) -> None:
        owner, order, now = None, wish.order or COST, turn.desk.clock()
        if wish.person:
            who = team_words.person(turn, wish)
            if who is None:
                turn.say("utter_team_who", name=wish.person)
                return
            owner = who.user_id
        found = await turn.desk.team_view.running(turn.actor, by=order, owner=owner)
        if not found:
            turn.say("utter_team_nothing")
        elif wish.what == team.MOST:
            turn.say("utter_team_most", lines=team_cards.most(most_machines([row.item for row in found]), turn.actor))
        elif wish.what == team.TOP:
            turn.say("utter_team_list", lines=team_cards.first(found[0], turn.actor, now, order=order))
        else:
            whose = called(Person(turn.actor.workspace_id, owner)) if owner else ""
            turn.say(
                "utter_team_list",
                lines=team_cards.listed(found, turn.actor, now, order=order, whose=whose),
                rows=team_cards.rows(found, turn.actor, now),
            )


class ActionTeamStop(TeamAction):
    """Stop all machines of a person, or of everybody: asked first, with what it stops and what it cannot."""

    topic = "team_stop"

    async def answer(self, turn: Turn, wish: TeamWish) -> None:
        if turn.facts.get("is_confirmed"):
            await _stop(turn)
            return
        if wish.what == team.STOP_BUT:
            if ADMIN not in turn.actor.roles:
                raise Denied("stopping others' machines")
            turn.say("utter_team_stop_but", machine=wish.machine)
            return
        who = team_words.person(turn, wish) if wish.person else None
        if wish.person and who is None:
            turn.say("utter_team_who", name=wish.person)
            return
        plan = await turn.desk.team_view.plan_stop(turn.actor, owner=who.user_id if who else None)
        whose = f"{called(who)} runs" if who else "the team runs"
        if not plan.stopping:
            left = f" Left alone: {team_cards.left(plan, turn.actor)}." if plan.left else ""
            turn.say("utter_team_stop_nothing", whose=whose, left=left)
            return
        _ask_stop(turn, plan, whose, wish.reason, is_of_all=who is None)


class ActionTeamRelease(TeamAction):
    """Give back one machine of somebody else's, which is asked first; several of them never go together."""

    topic = "team_release"

    async def answer(self, turn: Turn, wish: TeamWish) -> None:
        if ADMIN not in turn.actor.roles:
            raise Denied("giving back others' machines")
        who = team_words.person(turn, wish)
        if who is None:
            turn.say("utter_team_who", name=wish.person)
            return
        if wish.machine:
            await _ask_release(turn, wish, who)
            return
        rows = await turn.desk.team_view.running(turn.actor, owner=who.user_id)
        if not rows:
            turn.say("utter_team_release_nothing", whose=called(who))
            return
        all_names = names([row.item.name for row in rows])
        turn.say("utter_team_release", whose=called(who), names=all_names, name=rows[0].item.name)


class ActionProtect(TeamAction):
    """Protect a machine, or take that off: undone as easily as done, so nothing is asked."""

    topic = "protect"
    is_aside = True

    async def answer(self, turn: Turn, wish: TeamWish) -> None:
        items = await _meant(turn, wish)
        is_on = wish.what == team.PROTECT
        for item in items:
            change = turn.desk.protection.protect if is_on else turn.desk.protection.unprotect
            done = await change(turn.actor, item.id)
            turn.last_reservation = done.id
            ends = local_time(done.expires_at, turn.actor, turn.desk.clock())
            turn.say("utter_protected" if is_on else "utter_unprotected", name=done.name, ends=ends)


class ActionFreeze(TeamAction):
    """No new machines in the workspace, or new ones again."""

    topic = "freeze"
    is_aside = True

    async def answer(self, turn: Turn, wish: TeamWish) -> None:
        if wish.what == team.UNFREEZE:
            lifted = await turn.desk.freezing.unfreeze(turn.actor)
            turn.say("utter_unfrozen" if lifted else "utter_not_frozen")
            return
        if wish.what == team.FREEZE_UNREAD:
            if ADMIN not in turn.actor.roles:
                raise Denied("freezing")
            turn.say("utter_freeze_can", words=wish.unread)
            return
        until = None
        if wish.until:
            until = resolve_until(wish.until, now=turn.desk.clock(), timezone=turn.actor.timezone)
            if until is None:
                raise UnclearTime(wish.until)
        made = await turn.desk.freezing.freeze(turn.actor, until=until, reason=wish.reason)
        turn.say("utter_frozen", **freeze_words.of(turn, made))


class ActionFreezeAsked(TeamAction):
    """Whether there is a freeze, and why."""

    topic = "freeze_asked"
    is_aside = True

    async def answer(self, turn: Turn, wish: TeamWish) -> None:
        found = await turn.desk.freezing.current(turn.actor)
        values: dict[str, Any] = freeze_words.of(turn, found) if found else {}
        turn.say("utter_freeze_holds" if found else "utter_not_frozen", **values)


def _ask_stop(turn: Turn, plan: StopPlan, whose: str, reason: str, *, is_of_all: bool) -> None:
    price = sum(item.current_hourly_price_usd for item in plan.stopping)
    stopped_price = sum(item.stopped_hourly_price_usd for item in plan.stopping)
    # After the question that was open comes this one.
    if questions.is_open(turn.question):
        parking.set_aside(turn)
    turn.facts = {"ids": [item.id for item in plan.stopping], "reason": reason}
    doing = f"stopping what {whose}: {plural(plan.machines, 'machine')}"
    question: dict[str, Any] = {**retries.wish(turn, "team_stop"), "kind": "confirm_task", "doing": doing}
    question["price"] = None
    if is_of_all:
        question["phrase"] = f"stop all {plan.machines}"
    turn.ask(question)
    turn.say(
        _CONFIRM_STOP[is_of_all, stopped_price < price or price == 0],
        buttons=questions.buttons(question),
        whose=whose,
        options=team_cards.planned(plan, turn.actor, turn.desk.clock()),
        machines=plural(plan.machines, "machine"),
        people=plural(len(plan.owners), "person").replace("persons", "people"),
        hourly=hourly(price),
        stopped_hourly=hourly(stopped_price),
        phrase=str(question.get("phrase", "")),
        why=f" They are told: “{reason}”." if reason else "",
    )


async def _ask_release(turn: Turn, wish: TeamWish, who: Person) -> None:
    item = await team_words.owned_by(turn, wish)
    if item is None:
        raise NotFound(wish.machine)
    if item.is_protected:
        raise Protected(item.name)
    if questions.is_open(turn.question):
        parking.set_aside(turn)
    turn.say("utter_team_release_one", name=item.name, whose=called(who))
    ask_release(turn, [await turn.desk.owned(turn.actor, item.id)])


async def _stop(turn: Turn) -> None:
    """After the yes: each as its owner would stop it, and all told in one answer."""
    ids, reason = list(turn.facts["ids"]), str(turn.facts.get("reason") or "")
    request_id = f"{turn.conversation}/{turn.message_id}"
    done = await turn.desk.team_view.stop(turn.actor, ids, reason=reason, request_id=request_id)
    if done.stopped:
        machines = plural(sum(item.node_count for item in done.stopped), "machine")
        told = names([item.name for item in done.stopped])
        turn.say("utter_team_stopping", names=told, machines=machines)
    gone = len(ids) - len(done.stopped) - len(done.failed)
    if gone:
        turn.say("utter_team_stop_gone", number=plural(gone, "reservation"))
    if done.failed:
        turn.say("utter_team_stop_failed", names=names([item.name for item, _ in done.failed]))
        say_fault("action_team_stop", turn, done.failed[0][1])


async def _meant(turn: Turn, wish: TeamWish) -> list[Reservation]:
    """The machines that the words name; that there are none, or several, is said."""
    last = wish.machine.split()[-1].strip("\"'“”`*")
    own = [item for item in await turn.desk.reservations(turn.actor) if item.name == last]
    if not own and ADMIN in turn.actor.roles:
        named = await team_words.named(turn, last)
        if len(named) == 1:
            return named
    found = own or await _told(turn)
    if len(found) > 1:
        turn.say("utter_protect_which", names=names([item.name for item in found], last="or"), verb=wish.what)
        return []
    return found


async def _told(turn: Turn) -> list[Reservation]:
    meant = await resolve.which(turn, "describe_resource")
    return [*meant.chosen, *meant.candidates]


async def _say_for_admins(turn: Turn) -> None:
    who = [called(Person(turn.actor.workspace_id, user)) for user in await turn.desk.team_view.who_may(turn.actor)]
    turn.say("utter_for_admins" if who else "utter_for_admins_nobody", who=names(who))
