"""What of a conversation Rasa needs for the next turn: the last turns, and before them its state in a few events.

Rasa rebuilds a conversation by replaying its events, several times in a turn, so that what is kept must not grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    ConversationPaused,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

KEPT_TURNS = 2
"""A turn reads at most the one before it: what was asked then, and which action ran last."""

_KINDS: Mapping[str, type[Event]] = {kind.type_name: kind for kind in reversed(all_subclasses(Event))}
# Which model and assistant an event came from stays the same through a conversation, and nothing reads it.
_OF_THE_MODEL = frozenset({"model_id", "assistant_id"})


def bounded(tracker: DialogueStateTracker, *, turns: int = KEPT_TURNS) -> list[Event]:
    """Events that rebuild the tracker: its current session, of which all but the last turns are their outcome only."""
    events = current_session(list(tracker.events))
    messages = [place for place, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(messages) <= turns:
        return events
    cut = messages[-turns]
    before = tracker.init_copy()
    for event in events[:cut]:
        before.update(event)
    return [*_outcome(before, at=events[cut].timestamp), *events[cut:]]


def rebuild(tracker: DialogueStateTracker, events: Iterable[Event]) -> DialogueStateTracker:
    """Bring a fresh tracker to where these events lead."""
    tracker.events.extend(events)
    tracker.replay_events()
    return tracker


def encode(events: Iterable[Event], *, messages: int = 0) -> str:
    """Events as JSON, without what is empty or said twice; and how many ``messages`` the conversation has had."""
    state = {"messages": messages, "events": [_lean(event) for event in events]}
    return json.dumps(state, separators=(",", ":"), ensure_ascii=False)


def decode(text: str | bytes) -> tuple[list[Event], int]:
    """What ``encode`` or Rasa's own store wrote. Raises ValueError, KeyError or TypeError on anything else."""
    state = json.loads(text)
    return [_event(item) for item in state["events"]], int(state.get("messages", 0))


def current_session(events: list[Event]) -> list[Event]:
    """The events from the last start of a session on."""
    for place in range(len(events) - 1, -1, -1):
        if isinstance(events[place], SessionStarted):
            is_announced = place and getattr(events[place - 1], "action_name", None) == ACTION_SESSION_START_NAME
            return events[place - 1 if is_announced else place :]
    return events


def _outcome(tracker: DialogueStateTracker, *, at: float) -> list[Event]:
    """The events of a conversation that begins where this one stands, waiting for a message.

    An open form keeps the message that opened it, and that it ran: both steer what Rasa predicts next.
    """
    found: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME, timestamp=at), SessionStarted(timestamp=at)]
    found += [
        SlotSet(slot.name, slot.value, timestamp=at)
        for slot in tracker.slots.values()
        if slot.value != slot.initial_value
    ]
    found.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=at))
    loop = tracker.active_loop
    if loop is not None:
        if (opener := _opener(tracker)) is not None:
            found.append(opener)
        found += [ActionExecuted(loop.name, timestamp=at), ActiveLoop(loop.name, timestamp=at)]
        if loop.rejected:
            found.append(ActionExecutionRejected(loop.name, timestamp=at))
        found.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=at))
    if tracker.is_paused():
        found.append(ConversationPaused(timestamp=at))
    return found


def _opener(tracker: DialogueStateTracker) -> UserUttered | None:
    """The message that opened the active form."""
    trigger = tracker.active_loop.trigger_message
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered) and event.parse_data is trigger:
            return event
    return None


def _lean(event: Event) -> dict[str, Any]:
    item = {key: value for key, value in event.as_dict().items() if value is not None}
    if metadata := {key: value for key, value in event.metadata.items() if key not in _OF_THE_MODEL}:
        item["metadata"] = metadata
    else:
        item.pop("metadata", None)
    if isinstance(event, UserUttered):
        said = {"text": event.text, "message_id": event.message_id, "metadata": metadata}
        item["parse_data"] = {
            key: value for key, value in event.parse_data.items() if key not in said or value != said[key]
        }
    elif event.type_name == "bot":
        item["data"] = {key: value for key, value in event.data.items() if value is not None}
    return item


def _event(item: dict[str, Any]) -> Event:
    kind = _KINDS[item["event"]]
    if kind is SlotSet:
        item.setdefault("value", None)
    return kind._from_parameters(item)
