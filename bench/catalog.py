"""How long the cheapest offer takes to find over all bundled offers."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, percentile
from clouddesk.catalog import load_catalog
from clouddesk.model.offer import Requirements

QUERIES = 500


def figures() -> Iterator[Figure]:
    """Reading the data the first time and from its cache; then random questions."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first", "cached"):
            began = time.perf_counter()
            catalog = load_catalog(Path(folder))
            catalog.cheapest(Requirements())
            yield Figure(f"catalog.load_{name}", round(time.perf_counter() - began, 3), "s")
    choose = random.Random(7)
    times = []
    for _ in range(QUERIES):
        wish = Requirements(
            vcpus=choose.choice((1, 2, 4, 8, 16)),
            memory_gb=choose.choice((0.5, 4, 16, 64)),
            storage_gb=choose.choice((0, 50, 500)),
            region=choose.choice((None, "frankfurt", "europe", "us-east-1")),
        )
        began = time.perf_counter()
        catalog.cheapest(wish)
        times.append((time.perf_counter() - began) * 1000)
    yield Figure("catalog.cheapest.p50", round(percentile(times, 0.5), 3), "ms")
    yield Figure("catalog.cheapest.p95", round(percentile(times, 0.95), 3), "ms")
