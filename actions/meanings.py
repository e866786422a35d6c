"""The meanings of intents in plain words, for "did you mean"."""

from __future__ import annotations

from typing import Any

from actions import choosing
from actions.turn import Turn
from actions.wording import duration
from clouddesk.language.frame import understand
from clouddesk.language.prepare import prepare

MOST = 2
_NAMES = ("resource_name", "person", "template_name")
_WORDS = {
    "create_vm": "Get new machines",
    "create_cluster": "Get a new cluster",
    "quote_price": "Know a price",
    "list_resources": "Show what you have",
    "describe_resource": "See the details of a machine",
    "connect_info": "Log in to a machine",
    "terminate_resource": "Give a machine back",
    "stop_resource": "Stop a machine",
    "archive_resource": "Archive a machine",
    "start_resource": "Start a stopped machine",
    "reboot_resource": "Reboot a machine",
    "extend_reservation": "Keep a machine longer",
    "scale_cluster": "Grow or shrink a cluster",
    "schedule_power": "Turn machines off and on by the clock",
    "set_reminder": "Get a reminder",
    "cost_report": "See what was spent",
    "utilization_report": "See how busy machines are",
    "share_resource": "Share a machine",
    "unshare_resource": "End somebody's access",
    "save_template": "Save a template",
    "use_template": "Use a template",
    "list_templates": "See the templates",
    "delete_template": "Delete a template",
    "add_credentials": "Add access to a cloud",
    "list_credentials": "See the access to clouds",
    "remove_credentials": "Remove access to a cloud",
    "help": "See what I can do",
}
"""Small talk and answers are left out: offered as a choice they help nobody."""


def words(intent: str) -> str:
    """What the intent does, as the title of a button."""
    return _WORDS[intent]


def likeliest(turn: Turn) -> list[str]:
    """The likeliest intents that can be offered, the likeliest first."""
    return [intent for intent in turn.likeliest if intent in _WORDS][:MOST]


async def ask_what_for(turn: Turn) -> bool:
    """A length of time with nothing open: the only machine longer, or which of the two it may be for."""
    own = await turn.desk.reservations(turn.actor)
    minutes = turn.one_of("duration_minutes")
    if minutes is None or set(turn.entities) != {"duration_minutes"} or not own:
        return False
    longer = f"by {duration(float(minutes) * 60)}"
    if len(own) == 1:
        title, said = f"Extend {own[0].name} {longer}", {"resource_name": own[0].id, "duration_minutes": minutes}
        choosing.ask_if(turn, title, "extend_reservation", said)
    else:
        ask = {"kind": "choose", "id": turn.message_id, "what": "what you meant", "yes": None, "back": None}
        pairs = [["duration_minutes", minutes]]
        turn.ask(
            {
                **ask,
                "options": [
                    {"title": words(intent), "text": turn.text, "intent": intent, "entities": pairs}
                    for intent in ("extend_reservation", "create_vm")
                ],
            }
        )
    question = turn.question or {}
    turn.say("utter_did_you_mean", buttons=choosing.buttons(question), options=choosing.words(question))
    return True


def entities(turn: Turn, intent: str) -> list[list[Any]]:
    """What the text says under this meaning: entities depend on it, and a fallback's were read under another."""
    text = prepare(turn.text).text
    read = [[found.entity, found.value] for found in understand(text, intent)]
    known = {name for name, _ in read}
    said = [[name, value] for name in turn.entities for value in turn.all_of(name) if name not in known]
    return [*said, *read]
