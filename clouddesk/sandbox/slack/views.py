"""Checks a modal or an App Home as Slack does.

Source: docs.slack.dev, reference/views.
"""

from __future__ import annotations

import json
from typing import Any

from clouddesk.sandbox.slack.blocks import check_blocks
from clouddesk.sandbox.slack.elements import plain_text
from clouddesk.sandbox.slack.schema import HOME, MODAL, Check, Findings, Shape, anything, boolean, string, typed

BYTES = 250_000
"""Larger ones are refused as view_too_large."""
DEPTH = 3
"""Modals on top of each other; a fourth is refused as push_limit_reached."""

_COMMON: dict[str, Check] = {
    "type": anything,
    "blocks": anything,  # checked for themselves
    "private_metadata": string(3_000),
    "callback_id": string(255),
    "external_id": string(255),
}


def _submit_for_inputs(findings: Findings, value: dict[str, Any], pointer: str) -> None:
    blocks = value.get("blocks")
    has_input = isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )
    if has_input and value.get("submit") is None:
        findings.add("missing required field: submit", pointer)


_VIEWS = {
    MODAL: Shape(
        {
            **_COMMON,
            "title": plain_text(24),
            "submit": plain_text(24),
            "close": plain_text(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
        },
        ("title", "blocks"),
        _submit_for_inputs,
    ),
    HOME: Shape(_COMMON, ("blocks",)),
}


def check_view(view: Any, allowed: str, pointer: str = "/view") -> list[str]:
    """What Slack says of this view; nothing when it is as it should be."""
    findings = Findings(allowed)
    typed(_VIEWS, (allowed,))(findings, view, pointer)
    if isinstance(view, dict) and isinstance(view.get("blocks"), list):
        findings.messages += check_blocks(view["blocks"], allowed, f"{pointer}/blocks")
    elif isinstance(view, dict) and view.get("blocks") is not None:
        findings.add("must provide an array", f"{pointer}/blocks")
    return findings.messages


def is_too_large(view: dict[str, Any]) -> bool:
    return len(json.dumps(view).encode()) > BYTES
