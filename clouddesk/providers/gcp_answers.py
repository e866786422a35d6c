"""Google's answers: errors with their reason in front, which libcloud's own class loses with the headers."""

from __future__ import annotations

import json
from typing import Any

from libcloud.common.base import JsonResponse
from libcloud.common.exceptions import BaseHTTPError

_BAD_REQUEST = 400


class Reply(JsonResponse):  # type: ignore[misc]  # libcloud has no types
    """An answer of Google's; one that says no is a BaseHTTPError with "<reason>: <message>"."""

    def success(self) -> bool:
        return 200 <= int(self.status) < 300

    def parse_error(self) -> str:
        try:
            body = json.loads(self.body)
        except ValueError:
            return str(self.body)
        return _words(body) if isinstance(body, dict) else str(self.body)


def check(operation: dict[str, Any]) -> None:
    """Raises what went wrong in an operation, which Google tells only once it is done."""
    errors = (operation.get("error") or {}).get("errors") or []
    if errors:
        text = f"{errors[0].get('code')}: {errors[0].get('message')}"
        raise BaseHTTPError(int(operation.get("httpErrorStatusCode") or _BAD_REQUEST), text)


def _words(body: dict[str, Any]) -> str:
    error = body.get("error")
    if isinstance(error, str):
        # OAuth's own shape: {"error": "invalid_grant", "error_description": …}
        return f"{error}: {body.get('error_description', '')}"
    if not isinstance(error, dict):
        return json.dumps(body)
    reasons = [str(item.get("reason", "")) for item in error.get("errors") or [] if item.get("reason")]
    return ": ".join([*reasons[:1], str(error.get("message", ""))])
