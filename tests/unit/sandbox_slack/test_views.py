"""The simulated Slack takes the views that Slack takes."""

from typing import Any

import pytest

from clouddesk.sandbox.slack.schema import HOME, MODAL
from clouddesk.sandbox.slack.views import check_view, is_too_large


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


INPUT = {"type": "input", "label": plain("Key"), "element": {"type": "plain_text_input", "action_id": "key"}}


def modal(**more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Title"), "blocks": [{"type": "divider"}], **more}


@pytest.mark.parametrize(
    "view",
    [
        modal(),
        modal(title=plain("t" * 24), close=plain("Close"), callback_id="c" * 255, private_metadata="p" * 3_000),
        modal(blocks=[INPUT], submit=plain("Save"), notify_on_close=True, clear_on_close=False, external_id="e"),
        modal(blocks=[]),
    ],
)
def test_what_slack_takes_is_taken(view):
    assert check_view(view, MODAL) == []


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (modal(title=plain("t" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(submit=plain("s" * 25)), "must be less than 25 characters [json-pointer:/view/submit/text]"),
        (modal(title={"type": "mrkdwn", "text": "t"}), "unsupported type: mrkdwn [json-pointer:/view/title/type]"),
        (modal(callback_id="c" * 256), "must be less than 256 characters [json-pointer:/view/callback_id]"),
        (
            modal(private_metadata="p" * 3_001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        (modal(submit_disabled=True), "invalid additional property: submit_disabled [json-pointer:/view]"),
        (modal(blocks=[INPUT]), "missing required field: submit [json-pointer:/view]"),
        ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
        (modal(blocks=[{"type": "section"}]), "missing required field: text [json-pointer:/view/blocks/0]"),
        (modal(blocks="none"), "must provide an array [json-pointer:/view/blocks]"),
        ({"type": "home", "blocks": []}, "unsupported type: home [json-pointer:/view/type]"),
        ([], "must provide an object [json-pointer:/view]"),
    ],
)
def test_what_slack_refuses_is_refused_with_the_place(view, message):
    assert message in check_view(view, MODAL)


def test_an_app_home_has_no_title_and_no_submit():
    assert check_view({"type": "home", "blocks": [{"type": "divider"}]}, HOME) == []
    wrong = check_view({"type": "home", "blocks": [], "title": plain("Home")}, HOME)
    assert wrong == ["invalid additional property: title [json-pointer:/view]"]


def test_a_view_of_more_than_250_kilobytes_is_too_large():
    assert not is_too_large(modal())
    assert is_too_large(modal(blocks=[{"type": "section", "text": plain("x" * 3_000)}] * 90))
