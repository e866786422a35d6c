"""Spark computes pi with one executor on every worker; fails when one has no part in it."""

import random
import socket
import sys
import time

from pyspark.sql import SparkSession

WORKERS = int(sys.argv[1])
SAMPLES, SECONDS = 200_000, 120
PARTS = WORKERS * 4


def sample(seed):
    chance = random.Random(seed)  # noqa: S311
    inside = sum(chance.random() ** 2 + chance.random() ** 2 <= 1 for _ in range(SAMPLES))
    # So long that an executor which has just come finds a part left for it.
    time.sleep(0.2)
    return socket.gethostname(), inside


session = (
    SparkSession.builder.appName("health check")
    .config("spark.dynamicAllocation.enabled", "false")
    .config("spark.cores.max", WORKERS)
    .config("spark.executor.cores", 1)
    .config("spark.executor.memory", "512m")
    .config("spark.scheduler.minRegisteredResourcesRatio", 1.0)
    .config("spark.scheduler.maxRegisteredResourcesWaitingTime", f"{SECONDS}s")
    .getOrCreate()
)
session.sparkContext.setLogLevel("ERROR")
found = session.sparkContext.parallelize(range(PARTS), PARTS).map(sample).collect()
session.stop()
machines = {machine for machine, _ in found}
pi = 4 * sum(inside for _, inside in found) / (SAMPLES * PARTS)
if len(machines) != WORKERS:
    sys.exit(f"Spark worked on {len(machines)} of {WORKERS} workers: {', '.join(sorted(machines))}.")
if abs(pi - 3.1416) > 0.05:
    sys.exit(f"Spark computed {pi} for pi.")
print(f"Spark computed pi = {pi:.3f} on {WORKERS} {'worker' if WORKERS == 1 else 'workers'}")  # noqa: T201
