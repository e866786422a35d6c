"""What is sent with the call of an action: everything an action reads, and no message twice."""

from __future__ import annotations

from typing import Any

from actions import moments
from connectors.action_endpoint import as_read

EVENTS: list[dict[str, Any]] = [
    {"event": "session_started", "timestamp": 1.0},
    {"event": "action", "name": "action_listen"},
    {"event": "user", "text": "a node", "parse_data": {"intent": {"name": "create"}}, "metadata": {"user_id": "ann"}},
    {"event": "user_featurization", "use_text_for_featurization": False},
    {"event": "action", "name": "a_form"},
    {"event": "active_loop", "name": "a_form"},
    {"event": "slot", "name": "requested_slot", "value": "duration"},
    {"event": "bot", "text": "For how long?", "data": {"buttons": []}},
    {"event": "action", "name": "action_listen"},
    {"event": "user", "text": "8 hours", "parse_data": {"intent": {"name": "inform"}}},
    {"event": "action", "name": "a_form"},
]
LATEST = {"text": "8 hours", "intent": {"name": "inform"}, "metadata": {"user_id": "ann"}}
CALL = {
    "next_action": "action_create",
    "tracker": {"slots": {"duration": 480}, "latest_message": LATEST, "events": EVENTS},
    "version": "3.6.21",
}


class Tracker:
    """What actions see of the events."""

    def __init__(self, call: dict[str, Any]) -> None:
        self.events = call["tracker"]["events"]


def test_actions_find_in_the_events_what_they_found_in_all_of_them():
    whole, sent = Tracker(CALL), Tracker(as_read(CALL))
    assert len(sent.events) < len(whole.events)
    for read in (moments.moment_of, moments.slot_answered, moments.has_returned):
        assert read(sent) == read(whole)
    assert moments.slot_answered(sent) == "duration"


def test_what_was_understood_is_sent_once_and_the_rest_as_it_was():
    sent = as_read(CALL)
    assert "parse_data" not in str(sent["tracker"]["events"])
    assert {**sent, "tracker": {**sent["tracker"], "events": EVENTS}} == CALL
