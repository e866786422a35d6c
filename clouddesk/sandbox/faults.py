"""Faults that a simulated cloud is told to have: which requests they hit, and how often."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

UNAUTHORIZED = "unauthorized"
QUOTA = "quota"
NO_CAPACITY = "no_capacity"
RATE_LIMIT = "rate_limit"
SERVER_ERROR = "server_error"
SLOW = "slow"
DROP_AFTER_ACCEPT = "drop_after_accept"
DOWN = "down"
LATE_LISTING = "late_listing"
BROKEN_NODE = "broken_node"
STUCK_NODE = "stuck_node"
UNTAGGED_BILL = "untagged_bill"
"""The bill is answered as in an account whose tags were never activated for it."""

_OF_MACHINES = (LATE_LISTING, BROKEN_NODE, STUCK_NODE)
"""The request is answered as ever: these decide what becomes of the machines, or the images, that it makes."""
KINDS = (
    UNAUTHORIZED,
    QUOTA,
    NO_CAPACITY,
    RATE_LIMIT,
    SERVER_ERROR,
    SLOW,
    DROP_AFTER_ACCEPT,
    DOWN,
    UNTAGGED_BILL,
    *_OF_MACHINES,
)

CREATE = "create"
"""What all clouds call a request that makes machines, beside the vendor's own name for it."""
KEEP = "keep"
"""A request that makes an image of a machine's disk."""

# A cloud mostly says these about new machines, so without a wish they leave all other requests alone.
_ONLY_ON_CREATE = (QUOTA, NO_CAPACITY, *_OF_MACHINES)

BILL = "bill"
"""What all clouds call a question for what they charge."""


@dataclass
class Fault:
    """One kind of trouble. ``remaining`` None: until it is taken away."""

    id: int
    kind: str
    remaining: int | None = 1
    operation: str = "*"
    """A pattern ("RunInstances", "droplets.*", "create", "list", "destroy"), capitals ignored."""
    region: str = "*"
    seconds: float = 1.0
    """How long ``slow`` waits, and how long ``late_listing`` keeps machines out of lists."""
    retry_after_seconds: float | None = None

    def hits(self, operations: Collection[str], region: str) -> bool:
        wanted = self.operation.lower()
        return fnmatch(region, self.region) and any(fnmatch(name.lower(), wanted) for name in operations)

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Fate:
    """What becomes of the machines, or the images, that a request makes."""

    listed_after_seconds: float = 0.0
    is_broken: bool = False
    """It ends in the cloud's error state instead of running."""
    is_stuck: bool = False
    """It starts for ever."""


class BadFault(ValueError):
    """The description of a fault makes no sense; the text says why."""


class Faults:
    """The faults that wait for a request. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._waiting: list[Fault] = []

    def add(self, description: Mapping[str, Any]) -> Fault:
        """Take up a fault as posted to ``/_sandbox/faults``. Raises BadFault."""
        fault = _parse(description, next(self._ids))
        with self._lock:
            self._waiting.append(fault)
        return fault

    def clear(self) -> int:
        """Forget all; how many there were."""
        with self._lock:
            count = len(self._waiting)
            self._waiting.clear()
        return count

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._waiting)

    def take(self, operations: Collection[str], region: str) -> Fault | None:
        """The first fault that hits a request known by these names, one use of it spent."""
        with self._lock:
            for fault in self._waiting:
                if fault.kind not in _OF_MACHINES and fault.hits(operations, region):
                    self._spend(fault)
                    return fault
        return None

    def fate(self, operations: Collection[str], region: str) -> Fate:
        """What becomes of the machines, or the images, that this request makes, one use of each fault spent."""
        if not {CREATE, KEEP}.intersection(operations):
            return Fate()
        with self._lock:
            hitting = [one for one in self._waiting if one.kind in _OF_MACHINES and one.hits(operations, region)]
            for fault in hitting:
                self._spend(fault)
        kinds = {fault.kind for fault in hitting}
        return Fate(
            listed_after_seconds=max((one.seconds for one in hitting if one.kind == LATE_LISTING), default=0.0),
            is_broken=BROKEN_NODE in kinds,
            is_stuck=STUCK_NODE in kinds,
        )

    def _spend(self, fault: Fault) -> None:
        if fault.remaining is not None:
            fault.remaining -= 1
            if fault.remaining <= 0:
                self._waiting.remove(fault)


def _parse(description: Mapping[str, Any], number: int) -> Fault:
    unknown = set(description) - {"kind", "count", "match", "retry_after", "seconds"}
    if unknown:
        raise BadFault(f"a fault has no {sorted(unknown)[0]!r}")
    kind = description.get("kind")
    if kind not in KINDS:
        raise BadFault(f"kind must be one of {', '.join(KINDS)}")
    match = description.get("match") or {}
    if not isinstance(match, Mapping) or set(match) - {"operation", "region"}:
        raise BadFault("match holds operation and region")
    try:
        count = description.get("count", 1)
        remaining = None if count is None else int(count)
        seconds = float(description.get("seconds", 1.0))
        retry_after = description.get("retry_after")
        retry_after_seconds = None if retry_after is None else float(retry_after)
    except (TypeError, ValueError):
        raise BadFault("count, seconds and retry_after must be numbers") from None
    if remaining is not None and remaining < 1:
        raise BadFault("count must be at least 1, or null for: until it is taken away")
    return Fault(
        id=number,
        kind=str(kind),
        remaining=remaining,
        operation=str(match.get("operation") or _hit_by(str(kind))),
        region=str(match.get("region") or "*"),
        seconds=seconds,
        retry_after_seconds=retry_after_seconds,
    )


def _hit_by(kind: str) -> str:
    if kind == UNTAGGED_BILL:
        return BILL
    return CREATE if kind in _ONLY_ON_CREATE else "*"
