"""Dask sums an array in pieces on every worker; fails when one has no part in it."""

import sys

import dask.array
from distributed import Client

SCHEDULER, WORKERS = sys.argv[1], int(sys.argv[2])
SIDE = 2000

with Client(SCHEDULER, timeout=60) as client:
    client.wait_for_workers(WORKERS, timeout=60)
    ran = client.run(lambda: True)
    ones = dask.array.ones((SIDE, SIDE), chunks=SIDE // 10).persist()
    total = float(ones.sum().compute())
    holders = {worker for places in client.who_has(ones).values() for worker in places}
if total != SIDE * SIDE:
    sys.exit(f"Dask computed {total}, not {SIDE * SIDE}.")
if len(ran) != WORKERS or len(holders) != WORKERS:
    sys.exit(f"Dask worked on {len(holders)} of {WORKERS} workers.")
print(f"Dask summed {SIDE * SIDE} numbers on {WORKERS} {'worker' if WORKERS == 1 else 'workers'}")  # noqa: T201
