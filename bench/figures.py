"""A figure and how it is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

Benchmark = Callable[[], Iterator["Figure"]]


@dataclass(frozen=True)
class Figure:
    """One measured value; ``ratio`` is value over baseline where both were measured in the same run."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None


def against(name: str, value: float, unit: str, baseline: float) -> Figure:
    """A figure with the baseline that was measured beside it."""
    return Figure(name, round(value, 4), unit, round(baseline, 4), round(value / baseline, 3))


def print_figure(figure: Figure) -> None:
    """One JSON line on standard output."""
    sys.stdout.write(json.dumps(asdict(figure)) + "\n")
    sys.stdout.flush()


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
