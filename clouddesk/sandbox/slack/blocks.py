"""Checks the blocks of a message or a view as Slack does, and completes them as Slack does.

Source: docs.slack.dev, reference/block-kit/blocks.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Iterator
from typing import Any

from clouddesk.sandbox.slack.elements import ELEMENTS, IN_ACTIONS, IN_INPUT, IN_SECTION, any_text, plain_text, texts
from clouddesk.sandbox.slack.elements import IMAGE as IMAGE_ELEMENT
from clouddesk.sandbox.slack.schema import (
    HOME,
    MESSAGE,
    MODAL,
    Check,
    Findings,
    Shape,
    all_of,
    anything,
    boolean,
    exactly_one,
    items,
    one_of,
    string,
    typed,
)

BLOCKS_IN_MESSAGE = 50
BLOCKS_IN_VIEW = 100
TEXT_OF_ALL_BLOCKS = 13_200
"""Not documented; measured by others (slackapi/bolt-js#2509): a message with more is refused as msg_blocks_too_long."""
MARKDOWN_OF_ALL_BLOCKS = 12_000

_ID: dict[str, Check] = {"type": anything, "block_id": string(255)}
_RICH = typed(
    {
        name: Shape(
            {
                "type": anything,
                "elements": items(anything, most=1_000, least=0),
                "style": anything,
                "indent": anything,
                "offset": anything,
                "border": anything,
            },
            ("elements",),
        )
        for name in ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
    }
)


def _text_or_fields(findings: Findings, value: dict[str, Any], pointer: str) -> None:
    if value.get("text") is None and value.get("fields") is None:
        findings.add("missing required field: text", pointer)


_CELL = typed(
    {
        "raw_text": Shape({"type": anything, "text": string(3_000)}, ("text",)),
        "rich_text": Shape({**_ID, "elements": items(_RICH, most=1_000)}, ("elements",)),
    }
)

BLOCKS: dict[str, Shape] = {
    "section": Shape(
        {
            **_ID,
            "text": any_text(3_000),
            "fields": items(any_text(2_000), most=10),
            "accessory": typed(ELEMENTS, IN_SECTION),
            "expand": boolean,
        },
        (),
        _text_or_fields,
    ),
    "actions": Shape({**_ID, "elements": items(typed(ELEMENTS, IN_ACTIONS), most=25)}, ("elements",)),
    "context": Shape(
        {**_ID, "elements": items(typed({**texts(2_000), "image": IMAGE_ELEMENT}), most=10)}, ("elements",)
    ),
    "divider": Shape(_ID),
    "header": Shape({**_ID, "text": plain_text(150)}, ("text",)),
    "image": Shape(
        {
            **_ID,
            "image_url": string(3_000, 1),
            "slack_file": anything,
            "alt_text": string(2_000),
            "title": plain_text(2_000),
        },
        ("alt_text",),
        exactly_one("image_url", "slack_file"),
    ),
    "input": Shape(
        {
            **_ID,
            "label": plain_text(2_000),
            "element": typed(ELEMENTS, IN_INPUT),
            "dispatch_action": boolean,
            "hint": plain_text(2_000),
            "optional": boolean,
        },
        ("label", "element"),
    ),
    "rich_text": Shape({**_ID, "elements": items(_RICH, most=1_000)}, ("elements",)),
    "markdown": Shape({**_ID, "text": string(12_000, 1)}, ("text",)),
    "table": Shape(
        {
            **_ID,
            "rows": items(items(_CELL, most=20), most=100),
            "column_settings": items(
                Shape({"align": one_of("left", "center", "right"), "is_wrapped": boolean}), most=20, least=0
            ),
        },
        ("rows",),
    ),
}
_MESSAGES_ONLY = ("markdown", "table")
ALLOWED = {
    MESSAGE: tuple(BLOCKS),
    MODAL: tuple(name for name in BLOCKS if name not in _MESSAGES_ONLY),
    HOME: tuple(name for name in BLOCKS if name not in _MESSAGES_ONLY),
}


def check_blocks(blocks: Any, surface: str, pointer: str = "/blocks") -> list[str]:
    """What Slack says of these blocks; nothing when they are as they should be."""
    findings = Findings(surface)
    most = BLOCKS_IN_MESSAGE if surface == MESSAGE else BLOCKS_IN_VIEW
    check = all_of(items(typed(BLOCKS, ALLOWED[surface]), most=most, least=0), _unique, _one_focus)
    check(findings, blocks, pointer)
    return findings.messages


def text_length(blocks: list[dict[str, Any]]) -> int:
    """The characters in all texts of these blocks."""
    return sum(len(text) for text in _texts(blocks))


def markdown_length(blocks: list[dict[str, Any]]) -> int:
    return sum(len(block["text"]) for block in blocks if block.get("type") == "markdown")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, content in value.items():
            if key == "text" and isinstance(content, str):
                yield content
            else:
                yield from _texts(content)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def interactive(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The elements of a block that a person can use."""
    found = [block.get("accessory"), block.get("element")]
    if block.get("type") == "actions":
        found += block.get("elements") or []
    return [element for element in found if isinstance(element, dict) and element.get("type") != "image"]


def _unique(findings: Findings, blocks: Any, pointer: str) -> None:
    if not isinstance(blocks, list):
        return
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        name = block.get("block_id")
        if isinstance(name, str) and name:
            if name in seen:
                findings.add("block_id already exists", f"{pointer}/{index}/block_id")
            seen.add(name)
        ids: set[str] = set()
        for element in interactive(block) if isinstance(block.get("elements", []), list) else []:
            action = element.get("action_id")
            if isinstance(action, str) and action:
                if action in ids:
                    findings.add("action_id already exists", f"{pointer}/{index}")
                ids.add(action)


def _one_focus(findings: Findings, blocks: Any, pointer: str) -> None:
    if findings.surface == MESSAGE or not isinstance(blocks, list):
        return
    if json.dumps(blocks).count('"focus_on_load": true') > 1:
        findings.add("only one element can have focus_on_load", pointer)


def completed(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As Slack keeps them: with ids where the app gave none, and with the texts' defaults."""
    kept = copy.deepcopy(blocks)
    for block in kept:
        block["block_id"] = block.get("block_id") or secrets.token_urlsafe(4)[:5]
        for element in interactive(block):
            element["action_id"] = element.get("action_id") or secrets.token_urlsafe(4)[:5]
    _defaults(kept)
    return kept


def _defaults(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _defaults(item)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        for content in value.values():
            _defaults(content)
