"""Where in its work a form is, read from the events that Rasa hands along."""

from __future__ import annotations

from enum import Enum
from typing import Any

from rasa_sdk.forms import REQUESTED_SLOT


class Moment(Enum):
    """When a form is run."""

    OPENED = "opened"
    ANSWERED = "answered"
    RETURNED = "returned"
    """Something else was answered in between."""


def moment_of(tracker: Any) -> Moment:
    """For a form's validation: Rasa calls it with the form's own run as the last of the actions."""
    before = _steps(tracker)[-2:-1]
    if not before or before[0]["event"] == "active_loop":
        return Moment.OPENED
    return Moment.ANSWERED if before[0]["name"] == "action_listen" else Moment.RETURNED


def slot_answered(tracker: Any) -> str | None:
    """The slot that the open form took the message of this turn for an answer to; None when it did not."""
    steps = _steps(tracker)
    if len(steps) < 2 or steps[-1]["event"] == "active_loop" or steps[-2].get("name") != "action_listen":
        return None
    is_earlier = False
    for event in reversed(tracker.events):
        is_earlier = is_earlier or event["event"] == "user"
        if is_earlier and event["event"] == "slot" and event["name"] == REQUESTED_SLOT:
            return str(event["value"]) if event["value"] else None
    return None


def has_returned(tracker: Any) -> bool:
    """For an action that asks: whether the form comes back from something else that was answered."""
    steps = _steps(tracker)
    if len(steps) < 2 or steps[-1]["event"] == "active_loop" or steps[-2]["event"] == "active_loop":
        return False
    return bool(steps[-2]["name"] != "action_listen")


def follows_form(tracker: Any) -> bool:
    """For an action: whether a form has just ended in this turn, which then has read the message."""
    steps = _steps(tracker)
    return bool(steps) and steps[-1]["event"] == "active_loop" and not steps[-1].get("name")


def has_broken_off(tracker: Any) -> bool:
    """For an action: whether the call for the form that this message opens broke off, so that nothing of it was kept.

    Rasa then goes on as if the form had been filled.
    """
    steps = _steps(tracker)
    last = steps[-1] if steps else {}
    is_form = last.get("event") == "action" and str(last.get("name")).endswith("_form")
    return is_form and not (tracker.active_loop or {}).get("name")


def _steps(tracker: Any) -> list[dict[str, Any]]:
    return [event for event in tracker.events if event["event"] in ("action", "active_loop")]
