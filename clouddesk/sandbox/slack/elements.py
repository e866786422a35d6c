"""Block Kit's composition objects and elements, with Slack's limits.

Sources: docs.slack.dev, reference/block-kit/composition-objects and reference/block-kit/block-elements.
"""

from __future__ import annotations

from typing import Any

from clouddesk.sandbox.slack.schema import (
    MODAL,
    Check,
    Findings,
    Shape,
    all_of,
    anything,
    boolean,
    exactly_one,
    integer,
    items,
    matching,
    one_of,
    string,
    typed,
)

_TYPE: Check = anything  # chosen by it already
_ACTION_ID = string(255)
_URL = all_of(string(3_000), matching(r"https?://\S+|mailto:\S+|slack://\S+", "a valid URL"))
_DATE = matching(r"\d{4}-\d{2}-\d{2}", "a date in the form YYYY-MM-DD")
_TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "a time in the form HH:mm")
_NUMBER = matching(r"-?\d+(\.\d+)?", "a number")


def plain_text(most: int, least: int = 1) -> Check:
    """A text object of type plain_text."""
    return typed({"plain_text": _plain(most, least)})


def any_text(most: int, least: int = 1) -> Check:
    """A text object of either type."""
    return typed(texts(most, least))


def texts(most: int, least: int = 1) -> dict[str, Shape]:
    return {
        "plain_text": _plain(most, least),
        "mrkdwn": Shape({"type": _TYPE, "text": string(most, least), "verbatim": boolean}, ("text",)),
    }


def _plain(most: int, least: int) -> Shape:
    return Shape({"type": _TYPE, "text": string(most, least), "emoji": boolean}, ("text",))


CONFIRM = Shape(
    {
        "title": plain_text(100),
        "text": any_text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
        "style": one_of("primary", "danger"),
    },
    ("title", "text", "confirm", "deny"),
)
_STYLE = one_of("primary", "danger")


def _option(text: Check, *, url: bool = False) -> Shape:
    fields: dict[str, Check] = {"text": text, "value": string(150, 1), "description": any_text(75)}
    if url:
        fields["url"] = _URL
    return Shape(fields, ("text", "value"))


_OPTION = _option(plain_text(75))
_RICH_OPTION = _option(any_text(75))
_GROUP = Shape({"label": plain_text(75), "options": items(_OPTION, most=100)}, ("label", "options"))


def options_of(element: dict[str, Any]) -> list[dict[str, Any]]:
    """All options of an element, those in groups too."""
    found = [option for option in element.get("options") or [] if isinstance(option, dict)]
    for group in element.get("option_groups") or []:
        if isinstance(group, dict):
            found += [option for option in group.get("options") or [] if isinstance(option, dict)]
    return found


def _initial_is_an_option(findings: Findings, value: dict[str, Any], pointer: str) -> None:
    known = [(option.get("value"), _words(option)) for option in options_of(value)]
    chosen = [("initial_option", value.get("initial_option"))]
    for index, option in enumerate(value.get("initial_options") or []):
        chosen.append((f"initial_options/{index}", option))
    for key, option in chosen:
        if isinstance(option, dict) and (option.get("value"), _words(option)) not in known:
            findings.add("must match one of the options", f"{pointer}/{key}")


def _words(option: dict[str, Any]) -> Any:
    text = option.get("text")
    return text.get("text") if isinstance(text, dict) else None


_INTERACTIVE: dict[str, Check] = {"type": _TYPE, "action_id": _ACTION_ID}
_CHOICE: dict[str, Check] = {
    **_INTERACTIVE,
    "confirm": CONFIRM,
    "focus_on_load": boolean,
    "placeholder": plain_text(150),
}
_MULTI: dict[str, Check] = {**_CHOICE, "max_selected_items": integer(1, 100)}
_FILTER = Shape(
    {
        "include": items(one_of("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
_STATIC: dict[str, Check] = {"options": items(_OPTION, most=100), "option_groups": items(_GROUP, most=100)}
_IN_MESSAGES_OR_MODALS: dict[str, Check] = {"response_url_enabled": boolean}
_IDS = items(string(30, 1), most=100, least=0)
_ENTERED: dict[str, Check] = {
    **_INTERACTIVE,
    "dispatch_action_config": Shape(
        {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), most=2)}
    ),
    "focus_on_load": boolean,
    "placeholder": plain_text(150),
}


def _lengths(findings: Findings, value: dict[str, Any], pointer: str) -> None:
    least, most, initial = value.get("min_length", 0), value.get("max_length", 3_000), value.get("initial_value")
    if not isinstance(least, int) or not isinstance(most, int):
        return
    if least > most:
        findings.add("must not be larger than max_length", f"{pointer}/min_length")
    if isinstance(initial, str) and len(initial) > most:
        findings.add(f"must be less than {most + 1} characters", f"{pointer}/initial_value")


def _in_modals_only(findings: Findings, value: dict[str, Any], pointer: str) -> None:
    if findings.surface != MODAL:
        findings.add(f"unsupported type: {value.get('type')}", f"{pointer}/type")


IMAGE = Shape(
    {
        "type": _TYPE,
        "image_url": _URL,
        "slack_file": Shape({"id": string(30, 1), "url": _URL}),
        "alt_text": string(2_000),
    },
    ("alt_text",),
    exactly_one("image_url", "slack_file"),
)

ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        {
            **_INTERACTIVE,
            "text": plain_text(75),
            "url": _URL,
            "value": string(2_000),
            "style": _STYLE,
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
        ("text",),
    ),
    "overflow": Shape(
        {**_INTERACTIVE, "options": items(_option(plain_text(75), url=True), most=5), "confirm": CONFIRM}, ("options",)
    ),
    "static_select": Shape(
        {**_CHOICE, **_STATIC, "initial_option": _OPTION},
        (),
        all_of(exactly_one("options", "option_groups"), _initial_is_an_option),
    ),
    "external_select": Shape({**_CHOICE, "initial_option": _OPTION, "min_query_length": integer(0, 100)}),
    "users_select": Shape({**_CHOICE, "initial_user": string(30, 1)}),
    "conversations_select": Shape(
        {
            **_CHOICE,
            **_IN_MESSAGES_OR_MODALS,
            "initial_conversation": string(30, 1),
            "default_to_current_conversation": boolean,
            "filter": _FILTER,
        }
    ),
    "channels_select": Shape({**_CHOICE, **_IN_MESSAGES_OR_MODALS, "initial_channel": string(30, 1)}),
    "multi_static_select": Shape(
        {**_MULTI, **_STATIC, "initial_options": items(_OPTION, most=100)},
        (),
        all_of(exactly_one("options", "option_groups"), _initial_is_an_option),
    ),
    "multi_external_select": Shape(
        {**_MULTI, "initial_options": items(_OPTION, most=100), "min_query_length": integer(0, 100)}
    ),
    "multi_users_select": Shape({**_MULTI, "initial_users": _IDS}),
    "multi_conversations_select": Shape(
        {**_MULTI, "initial_conversations": _IDS, "default_to_current_conversation": boolean, "filter": _FILTER}
    ),
    "multi_channels_select": Shape({**_MULTI, "initial_channels": _IDS}),
    "checkboxes": Shape(
        {
            **_INTERACTIVE,
            "options": items(_RICH_OPTION, most=10),
            "initial_options": items(_RICH_OPTION, most=10),
            "confirm": CONFIRM,
            "focus_on_load": boolean,
        },
        ("options",),
        _initial_is_an_option,
    ),
    "radio_buttons": Shape(
        {
            **_INTERACTIVE,
            "options": items(_RICH_OPTION, most=10),
            "initial_option": _RICH_OPTION,
            "confirm": CONFIRM,
            "focus_on_load": boolean,
        },
        ("options",),
        _initial_is_an_option,
    ),
    "datepicker": Shape({**_CHOICE, "initial_date": _DATE}),
    "timepicker": Shape({**_CHOICE, "initial_time": _TIME, "timezone": string(60, 1)}),
    "datetimepicker": Shape(
        {
            **_INTERACTIVE,
            "initial_date_time": integer(1_000_000_000, 9_999_999_999),
            "confirm": CONFIRM,
            "focus_on_load": boolean,
        }
    ),
    "plain_text_input": Shape(
        {
            **_ENTERED,
            "initial_value": string(3_000),
            "multiline": boolean,
            "min_length": integer(0, 3_000),
            "max_length": integer(1, 3_000),
        },
        (),
        _lengths,
    ),
    "email_text_input": Shape({**_ENTERED, "initial_value": string(3_000)}),
    "url_text_input": Shape({**_ENTERED, "initial_value": string(3_000)}),
    "number_input": Shape(
        {
            **_ENTERED,
            "is_decimal_allowed": boolean,
            "initial_value": _NUMBER,
            "min_value": _NUMBER,
            "max_value": _NUMBER,
        },
        ("is_decimal_allowed",),
    ),
    "rich_text_input": Shape({**_ENTERED, "initial_value": anything}),
    "file_input": Shape(
        {**_INTERACTIVE, "filetypes": items(string(20, 1), most=100), "max_files": integer(1, 10)}, (), _in_modals_only
    ),
    "image": IMAGE,
}

SELECTS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
MULTI_SELECTS = tuple(f"multi_{name}" for name in SELECTS)
_PICKED = ("checkboxes", "radio_buttons", "datepicker", "timepicker")
IN_SECTION = ("button", "overflow", "image", *_PICKED, *SELECTS, *MULTI_SELECTS)
IN_ACTIONS = ("button", "overflow", "datetimepicker", *_PICKED, *SELECTS)
IN_INPUT = (
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
    "datetimepicker",
    *_PICKED,
    *SELECTS,
    *MULTI_SELECTS,
)
