"""Forms: what a task cannot be done without is asked for by its Rasa form until it is known.

A task's intent opens ``<topic>_form`` (nlu/rules.yml). Rasa runs ``validate_<topic>_form`` on the message that opened
it and on every message while it is open; ``action_ask_<slot>`` asks; when nothing is missing any more,
``action_<topic>`` does it.

What Rasa leaves to its users is settled here, once for all forms: a message that is no answer is rejected, so that its
own rule answers it and the form asks again; another task parks the form with all of its slots (``actions/parking.py``),
because a second form would silently take over what the first had filled; a question that has a form of its own is
answered on the spot; and a confirmation is parked before a form asks anything.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

from rasa_sdk.events import ActionExecutionRejected, ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.forms import REQUESTED_SLOT, FormValidationAction

from actions import (
    archive_words,
    away,
    giving_up,
    knowledge,
    named,
    notified,
    own_keys,
    parking,
    peer_words,
    retries,
    usual,
)
from actions.base import answer_as, hand_over, open_turn, remind, say_fault, topic_of_answer
from actions.moments import Moment, moment_of
from actions.turn import Turn

_ANSWERS = ("inform", "affirm", "correct")
"""Intents that have no meaning of their own while a form asks: the form asks again when it finds nothing in them."""
_PERHAPS_ANSWERS = ("deny", "nlu_fallback", "out_of_scope")
"""Intents that are answers when they hold a fact, and otherwise what they are."""


class Form(FormValidationAction, ABC):  # type: ignore[misc]  # rasa_sdk is untyped
    """The validation of a topic's form. ``slots`` are its required slots, in the order of asking."""

    slots: ClassVar[tuple[str, ...]]
    is_task: ClassVar[bool] = True
    """False for a question: answered at once, it leaves open what is open."""
    forms: ClassVar[dict[str, type[Form]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if isinstance(cls.__dict__.get("topic"), str):
            Form.forms[str(cls.__dict__["topic"])] = cls

    def name(self) -> str:
        """Rasa's name of the validation."""
        return f"validate_{self.topic}_form"

    @property
    @abstractmethod
    def topic(self) -> str:
        """The task's name, as of its intent: a class attribute. What has none is no form of its own yet."""

    @abstractmethod
    async def fill(self, turn: Turn, moment: Moment) -> None:
        """Take every fact that the message holds into ``turn.facts``; say what is wrong with one."""

    @abstractmethod
    def subject(self, turn: Turn) -> str:
        """What is being asked about, for "dropped: …"."""

    def is_bare_answer(self, turn: Turn) -> bool:
        """Whether the text can only be an answer to what is asked, whatever the classifier took it for."""
        return False

    def is_second(self, turn: Turn) -> bool:
        """Whether the message asks for the same kind of thing once more, beside the one that the form asks about."""
        return False

    def make_room(self, turn: Turn) -> None:
        """A new task comes before the open confirmation, which waits until it is done."""
        parking.set_aside(turn)

    def make_way(self, turn: Turn, other: type[Form] | None) -> None:
        """Another task, or the yes of a card, comes before this form."""
        parking.set_aside(turn, what=self.subject(turn))

    async def choose(self, turn: Turn) -> None:
        """ "You choose" is an answer as well: take what suits most."""
        await self.fill(turn, Moment.ANSWERED)

    async def resume(self, turn: Turn) -> None:
        """Bring what was known before the task in between up to date, or close the form when nothing is left of it."""

    async def renew(self, turn: Turn) -> None:
        """Bring what is shown with the question up to date, or close the form when there is nothing left to ask."""

    def missing(self, turn: Turn) -> str | None:
        """The slot to ask for next; None when all is known."""
        return next((slot for slot in self.slots if turn.facts.get(slot) is None), None)

    async def run(self, dispatcher: Any, tracker: Any, domain: dict[str, Any]) -> list[Any]:
        """Rasa's entry. Always names the slot to ask for, so that Rasa never validates a message twice."""
        moment = moment_of(tracker)
        turn = await open_turn(self.name(), dispatcher, tracker)
        if turn is None:
            return _given_up() if moment is Moment.OPENED else _waiting(tracker)
        before, again = (turn.request, turn.question), retries.wish(turn, self.topic)
        try:
            events = await self._step(turn, moment)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person hears of it and the form stays as it was
            say_fault(self.name(), turn, error)
            if moment is not Moment.OPENED:
                events = _waiting(tracker)
            else:
                turn.close_form()
                if retries.is_passing(error):
                    turn.request, turn.question = (None, None) if self.is_task else before
                    retries.keep(turn, {**again, "request": None})
                elif self.is_task and turn.question is None:
                    turn.request = None
                events = _ended(turn)
        for reply in turn.replies:
            dispatcher.utter_message(**reply)
        return events

    async def _step(self, turn: Turn, moment: Moment) -> list[Any]:
        if moment is Moment.OPENED:
            return await self._open(turn)
        if moment is Moment.RETURNED:
            return await self._go_on(turn)
        if own_keys.find(turn):
            await hand_over(turn, "ssh_keys")
            return await self._go_on(turn)
        if away.find(turn):
            await hand_over(turn, "absence")
            return await self._go_on(turn)
        if (about := peer_words.find(turn)) and about.topic == peer_words.FIND:
            await hand_over(turn, about.topic)
            return await self._go_on(turn)
        if knowledge.asked_about(turn):
            await hand_over(turn, "explain")
            return await self._go_on(turn)
        if turn.about_budget and turn.about_budget.is_aside:
            await hand_over(turn, "budgets")
            return await self._go_on(turn)
        if about_archive := archive_words.topic(turn):
            return await self._hear_of_archive(turn, about_archive)
        if giving_up.gives_up(turn):
            await hand_over(turn, "cancel")
            return await self._go_on(turn) if turn.form else _ended(turn)
        meant = await named.meaning(turn)
        if meant is not None and meant[0] != self.topic:
            return await self._hear(turn, *meant)
        if self.is_second(turn):
            self.make_way(turn, type(self))
            turn.go_to(self.topic)
            return _ended(turn)
        is_left = usual.leaves_it_to_me(turn)
        is_answer = is_left or turn.intent in (*_ANSWERS, self.topic) or retries.says_again(turn.text)
        can_only_be_one = is_answer or self.is_bare_answer(turn)
        if _is_of_a_card(turn) or notified.is_answer(turn) or not (can_only_be_one or turn.intent in _PERHAPS_ANSWERS):
            return await self._reject(turn)
        turn.facts.pop("resumed", None)
        before = (dict(turn.facts), turn.request)
        await (self.choose(turn) if is_left else self.fill(turn, moment))
        if turn.next_form:
            return _ended(turn)
        if (turn.facts, turn.request) == before and not turn.replies:
            if not can_only_be_one:
                return await self._reject(turn)
            # A list is asked again in words of its own.
            if turn.asked != "reservation":
                turn.say("utter_no_answer")
        return await self._go_on(turn)

    async def _open(self, turn: Turn) -> list[Any]:
        # An action that found something wrong, or that is tried again, opens the form to ask for just what is missing.
        is_prepared = bool(turn.facts)
        if not is_prepared and (topic := topic_of_answer(replace(turn, form=None))):
            turn.close_form()
            await answer_as(self.name(), turn, topic)
            return _ended(turn)
        if not is_prepared and (meant := await named.meaning(turn)):
            turn.close_form()
            turn.hear_again(*meant)
            return _ended(turn)
        if turn.facts.get("resumed"):
            await self.resume(turn)
            if turn.form is None:
                return _ended(turn)
        if not is_prepared:
            if self.is_task:
                self.make_room(turn)
            said_before = len(turn.replies)
            await self.fill(turn, Moment.OPENED)
            if self.missing(turn) and len(turn.replies) > said_before:
                turn.close_form()
                if not self.is_task:
                    remind(turn, of_a_machine=True)
                return _ended(turn)
        if self.missing(turn):
            if turn.question is not None:
                parking.set_aside(turn)
            parking.say_parked(turn)
        return await self._go_on(turn)

    async def _go_on(self, turn: Turn) -> list[Any]:
        await self.renew(turn)
        if turn.form is None:
            return _ended(turn)
        # Without the event of a slot Rasa would take the message for one that was no answer.
        slot = turn.asked or "correction"
        return [SlotSet(slot, turn.facts.get(slot)), *turn.slots(), SlotSet(REQUESTED_SLOT, self.missing(turn))]

    async def _hear(self, turn: Turn, intent: str, entities: list[list[Any]]) -> list[Any]:
        """Another task, or a question in between, in words that were taken for something else."""
        other = Form.forms.get(intent)
        if other is not None and other.is_task:
            self.make_way(turn, other)
            turn.hear_again(intent, entities)
            return _ended(turn)
        turn.intent, turn.entities = intent, {}
        for name, value in entities:
            turn.entities.setdefault(name, []).append(value)
        if other is None:
            await hand_over(turn, intent)
        else:
            await _answered_aside(other(), turn)
        return await self._go_on(turn)

    async def _hear_of_archive(self, turn: Turn, topic: str) -> list[Any]:
        """A question in between, or another task."""
        if topic == archive_words.ABOUT:
            await hand_over(turn, topic)
            return await self._go_on(turn)
        self.make_way(turn, None)
        await hand_over(turn, topic)
        return _ended(turn)

    async def _reject(self, turn: Turn) -> list[Any]:
        """Not for this form: Rasa's rules take the message, and come back unless the form was dropped."""
        rejected = ActionExecutionRejected(f"{self.topic}_form")
        other = Form.forms.get(turn.intent)
        if other is not None and not other.is_task and await _answered_aside(other(), turn):
            return await self._go_on(turn)
        if other is None and not (_is_of_a_card(turn) and turn.intent != "deny"):
            return [rejected]
        self.make_way(turn, other)
        return [rejected, *turn.slots(), SlotSet(REQUESTED_SLOT, None), ActiveLoop(None)]


def subject(turn: Turn) -> str:
    """What the open form asks about."""
    return Form.forms[turn.form]().subject(turn) if turn.form else ""


async def _answered_aside(form: Form, turn: Turn) -> bool:
    """Answer a question in between without opening its form, if it needs nothing to be asked."""
    aside = replace(turn, form=None, asked=None, facts={}, replies=[])
    await form.fill(aside, Moment.OPENED)
    if form.missing(aside) is None:
        await hand_over(aside, form.topic)
    if not aside.replies:
        return False
    turn.replies += aside.replies
    turn.last_reservation = aside.last_reservation
    return True


def _is_of_a_card(turn: Turn) -> bool:
    """A button of a card knows what it is about and answers no form."""
    if turn.one_of("quote_id") or turn.one_of("question_id"):
        return True
    is_yes_or_no = turn.intent in ("affirm", "deny")
    return is_yes_or_no and bool(turn.one_of("reservation_id") or (turn.is_button and turn.one_of("provider")))


def _ended(turn: Turn) -> list[Any]:
    """All is said: the form ends without its action, and what it had put aside goes on."""
    parking.take_up(turn)
    is_going_on = turn.next_form or turn.said_again
    return turn.events() if is_going_on else [*turn.events(), FollowupAction("action_listen")]


def _given_up() -> list[Any]:
    """Nothing could be read or done: the form ends without its action."""
    return [SlotSet(REQUESTED_SLOT, None), ActiveLoop(None), FollowupAction("action_listen")]


def _waiting(tracker: Any) -> list[Any]:
    """The form stays as it was and asks again. Rasa takes no event but that of a slot for an answer."""
    asked = tracker.get_slot(REQUESTED_SLOT)
    return [SlotSet(str(asked), tracker.get_slot(str(asked))), SlotSet(REQUESTED_SLOT, asked)]
