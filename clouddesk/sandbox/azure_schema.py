"""Azure's own description of the API: what a request may hold, and what an answer must look like."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "map": (dict,),
    "object": (dict,),
}


@lru_cache(maxsize=1)
def _described() -> dict[str, Any]:
    types: dict[str, Any] = json.loads((Path(__file__).parent / "azure_schema.json").read_text())["types"]
    return types


def problems(value: Any, type_name: str) -> Iterator[str]:
    """What does not fit to the type ("compute.VirtualMachine"), each as "path: what is wrong"."""
    return _problems(value, {"type": "object", "of": type_name}, "")


def _problems(value: Any, wanted: Mapping[str, Any], path: str) -> Iterator[str]:
    kind = wanted["type"]
    if kind == "any":
        return
    is_fit = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not is_fit:
        yield f"{path or 'it'}: {type(value).__name__} is no {kind}"
    elif kind == "object":
        yield from _of_object(value, _described()[wanted["of"]], path)
    elif kind == "array":
        for number, item in enumerate(value):
            yield from _problems(item, wanted["items"], f"{path}[{number}]")
    elif kind == "string" and value.lower() not in map(str.lower, wanted.get("enum", [value])):
        yield f"{path}: {value!r} is none of {', '.join(wanted['enum'])}"


def _of_object(value: dict[str, Any], wanted: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in wanted.get("required", []):
        if name not in value:
            yield f"{path or 'it'}: {name} is missing"
    for name, item in value.items():
        there = f"{path}.{name}" if path else name
        if name in wanted["fields"]:
            yield from _problems(item, wanted["fields"][name], there)
        else:
            yield f"{there}: there is no {name!r}"
