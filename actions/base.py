"""What all actions have in common: open the turn, answer, and never leave a person without a reply."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import structlog
from rasa_sdk import Action

from actions import (
    about_budgets,
    approving,
    archive_words,
    assenting,
    away,
    bare,
    bargaining,
    besides,
    bill_words,
    choosing,
    clauses,
    decisions,
    desk_access,
    freeze_words,
    giving_up,
    handover_words,
    idle_words,
    knowledge,
    lengths,
    moments,
    named,
    notified,
    openings,
    own_keys,
    parking,
    peer_words,
    price_words,
    questions,
    refusals,
    requests,
    rereading,
    rescaling,
    reselecting,
    resizing,
    retries,
    several,
    stopping,
    team_words,
    template_words,
    unsure,
    usual,
    weekly_words,
    wording,
)
from actions.turn import FACTS, Question, Turn
from clouddesk.language import team
from clouddesk.language.holidays import place_chosen
from clouddesk.model.approval import OverBudget
from clouddesk.model.errors import CloudDeskError, Frozen, ProviderError
from clouddesk.model.offer import OWN_MACHINE

log = structlog.get_logger()
_OF_A_MACHINE = ("describe_resource", "connect_info", "list_resources", "utilization_report")
"""Topics after which "it" may mean a machine that was spoken of."""


class DeskAction(Action, ABC):  # type: ignore[misc]  # rasa_sdk is untyped
    """A topic's action. ``topic`` is its name in Rasa without ``action_``, and the intent that leads to it."""

    topic: ClassVar[str]
    is_aside: ClassVar[bool] = False
    """Whether what is open stays open, and is asked again after the answer."""
    is_inner: ClassVar[bool] = False
    """Whether only other actions lead to it, so that Rasa's domain does not name it."""
    topics: ClassVar[dict[str, type[DeskAction]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "topic" in cls.__dict__:
            DeskAction.topics[cls.topic] = cls

    def name(self) -> str:
        """Rasa's name of the action."""
        return f"action_{self.topic}"

    @abstractmethod
    async def respond(self, turn: Turn) -> None:
        """Answer the turn."""

    async def run(self, dispatcher: Any, tracker: Any, domain: dict[str, Any]) -> list[Any]:
        """Rasa's entry: one turn from message to replies and slots."""
        turn = await open_turn(self.name(), dispatcher, tracker)
        if turn is None:
            return []
        # An action that a form leads to has had its message read by the form.
        follows_form = moments.follows_form(tracker)
        has_broken_off = moments.has_broken_off(tracker)
        topic = None if has_broken_off else topic_of_answer(turn, is_read=follows_form)
        is_first = not follows_form and self.topic in (turn.intent, "did_not_understand")
        if has_broken_off:
            _hear_again(turn)
        elif topic is None and is_first and (meant := await named.meaning(turn)):
            turn.hear_again(*meant)
        else:
            await answer_as(self.name(), turn, topic or self.topic)
        parking.take_up(turn)
        # A form that opens next says the rest.
        if not turn.replies and turn.next_form is None and turn.said_again is None:
            turn.say("utter_did_not_understand")
        for reply in turn.replies:
            dispatcher.utter_message(**reply)
        return turn.events()


def _hear_again(turn: Turn) -> None:
    """Let Rasa take the message once more as a whole; only once, as it may be what ends the action server."""
    if turn.is_heard_again:
        turn.say("utter_something_broke")
    else:
        turn.hear_again(turn.intent, [[name, value] for name in turn.entities for value in turn.all_of(name)])


async def answer_as(action: str, turn: Turn, topic: str) -> None:
    """Let a topic's action answer; then what is open, and what the message asks for besides."""
    await attempt(action, turn, topic)
    if DeskAction.topics[topic].is_aside:
        remind(turn, of_a_machine=topic in _OF_A_MACHINE)
    if rest := clauses.left_undone(turn.text, topic):
        turn.say("utter_one_at_a_time", rest=rest)


async def attempt(action: str, turn: Turn, topic: str) -> None:
    """Let a topic's action answer. A fault is said, and what it takes to try again is kept."""
    before, again = (turn.request, turn.question), retries.wish(turn, topic)
    turn.known_machines = None
    try:
        await hand_over(turn, topic)
    except OverBudget as over:
        await approving.ask(turn, over)
    except Exception as error:  # noqa: BLE001 - whatever broke, the person hears of it and the log has the cause
        say_fault(action, turn, error)
        if retries.is_passing(error):
            # What was open before the fault is still open after it.
            turn.request, turn.question = before
            retries.keep(turn, again)


def remind(turn: Turn, *, of_a_machine: bool = False) -> None:
    """Ask again what is open, after something else was answered: perhaps about a machine, which "it" may mean then."""
    question = turn.question
    is_as_before = question == turn.slots_before.get("open_question")
    (stopping.note if of_a_machine and turn.last_reservation else stopping.forget)(turn)
    # A form asks again by itself, and what was asked just now needs no reminder.
    if question is not None and questions.is_open(question) and is_as_before and not turn.form:
        turn.say("utter_still_open", buttons=questions.buttons(question), question=questions.words(question))


def topic_of_answer(turn: Turn, *, is_read: bool = False) -> str | None:
    """The topic that takes the message when it can only be an answer to a confirmation, whatever it was taken for.

    "5" or "16 gigs" at a price, "try again" after a failure. What is too unsure to act on is not understood, unless
    it ``is_read`` already: what the classifier took it for says nothing then.
    """
    if not is_read and not turn.form and unsure.is_unsure(turn):
        turn.intent = "nlu_fallback"
        return _topic_of_answer(turn) or "did_not_understand"
    return _topic_of_answer(turn)


def _topic_of_answer(turn: Turn) -> str | None:
    question = turn.question
    is_open = questions.is_open(question)
    if (about := turn.about_budget) and (about.is_aside or not turn.form):
        return "budgets" if about.is_aside else "set_budget"
    if found := team_words.topic(turn):
        return found
    if not turn.form and (found := archive_words.topic(turn)):
        return found
    if several.find(turn):
        return "answer_several"
    if turn.other_length is not None:
        return "change_length"
    if turn.other_scale is not None:
        return "change_scale"
    if choosing.is_answer(turn):
        return "choose"
    if turn.idle_words is not None and not turn.form:
        return "idling"
    if notified.is_answer(turn):
        return "answer_notice"
    if turn.decision is not None:
        return "decide"
    if notified.offer_asked_about(turn):
        return "quote_price"
    if turn.reselected:
        return "reselect"
    if not turn.form and own_keys.find(turn):
        return "ssh_keys"
    if not turn.form and away.find(turn):
        return "absence"
    if not turn.form and not turn.is_button and place_chosen(turn.text):
        return "public_holidays"
    if not turn.form and weekly_words.find(turn):
        return "weekly_costs"
    if not turn.form and bill_words.asks(turn):
        return "compare_bills"
    if not turn.form and turn.about_template:
        return "change_template"
    if not turn.form and (handover := handover_words.find(turn)):
        return handover.topic
    if not turn.form and (peers := peer_words.find(turn)):
        return peers.topic
    if not turn.form and knowledge.asked_about(turn):
        return "explain"
    if openings.asks_of_running(turn):
        return "openings"
    if not turn.form and resizing.asks(turn):
        return "resize"
    if not turn.form and retries.says_again(turn.text):
        can_try = question is not None and (question["kind"] == "try_again" or question.get("has_failed"))
        return "inform" if is_open and not can_try else "affirm"
    if price_words.picked(turn):
        return "take_price"
    if turn.intent == "quote_price" and not turn.form and price_words.compares_own(turn):
        return "list_resources"
    if not turn.form and price_words.asks(turn):
        return "quote_price"
    if is_open and question is not None:
        return _topic_of_open(turn, question)
    is_left = usual.is_usual(turn) or usual.leaves_a_machine_to_me(turn)
    return "inform" if not turn.form and is_left else None


def _topic_of_open(turn: Turn, question: Question) -> str | None:
    """The topic that takes what is said to an open question."""
    if team.says(turn.text, str(question.get("phrase", ""))):
        return "affirm"
    if stopping.task(turn):
        return "ask_what_to_stop"
    if not turn.form and giving_up.gives_up(turn):
        return "cancel"
    if not turn.form and giving_up.forgets_one(turn) and parking.named(turn, questions.subject(question)):
        return "cancel"
    is_of_request = questions.is_request(question) and not turn.form
    # Who leaves the choice to me has not said yes to what it costs.
    if (is_of_request and usual.is_usual(turn)) or (not turn.form and usual.leaves_it_to_me(turn)):
        return "inform"
    if not turn.form and giving_up.forgets_open(turn, questions.subject(question)):
        return "cancel"
    if besides.second_order(turn):
        return "affirm"
    if answer := assenting.topic(turn):
        return answer
    if bargaining.is_yes(turn):
        return "affirm"
    if rereading.as_change(turn) or openings.changes_open_request(turn):
        return "correct"
    if is_of_request and refusals.refuses_a_value(turn):
        return "inform"
    if turn.intent == "quote_price" and bare.bare_number(turn.text) is None and not bargaining.asks_cheaper(turn):
        # "and with 32?" asks for a price.
        return None
    is_answer = bargaining.is_only_a_change(turn) or questions.is_bare_answer(question, turn.text)
    return "inform" if is_answer or requests.is_fragment(turn) else None


async def hand_over(turn: Turn, topic: str) -> None:
    """Let another topic's action answer this turn."""
    await DeskAction.topics[topic]().respond(turn)


async def open_turn(action: str, dispatcher: Any, tracker: Any) -> Turn | None:
    """The turn; None when it cannot be had, which was said then."""
    try:
        return await _open(tracker)
    except CloudDeskError as error:
        response, values = wording.of_error(error)
        dispatcher.utter_message(response=response, **values)
    except Exception:
        log.exception("action.failed", action=action)
        dispatcher.utter_message(response="utter_something_broke")
    return None


def say_fault(action: str, turn: Turn, error: Exception) -> None:
    """Say what went wrong; the log gets the code and what the cloud said, never the person's own words."""
    if not isinstance(error, CloudDeskError):
        log.error("action.failed", action=action, user=str(turn.actor.person), exc_info=error)
        turn.say("utter_something_broke")
        return
    vendor_text = error.vendor_text if isinstance(error, ProviderError) else ""
    log.info("action.refused", action=action, code=error.code, user=str(turn.actor.person), vendor_text=vendor_text)
    response, values = wording.of_error(error)
    turn.say(response, **(freeze_words.of(turn, error.freeze) if isinstance(error, Frozen) else values))


async def _open(tracker: Any) -> Turn:
    message = tracker.latest_message or {}
    metadata = message.get("metadata") or {}
    desk = await desk_access.the.desk()
    loop = (tracker.active_loop or {}).get("name")
    turn = Turn(
        desk=desk,
        actor=await desk_access.actor_of(metadata, tracker.sender_id),
        conversation=str(metadata.get("conversation") or tracker.sender_id),
        text=message.get("text") or "",
        intent=(message.get("intent") or {}).get("name") or "",
        entities=_entities(message.get("entities") or []),
        message_id=str(metadata.get("message_id") or message.get("message_id") or ""),
        request=tracker.get_slot("request"),
        question=tracker.get_slot("open_question"),
        last_reservation=tracker.get_slot("last_reservation"),
        parked=list(tracker.get_slot("parked") or ()),
        form=loop.removesuffix("_form") if loop else None,
        asked=tracker.get_slot("requested_slot"),
        had_form=loop is not None,
        answered=moments.slot_answered(tracker),
        has_returned=moments.has_returned(tracker),
        is_heard_again=bool(metadata.get("is_heard_again")),
        confidence=float((message.get("intent") or {}).get("confidence") or 0.0),
        likeliest=tuple(item["name"] for item in message.get("intent_ranking") or ()),
        noticed=tracker.get_slot("noticed"),
        slots_before=dict(tracker.slots),
        facts={name: value for name in FACTS if (value := tracker.get_slot(name)) is not None},
    )
    await notified.look(turn)
    turn.decision = await decisions.find(turn)
    turn.reselected = await reselecting.find(turn)
    turn.other_length = await lengths.find(turn)
    turn.about_template = await template_words.find(turn)
    turn.other_scale = await rescaling.find(turn)
    turn.idle_words = await idle_words.find(turn)
    turn.archiving = await archive_words.find(turn)
    turn.about_budget = await about_budgets.find(turn)
    turn.about_team = await team_words.find(turn)
    granted = await desk.welcome(turn.actor)
    if granted:
        names = wording.names([wording.provider_title(info.provider) for info in granted])
        turn.say("utter_welcome_simulated", providers=names)
        if any(info.provider == OWN_MACHINE for info in await desk.credentials(turn.actor)):
            turn.say("utter_welcome_own_machine")
    return turn


def _entities(found: list[dict[str, Any]]) -> dict[str, Any]:
    """One value by name; a list when a name came more than once with different values."""
    values: dict[str, Any] = {}
    for entity in found:
        name, value = entity.get("entity"), entity.get("value")
        if name is None or value is None:
            continue
        known = values.get(name)
        if known is None:
            values[name] = value
        elif isinstance(known, list):
            if value not in known:
                known.append(value)
        elif known != value:
            values[name] = [known, value]
    return values
