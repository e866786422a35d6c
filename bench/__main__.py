"""`python -m bench [NAME…]`: run all benchmarks, or those named, each on a stack of its own."""

from __future__ import annotations

import importlib
import sys

from bench.figures import print_figure

BENCHMARKS = ("start", "turns", "provision", "catalog")


def main() -> None:
    """Print the figures as they come."""
    names = sys.argv[1:] or BENCHMARKS
    for name in names:
        if name not in BENCHMARKS:
            sys.exit(f"bench: there is no benchmark {name}. There are: {', '.join(BENCHMARKS)}.")
    for name in names:
        for figure in importlib.import_module(f"bench.{name}").figures():
            print_figure(figure)


if __name__ == "__main__":
    main()
