"""Reading the fields of requests as strictly as Vultr does, and what its objects have in common."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timezone
from typing import Any

from clouddesk.sandbox import rest
from clouddesk.sandbox.rest import Documents, Item
from clouddesk.sandbox.vultr_catalog import REGIONS
from clouddesk.sandbox.vultr_errors import not_found, refusal

Ask = rest.Ask[Documents]

SNAPSHOTS = "snapshots"
GIB = 1024**3


def only(ask: Ask, known: Collection[str]) -> None:
    """Fields that there are not are refused."""
    for name in ask.body:
        if name not in known:
            raise refusal(f"Invalid parameter: {name}")


def text(ask: Ask, name: str, default: str = "") -> str:
    value: Any = ask.body.get(name, default)
    if not isinstance(value, str):
        raise refusal(f"Invalid {name}: it must be a string")
    return value


def region(ask: Ask) -> str:
    """The region that the body names. Raises ApiError when there is none."""
    name = text(ask, "region")
    if name not in REGIONS:
        raise refusal("Invalid region.")
    return name


def existing(ask: Ask, kind: str, what: str) -> Item:
    """What the address names. Raises not_found."""
    found = ask.store.get(kind, ask.path["id"])
    if found is None:
        raise not_found(what)
    return found


def new_id() -> str:
    return str(uuid.uuid4())


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+00:00")
