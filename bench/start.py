"""How long the second start takes until everything is ready, and what each process holds in memory."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from bench.figures import Figure
from bench.stack import clouddesk, temporary_home

SECOND_STARTS = 3


def figures() -> Iterator[Figure]:
    """The first start makes the stores; the following ones are what people wait for."""
    with temporary_home() as home:
        for number in range(1 + SECOND_STARTS):
            began = time.perf_counter()
            clouddesk(home, "up", "--detach", "--free-ports")
            name = "start.first" if number == 0 else "start.second"
            yield Figure(name, round(time.perf_counter() - began, 1), "s")
            if number < SECOND_STARTS:
                clouddesk(home, "down")
        total = 0.0
        for line in clouddesk(home, "status", "--json").splitlines():
            process = json.loads(line)
            total += process["memory_mb"]
            yield Figure(f"memory.{process['name']}", process["memory_mb"], "MB")
        yield Figure("memory.all", round(total, 1), "MB")
