"""Compares what simulated clouds answer with what their providers publish of the real ones' APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict, list),
}

Schema = dict[str, dict[str, str]]
"""By operation: the path of each field ("price.hourly") and its type."""


def load(cloud: str) -> tuple[Schema, Schema]:
    """What it answers, and what it takes."""
    content = json.loads((DATA / f"{cloud}_schema.json").read_text())
    return content["answers"], content["requests"]


def load_optional(cloud: str) -> Schema:
    """What it answers in some states, or as some operators set it up."""
    optional: Schema = json.loads((DATA / f"{cloud}_schema.json").read_text())["optional"]
    return optional


def differences(item: dict[str, Any], fields: dict[str, str], *, newer: frozenset[str] = frozenset()) -> list[str]:
    """What is said that is not published, or not as it is published; and what is published and not said.

    ``newer``: fields that the cloud has added since.
    """
    found = [
        f"{path} is not published" for path, _ in _leaves(item) if not _is_known(path, fields) and path not in newer
    ]
    for path, value in _leaves(item):
        wanted = _TYPES.get(fields.get(path, ""))
        is_wrong = wanted is not None and (
            not isinstance(value, wanted) or (isinstance(value, bool) and wanted != (bool,))
        )
        if value is not None and is_wrong:
            found.append(f"{path} is {value!r}, not of the type {fields[path]}")
    return found + [f"{name} is missing" for name in sorted({path.partition(".")[0] for path in fields} - set(item))]


def _is_known(path: str, fields: dict[str, str]) -> bool:
    """A leaf may be an object or a list that is empty."""
    return path in fields or any(known.startswith(f"{path}.") for known in fields)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield path, value
