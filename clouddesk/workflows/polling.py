"""How often a cloud is asked how far it is."""

from __future__ import annotations

from collections.abc import Iterator

from clouddesk.workflows.contracts import Timing

GROWTH = 1.15


def delays(timing: Timing) -> Iterator[float]:
    """Seconds, without end: short first, for what is quick; longer later, so that a cloud is not hammered."""
    delay_seconds = timing.first_poll_seconds
    while True:
        yield delay_seconds
        delay_seconds = min(timing.last_poll_seconds, delay_seconds * GROWTH)
