"""Azure's machines: what is sent to make one, and what its answers mean. No I/O."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from clouddesk.model import node as states
from clouddesk.model.node import Node, NodeOrder, NodePlan
from clouddesk.providers.azure_driver import Item
from clouddesk.providers.azure_names import host_name, machine_name, machine_tags
from clouddesk.providers.cloud import NODE, OWNER, RESERVATION, ROLE, Image
from clouddesk.providers.specs.azure import AZURE, LOGIN

DISK_TYPE = "StandardSSD_LRS"
"""Every size takes it; Premium only those with an "s" in their name."""
_NETWORK_API = "2022-11-01"
_POWER = {
    "starting": states.PENDING,
    "running": states.RUNNING,
    "stopping": states.STOPPING,
    "deallocating": states.STOPPING,
    "stopped": states.STOPPED,
    "deallocated": states.STOPPED,
}
# The only kinds that Azure takes.


@dataclass(frozen=True)
class Status:
    """What a machine's instance view says."""

    provisioning: str = ""
    """ "succeeded", "creating", "failed/AllocationFailed" …; "" when it is not told."""
    power: str = ""
    """ "running" …; "" for a machine that has no place yet."""
    message: str = ""

    @classmethod
    def of(cls, machine: Item) -> Status:
        """From a machine of a list with ``statusOnly``."""
        properties = machine.get("properties") or {}
        # Azure has been seen to put it one level lower.
        view = properties.get("instanceView") or (properties.get("extended") or {}).get("instanceView") or {}
        found = {kind: (value, item) for item in view.get("statuses") or [] for kind, value in [_code(item)]}
        provisioning, item = found.get("ProvisioningState", ("", {}))
        return cls(provisioning, found.get("PowerState", ("", {}))[0], str(item.get("message") or ""))

    @property
    def is_failed(self) -> bool:
        return self.provisioning.lower().startswith("failed")

    @property
    def is_placed(self) -> bool:
        """Azure has found a place for it, or has given up."""
        return bool(self.power) or self.is_failed

    @property
    def failure(self) -> str:
        """As errors of the API are told: the code, then the words."""
        return f"{self.provisioning.partition('/')[2] or 'Failed'}: {self.message}"


def addresses(nics: Iterable[Item], public: Iterable[Item]) -> dict[str, tuple[str | None, str | None]]:
    """Public and private address by the id of the machine, in small letters."""
    known = {item["id"].lower(): item["properties"].get("ipAddress") for item in public}
    found: dict[str, tuple[str | None, str | None]] = {}
    for nic in nics:
        machine = (nic["properties"].get("virtualMachine") or {}).get("id", "").lower()
        for config in nic["properties"].get("ipConfigurations") or []:
            facts = config["properties"]
            outside = (facts.get("publicIPAddress") or {}).get("id", "").lower()
            found.setdefault(machine, (known.get(outside), facts.get("privateIPAddress")))
    return found


def node(machine: Item, status: Status, at: tuple[str | None, str | None] = (None, None)) -> Node:
    """A machine as its list, its status and its addresses tell it."""
    tags, properties = machine.get("tags") or {}, machine["properties"]
    return Node(
        id=properties["vmId"],
        key=tags.get(NODE, ""),
        role=tags.get(ROLE, ""),
        state=_state(str(properties.get("provisioningState", "")).lower(), status),
        provider=AZURE.name,
        region=machine["location"],
        size=properties["hardwareProfile"]["vmSize"],
        address=at[0],
        private_address=at[1],
        reservation_id=tags.get(RESERVATION, ""),
        login=LOGIN,
        owner=tags.get(OWNER, ""),
    )


def body(order: NodeOrder, plan: NodePlan, image: Image, facts: Item, *, subnet: str) -> Item:
    """What makes the machine, with its disk, network card and public address, which end with it."""
    disk_gb = max(round(order.disk_gb), image.least_disk_gb)
    made: Item = {
        "location": order.region,
        "tags": machine_tags(order, plan, image.system),
        "properties": {
            "hardwareProfile": {"vmSize": order.size},
            "storageProfile": {
                "imageReference": facts["reference"],
                "osDisk": {
                    "createOption": "FromImage",
                    "deleteOption": "Delete",
                    "diskSizeGB": disk_gb,
                    "managedDisk": {"storageAccountType": DISK_TYPE},
                },
            },
            "osProfile": _system(order, plan),
            "networkProfile": {
                "networkApiVersion": _NETWORK_API,
                "networkInterfaceConfigurations": [_card(plan, subnet)],
            },
        },
    }
    if order.spot:
        # -1: up to the price of a machine that is not taken away.
        made["properties"] |= {
            "priority": "Spot",
            "evictionPolicy": "Delete",
            "billingProfile": {"maxPrice": -1},
        }
    if "plan" in facts:
        made["plan"] = facts["plan"]
    return made


def firewall(order: NodeOrder) -> Item:
    """Azure's own rules, after these, let in the reservation's network and nothing else."""
    rules = [
        {
            "name": f"opening-{number}",
            "properties": {
                "priority": 100 + number,
                "direction": "Inbound",
                "access": "Allow",
                "protocol": "Tcp",
                "sourceAddressPrefix": opening.source,
                "sourcePortRange": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": _range(opening.first_port, opening.last_port),
            },
        }
        for number, opening in enumerate(order.openings)
    ]
    return {"properties": {"securityRules": rules}}


def network(subnet_name: str, firewall_id: str) -> Item:
    """One subnet behind the firewall."""
    space = "10.0.0.0/16"
    subnet = {
        "name": subnet_name,
        "properties": {"addressPrefix": space, "networkSecurityGroup": {"id": firewall_id}},
    }
    return {"properties": {"addressSpace": {"addressPrefixes": [space]}, "subnets": [subnet]}}


def _state(provisioning: str, status: Status) -> str:
    if provisioning == "deleting":
        return states.GONE
    failed = status.provisioning if status.is_failed else provisioning
    # A machine that runs stays one that runs when Azure fails to change it later.
    if failed.startswith("failed") and (not status.power or "/OSProvisioning" in failed):
        return states.ERROR
    # Until it succeeds, the user and the keys are not made.
    if provisioning == "creating":
        return states.PENDING
    return _POWER.get(status.power, states.PENDING)


def _system(order: NodeOrder, plan: NodePlan) -> Item:
    keys = _keys(order)
    where = f"/home/{LOGIN}/.ssh/authorized_keys"
    system: Item = {
        "computerName": host_name(order, plan),
        "adminUsername": LOGIN,
        "linuxConfiguration": {
            "disablePasswordAuthentication": True,
            "ssh": {"publicKeys": [{"path": where, "keyData": key} for key in keys]},
        },
    }
    if order.user_data:
        system["customData"] = base64.b64encode(order.user_data.encode()).decode()
    return system


def _keys(order: NodeOrder) -> list[str]:
    fit = [key for key in map(str.strip, order.public_keys) if key.startswith(AZURE.key_kinds)]
    return fit or [_key_of_nobody()]


def _key_of_nobody() -> str:
    """Azure makes no machine without a key or a password; this is a key that nobody has."""
    parts = (b"ssh-ed25519", os.urandom(32))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} nobody"


def _card(plan: NodePlan, subnet: str) -> Item:
    # All of a group's cards and addresses need names of their own.
    name = machine_name(plan.key)
    outside = {
        "name": f"{name}-address",
        "sku": {"name": "Standard"},
        "properties": {"deleteOption": "Delete", "publicIPAllocationMethod": "Static"},
    }
    inside = {
        "name": "inside",
        "properties": {"primary": True, "subnet": {"id": subnet}, "publicIPAddressConfiguration": outside},
    }
    return {
        "name": f"{name}-card",
        "properties": {"primary": True, "deleteOption": "Delete", "ipConfigurations": [inside]},
    }


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _code(item: Item) -> tuple[str, str]:
    """ "PowerState/running" → its kind and its value."""
    kind, _, value = str(item.get("code", "")).partition("/")
    return kind, re.sub(r"\s", "", value)
