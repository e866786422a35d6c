"""However a conversation went, what is kept of it rebuilds the state that Rasa had, and does not grow."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors import light_rasa

light_rasa.install()  # before the first import of Rasa, for the speed of the tests

from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import (  # noqa: E402
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity  # noqa: E402

from connectors import history  # noqa: E402

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [ask, tell]
slots:
  request: {type: any, mappings: [{type: custom}], influence_conversation: false}
  count: {type: any, initial_value: 1, mappings: [{type: custom}], influence_conversation: false}
forms:
  a_form: {required_slots: [request]}
"""
)
VALUES = st.one_of(st.none(), st.integers(), st.text(max_size=3), st.just({"nodes": [1, {"os": "debian"}]}))


def said(text: str, **parse_data: Any) -> UserUttered:
    intent = {"name": "ask", "confidence": 0.9}
    entities = [{"entity": "count", "value": 5, "start": 0, "end": 1}]
    return UserUttered(
        text,
        intent,
        entities,
        {"intent": intent, "entities": entities, "text": text, "intent_ranking": [intent], **parse_data},
        input_channel="clouddesk",
        message_id=f"id of {text}",
        metadata={"user_id": "ann", "timezone": "Europe/Berlin"},
    )


BETWEEN = st.lists(
    st.one_of(
        st.builds(SlotSet, st.sampled_from(["request", "count", "requested_slot"]), VALUES),
        st.builds(BotUttered, st.text(max_size=4), st.just({"buttons": [{"title": "Yes", "payload": "/affirm"}]})),
        st.builds(ActionExecuted, st.sampled_from(["action_a", "a_form"]), st.just("RulePolicy"), st.just(1.0)),
        st.builds(ActiveLoop, st.sampled_from(["a_form", None])),
        st.builds(ActionExecutionRejected, st.just("a_form")),
        st.builds(LoopInterrupted, st.booleans()),
        st.builds(FollowupAction, st.just("action_a")),
        st.builds(DefinePrevUserUtteredFeaturization, st.just(False)),
    ),
    max_size=5,
)
TURNS = st.lists(st.tuples(st.text("ab ", min_size=1, max_size=3), BETWEEN), max_size=8)
STARTS = st.sets(st.integers(0, 8), max_size=2)


def take(tracker: DialogueStateTracker, number: int, turn: Any, starts: set[int]) -> None:
    """A turn as Rasa runs it: it ends waiting for the next."""
    text, between = turn
    events: list[Event] = []
    if number == 0 or number in starts:
        events += [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    for event in (*events, said(text), *between, ActionExecuted("action_listen")):
        tracker.update(event, DOMAIN)


def fresh() -> DialogueStateTracker:
    tracker = DialogueStateTracker("ann", DOMAIN.slots)
    tracker.model_id = "a model"
    return tracker


def kept(tracker: DialogueStateTracker, *, turns: int = history.KEPT_TURNS) -> DialogueStateTracker:
    """After a way through the store."""
    return history.rebuild(fresh(), history.decode(history.encode(history.bounded(tracker, turns=turns)))[0])


def as_rasa_keeps_it(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """With every event of its session."""
    return history.rebuild(fresh(), history.current_session(list(tracker.events)))


def state(tracker: DialogueStateTracker) -> dict[str, Any]:
    """All that a conversation is in, but for its past and the name of the model, which nothing reads."""
    found = tracker.current_state(EventVerbosity.NONE)
    del found["events"], found["latest_event_time"]
    if tracker.latest_message is not None:
        del found["latest_message"]["metadata"]
        found["sent_with"] = {key: value for key, value in tracker.latest_message.metadata.items() if key != "model_id"}
    if loop := found["active_loop"]:
        message = loop.pop("trigger_message")
        loop["opened_by"] = message["text"] if message else None
    return found


@given(TURNS, STARTS, st.integers(1, 3))
def test_what_is_kept_turn_by_turn_rebuilds_the_state_that_rasa_has(turns: list[Any], starts: set[int], most: int):
    whole, ours = fresh(), fresh()
    for number, turn in enumerate(turns):
        take(whole, number, turn, starts)
        take(ours, number, turn, starts)
        ours = kept(ours, turns=most)
        assert state(ours) == state(as_rasa_keeps_it(whole))
        # Rasa works on copies, which it makes by the events alone.
        assert state(ours.copy()) == state(ours)


@given(TURNS, STARTS)
def test_the_last_turn_is_kept_to_the_letter(turns: list[Any], starts: set[int]):
    tracker = fresh()
    for number, turn in enumerate(turns):
        take(tracker, number, turn, starts)
    loaded = kept(tracker)
    last = len(turns[-1][1]) + 2 if turns else 0
    ours = [event.as_dict() for event in list(loaded.events)[-last:]] if last else []
    for mine, theirs in zip(ours, list(tracker.events)[-last:], strict=bool(last)):
        expected = theirs.as_dict()
        metadata = {key: value for key, value in theirs.metadata.items() if key != "model_id"}
        assert mine.pop("metadata", {}) == metadata
        expected.pop("metadata", None)
        for item in (mine, expected):
            item.get("parse_data", {}).pop("metadata", None)
        assert mine == expected


def test_a_conversation_takes_no_more_room_after_a_thousand_turns():
    tracker, sizes = fresh(), []
    for number in range(1000):
        slots = [SlotSet("request", {"nodes": number % 10}), SlotSet("count", 5)]
        take(tracker, number, ("once more, please", [ActionExecuted("action_a"), *slots, BotUttered("Yes.")]), set())
        text = history.encode(history.bounded(tracker))
        tracker = history.rebuild(fresh(), history.decode(text)[0])
        sizes.append(len(text))
    assert sizes[-1] <= sizes[9] * 1.01
    assert sizes[-1] < 6_000


def test_an_open_form_keeps_the_message_that_opened_it():
    tracker = fresh()
    take(tracker, 0, ("a machine", [ActionExecuted("a_form"), ActiveLoop("a_form")]), set())
    for number in range(1, 9):
        take(tracker, number, (f"answer {number}", [ActionExecuted("a_form")]), set())
        tracker = kept(tracker)
    assert tracker.active_loop_name == "a_form"
    assert tracker.active_loop.trigger_message["text"] == "a machine"
    assert len(tracker.events) < 30


def test_a_form_that_rejected_the_last_message_has_still_rejected_it():
    tracker = fresh()
    take(tracker, 0, ("a machine", [ActionExecuted("a_form"), ActiveLoop("a_form")]), set())
    take(tracker, 1, ("why?", [ActionExecutionRejected("a_form"), ActionExecuted("action_a")]), set())
    for number in range(2, 5):
        take(tracker, number, ("thanks", [ActionExecuted("action_a")]), set())
        tracker = kept(tracker)
    assert tracker.is_active_loop_rejected


def test_a_new_session_drops_what_was_before_it_but_what_it_carried_over():
    tracker = fresh()
    take(tracker, 0, ("first", [SlotSet("request", "old")]), set())
    take(tracker, 1, ("second", []), {1})
    loaded = kept(tracker)
    assert loaded.get_slot("request") is None
    assert [event.text for event in loaded.events if isinstance(event, UserUttered)] == ["second"]


def test_a_conversation_that_was_paused_stays_paused():
    tracker = fresh()
    take(tracker, 0, ("wait", [ConversationPaused()]), set())
    for number in range(1, 6):
        take(tracker, number, ("and?", []), set())
        tracker = kept(tracker)
    assert tracker.is_paused()


def test_a_message_that_is_taken_back_leaves_the_state_before_it():
    tracker = fresh()
    for number in range(5):
        take(tracker, number, ("ask", [SlotSet("request", number)]), set())
        tracker = kept(tracker)
    take(tracker, 5, ("nonsense", [ActionExecuted("action_default_fallback"), UserUtteranceReverted()]), set())
    loaded = kept(tracker)
    assert loaded.get_slot("request") == 4
    assert loaded.latest_message.text == "ask"


def test_what_rasas_own_store_wrote_is_read():
    tracker = fresh()
    take(tracker, 0, ("ask", [SlotSet("request", 5), BotUttered("Yes.")]), set())
    events, messages = history.decode(json.dumps(tracker.as_dialogue().as_dict()))
    assert state(history.rebuild(fresh(), events)) == state(tracker)
    assert messages == 0
