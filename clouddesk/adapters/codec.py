"""Our dataclasses as JSON and back, for what is kept in Redis. Datetimes are ISO 8601, aware, UTC."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: Any) -> str:
    """JSON text of a dataclass. Raises TypeError for what has no place there, a Secret above all."""
    return json.dumps(_plain(value), separators=(",", ":"))


def from_json(kind: type[T], text: str | bytes) -> T:
    """The dataclass back. Keys that it no longer has are dropped; fields that the text lacks take their default."""
    value: T = _build(kind, json.loads(text))
    return value


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a datetime without a time zone is not kept")
        return value.astimezone(timezone.utc).isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"{type(value).__name__} is not kept")


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in dataclasses.fields(kind)}


def _build(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        (hint,) = (arg for arg in get_args(hint) if arg is not type(None))
        return _build(hint, value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return hint(**{name: _build(kind, value[name]) for name, kind in _hints(hint).items() if name in value})
    if origin is tuple:
        return tuple(_build(get_args(hint)[0], item) for item in value)
    if origin is list:
        return [_build(get_args(hint)[0], item) for item in value]
    if origin is dict:
        return {key: _build(get_args(hint)[1], item) for key, item in value.items()}
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is float:
        return float(value)
    return value
