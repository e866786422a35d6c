"""What a yes does: to a price, to giving back, to what is tried again."""

from __future__ import annotations

from actions import approving, cards, create, deciding, forms, questions, retries
from actions.base import hand_over
from actions.moments import Moment
from actions.turn import Question, Turn
from actions.wording import provider_title
from clouddesk.language import team
from clouddesk.model.approval import OverBudget
from clouddesk.model.errors import NotFound, OfferChanged, QuoteExpired
from clouddesk.model.reservation import Reservation


async def carry_out(turn: Turn, question: Question) -> None:
    """Do what was asked, after the yes."""
    if (phrase := str(question.get("phrase", ""))) and not (turn.is_button or team.says(turn.text, phrase)):
        turn.say("utter_say_phrase", phrase=phrase, buttons=questions.buttons(question))
    elif question["kind"] in ("try_again", "confirm_task"):
        await _try_again(turn, question)
    elif question["kind"] == "confirm_quote":
        await reserve(turn, question["id"])
    elif question["kind"] == "confirm_price":
        await create.quote(turn, turn.request or {"kind": "vm"})
    elif question["kind"] == "confirm_release":
        await release(turn, question["ids"])
    elif question["kind"] == "confirm_decision":
        await deciding.carry_out(turn, question)
    else:
        await remove_credentials(turn, question["provider"])


async def reserve(turn: Turn, quote_id: str) -> None:
    """Say yes to a quote; a second yes hears that it is under way."""
    known = await turn.desk.begun(turn.actor, quote_id)
    if known is not None:
        turn.last_reservation = known.id
        if turn.question and turn.question.get("id") == quote_id:
            turn.settle({"kind": "answered", "of": "quote", "ids": [known.id]})
        turn.say("utter_already_reserved", name=known.name, state=known.state)
        return
    try:
        made = await turn.desk.reserve(turn.actor, quote_id, conversation=turn.conversation)
    except QuoteExpired as error:
        await create.quote_again(turn, quote_id, has_changed=isinstance(error, OfferChanged))
        return
    except OverBudget as over:
        await approving.ask(turn, over)
        question = turn.question
        if question is not None and question.get("id") == quote_id:
            turn.settle()
        return
    turn.last_reservation = made.id
    _settle(turn, {"kind": "answered", "of": "quote", "ids": [made.id]})
    they = {1: "it's ready", 2: "both are ready"}.get(made.node_count, f"all {made.node_count} are ready")
    turn.say("utter_reserving", name=made.name, what=cards.short_line(made), they=they)


async def release(turn: Turn, ids: list[str]) -> None:
    """Give back, after the yes."""
    for reservation_id in ids:
        done = await turn.desk.release(turn.actor, reservation_id)
        turn.last_reservation = done.id
        turn.say("utter_releasing" if done.is_live else "utter_already_released", name=done.name)
    _settle(turn, {"kind": "answered", "of": "release", "ids": ids})


async def remove_credentials(turn: Turn, provider: str) -> None:
    turn.settle()
    removed = await turn.desk.remove_credentials(turn.actor, provider)
    response = "utter_credentials_removed" if removed else "utter_credentials_not_there"
    turn.say(response, title=provider_title(provider))


async def if_known(turn: Turn, reservation_id: str) -> Reservation | None:
    try:
        return await turn.desk.reservation(turn.actor, reservation_id)
    except NotFound:
        return None


def _settle(turn: Turn, answered: Question) -> None:
    """Remember what was settled, unless a card of something else was pressed while this question is open."""
    question = turn.question
    is_other = question is not None and questions.is_open(question) and not questions.is_about(question, turn.entities)
    if not (turn.is_button and is_other):
        turn.settle(answered)


async def _try_again(turn: Turn, kept: Question) -> None:
    """What failed once more, from where it failed."""
    topic = retries.recall(turn, kept)
    form = forms.Form.forms.get(topic)
    if form is not None and form().missing(turn):
        await form().fill(turn, Moment.OPENED)
        if form().missing(turn):
            if turn.facts:
                turn.go_to(topic, **turn.facts)
            return
    await hand_over(turn, topic)
