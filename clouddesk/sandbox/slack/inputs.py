"""What a person entered in an element, in the form in which Slack tells the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clouddesk.sandbox.slack.blocks import interactive
from clouddesk.sandbox.slack.elements import options_of
from clouddesk.sandbox.slack.store import View

State = dict[str, dict[str, Any]]
"""By block id and action id, as in ``state.values``."""
REQUIRED = "Please complete this required field."
_SINGLE = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_MANY = {
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}
_WITHOUT_STATE = ("button", "overflow")
_ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
_MANY_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")


def state_of(element: dict[str, Any], value: Any) -> dict[str, Any]:
    """``value``: a text; of an element with options their values."""
    kind = element["type"]
    state: dict[str, Any] = {"type": kind}
    if kind in _ONE_OPTION:
        state["selected_option"] = None if value in (None, "") else _option(element, value)
    elif kind in _MANY_OPTIONS:
        state["selected_options"] = [_option(element, one) for one in _several(value)]
    elif kind in _SINGLE:
        state[_SINGLE[kind]] = value or None
    elif kind in _MANY:
        state[_MANY[kind]] = _several(value)
    else:
        state["value"] = None if value in (None, "") else str(value)
    return state


def remember(state: State, block: dict[str, Any], element: dict[str, Any], value: Any) -> None:
    """Keep what was entered or chosen; buttons have nothing to keep."""
    if element["type"] not in _WITHOUT_STATE:
        state.setdefault(block["block_id"], {})[element["action_id"]] = state_of(element, value)


def value_of(state: dict[str, Any]) -> Any:
    """The ``value`` of which ``state_of`` made this."""
    content = next(content for key, content in state.items() if key != "type")
    if isinstance(content, list):
        return [one["value"] if isinstance(one, dict) else one for one in content]
    return content["value"] if isinstance(content, dict) else content


def complete(state: State, blocks: list[dict[str, Any]]) -> None:
    """Elements that nobody touched have their initial values."""
    for block in blocks:
        for element in interactive(block):
            if element["type"] not in _WITHOUT_STATE:
                fields = state.setdefault(block["block_id"], {})
                if element["action_id"] not in fields:
                    fields[element["action_id"]] = state_of(element, initial(element))


def initial(element: dict[str, Any]) -> Any:
    """What is in the element when it is opened, as ``value`` of ``state_of``."""
    if element["type"] in _ONE_OPTION:
        option = element.get("initial_option")
        return option["value"] if option else None
    if element["type"] in _MANY_OPTIONS:
        return [option["value"] for option in element.get("initial_options") or []]
    for key in (
        "initial_value",
        "initial_user",
        "initial_users",
        "initial_conversation",
        "initial_conversations",
        "initial_channel",
        "initial_channels",
        "initial_date",
        "initial_time",
        "initial_date_time",
    ):
        if key in element:
            return element[key]
    return None


def missing(view: View) -> dict[str, str]:
    """What Slack's client itself finds wrong, by block id; the app does not hear of such a submission."""
    problems: dict[str, str] = {}
    for block in view.content["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = view.state[block["block_id"]][element["action_id"]]
        entered = value_of(state)
        if entered in (None, "", []):
            if not block.get("optional"):
                problems[block["block_id"]] = REQUIRED
        elif isinstance(entered, str):
            problem = _text_problem(element, entered)
            if problem:
                problems[block["block_id"]] = problem
    return problems


def _text_problem(element: dict[str, Any], entered: str) -> str:
    kind = element["type"]
    if kind == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3_000)
        if len(entered) < least:
            return f"Must be at least {least} characters."
        return f"Must be at most {most} characters." if len(entered) > most else ""
    if kind == "email_text_input":
        return "" if "@" in entered else "Please enter a valid email address."
    if kind == "url_text_input":
        return "" if entered.startswith(("http://", "https://")) else "Please enter a valid URL."
    return _number_problem(element, entered) if kind == "number_input" else ""


def _number_problem(element: dict[str, Any], entered: str) -> str:
    try:
        number = float(entered)
    except ValueError:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and not number.is_integer():
        return "Please enter a whole number."
    least, most = element.get("min_value"), element.get("max_value")
    if least is not None and number < float(least):
        return f"Must be at least {least}."
    return f"Must be at most {most}." if most is not None and number > float(most) else ""


def _several(value: Any) -> list[Any]:
    if value in (None, ""):
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _option(element: dict[str, Any], value: Any) -> dict[str, Any]:
    wanted = value["value"] if isinstance(value, dict) else value
    for option in options_of(element):
        if option["value"] == wanted:
            return {key: option[key] for key in ("text", "value", "description") if key in option}
    if element["type"] in ("external_select", "multi_external_select"):
        return {"text": {"type": "plain_text", "text": str(wanted), "emoji": True}, "value": str(wanted)}
    raise ValueError(f"there is no option {wanted}; there are: {[option['value'] for option in options_of(element)]}")
