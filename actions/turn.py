"""One turn of a conversation: what was said, what is open, and what the answer will be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rasa_sdk.events import SlotSet

from clouddesk.desk import Desk
from clouddesk.model.actor import Actor

Question = dict[str, Any]
"""The open question: ``kind`` says which (see ``actions/questions.py``), the rest is what its answer needs."""

Button = dict[str, str]


@dataclass
class Turn:
    """Read by a topic's action, which answers with ``say`` and sets what stays open.

    ``entities`` holds a plain value, or a list where several of equal standing were said.
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
    replies: list[dict[str, Any]] = field(default_factory=list)

    def say(self, response: str, *, buttons: list[Button] | None = None, **values: object) -> None:
        """Answer with a response of domain.yml; ``values`` fill its placeholders."""
        texts = {key: _printable(value) for key, value in values.items()}
        self.replies.append({"response": response, "buttons": buttons, **texts})

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
        """Leave this question open, with the request that it is about."""
        self.question, self.request = question, request

    def settle(self, question: Question | None = None) -> None:
        """Nothing is open any more; ``question`` may remember what was settled, for a second yes."""
        self.question, self.request = question, None

    def slots(self) -> list[Any]:
        """The events that keep this turn's state for the next."""
        return [
            SlotSet("request", self.request),
            SlotSet("open_question", self.question),
            SlotSet("last_reservation", self.last_reservation),
        ]


def _printable(value: object) -> str:
    """Rasa gives a response back unfilled when a value holds its own placeholder mark."""
    return str(value).replace("0[", "0 [")
