"""What DigitalOcean's monitoring knows of droplets that have its agent: one request for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_RESTS = ("idle", "iowait")


def cpu_percent(answer: Mapping[str, Any]) -> float | None:
    """From ``/v2/monitoring/metrics/droplet/cpu``: seconds by mode, which only grow. None when there are too few."""
    spent: dict[str, float] = {}
    for line in (answer.get("data") or {}).get("result") or ():
        values: Sequence[Sequence[Any]] = line.get("values") or ()
        if len(values) > 1:
            # A restart lets the counters begin anew.
            spent[str(line["metric"].get("mode"))] = max(0.0, float(values[-1][1]) - float(values[0][1]))
    total = sum(spent.values())
    if total <= 0:
        return None
    return round(100 * (1 - sum(spent.get(mode, 0.0) for mode in _RESTS) / total), 1)
