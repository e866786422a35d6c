"""The faults that the simulated Slack is told to have: of the Web API, and of what it delivers.

Web API: rate_limit, server_error, slow, drop_after_accept, down, unauthorized; ``operation`` is a method or pattern.
``chat.postMessage@C1`` is that method in one channel, ``chat.postMessage+blocks`` with a card. A server_error at a card
is Slack's internal_error.
Delivery: repeat_event, lose_ack, drop_socket.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from clouddesk.sandbox.faults import (
    DOWN,
    DROP_AFTER_ACCEPT,
    RATE_LIMIT,
    SERVER_ERROR,
    SLOW,
    UNAUTHORIZED,
    BadFault,
    Fault,
    Faults,
)

OF_CARDS = "+blocks"
REPEAT_EVENT = "repeat_event"
"""An event that was acked comes a second time, with the same event id."""
LOSE_ACK = "lose_ack"
"""The ack does not arrive: Slack waits its three seconds and sends again."""
DROP_SOCKET = "drop_socket"
"""The connection ends without a word right after an envelope was sent over it."""
DELIVERY = (REPEAT_EVENT, LOSE_ACK, DROP_SOCKET)
API = (UNAUTHORIZED, RATE_LIMIT, SERVER_ERROR, SLOW, DROP_AFTER_ACCEPT, DOWN)


class SlackFaults:
    """The faults that wait for a call or a delivery."""

    def __init__(self) -> None:
        self._api = Faults()
        self._delivery: Counter[str] = Counter()

    def add(self, kind: str, *, count: int | None = 1, operation: str = "*", **more: Any) -> None:
        """``count`` None: until ``clear``. ``retry_after`` and ``seconds`` as for the simulated clouds.

        Raises BadFault.
        """
        if kind in DELIVERY:
            self._delivery[kind] += 1_000_000_000 if count is None else count
        elif kind in API:
            self._api.add({"kind": kind, "count": count, "match": {"operation": operation}, **more})
        else:
            raise BadFault(f"kind must be one of {', '.join(API + DELIVERY)}")

    def add_described(self, description: Mapping[str, Any]) -> None:
        """As posted to ``/_sandbox/faults``."""
        rest = dict(description)
        match = rest.pop("match", None) or {}
        if not isinstance(match, Mapping) or set(rest) - {"kind", "count", "seconds", "retry_after"}:
            raise BadFault("a fault has kind, count, match.operation, seconds and retry_after")
        self.add(str(rest.pop("kind", "")), operation=str(match.get("operation") or "*"), **rest)

    def clear(self) -> None:
        self._api.clear()
        self._delivery.clear()

    def take(self, method: str, arguments: Mapping[str, Any] | None = None) -> Fault | None:
        """The fault that hits this call of the Web API."""
        given = arguments or {}
        names = [method, f"{method}@{given.get('channel')}", *([method + OF_CARDS] if given.get("blocks") else [])]
        return self._api.take(names, "")

    def hits(self, kind: str) -> bool:
        """True when a delivery is to have this trouble; one use of it spent."""
        if self._delivery[kind] <= 0:
            return False
        self._delivery[kind] -= 1
        return True

    def all(self) -> list[dict[str, Any]]:
        waiting = [fault.as_dict() for fault in self._api.all()]
        return waiting + [{"kind": kind, "remaining": left} for kind, left in self._delivery.items() if left > 0]
