"""Another owner for a machine: asked for with its numbers, offered after the yes, and accepted or not.

What somebody left behind, who is not of the workspace any more, an admin takes over without anybody's yes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actions import handover_words, questions, team_words
from actions.base import DeskAction
from actions.turn import Question, Turn
from actions.with_others import About, is_mention
from actions.wording import names, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import money, rate
from clouddesk.language.people import called
from clouddesk.model import notice
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, Person
from clouddesk.model.invalid import NotHandedOver
from clouddesk.model.reservation import Reservation


class ActionHandOver(DeskAction):
    """ "Hand over etl to @ben"."""

    topic = handover_words.OFFER
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Nothing is offered before the yes."""
        about = handover_words.find(turn)
        if about is None:
            raise ValueError("nothing is to be handed over")
        item = await _meant(turn, about)
        if item is None:
            return
        to = about.who.lower() if turn.actor.workspace_id == LOCAL_WORKSPACE else about.who
        if turn.actor.workspace_id != LOCAL_WORKSPACE and not is_mention(about.who):
            turn.say("utter_ask_person_unclear", name=item.name, person=about.who)
            return
        await turn.desk.handovers.check(turn.actor, item.id, to)
        now = turn.desk.clock()
        person = called(Person(turn.actor.workspace_id, to))
        question = {
            "kind": "confirm_decision",
            "option": handover_words.OFFER,
            "id": item.id,
            "to": to,
            "doing": f"handing {item.name} over to {person}",
        }
        turn.ask(question)
        turn.last_reservation = item.id
        turn.say(
            "utter_confirm_hand_over" if item.person == turn.actor.person else "utter_confirm_hand_over_of_other",
            buttons=questions.buttons(question),
            person=person,
            cost=money(item.cost_so_far_usd(now)),
            **_numbers(turn, item),
        )


class ActionAcceptHandover(DeskAction):
    """The one whom it is offered to takes it."""

    topic = handover_words.ACCEPT
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """By a button, or in words, which an admin may also say of what somebody left behind."""
        if id_ := await _offered(turn):
            done = await turn.desk.handovers.accept(turn.actor, id_)
            turn.last_reservation = done.id
            turn.say("utter_handover_accepted", name=done.name)
        elif not (found := await _left_behind(turn)):
            turn.say("utter_no_handover")
        elif item := _the_one(turn, found):
            await _ask_take_over(turn, item)


class ActionTakeOver(DeskAction):
    """The button below what somebody left behind, which names the price."""

    topic = handover_words.TAKE
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """By whichever admin presses first."""
        await _take_over(turn, str(turn.one_of("reservation_id")))


class ActionDeclineHandover(DeskAction):
    """They do not."""

    topic = handover_words.DECLINE
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """By a button, or in words."""
        if id_ := await _offered(turn):
            declined = await turn.desk.handovers.decline(turn.actor, id_)
            turn.say("utter_handover_declined", name=declined.name, person=called(declined.person))
        else:
            turn.say("utter_no_handover")


async def carry_out(turn: Turn, question: Question) -> None:
    """The yes of its owner, or of an admin."""
    if question["option"] == handover_words.TAKE:
        await _take_over(turn, question["id"])
        return
    item = await turn.desk.handovers.offer(turn.actor, question["id"], question["to"])
    turn.say("utter_handover_offered", name=item.name, person=called(Person(turn.actor.workspace_id, question["to"])))


async def _ask_take_over(turn: Turn, item: Reservation) -> None:
    """In words nobody has seen the numbers yet."""
    try:
        await turn.desk.handovers.check_left(turn.actor, item.id)
    except NotHandedOver:
        _say_not_taken(turn, item)
        return
    doing = f"taking over {item.name} of {called(item.person)}"
    question = {"kind": "confirm_decision", "option": handover_words.TAKE, "id": item.id, "doing": doing}
    turn.ask(question)
    turn.last_reservation = item.id
    turn.say("utter_confirm_take_over", buttons=questions.buttons(question), **_numbers(turn, item))


async def _take_over(turn: Turn, reservation_id: str) -> None:
    before = await turn.desk.owned(turn.actor, reservation_id)
    turn.last_reservation = before.id
    if before.person == turn.actor.person:
        turn.say("utter_taken_over_already", name=before.name)
        return
    try:
        done = await turn.desk.handovers.take_over(turn.actor, before.id)
    except NotHandedOver:
        _say_not_taken(turn, before)
        return
    # Before it was theirs it may have been ordered by somebody else yet.
    account = called(Person(before.workspace_id, before.account_owner or before.owner))
    turn.say(
        "utter_taken_over",
        name=done.name,
        owner=called(before.person),
        account=account,
        provider=provider_title(before.provider),
    )


def _say_not_taken(turn: Turn, item: Reservation) -> None:
    turn.say("utter_error_not_taken_over", name=item.name, owner=called(item.person))


def _numbers(turn: Turn, item: Reservation) -> dict[str, Any]:
    """What it is, and what the rest of it costs."""
    now = turn.desk.clock()
    rest = max(0.0, (item.expires_at - now).total_seconds()) / 3600 * item.current_hourly_price_usd
    return {
        "name": item.name,
        "owner": called(item.person),
        "hourly": rate(item.current_hourly_price_usd),
        "rest": money(rest),
        "ends": local_time(item.expires_at, turn.actor, now),
        "provider": provider_title(item.provider),
    }


async def _meant(turn: Turn, about: About) -> Reservation | None:
    """The person's own, or for an admin anybody's."""
    if not about.what and not about.whose and turn.last_reservation:
        return await turn.desk.owned(turn.actor, turn.last_reservation)
    found = [] if about.whose else await turn.desk.find(turn.actor, about.what or None)
    if not found and about.what and ADMIN in turn.actor.roles:
        found = await _of_others(turn, about)
    return _the_one(turn, found, about.what)


async def _left_behind(turn: Turn) -> list[Reservation]:
    """What an admin's words mean of others' machines; without a name, what they were told of last."""
    about = handover_words.find(turn) or About(handover_words.ACCEPT)
    if ADMIN not in turn.actor.roles or not (about.what or turn.left_behind):
        return []
    named = replace(about, what=about.what or turn.left_behind[0])
    return [item for item in await _of_others(turn, named) if item.person != turn.actor.person]


async def _of_others(turn: Turn, about: About) -> list[Reservation]:
    owner = about.whose.lower() if turn.actor.workspace_id == LOCAL_WORKSPACE else about.whose
    return await team_words.named(turn, about.what, owner=owner or None)


def _the_one(turn: Turn, found: list[Reservation], words: str = "") -> Reservation | None:
    """What is wrong with the words is said."""
    if len(found) == 1:
        return found[0]
    if found:
        turn.say("utter_which_to_hand_over", names=names([_told(turn, item) for item in found], last="or"))
    else:
        turn.say("utter_error_not_found", words=words or "that")
    return None


def _told(turn: Turn, item: Reservation) -> str:
    return item.name if item.person == turn.actor.person else f"{item.name} of {called(item.person)} ({item.id})"


async def _offered(turn: Turn) -> str | None:
    """The id of what is offered to the person."""
    if turn.is_button:
        return str(turn.one_of("reservation_id"))
    about = handover_words.find(turn)
    what = about.what if about else ""
    latest = await turn.desk.latest_notices(turn.actor)
    for item in latest:
        if item.kind == notice.HANDOVER and what in ("", item.values["name"].lower(), item.reservation_id):
            return item.reservation_id
    return None
