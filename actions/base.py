"""What all actions have in common: open the turn, answer, and never leave a person without a reply."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import structlog
from rasa_sdk import Action

from actions import desk_access, questions, requests, wording
from actions.turn import Turn
from clouddesk.model.errors import CloudDeskError, ProviderError

log = structlog.get_logger()


class DeskAction(Action, ABC):  # type: ignore[misc]  # rasa_sdk is untyped
    """A topic's action. ``topic`` is its name in Rasa without ``action_``, and the intent that leads to it."""

    topic: ClassVar[str]
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
        try:
            turn = await _open(tracker)
        except CloudDeskError as error:
            response, values = wording.of_error(error)
            dispatcher.utter_message(response=response, **values)
            return []
        except Exception:
            log.exception("action.failed", action=self.name())
            dispatcher.utter_message(response="utter_something_broke")
            return []
        before = (turn.request, turn.question)
        try:
            await self._answer(turn)
        except CloudDeskError as error:
            _log_refusal(self.name(), turn, error)
            response, values = wording.of_error(error)
            turn.say(response, **values)
        except Exception:
            # What was open before the fault is still open after it.
            turn.request, turn.question = before
            log.exception("action.failed", action=self.name(), user=str(turn.actor.person))
            turn.say("utter_something_broke")
        if not turn.replies:
            turn.say("utter_did_not_understand")
        for reply in turn.replies:
            dispatcher.utter_message(**reply)
        return turn.slots()

    async def _answer(self, turn: Turn) -> None:
        """What can only be an answer ("2", "the first", "in frankfurt") is one, whatever it was taken for."""
        if questions.is_bare_answer(turn.question, turn.text) or requests.is_fragment(turn):
            await hand_over(turn, "inform")
        else:
            await self.respond(turn)


def _log_refusal(action: str, turn: Turn, error: CloudDeskError) -> None:
    """The code and what the cloud said; never the person's own words."""
    vendor_text = error.vendor_text if isinstance(error, ProviderError) else ""
    log.info("action.refused", action=action, code=error.code, user=str(turn.actor.person), vendor_text=vendor_text)


async def hand_over(turn: Turn, topic: str, entities: dict[str, Any] | None = None) -> None:
    """Let another topic answer this turn, with these entities if given."""
    if entities is not None:
        turn.entities = entities
    await DeskAction.topics[topic]().respond(turn)


async def _open(tracker: Any) -> Turn:
    message = tracker.latest_message or {}
    metadata = message.get("metadata") or {}
    desk = await desk_access.the.desk()
    turn = Turn(
        desk=desk,
        actor=desk_access.actor_of(metadata, tracker.sender_id),
        conversation=str(metadata.get("conversation") or tracker.sender_id),
        text=message.get("text") or "",
        intent=(message.get("intent") or {}).get("name") or "",
        entities=_entities(message.get("entities") or []),
        message_id=str(metadata.get("message_id") or message.get("message_id") or ""),
        request=tracker.get_slot("request"),
        question=tracker.get_slot("open_question"),
        last_reservation=tracker.get_slot("last_reservation"),
    )
    granted = await desk.welcome(turn.actor)
    if granted:
        names = " and ".join(wording.provider_title(info.provider) for info in granted)
        turn.say("utter_welcome_simulated", providers=names)
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
