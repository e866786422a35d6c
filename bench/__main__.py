"""`python -m bench [NAME…]`: run all benchmarks, or those named; those that need a stack start one of their own."""

from __future__ import annotations

import importlib
import sys

from bench.figures import print_figure

BENCHMARKS = (
    "start",
    "turns",
    "servers",
    "provision",
    "fairness",
    "many",
    "catalog",
    "costs",
    "utilisation",
    "idle",
    "slack",
)
EVALUATIONS = ("understanding", "quarter")
"""Run when named only: they tell how well, not how quickly."""
LONG = ("clusters",)
"""Run when named only: real clusters take half an hour and a Docker engine."""


def main() -> None:
    """Print the figures as they come."""
    known = BENCHMARKS + EVALUATIONS + LONG
    names = sys.argv[1:] or BENCHMARKS
    for name in names:
        if name not in known:
            sys.exit(f"bench: there is no benchmark {name}. There are: {', '.join(known)}.")
    for name in names:
        for figure in importlib.import_module(f"bench.{name}").figures():
            print_figure(figure)


if __name__ == "__main__":
    main()
