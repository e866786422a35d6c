"""Compute Engine's machines: what is sent to make one, and what its answers mean. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clouddesk.model import node as states
from clouddesk.model.node import Belonging, Node, NodeOrder, NodePlan
from clouddesk.providers.cloud import DISK, NODE, OWNER, RESERVATION, ROLE, SYSTEM, Image
from clouddesk.providers.gcp_driver import Item, last_part
from clouddesk.providers.gcp_labels import host_name, labels, read
from clouddesk.providers.specs.gcp import GCP

NETWORK = "global/networks/default"

_STATES = {
    "PENDING": states.PENDING,
    "PROVISIONING": states.PENDING,
    "STAGING": states.PENDING,
    "RUNNING": states.RUNNING,
    "PENDING_STOP": states.STOPPING,
    "STOPPING": states.STOPPING,
    "SUSPENDING": states.STOPPING,
    "SUSPENDED": states.STOPPED,
    "STOPPED": states.STOPPED,
    "TERMINATED": states.STOPPED,
    "DEPROVISIONING": states.GONE,
}
# Families that start from Hyperdisk only; all others start from balanced persistent disks.
_HYPERDISK_ONLY = ("a4", "a4x", "c4", "c4a", "c4d", "g4", "h4d", "m4", "n4", "n4a", "n4d", "x4")
_HYPERDISK_ONLY_SHAPES = ("a3-ultragpu",)
# Not moved to another host while they run, as all other machines without GPUs are.
_CANNOT_MOVE = ("h3", "h4d", "x4")
_LEAST_DISK_GB = 10
_HAS_CLOUD_INIT = "ubuntu"
_SCRIPT = "#!"


@dataclass(frozen=True)
class Shape:
    """A size as offers name it: "e2-small", or "n1-standard-4+2xnvidia-tesla-t4" with GPUs that are chosen apart."""

    machine_type: str
    gpus: int = 0
    gpu_type: str = ""

    @classmethod
    def parse(cls, size: str) -> Shape:
        machine_type, _, more = size.partition("+")
        count, _, gpu_type = more.partition("x")
        return cls(machine_type, int(count) if count.isdigit() else 0, gpu_type)

    @classmethod
    def of(cls, item: Item) -> Shape:
        """An existing machine's. The GPUs that come with its type are not named: the type tells them."""
        machine_type = last_part(item["machineType"])
        found = item.get("guestAccelerators") or []
        if not found or not machine_type.startswith("n1-"):
            return cls(machine_type)
        return cls(machine_type, int(found[0]["acceleratorCount"]), last_part(found[0]["acceleratorType"]))

    @property
    def name(self) -> str:
        return f"{self.machine_type}+{self.gpus}x{self.gpu_type}" if self.gpus else self.machine_type

    @property
    def family(self) -> str:
        return self.machine_type.partition("-")[0]

    @property
    def cannot_move(self) -> bool:
        return self.gpus > 0 or self.family in _CANNOT_MOVE or self.machine_type.endswith("-metal")

    @property
    def disk_type(self) -> str:
        is_hyper = self.family in _HYPERDISK_ONLY or self.machine_type.startswith(_HYPERDISK_ONLY_SHAPES)
        return "hyperdisk-balanced" if is_hyper else "pd-balanced"


def request(order: NodeOrder, plan: NodePlan, image: Image, *, zone: str, tag: str, has_gpus: bool) -> dict[str, Any]:
    """What makes a machine. ``tag``: what its firewall goes by; ``has_gpus``: by its type or beside it."""
    shape = Shape.parse(order.size)
    name = host_name(order, plan)
    facts = labels(order, plan, image.system)
    body: dict[str, Any] = {
        "name": name,
        "machineType": f"zones/{zone}/machineTypes/{shape.machine_type}",
        "labels": facts,
        "tags": {"items": [tag]},
        "metadata": {"items": _metadata(order, image)},
        "scheduling": _scheduling(order.spot, cannot_move=has_gpus or shape.cannot_move),
        "disks": [
            {
                "boot": True,
                "autoDelete": True,
                "initializeParams": {
                    "diskName": name,
                    "sourceImage": image.id,
                    "diskSizeGb": str(disk_gb(order, image)),
                    "diskType": f"zones/{zone}/diskTypes/{shape.disk_type}",
                    "labels": facts,
                },
            }
        ],
        "networkInterfaces": [
            {"network": NETWORK, "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "name": "External NAT"}]}
        ],
    }
    if shape.gpus:
        accelerator = f"zones/{zone}/acceleratorTypes/{shape.gpu_type}"
        body["guestAccelerators"] = [{"acceleratorType": accelerator, "acceleratorCount": shape.gpus}]
    return body


def disk_gb(order: NodeOrder, image: Image) -> int:
    return max(round(order.disk_gb), image.least_disk_gb, _LEAST_DISK_GB)


def node(item: Item, *, ending: set[str]) -> Node:
    """From an instance. ``ending``: ids of those being deleted, which look as if they were only being stopped."""
    tags = item.get("labels") or {}
    interface = (item.get("networkInterfaces") or [{}])[0]
    access = (interface.get("accessConfigs") or [{}])[0]
    zone = last_part(item["zone"])
    query = GCP.images.get(read(tags, SYSTEM))
    state = states.GONE if str(item["id"]) in ending else _STATES.get(item["status"], states.ERROR)
    return Node(
        id=f"{zone}/{item['id']}",
        key=read(tags, NODE),
        role=read(tags, ROLE),
        state=state,
        provider=GCP.name,
        region=region_of(zone),
        size=Shape.of(item).name,
        address=access.get("natIP"),
        private_address=interface.get("networkIP"),
        reservation_id=read(tags, RESERVATION),
        login=query.login if query else "root",
        owner=read(tags, OWNER),
    )


def begun(order: NodeOrder, plan: NodePlan, image: Image, id_: str) -> Node:
    """One whose making was accepted; its addresses are told by the next list."""
    return Node(
        id=id_,
        key=plan.key,
        role=plan.role,
        state=states.PENDING,
        provider=GCP.name,
        region=order.region,
        size=Shape.parse(order.size).name,
        reservation_id=order.reservation_id,
        login=GCP.images[image.system].login,
        owner=order.owner,
    )


def path_of(id_: str) -> str:
    """A machine's address below the project, by ``Node.id``."""
    zone, _, number = id_.partition("/")
    return f"/zones/{zone}/instances/{number}"


def disk(item: Item) -> Belonging:
    tags = item.get("labels") or {}
    zone = last_part(item["zone"])
    return Belonging(f"{zone}/{item['name']}", DISK, region_of(zone), read(tags, RESERVATION), read(tags, OWNER))


def region_of(zone: str) -> str:
    """ "europe-west3-a" → "europe-west3"."""
    return zone.rpartition("-")[0]


def _metadata(order: NodeOrder, image: Image) -> list[dict[str, str]]:
    login = GCP.images[image.system].login
    found = {
        "ssh-keys": "\n".join(f"{login}:{key.strip()}" for key in order.public_keys),
        # Keys that everybody in the project has, and OS Login instead of keys, are not for these machines.
        "block-project-ssh-keys": "TRUE",
        "enable-oslogin": "FALSE",
    }
    if order.user_data:
        # Only Ubuntu's images have cloud-init. The others run a script by Google's agent, at each start; whatever else
        # is for those that bring cloud-init some day.
        is_script = order.user_data.startswith(_SCRIPT) and not image.system.startswith(_HAS_CLOUD_INIT)
        found["startup-script" if is_script else "user-data"] = order.user_data
    return [{"key": key, "value": value} for key, value in found.items() if value]


def _scheduling(spot: bool, *, cannot_move: bool) -> dict[str, Any]:
    if spot:
        # Stopped rather than deleted when Google wants it back: what is on its disk is kept, and it can be started.
        return {
            "provisioningModel": "SPOT",
            "instanceTerminationAction": "STOP",
            "automaticRestart": False,
            "onHostMaintenance": "TERMINATE",
        }
    return {"automaticRestart": True, "onHostMaintenance": "TERMINATE" if cannot_move else "MIGRATE"}
