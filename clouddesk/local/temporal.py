"""The embedded Temporal: how long it keeps what has ended."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta

from clouddesk.local import readiness

RETENTION = timedelta(days=30)
"""So long people see what has ended also after Redis was lost. (A development server would keep it for one day.)"""
_NAMESPACE = "/api/v1/namespaces/default"


def is_ready(address: str) -> bool:
    """Whether it answers, and keeps what has ended for as long as it shall. ``address``: of its HTTP port."""
    with contextlib.suppress(OSError, ValueError):
        answer = json.loads(readiness.fetch(f"{address}{_NAMESPACE}"))
        return bool(answer["config"]["workflowExecutionRetentionTtl"] == _duration(RETENTION))
    return False


def prepare(address: str) -> None:
    """Set how long it keeps what has ended; does nothing as long as it does not answer."""
    with contextlib.suppress(OSError):
        readiness.fetch(
            f"{address}{_NAMESPACE}/update", {"config": {"workflowExecutionRetentionTtl": _duration(RETENTION)}}
        )


def _duration(value: timedelta) -> str:
    """As protocol buffers write it in JSON."""
    return f"{value.total_seconds():.0f}s"
