"""The expressions by which lists of Compute Engine are filtered: ``(labels.x = "y") AND (status != "DONE")``, and
``name eq <regular expression>``. Others (OR, comparisons) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from clouddesk.sandbox.gcp_errors import api_error

_REGEX = re.compile(r"\s*\(?\s*([\w.-]+)\s+(eq|ne)\s+(?:'([^']*)'|\"([^\"]*)\"|(\S+?))\s*\)?\s*")
_TERM = re.compile(r"\s*\(?\s*([\w.-]+)\s*(!=|=)\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s()]+))\s*\)?\s*(?:AND(?=\s)\s*)?")

Test = Callable[[dict[str, Any]], bool]


def parse(expression: str) -> Test:
    """Raises ApiError for what is none."""
    if not expression.strip():
        return lambda _: True
    found = _REGEX.fullmatch(expression)
    if found:
        return _by_regex(expression, found)
    terms: list[tuple[str, bool, str]] = []
    position = 0
    while position < len(expression):
        term = _TERM.match(expression, position)
        if term is None:
            raise _refused(expression)
        terms.append((term[1], term[2] == "=", term[3] or term[4] or term[5] or ""))
        position = term.end()
    return lambda item: all((_value(item, name) == value) == wanted for name, wanted, value in terms)


def _by_regex(expression: str, found: re.Match[str]) -> Test:
    try:
        pattern = re.compile(found[3] or found[4] or found[5] or "")
    except re.error:
        raise _refused(expression) from None
    return lambda item: bool(pattern.fullmatch(_value(item, found[1]))) == (found[2] == "eq")


def _value(item: dict[str, Any], name: str) -> str:
    value: Any = item
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value).lower() if isinstance(value, bool) else str("" if value is None else value)


def _refused(expression: str) -> Exception:
    return api_error(
        400, "invalid", f"Invalid value for field 'filter': '{expression}'. Invalid list filter expression."
    )
