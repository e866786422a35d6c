"""One turn of a conversation: what was said, what is open, and what the answer will be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rasa_sdk.events import ActionExecuted, ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.forms import REQUESTED_SLOT

from clouddesk.desk import Desk
from clouddesk.language.team import TeamWish
from clouddesk.model.actor import Actor
from clouddesk.model.notice import Notice
from clouddesk.model.reservation import Reservation

if TYPE_CHECKING:
    from actions.about_budgets import AboutBudget
    from actions.idle_words import IdleWords

Question = dict[str, Any]
"""The open question: ``kind`` says which (see ``actions/questions.py``), the rest is what its answer needs."""

Button = dict[str, str]

FACTS = (
    *("software", "reservation", "duration", "provider", "options", "problem", "correction", "resumed"),
    *("person", "sharing", "scale", "template_name", "saving", "when"),
)
"""The slots of the forms. They hold something only while a form is open, and until its action has run."""


@dataclass(frozen=True)
class Card:
    """A text of several lines; ``small`` are those of them, word for word, that are only worth small print."""

    text: str
    small: tuple[str, ...] = ()

    def after(self, text: str) -> Card:
        """The same behind some other words."""
        return replace(self, text=text + self.text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class AboutTemplate:
    """What is wanted with a template that no intent stands for: another name, or one's own for the team."""

    what: str
    old: str
    new: str = ""


@dataclass
class Turn:
    """Read by a topic's action, which answers with ``say`` and sets what stays open.

    ``entities`` holds a plain value, or a list where several of equal standing were said. Open is at most one of
    ``question`` (a confirmation) and ``form`` (the topic whose form asks for a fact; ``asked`` is its slot).
    """

    desk: Desk
    actor: Actor
    conversation: str
    text: str
    intent: str
    entities: dict[str, Any]
    message_id: str
    request: dict[str, Any] | None = None
    question: Question | None = None
    last_reservation: str | None = None
    parked: list[dict[str, Any]] = field(default_factory=list)
    """What waits until the task in between is done, the latest first (``actions/parking.py``)."""
    form: str | None = None
    asked: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    had_form: bool = False
    answered: str | None = None
    """The slot that the message was taken as an answer for, though it may not have been a good one."""
    has_returned: bool = False
    """The open form asks again after something else was answered in between."""
    is_heard_again: bool = False
    """Whether an action has passed this message on."""
    confidence: float = 1.0
    """How sure the classifier was of the intent."""
    likeliest: tuple[str, ...] = ()
    """The intents by likelihood, when the classifier was sure of none."""
    misses: int = 0
    """How often in a row nothing was understood; 0 unless the action says otherwise."""
    notices: tuple[Notice, ...] = ()
    """The notices that wait for an answer, newest first (``actions/notified.py``)."""
    asked_for: tuple[Notice, ...] = ()
    """What colleagues have asked the person for lately, newest first."""
    left_behind: tuple[str, ...] = ()
    """The names of what the person, an admin, was lately told that somebody left behind."""
    decision: tuple[str, str | None, str | None] | None = None
    """What the words decide about what a notice asked (``actions/decisions.py``)."""
    reselected: list[dict[str, str]] | None = None
    """The machines that the open question is to be about instead (``actions/reselecting.py``)."""
    other_length: int | str | None = None
    """The length of time that the open extension is to be of instead (``actions/lengths.py``)."""
    about_template: AboutTemplate | None = None
    """What the words want with a template (``actions/template_words.py``)."""
    about_budget: AboutBudget | None = None
    """What the words want with a budget or a request to go beyond one (``actions/about_budgets.py``)."""
    about_team: TeamWish | None = None
    """What the words want with the team's machines (``actions/team_words.py``)."""
    other_scale: dict[str, Any] | None = None
    """The number of machines that the open question is to be about instead (``actions/rescaling.py``)."""
    idle_words: IdleWords | None = None
    """What the words want with machines that nobody uses (``actions/idle_words.py``)."""
    archiving: str | None = None
    """What the words want with archives (``actions/archive_words.py``)."""
    new_notices: tuple[Notice, ...] = ()
    """Those of them that came after our last words."""
    noticed: dict[str, Any] | None = None
    """The id of the ``last`` notice that there was, and of those whose answers are ``settled``."""
    said_again: dict[str, Any] | None = None
    """The message that was meant by this one: Rasa takes it next, as if it had just been said."""
    wish: Question | None = None
    """What to try again when the action fails, if that is not simply the action."""
    next_form: str | None = None
    slots_before: dict[str, Any] = field(default_factory=dict)
    replies: list[dict[str, Any]] = field(default_factory=list)
    known_machines: list[Reservation] | None = None

    async def machines(self, *, with_shared: bool = False) -> list[Reservation]:
        """The person's live reservations, newest first, then those shared with them; read once until the answer begins.

        Only for finding out what is meant: what the answer itself tells of is read anew.
        """
        if self.known_machines is None:
            self.known_machines = await self.desk.reservations(self.actor, with_shared=True)
        if with_shared:
            return list(self.known_machines)
        return [item for item in self.known_machines if item.person == self.actor.person]

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for an answer, and no form is about to ask."""
        is_asking = self.question is not None and self.question["kind"] != "answered"
        return not (is_asking or self.form or self.next_form or self.said_again)

    @property
    def is_button(self) -> bool:
        """Whether a button was pressed, rather than something typed."""
        return self.text.startswith("/")

    def say(
        self,
        response: str,
        *,
        buttons: list[Button] | None = None,
        rows: list[dict[str, Any]] | None = None,
        is_private: bool = False,
        secrets_of: str = "",
        chart: dict[str, Any] | None = None,
        costs: str = "",
        **values: object,
    ) -> None:
        """Answer with a response of domain.yml; ``values`` fill its placeholders, and a Card keeps its small print.

        ``rows``: the lines of the text that have buttons of their own (``connectors.rasa.Row``).
        ``is_private``: it is nobody else's business, and so not for a channel.
        ``secrets_of``: the id of the reservation whose secrets' names stand in the text; they are put in where it is
        shown, so that no conversation keeps them.
        ``chart``: the bars of a picture beside the text (``connectors.charts.Chart``).
        ``costs``: the report that is told of, as JSON, for who wants it as a file.
        """
        texts = {key: _printable(value) for key, value in values.items()}
        reply = {"response": response, "buttons": buttons, **texts}
        small = [_printable(line) for value in values.values() if isinstance(value, Card) for line in value.small]
        carried = {"rows": rows, "private": is_private, "secrets_of": secrets_of, "small": small, "chart": chart}
        carried["costs"] = costs
        more = {name: value for name, value in carried.items() if value}
        self.replies.append({**reply, "json_message": more} if more else reply)

    def all_of(self, entity: str) -> tuple[Any, ...]:
        """All values of an entity, () when it was not said."""
        value = self.entities.get(entity)
        if value is None:
            return ()
        return tuple(value) if isinstance(value, list) else (value,)

    def one_of(self, entity: str) -> Any | None:
        """The first value of an entity, or None."""
        values = self.all_of(entity)
        return values[0] if values else None

    def ask(self, question: Question, *, request: dict[str, Any] | None = None) -> None:
        """Leave this confirmation open, with the request that it is about."""
        self.settle(question)
        self.request = request

    def hear_again(self, intent: str, entities: list[list[Any]], text: str | None = None) -> None:
        """Let Rasa take what was meant next, as if it had been said and understood."""
        said = self.text if text is None else text
        self.said_again = {
            "text": said,
            "parse_data": {
                "text": said,
                "intent": {"name": intent, "confidence": 1.0},
                "entities": [{"entity": name, "value": value} for name, value in entities],
            },
            "message_id": self.message_id,
            "metadata": {
                "workspace_id": self.actor.workspace_id,
                "user_id": self.actor.user_id,
                "timezone": self.actor.timezone,
                "locale": self.actor.locale,
                "conversation": self.conversation,
                "is_heard_again": True,
            },
        }

    def settle(self, question: Question | None = None) -> None:
        """Nothing is open any more; ``question`` may remember what was settled, for a second yes."""
        self.question, self.request = question, None
        self.close_form()

    def close_form(self) -> None:
        """No form is open any more, and nothing of it is left for the next."""
        self.form, self.asked, self.facts = None, None, {}

    def go_to(self, topic: str, **facts: Any) -> None:
        """Open this topic's form next. It reads the message of this turn, unless ``facts`` say what it must ask for."""
        self.question = None
        self.close_form()
        self.next_form, self.facts = f"{topic}_form", facts

    def events(self) -> list[Any]:
        """What an action leaves behind for the next turn."""
        if self.form is None and self.next_form is None:
            self.facts = {}
        events = self.slots()
        if self.had_form and self.form is None:
            events += [SlotSet(REQUESTED_SLOT, None), ActiveLoop(None)]
        if self.next_form:
            events.append(FollowupAction(self.next_form))
        if self.said_again:
            events += [ActionExecuted("action_listen"), {"event": "user", **self.said_again}]
        return events

    def slots(self) -> list[Any]:
        """The state as slots, as far as it changed: every event is sent along with all later turns."""
        now = {
            "request": self.request,
            "open_question": self.question,
            "last_reservation": self.last_reservation,
            "noticed": self.noticed,
            "misses": self.misses or None,
            "parked": self.parked or None,
            **{name: self.facts.get(name) for name in FACTS},
        }
        return [SlotSet(name, value) for name, value in now.items() if value != self.slots_before.get(name)]


def _printable(value: object) -> str:
    """Rasa gives a response back unfilled when a value holds its own placeholder mark."""
    return str(value).replace("0[", "0 [")
