"""The simulated clouds' own address, ``/_sandbox/…``: health, machines, credentials and faults, the same on each.

It asks for no credentials: the servers listen on loopback only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from clouddesk.sandbox.faults import BadFault, Faults
from clouddesk.sandbox.keys import Keys

PREFIX = "/_sandbox/"


class Control:
    """Answers what is asked below ``/_sandbox/``."""

    def __init__(self, *, cloud: str, keys: Keys, faults: Faults, machines: Callable[[], list[dict[str, Any]]]) -> None:
        self._cloud = cloud
        self._keys = keys
        self._faults = faults
        self._machines = machines

    def answer(self, request: Request) -> Response:
        asked = (request.method, request.path.removeprefix(PREFIX).rstrip("/"))
        if asked == ("GET", "health"):
            return reply({"status": "ok", "cloud": self._cloud})
        if asked == ("GET", "machines"):
            return reply({"machines": self._machines()})
        if asked == ("POST", "credentials"):
            return self._issue(request)
        if asked == ("GET", "faults"):
            return reply({"faults": [fault.as_dict() for fault in self._faults.all()]})
        if asked == ("POST", "faults"):
            return self._add_fault(request)
        if asked == ("DELETE", "faults"):
            return reply({"cleared": self._faults.clear()})
        return reply({"error": f"there is no {request.method} {request.path}"}, 404)

    def _issue(self, request: Request) -> Response:
        owner = _body(request).get("owner")
        if not isinstance(owner, str) or not owner:
            return reply({"error": "owner must be a text"}, 400)
        return reply(dict(self._keys.issue(owner)))

    def _add_fault(self, request: Request) -> Response:
        try:
            return reply(self._faults.add(_body(request)).as_dict(), 201)
        except BadFault as problem:
            return reply({"error": str(problem)}, 400)


def reply(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status=status, content_type="application/json")


def _body(request: Request) -> dict[str, Any]:
    read = request.get_json(force=True, silent=True)
    return read if isinstance(read, dict) else {}
