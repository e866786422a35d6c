"""Ray runs a task on every machine; fails when one has no part in it."""

import sys
import time

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

ADDRESS, MACHINES = sys.argv[1], int(sys.argv[2])
SECONDS = 90


@ray.remote(num_cpus=0)
def square_sum(numbers):
    return ray.get_runtime_context().get_node_id(), sum(number * number for number in numbers)


ray.init(address=ADDRESS, log_to_driver=False, logging_level="ERROR")
end = time.monotonic() + SECONDS
while True:
    alive = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    if len(alive) == MACHINES or time.monotonic() > end:
        break
    time.sleep(1)
if len(alive) != MACHINES:
    sys.exit(f"{len(alive)} of {MACHINES} machines have joined Ray.")
places = [NodeAffinitySchedulingStrategy(node_id=node, soft=False) for node in alive]
found = ray.get(
    [square_sum.options(scheduling_strategy=place).remote(range(1000)) for place in places], timeout=SECONDS
)
if {node for node, _ in found} != set(alive) or {total for _, total in found} != {332833500}:
    sys.exit(f"Ray computed {found}.")
print(f"Ray ran a task on each of {MACHINES} machines")  # noqa: T201
