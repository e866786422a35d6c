"""The data files of this folder, as README.md there describes them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SOMEBODY = "ann"
TERMINAL = "console:-"

Turn = dict[str, Any]


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Every process of the tests reads all of them."""


@functools.cache
def conversations() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Each with its title, which no other has."""
    return tuple(
        (f"{path.stem}: {item['name']}", item)
        for path in sorted(HERE.glob("*.yml"))
        for item in yaml.load(path.read_text(), Loader=_LOADER)["conversations"]  # noqa: S506 - a safe loader
    )


def reason_for_memory_only(conversation: dict[str, Any]) -> str | None:
    """Why a conversation cannot be played on the running stack; None when it can."""
    if "in_memory_only" in conversation:
        return str(conversation["in_memory_only"])
    turns: list[Turn] = conversation["turns"]
    reasons = {
        "later": "time passes",
        "fault": "a server fails",
        "cut": "a server fails",
        "price": "a price changes",
        "does": "time passes",
        "loses": "somebody deletes images",
    }
    for key, reason in reasons.items():
        if any(key in turn for turn in turns):
            return reason
    if any({"likeliest", "confidence"} & turn.get("means", {}).keys() for turn in turns):
        return "the classifier's guesses are given"
    states = {item.get("state") for wanted in conversation.get("have", {}).values() for item in wanted}
    if states & {"provisioning", "partial", "dearer"}:
        return "a machine never gets ready"
    has_lease = any("lease_hours" in facts for facts in conversation.get("outcome") or ())
    if has_lease and any("until" in turn.get("means", {}) for turn in turns):
        return "how long the lease is depends on the day"
    return None


def payload(replies: list[dict[str, Any]], button: str | int) -> str:
    """What the button of that title, or of that number, stands for."""
    shown = [item for reply in replies for item in reply["buttons"]]
    if isinstance(button, int):
        assert button <= len(shown), f"no button {button} among {[item['title'] for item in shown]}"
        return str(shown[button - 1]["payload"])
    payloads = {item["title"]: item["payload"] for item in shown}
    assert button in payloads, f"no button {button!r} among {list(payloads)}"
    return str(payloads[button])
