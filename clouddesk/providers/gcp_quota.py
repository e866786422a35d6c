"""How much of Google Cloud's quotas an order takes. No I/O."""

from __future__ import annotations

from collections import Counter

from clouddesk.model.node import NodeOrder
from clouddesk.providers.gcp_driver import Item
from clouddesk.providers.gcp_machine import Shape

# These count together; every other family has a quota of its own, called after it.
_COMMON_CPUS = ("e2", "f1", "g1", "n1")
_GPU_QUOTAS = {
    "nvidia-a100-80gb": "NVIDIA_A100_80GB_GPUS",
    "nvidia-l4": "NVIDIA_L4_GPUS",
    "nvidia-tesla-a100": "NVIDIA_A100_GPUS",
    "nvidia-tesla-p100": "NVIDIA_P100_GPUS",
    "nvidia-tesla-p4": "NVIDIA_P4_GPUS",
    "nvidia-tesla-t4": "NVIDIA_T4_GPUS",
    "nvidia-tesla-v100": "NVIDIA_V100_GPUS",
}


def needs(order: NodeOrder, shape: Shape, machine_type: Item, count: int) -> dict[str, float]:
    """By quota. Those of spot machines may stand at 0 and then mean the usual ones: only what all machines share is
    counted for them."""
    found: Counter[str] = Counter({"INSTANCES": count, "IN_USE_ADDRESSES": count})
    found["SSD_TOTAL_GB"] = round(order.disk_gb) * count if shape.disk_type == "pd-balanced" else 0
    if not order.spot:
        cpus = int(machine_type["guestCpus"]) * count
        found["CPUS" if shape.family in _COMMON_CPUS else f"{shape.family.upper()}_CPUS"] = cpus
        found["CPUS_ALL_REGIONS"] = cpus
    for gpu_type, gpus in _gpus(shape, machine_type):
        if gpu_type in _GPU_QUOTAS and not order.spot:
            found[_GPU_QUOTAS[gpu_type]] = gpus * count
        found["GPUS_ALL_REGIONS"] += gpus * count
    return {name: float(amount) for name, amount in found.items() if amount}


def _gpus(shape: Shape, machine_type: Item) -> list[tuple[str, int]]:
    own = [
        (str(item["guestAcceleratorType"]), int(item["guestAcceleratorCount"]))
        for item in machine_type.get("accelerators") or []
    ]
    return [*own, *([(shape.gpu_type, shape.gpus)] if shape.gpus else [])]
