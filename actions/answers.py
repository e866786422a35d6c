"""Answers to what is open: yes, no, a value, a change, never mind. What a form asks for, the form takes first."""

from __future__ import annotations

import re

from actions import (
    assenting,
    bargaining,
    besides,
    cards,
    carrying_out,
    choosing,
    create,
    forms,
    meanings,
    openings,
    parking,
    questions,
    resolve,
    usual,
)
from actions.base import DeskAction
from actions.buttons import button
from actions.refusals import refuses_a_value
from actions.request_fields import change_words, merged, to_entities, to_fields
from actions.requests import said_in, stated_in
from actions.turn import Question, Turn
from actions.wording import provider_title
from clouddesk.language import measures
from clouddesk.model.reservation import CONFIGURING, PARTIAL, PROVISIONING

_ON_THE_WAY = (PROVISIONING, PARTIAL, CONFIGURING)
"""States in which a second yes is still one to the order."""
_STOPS_IT = re.compile(r"\b(?:stop|halt|pause) (?:it|that|this|them)\b")
"""With nothing open to cancel, "stop it" means a machine."""
MOST_MISSES = 2
_ASKS_FOR = {
    "memory_gb": "how much memory?",
    "storage_gb": "how big a disk?",
    "vcpus": "how many cores?",
    "gpu_count": "how many GPUs?",
    "count": "how many machines?",
    "duration_seconds": "for how long, or until when?",
    "region": "in which place?",
    "providers": "on which cloud?",
    "os": "which system?",
    "software": "what should run on it?",
    "max_hourly_price_usd": "how many dollars an hour at most?",
    "name": "which name?",
}
_WANTS = re.compile(r"\b(?:get|give|gimme|need|want|create|spin|launch)\b")


class ActionAffirm(DeskAction):
    """Yes: to the thing that a button names, else to the open question."""

    topic = "affirm"

    async def respond(self, turn: Turn) -> None:
        """A yes with a change in it ("yes, but 5 nodes") is a change."""
        question = turn.question
        if turn.is_button and parking.bring_up(turn):
            question = turn.question
        if quote_id := turn.one_of("quote_id"):
            await _yes_by_button(turn, str(quote_id))
        elif ids := turn.all_of("reservation_id"):
            await carrying_out.release(turn, [str(item) for item in ids])
        elif turn.is_button and (provider := turn.one_of("provider")):
            await carrying_out.remove_credentials(turn, str(provider))
        elif turn.one_of("question_id") and not _is_about(question, turn):
            turn.say("utter_already_answered")
        elif question is None:
            await _yes_to_nothing(turn)
        elif question["kind"] == "answered":
            await _yes_again(turn, question)
        elif rest := besides.second_order(turn):
            await carrying_out.carry_out(turn, question)
            turn.say("utter_one_at_a_time", rest=rest)
        elif turn.request is not None and not bargaining.is_yes(turn) and bargaining.change_in(turn):
            await create.change(turn, bargaining.change_in(turn))
        elif turn.is_button:
            await carrying_out.carry_out(turn, question)
        else:
            task = assenting.left_after_yes(turn)
            await carrying_out.carry_out(turn, question)
            if task:
                turn.say("utter_one_at_a_time", rest=task)


class ActionDeny(DeskAction):
    """No: what was asked is dropped, and said to be."""

    topic = "deny"

    async def respond(self, turn: Turn) -> None:
        """A no with a better value in it ("no, on digitalocean") is a change."""
        question = turn.question
        named = turn.one_of("quote_id") or turn.one_of("reservation_id") or turn.one_of("question_id")
        named = named or (turn.is_button and turn.one_of("provider"))
        if named and (waiting := parking.waiting(turn)):
            parking.drop(turn, waiting)
            _say_still_open(turn)
        elif turn.form and not named:
            _drop_form(turn)
        elif named and not _is_about(question, turn):
            turn.say("utter_already_answered")
        elif question is None or not questions.is_open(question):
            turn.say("utter_nothing_to_deny")
        elif not named and turn.request is not None and bargaining.change_in(turn):
            await create.change(turn, bargaining.change_in(turn))
        elif not named and (topic := _task_of(question)) and resolve.tells_apart(turn):
            # "no, the other one"
            turn.go_to(topic)
        else:
            drop(turn, question)


class ActionCorrect(DeskAction):
    """A change of what was said before."""

    topic = "correct"

    async def respond(self, turn: Turn) -> None:
        """Quoted again with the change; another reservation when one was being chosen."""
        question = turn.question
        if turn.one_of("variation"):
            await _take_variation(turn)
        elif quote_id := turn.one_of("quote_id"):
            await _change_by_button(turn, str(quote_id))
        elif question is None or not questions.is_open(question):
            await _without_question(turn)
        elif turn.request is not None:
            await _change_request(turn, question)
        elif (topic := _task_of(question)) and resolve.tells_apart(turn):
            turn.go_to(topic)
        else:
            await answer(turn, question)


class ActionInform(DeskAction):
    """A bare value; the open question gives it its meaning."""

    topic = "inform"

    async def respond(self, turn: Turn) -> None:
        """With nothing open, machines that were described are asked for."""
        if turn.question is None or not questions.is_open(turn.question):
            await _without_question(turn)
        else:
            await answer(turn, turn.question)


class ActionCancel(DeskAction):
    """Never mind."""

    topic = "cancel"

    async def respond(self, turn: Turn) -> None:
        """What is open is dropped, and what had to wait for it goes on; "forget everything" drops that, too."""
        question = turn.question if questions.is_open(turn.question) else None
        what = forms.subject(turn) if turn.form else questions.subject(question) if question else None
        if what is not None and parking.drops_all(turn):
            parking.drop_all(turn, what)
        elif what is not None and (waiting := parking.named(turn, what)):
            parking.drop(turn, waiting)
            _say_still_open(turn)
        elif what is not None:
            turn.settle()
            turn.say("utter_cancelled", what=what)
        elif _STOPS_IT.search(turn.text.lower()):
            turn.go_to("stop_resource")
        elif create.is_described(said_in(turn)) and _WANTS.search(turn.text.lower()):
            # "I changed my mind, get me dask with 3 nodes"
            turn.go_to(create.topic_for(turn, said_in(turn)))
        else:
            turn.say("utter_nothing_to_cancel")


async def answer(turn: Turn, question: Question) -> None:
    """Take the message as the answer to this confirmation."""
    if turn.request is not None:
        await _change_request(turn, question)
    else:
        ask_again(turn, question)


def _say_still_open(turn: Turn) -> None:
    """A form asks again by itself."""
    question = turn.question
    if question is not None and questions.is_open(question):
        turn.say("utter_still_open", buttons=questions.buttons(question), question=questions.words(question))


def drop(turn: Turn, question: Question) -> None:
    """The no to what was asked."""
    turn.settle()
    if question["kind"] == "confirm_release":
        turn.say("utter_release_dropped", name=" and ".join(question["names"]))
    elif question["kind"] == "confirm_removal":
        turn.say("utter_credentials_kept", title=provider_title(question["provider"]))
    elif question["kind"] == "confirm_quote":
        turn.say("utter_quote_dropped", what=question["what"])
    else:
        turn.say("utter_cancelled", what=questions.subject(question))


def ask_again(turn: Turn, question: Question) -> None:
    """The message was no answer: the question again; twice in vain, with examples of what is one."""
    turn.misses = int(turn.slots_before.get("misses") or 0) + 1
    turn.say(
        "utter_did_not_understand_question" if turn.misses < MOST_MISSES else questions.help_response(question),
        buttons=questions.buttons(question),
        question=questions.words(question),
    )


async def _change_request(turn: Turn, question: Question) -> None:
    if topic := besides.second_topic(turn):
        parking.set_aside(turn)
        turn.go_to(topic)
    elif usual.says_usual(turn):
        await _take_the_usual(turn)
    elif usual.leaves_it_to_me(turn):
        turn.say("utter_my_choice", buttons=questions.buttons(question), question=questions.words(question))
    elif change := bargaining.change_in(turn):
        await create.change(turn, change)
    elif unclear := openings.misread(turn.text, turn.request or {}):
        turn.say(
            "utter_opening_unclear",
            why=unclear,
            buttons=questions.buttons(question),
            question=questions.words(question),
        )
    elif refuses_a_value(turn):
        turn.say("utter_no_yes_unchanged", buttons=questions.buttons(question), question=questions.words(question))
    elif bargaining.asks_cheaper(turn):
        turn.say("utter_cheapest_already", buttons=questions.buttons(question), question=questions.words(question))
    elif field := None if turn.is_button else measures.field_named(turn.text):
        _ask_for_value(turn, field)
    elif turn.intent == "correct":
        _ask_what_to_change(turn)
    else:
        ask_again(turn, question)


async def _take_the_usual(turn: Turn) -> None:
    """ "Same as last time": what was used last, with what this message says besides."""
    open_request = turn.request or {}
    software = open_request.get("software") or [None]
    used = await usual.fields(turn, open_request.get("kind"), software[0])
    if used is None:
        turn.say("utter_no_usual")
        return
    said = merged(used, stated_in(turn))
    if turn.request is None:
        await create.quote(turn, said)
        return
    changes = {field: value for field, value in said.items() if open_request.get(field) != value}
    if changes:
        await create.change(turn, changes)
    else:
        await create.quote(turn, said)


async def _yes_by_button(turn: Turn, quote_id: str) -> None:
    """The Yes of a card. That of an older card than the open one buys nothing: it was replaced since."""
    question = turn.question
    is_replaced = question is not None and question["kind"] == "confirm_quote" and question["id"] != quote_id
    if is_replaced and await turn.desk.begun(turn.actor, quote_id) is None:
        await create.show_again(turn)
    else:
        await carrying_out.reserve(turn, quote_id)


async def _take_variation(turn: Turn) -> None:
    """The button under the price of a variation; the request that it varies may be parked."""
    parking.bring_up(turn)
    if bargaining.takes_variation(turn):
        await create.change(turn, bargaining.change_in(turn))
    else:
        turn.say("utter_already_answered")


async def _change_by_button(turn: Turn, quote_id: str) -> None:
    """The Change button of a card; the card may be an older one than the open question."""
    if (turn.question and turn.question.get("id") == quote_id) or parking.bring_up(turn):
        _ask_what_to_change(turn)
        return
    quote = await turn.desk.get_quote(turn.actor, quote_id)
    if turn.question is not None and not questions.is_request(turn.question):
        parking.set_aside(turn)
    said = to_fields(quote.request)
    turn.ask({"kind": "confirm_quote", "id": quote_id, "what": cards.request_words(quote.request)}, request=said)
    _ask_what_to_change(turn)


def _ask_what_to_change(turn: Turn) -> None:
    """An "ok" to this is no yes to the price."""
    turn.question = {**(turn.question or {}), "is_changing": True}
    turn.say("utter_what_to_change")


def _ask_for_value(turn: Turn, field: str) -> None:
    """ "The memory": a number after it is that."""
    turn.question = {**(turn.question or {}), "is_changing": True, "recent": field}
    turn.say("utter_ask_for_value", question=_ASKS_FOR[field].capitalize())


async def _without_question(turn: Turn) -> None:
    """A value with nothing open: a described machine is a request, a name is a look at it."""
    if usual.is_usual(turn):
        await _take_the_usual(turn)
        return
    if usual.leaves_a_machine_to_me(turn):
        await create.quote(turn, {"kind": "vm"})
        return
    if await _is_too_late(turn) or (turn.intent == "inform" and await meanings.ask_what_for(turn)):
        return
    said = said_in(turn)
    name = said.pop("name", None)
    if create.is_described(said) and (turn.intent == "inform" or "software" in said):
        turn.go_to(create.topic_for(turn, said))
    elif name and turn.intent == "inform":
        turn.go_to("describe_resource")
    else:
        turn.say("utter_nothing_to_change" if turn.intent == "correct" else "utter_did_not_understand")


async def _is_too_late(turn: Turn) -> bool:
    """A change right after the yes: what is ordered can only be given back; another is offered, with the change."""
    answered = turn.question or {}
    change = bargaining.change_after_yes(turn)
    if answered.get("of") != "quote" or not change:
        return False
    item = await carrying_out.if_known(turn, answered["ids"][0])
    if item is None or not item.is_live:
        return False
    used = await usual.fields(turn, item.kind, item.software) or {"kind": item.kind}
    used.pop("name", None)
    wanted = merged(used, change)
    task, said = f"create_{wanted['kind']}", to_entities(wanted)
    choosing.ask_if(turn, "Price of another", task, said)
    end = button(f"Give {item.name} back", "terminate_resource", resource_name=item.id)
    turn.say(
        "utter_ordered_already",
        buttons=[button("Price of another", task, **said), end],
        name=item.name,
        what=cards.short_line(item),
        changes=change_words(change),
    )
    return True


async def _yes_to_nothing(turn: Turn) -> None:
    """ "yes, 2 more hours" after a warning is an extension; a plain yes has nothing to go by."""
    if turn.one_of("duration_minutes") or turn.one_of("until"):
        turn.go_to("extend_reservation")
    else:
        turn.say("utter_nothing_to_affirm")


async def _yes_again(turn: Turn, question: Question) -> None:
    """The second yes to the same thing."""
    if turn.one_of("duration_minutes") or turn.one_of("until"):
        turn.go_to("extend_reservation")
        return
    item = await carrying_out.if_known(turn, question["ids"][0])
    is_done = item is None or not item.is_live or (question["of"] == "quote" and item.state not in _ON_THE_WAY)
    if item is None or is_done:
        turn.settle()
        turn.say("utter_nothing_to_affirm")
    elif question["of"] == "quote":
        turn.say("utter_already_reserved", name=item.name, state=item.state)
    else:
        turn.say("utter_releasing", name=item.name)


def _drop_form(turn: Turn) -> None:
    what = forms.subject(turn)
    turn.settle()
    turn.say("utter_cancelled", what=what)


def _task_of(question: Question) -> str | None:
    """The task that asks which machine anew when another one was meant."""
    if question["kind"] == "confirm_release":
        return "terminate_resource"
    # These would forget by how much; and not every task asks which machine.
    is_known = question["kind"] == "confirm_task" and question["topic"] not in ("extend_reservation", "scale_cluster")
    is_known = is_known and question["topic"] in forms.Form.forms
    return str(question["topic"]) if is_known else None


def _is_about(question: Question | None, turn: Turn) -> bool:
    """Whether a button's no is about what is open now."""
    if question is None or not questions.is_open(question):
        return False
    return questions.is_about(question, turn.entities)
