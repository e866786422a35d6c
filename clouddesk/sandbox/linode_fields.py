"""Reading the fields of requests as strictly as Linode does."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping
from datetime import datetime, timezone
from typing import Any

from clouddesk.sandbox import rest
from clouddesk.sandbox.linode_errors import not_found, refusal
from clouddesk.sandbox.rest import Documents, Item

Ask = rest.Ask[Documents]

_LABEL = re.compile(r"[A-Za-z0-9](?:(?!--|__|\.\.)[A-Za-z0-9._-])*[A-Za-z0-9]")


def only(body: Mapping[str, Any], known: Collection[str]) -> None:
    """Linode refuses fields that it does not know."""
    for name in body:
        if name not in known:
            raise refusal("Unknown field", name)


def label(ask: Ask, kind: str, default: str, *, shortest: int = 3, longest: int = 64) -> str:
    """A label that nothing else of the kind has."""
    wanted = ask.body.get("label", default)
    if not isinstance(wanted, str) or not shortest <= len(wanted) <= longest:
        raise refusal(f"Length must be {shortest}-{longest} characters", "label")
    if not _LABEL.fullmatch(wanted):
        raise refusal("Label must start and end with a letter or number, without two of -, _ or . in a row", "label")
    if any(item["label"] == wanted for item in ask.store.all(kind)):
        raise refusal("Label must be unique among your resources", "label")
    return wanted


def tags(ask: Ask) -> list[str]:
    wanted = ask.body.get("tags") or []
    if not isinstance(wanted, list):
        raise refusal("tags must be an array", "tags")
    for tag in wanted:
        if not isinstance(tag, str) or not 3 <= len(tag) <= 50:
            raise refusal("Length must be 3-50 characters", "tags")
    return list(wanted)


def existing(ask: Ask, kind: str) -> Item:
    """What the address names. Raises not_found."""
    found = ask.store.get(kind, ask.path["id"])
    if found is None:
        raise not_found()
    return found


def instant(seconds: float | None = None) -> str:
    """As Linode writes times: UTC, without saying so."""
    moment = datetime.fromtimestamp(time.time() if seconds is None else seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
