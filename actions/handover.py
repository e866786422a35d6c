"""Another owner for a machine: asked for with its numbers, offered after the yes, and accepted, declined or taken back.

What somebody left behind, who is not of the workspace any more, an admin takes over without anybody's yes.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from actions import handover_words, questions, team_words
from actions.base import DeskAction, hand_over
from actions.buttons import button
from actions.turn import Question, Turn
from actions.with_others import About, is_mention
from actions.wording import names, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import money, rate
from clouddesk.language.people import called
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, Person
from clouddesk.model.errors import Denied, NotFound
from clouddesk.model.handover import NotHandedOver, offer_ends, offered_to
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
        to = _id_of(turn, about.who)
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
            instead=_instead(item, to, now),
            **_numbers(turn, item),
        )


class ActionWithdrawHandover(DeskAction):
    """ "Don't hand over etl after all"."""

    topic = handover_words.WITHDRAW
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """At once: whom it was offered to is told. While it is only asked whether to offer it, it is the no to that."""
        if _is_no(turn):
            await hand_over(turn, "deny")
        elif item := await _to_take_back(turn):
            to = called(Person(item.workspace_id, item.offered_to))
            await turn.desk.handovers.withdraw(turn.actor, item.id)
            turn.last_reservation = item.id
            whose = "yours" if item.person == turn.actor.person else f"with {called(item.person)}"
            turn.say("utter_handover_withdrawn", name=item.name, person=to, whose=whose)


class ActionAcceptHandover(DeskAction):
    """The one whom it is offered to takes it."""

    topic = handover_words.ACCEPT
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """By a button, or in words, which an admin may also say of what somebody left behind."""
        if turn.is_button:
            await _accept(turn, str(turn.one_of("reservation_id")))
        elif found := await _offers(turn):
            if item := _the_one(turn, found, example="take over {id}"):
                await _accept(turn, item.id)
        elif not (found := await _left_behind(turn)):
            turn.say("utter_no_handover")
        elif item := _the_one(turn, found, example="take over {id}"):
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
        if turn.is_button:
            await _decline(turn, str(turn.one_of("reservation_id")))
        elif not (found := await _offers(turn)):
            turn.say("utter_no_handover")
        elif item := _the_one(turn, found, example="I won't take over {id}"):
            await _decline(turn, item.id)


async def carry_out(turn: Turn, question: Question) -> None:
    """The yes of its owner, or of an admin."""
    if question["option"] == handover_words.TAKE:
        await _take_over(turn, question["id"])
        return
    item = await turn.desk.handovers.offer(turn.actor, question["id"], question["to"])
    turn.last_reservation = item.id
    turn.say(
        "utter_handover_offered",
        buttons=[button("Take it back", "decide", decision=handover_words.WITHDRAW, reservation_id=item.id)],
        name=item.name,
        person=called(Person(turn.actor.workspace_id, question["to"])),
        until=local_time(offer_ends(item), turn.actor, turn.desk.clock()),
    )


async def _accept(turn: Turn, reservation_id: str) -> None:
    try:
        done = await turn.desk.handovers.accept(turn.actor, reservation_id)
    except (Denied, NotFound) as error:
        await _say_not_offered(turn, reservation_id, error)
        return
    turn.last_reservation = done.id
    turn.say("utter_handover_accepted", name=done.name)


async def _decline(turn: Turn, reservation_id: str) -> None:
    try:
        declined = await turn.desk.handovers.decline(turn.actor, reservation_id)
    except (Denied, NotFound) as error:
        await _say_not_offered(turn, reservation_id, error)
        return
    turn.say("utter_handover_declined", name=declined.name, person=called(declined.person))


async def _say_not_offered(turn: Turn, reservation_id: str, error: Denied | NotFound) -> None:
    """Why that is the answer to a button, or to words; raises it where it has another reason."""
    if reservation_id in [item.id for item in await turn.desk.handovers.offered(turn.actor)]:
        raise error
    own = [item.name for item in await turn.desk.reservations(turn.actor) if item.id == reservation_id]
    if own:
        turn.say("utter_taken_over_already", name=own[0])
    else:
        turn.say("utter_not_offered_any_more")


def _is_no(turn: Turn) -> bool:
    about, question = handover_words.find(turn), turn.question or {}
    if about is None or question.get("option") != handover_words.OFFER:
        return False
    return about.what in ("", question["id"], *question["doing"].lower().split())


async def _to_take_back(turn: Turn) -> Reservation | None:
    """What the words or the button mean; what is wrong with them is said."""
    if turn.is_button:
        return await turn.desk.owned(turn.actor, str(turn.one_of("reservation_id")))
    about, now = handover_words.find(turn) or About(handover_words.WITHDRAW), turn.desk.clock()
    if about.what or about.whose:
        item = await _meant(turn, about, example="take back the offer of {name}")
    elif found := await _given(turn, now):
        item = _the_one(turn, found, example="take back the offer of {name}")
    else:
        turn.say("utter_nothing_offered")
        return None
    to, who = offered_to(item, now) if item else "", _id_of(turn, about.who)
    is_known = turn.actor.workspace_id == LOCAL_WORKSPACE or is_mention(about.who)
    if item and to and who and who != to and is_known:
        person, other = (called(Person(item.workspace_id, id_)) for id_ in (who, to))
        turn.say("utter_offered_to_another", name=item.name, person=person, other=other)
        return None
    return item


async def _given(turn: Turn, now: datetime) -> list[Reservation]:
    """What is offered to somebody: what was spoken of last, else all of the person's own."""
    if turn.last_reservation:
        # What it was may be somebody else's by now.
        with suppress(Denied, NotFound):
            last = await turn.desk.owned(turn.actor, turn.last_reservation)
            if offered_to(last, now):
                return [last]
    return [item for item in await turn.desk.reservations(turn.actor) if offered_to(item, now)]


def _instead(item: Reservation, to: str, now: datetime) -> str:
    """What becomes of the offer that stands."""
    before = offered_to(item, now)
    if before in ("", to):
        return ""
    return (
        f" I'd tell {called(Person(item.workspace_id, before))}, whom I asked before, that it is not offered any more."
    )


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


async def _meant(turn: Turn, about: About, *, example: str = "hand over {name} to ben") -> Reservation | None:
    """The person's own, or for an admin anybody's."""
    if not about.what and not about.whose and turn.last_reservation:
        return await turn.desk.owned(turn.actor, turn.last_reservation)
    found = [] if about.whose else await turn.desk.find(turn.actor, about.what or None)
    if not found and about.what and ADMIN in turn.actor.roles:
        found = await _of_others(turn, about)
    return _the_one(turn, found, about.what, example=example)


async def _left_behind(turn: Turn) -> list[Reservation]:
    """What an admin's words mean of others' machines; without a name, what they were told of last."""
    about = handover_words.find(turn) or About(handover_words.ACCEPT)
    if ADMIN not in turn.actor.roles or not (about.what or turn.left_behind):
        return []
    named = replace(about, what=about.what or turn.left_behind[0])
    return [item for item in await _of_others(turn, named) if item.person != turn.actor.person]


async def _of_others(turn: Turn, about: About) -> list[Reservation]:
    return await team_words.named(turn, about.what, owner=_id_of(turn, about.whose) or None)


def _id_of(turn: Turn, who: str) -> str:
    return who.lower() if turn.actor.workspace_id == LOCAL_WORKSPACE else who


def _the_one(turn: Turn, found: list[Reservation], words: str = "", *, example: str) -> Reservation | None:
    """What is wrong with the words is said; ``example``: what would be right, of ``{name}`` or ``{id}``."""
    if len(found) == 1:
        return found[0]
    if found:
        example = example.format(name=found[0].name, id=found[0].id)
        told = names([_told(turn, item) for item in found], last="or")
        turn.say("utter_which_to_hand_over", names=told, example=example)
    else:
        turn.say("utter_error_not_found", words=words or "that")
    return None


def _told(turn: Turn, item: Reservation) -> str:
    return item.name if item.person == turn.actor.person else f"{item.name} of {called(item.person)} ({item.id})"


async def _offers(turn: Turn) -> list[Reservation]:
    """What the person was asked to take over, as far as the words mean it; what is over only where nothing else is."""
    about, now = handover_words.find(turn) or About(handover_words.ACCEPT), turn.desk.clock()
    owner = _id_of(turn, about.whose)
    meant = [
        item
        for item in await turn.desk.handovers.offered(turn.actor)
        if about.what in ("", item.name.lower(), item.id) and owner in ("", item.owner)
    ]
    return [item for item in meant if offered_to(item, now)] or meant
