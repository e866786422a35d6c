"""The simulated Slack takes the blocks that Slack takes, and refuses the others with the place."""

from typing import Any

import pytest

from clouddesk.sandbox.slack.blocks import check_blocks, completed, text_length
from clouddesk.sandbox.slack.schema import HOME, MESSAGE, MODAL


def plain(text: str = "text", **more: Any) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "text", **more: Any) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, **more}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(), **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def option(value: str = "v", text: str = "text", **more: Any) -> dict[str, Any]:
    return {"text": plain(text), "value": value, **more}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": [option()], **more}


def entry(element: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "label": plain(),
        "element": element or {"type": "plain_text_input", "action_id": "i"},
        **more,
    }


def confirm(**more: Any) -> dict[str, Any]:
    return {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain(), **more}


TAKEN = [
    section(),
    section(text=mrkdwn("x" * 3_000)),
    {"type": "section", "fields": [mrkdwn("x" * 2_000)] * 10},
    section(accessory=button(style="primary", value="v" * 2_000, url="https://example.com/a")),
    section(accessory=select(placeholder=plain("p" * 150), confirm=confirm(style="danger"))),
    section(accessory={"type": "overflow", "action_id": "o", "options": [option(url="https://example.com")] * 5}),
    section(accessory={"type": "image", "image_url": "https://example.com/i.png", "alt_text": ""}),
    section(accessory={"type": "checkboxes", "action_id": "c", "options": [{"text": mrkdwn(), "value": "v"}] * 10}),
    section(accessory={"type": "multi_users_select", "action_id": "m", "initial_users": ["U1"]}),
    actions(*[button(action_id=str(number)) for number in range(25)]),
    actions({"type": "datetimepicker", "action_id": "d", "initial_date_time": 1_700_000_000}),
    {"type": "context", "elements": [mrkdwn(), plain()] * 5},
    {"type": "header", "text": plain("h" * 150, emoji=True)},
    {"type": "divider", "block_id": "b" * 255},
    {"type": "image", "image_url": "https://example.com/i.png", "alt_text": "a", "title": plain()},
    entry(),
    entry({"type": "number_input", "action_id": "n", "is_decimal_allowed": False, "min_value": "1"}),
    {"type": "markdown", "text": "# Title"},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}] * 20] * 100},
    {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}],
    },
]


@pytest.mark.parametrize("block", TAKEN, ids=lambda block: block["type"])
def test_what_slack_takes_is_taken(block):
    assert check_blocks([block], MESSAGE) == []


REFUSED = [
    ({"type": "secton"}, "unsupported type: secton", "/0/type"),
    ({"text": plain()}, "missing required field: type", "/0"),
    ("text", "must provide an object", "/0"),
    ({"type": "section"}, "missing required field: text", "/0"),
    (section(colour="red"), "invalid additional property: colour", "/0"),
    (section(text="words"), "must provide an object", "/0/text"),
    (section(text=mrkdwn("")), "must be more than 0 characters", "/0/text/text"),
    (section(text=mrkdwn("x" * 3_001)), "must be less than 3001 characters", "/0/text/text"),
    (section(text=mrkdwn(emoji=True)), "invalid additional property: emoji", "/0/text"),
    (section(text=plain(verbatim=True)), "invalid additional property: verbatim", "/0/text"),
    (section(fields=[mrkdwn()] * 11), "no more than 10 items allowed", "/0/fields"),
    (section(fields=[mrkdwn("x" * 2_001)]), "must be less than 2001 characters", "/0/fields/0/text"),
    (section(fields=[]), "no fewer than 1 items allowed", "/0/fields"),
    (section(block_id="b" * 256), "must be less than 256 characters", "/0/block_id"),
    (section(accessory=entry()["element"]), "unsupported type: plain_text_input", "/0/accessory/type"),
    (section(accessory=button(text=mrkdwn())), "unsupported type: mrkdwn", "/0/accessory/text/type"),
    (section(accessory=button(text=plain("b" * 76))), "must be less than 76 characters", "/0/accessory/text/text"),
    (section(accessory=button(value="v" * 2_001)), "must be less than 2001 characters", "/0/accessory/value"),
    (section(accessory=button(value=7)), "must provide a string", "/0/accessory/value"),
    (section(accessory=button(url="u" * 3_001)), "must be less than 3001 characters", "/0/accessory/url"),
    (section(accessory=button(url="javascript:alert(1)")), "must be a valid URL", "/0/accessory/url"),
    (section(accessory=button(style="default")), "must be a valid enum value", "/0/accessory/style"),
    (section(accessory=button(disabled=True)), "invalid additional property: disabled", "/0/accessory"),
    (section(accessory=button(action_id="a" * 256)), "must be less than 256 characters", "/0/accessory/action_id"),
    (section(accessory=button(confirm={})), "missing required field: title", "/0/accessory/confirm"),
    (
        section(accessory=button(confirm=confirm(title=plain("t" * 101)))),
        "must be less than 101 characters",
        "/0/accessory/confirm/title/text",
    ),
    (
        section(accessory=button(confirm=confirm(text=plain("t" * 301)))),
        "must be less than 301 characters",
        "/0/accessory/confirm/text/text",
    ),
    (
        section(accessory=button(confirm=confirm(deny=plain("t" * 31)))),
        "must be less than 31 characters",
        "/0/accessory/confirm/deny/text",
    ),
    (section(accessory=select(options=[])), "no fewer than 1 items allowed", "/0/accessory/options"),
    (section(accessory=select(options=[option()] * 101)), "no more than 100 items allowed", "/0/accessory/options"),
    (
        section(accessory=select(option_groups=[])),
        "must provide exactly one of options, option_groups",
        "/0/accessory",
    ),
    (
        section(accessory=select(options=[option(text="t" * 76)])),
        "must be less than 76 characters",
        "/0/accessory/options/0/text/text",
    ),
    (
        section(accessory=select(options=[option("v" * 151)])),
        "must be less than 151 characters",
        "/0/accessory/options/0/value",
    ),
    (
        section(accessory=select(options=[option(description=plain("d" * 76))])),
        "must be less than 76 characters",
        "/0/accessory/options/0/description/text",
    ),
    (
        section(accessory=select(options=[option(url="https://example.com")])),
        "invalid additional property: url",
        "/0/accessory/options/0",
    ),
    (
        section(accessory=select(initial_option=option("other"))),
        "must match one of the options",
        "/0/accessory/initial_option",
    ),
    (
        section(accessory=select(placeholder=plain("p" * 151))),
        "must be less than 151 characters",
        "/0/accessory/placeholder/text",
    ),
    (
        section(accessory={"type": "overflow", "action_id": "o", "options": [option()] * 6}),
        "no more than 5 items allowed",
        "/0/accessory/options",
    ),
    (
        section(accessory={"type": "checkboxes", "action_id": "c", "options": [option()] * 11}),
        "no more than 10 items allowed",
        "/0/accessory/options",
    ),
    (
        section(accessory={"type": "datepicker", "action_id": "d", "initial_date": "tomorrow"}),
        "must be a date in the form YYYY-MM-DD",
        "/0/accessory/initial_date",
    ),
    (actions(), "no fewer than 1 items allowed", "/0/elements"),
    (actions(*[button(action_id=str(number)) for number in range(26)]), "no more than 25 items allowed", "/0/elements"),
    (actions(button(), button()), "action_id already exists", "/0"),
    (actions(mrkdwn()), "unsupported type: mrkdwn", "/0/elements/0/type"),
    (
        actions({"type": "multi_static_select", "action_id": "m", "options": [option()]}),
        "unsupported type: multi_static_select",
        "/0/elements/0/type",
    ),
    ({"type": "context", "elements": [mrkdwn()] * 11}, "no more than 10 items allowed", "/0/elements"),
    ({"type": "context", "elements": [button()]}, "unsupported type: button", "/0/elements/0/type"),
    ({"type": "header", "text": mrkdwn()}, "unsupported type: mrkdwn", "/0/text/type"),
    ({"type": "header", "text": plain("h" * 151)}, "must be less than 151 characters", "/0/text/text"),
    ({"type": "image", "image_url": "https://example.com/i.png"}, "missing required field: alt_text", "/0"),
    (entry(label=mrkdwn()), "unsupported type: mrkdwn", "/0/label/type"),
    (entry(button()), "unsupported type: button", "/0/element/type"),
    (entry(optional="yes"), "must provide a boolean", "/0/optional"),
    (entry({"type": "number_input", "action_id": "n"}), "missing required field: is_decimal_allowed", "/0/element"),
    (
        entry({"type": "plain_text_input", "action_id": "i", "max_length": 3_001}),
        "must be between 1 and 3000",
        "/0/element/max_length",
    ),
    (
        entry({"type": "plain_text_input", "action_id": "i", "min_length": 9, "max_length": 3}),
        "must not be larger than max_length",
        "/0/element/min_length",
    ),
    (entry({"type": "file_input", "action_id": "f"}), "unsupported type: file_input", "/0/element/type"),
    ({"type": "markdown", "text": "m" * 12_001}, "must be less than 12001 characters", "/0/text"),
]


@pytest.mark.parametrize(("block", "message", "place"), REFUSED, ids=[f"{row[1]} {row[2]}" for row in REFUSED])
def test_what_slack_refuses_is_refused_with_the_place(block, message, place):
    assert f"{message} [json-pointer:/blocks{place}]" in check_blocks([block], MESSAGE)


def test_a_message_has_at_most_fifty_blocks_and_a_view_a_hundred():
    many = [{"type": "divider"} for _ in range(51)]
    assert check_blocks(many, MESSAGE) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert check_blocks(many, MODAL) == []
    assert check_blocks(many * 2, HOME) == ["no more than 100 items allowed [json-pointer:/blocks]"]


def test_block_ids_are_unique_in_a_message():
    twice = [section(block_id="b"), section(block_id="b")]
    assert check_blocks(twice, MESSAGE) == ["block_id already exists [json-pointer:/blocks/1/block_id]"]


def test_the_same_action_id_may_stand_in_two_blocks():
    assert check_blocks([actions(button()), actions(button())], MESSAGE) == []


@pytest.mark.parametrize("block", [{"type": "markdown", "text": "m"}, {"type": "table", "rows": [[]]}])
def test_some_blocks_are_for_messages_only(block):
    for surface in (MODAL, HOME):
        assert check_blocks([block], surface)[0].startswith(f"unsupported type: {block['type']}")


def test_only_one_element_of_a_view_takes_the_focus():
    focused = {"type": "plain_text_input", "action_id": "i", "focus_on_load": True}
    assert check_blocks([entry(focused)], MODAL) == []
    assert "only one element" in check_blocks([entry(focused), entry(focused)], MODAL)[0]


def test_missing_ids_are_given_and_given_ones_kept():
    sent = [section(), actions({"type": "button", "text": plain()}), section(block_id="mine")]
    kept = completed(sent)
    assert kept[2]["block_id"] == "mine"
    assert kept[0]["block_id"]
    assert kept[1]["elements"][0]["action_id"]
    assert "block_id" not in sent[0]
    assert kept[0]["text"]["verbatim"] is False


def test_all_texts_count_towards_the_length():
    assert text_length([section(), actions(button(text=plain("four")))]) == len("text") + len("four")
