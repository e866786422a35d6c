"""Another owner for a machine: asked for with its numbers, offered after the yes, and accepted or not."""

from __future__ import annotations

from actions import handover_words, questions
from actions.base import DeskAction
from actions.turn import Question, Turn
from actions.wording import names, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import money, rate
from clouddesk.language.people import called
from clouddesk.model import notice
from clouddesk.model.actor import LOCAL_WORKSPACE, Person
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
        item = await _meant(turn, about.what)
        if item is None:
            return
        to = about.who.lower() if turn.actor.workspace_id == LOCAL_WORKSPACE else about.who
        if turn.actor.workspace_id != LOCAL_WORKSPACE and "<@" not in turn.text:
            turn.say("utter_ask_person_unclear", name=item.name, person=about.who)
            return
        await turn.desk.handovers.check(turn.actor, item.id, to)
        now = turn.desk.clock()
        rest = max(0.0, (item.expires_at - now).total_seconds()) / 3600 * item.current_hourly_price_usd
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
            "utter_confirm_hand_over",
            buttons=questions.buttons(question),
            name=item.name,
            person=person,
            cost=money(item.cost_so_far_usd(now)),
            hourly=rate(item.current_hourly_price_usd),
            rest=money(rest),
            ends=local_time(item.expires_at, turn.actor, now),
            provider=provider_title(item.provider),
        )


class ActionAcceptHandover(DeskAction):
    """The one whom it is offered to takes it."""

    topic = handover_words.ACCEPT
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """By a button, or in words."""
        if id_ := await _offered(turn):
            done = await turn.desk.handovers.accept(turn.actor, id_)
            turn.last_reservation = done.id
            turn.say("utter_handover_accepted", name=done.name)


class ActionDeclineHandover(DeskAction):
    """They do not."""

    topic = handover_words.DECLINE
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """By a button, or in words."""
        if id_ := await _offered(turn):
            declined = await turn.desk.handovers.decline(turn.actor, id_)
            turn.say("utter_handover_declined", name=declined.name, person=called(declined.person))


async def carry_out(turn: Turn, question: Question) -> None:
    """The yes of its owner."""
    item = await turn.desk.handovers.offer(turn.actor, question["id"], question["to"])
    turn.say("utter_handover_offered", name=item.name, person=called(Person(turn.actor.workspace_id, question["to"])))


async def _meant(turn: Turn, words: str) -> Reservation | None:
    """The person's own; what is wrong with the words is said."""
    if not words and turn.last_reservation:
        return await turn.desk.owned(turn.actor, turn.last_reservation)
    found = await turn.desk.find(turn.actor, words or None)
    if len(found) == 1:
        return found[0]
    if found:
        turn.say("utter_which_to_hand_over", names=names([item.name for item in found], last="or"))
    else:
        turn.say("utter_error_not_found", words=words or "that")
    return None


async def _offered(turn: Turn) -> str | None:
    """The id of what is offered to the person; that there is none is said."""
    if turn.is_button:
        return str(turn.one_of("reservation_id"))
    about = handover_words.find(turn)
    what = about.what if about else ""
    latest = await turn.desk.latest_notices(turn.actor)
    for item in latest:
        if item.kind == notice.HANDOVER and what in ("", item.values["name"].lower(), item.reservation_id):
            return item.reservation_id
    turn.say("utter_no_handover")
    return None
