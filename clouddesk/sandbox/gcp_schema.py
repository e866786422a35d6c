"""Google's own description of the API: what a request may hold, and what an answer must look like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TYPES: dict[str, tuple[Any, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
# 64-bit numbers travel as text, since JSON's own are too short for them.
_TEXT_NUMBERS = {"int64": r"-?\d+", "uint64": r"\d+"}


@dataclass(frozen=True)
class Method:
    """One method of the API."""

    name: str
    method: str
    path: str
    query: frozenset[str]
    """The parameters that it may have."""
    request: str = ""
    response: str = ""
    """Names of types."""


def _load() -> tuple[dict[str, Method], dict[str, Any]]:
    read = json.loads((Path(__file__).parent / "gcp_schema.json").read_text())
    methods = {
        name: Method(
            name,
            facts["method"],
            facts["path"],
            frozenset([*facts["query"], *read["common_query"]]),
            facts.get("request", ""),
            facts.get("response", ""),
        )
        for name, facts in read["methods"].items()
    }
    return methods, read["schemas"]


METHODS, TYPES = _load()


def problems(value: Any, type_name: str) -> Iterator[str]:
    """What does not fit to the type, each as "path: what is wrong". Fields of no known name are wrong."""
    return _problems(value, {"$ref": type_name}, "")


def _problems(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = TYPES[schema["$ref"]]
    kind = str(schema.get("type", "any"))
    if kind == "any":
        return
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{path or 'it'}: {type(value).__name__} is no {kind}"
    elif kind == "object":
        yield from _of_object(value, schema, path)
    elif kind == "array":
        for number, item in enumerate(value):
            yield from _problems(item, schema["items"], f"{path}[{number}]")
    elif kind == "string":
        yield from _of_text(value, schema, path)


def _of_object(value: dict[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, item in value.items():
        there = f"{path}.{name}" if path else name
        if name in known:
            yield from _problems(item, known[name], there)
        elif others is not None:
            yield from _problems(item, others, there)
        else:
            yield f'{there}: unknown name "{name}"'


def _of_text(value: str, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {', '.join(schema['enum'])}"
    if schema.get("format") in _TEXT_NUMBERS and not re.fullmatch(_TEXT_NUMBERS[schema["format"]], value):
        yield f"{path}: {value!r} is no {schema['format']}"
