"""What the simulated Compute Engine refuses in an order for a machine, as the real one does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clouddesk.sandbox import gcp_catalog as catalog
from clouddesk.sandbox import gcp_own_images as own_images
from clouddesk.sandbox.gcp_errors import api_error, invalid, not_found
from clouddesk.sandbox.gcp_operations import GcpAsk
from clouddesk.sandbox.rest import ApiError

NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_METADATA_KEY = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MOST_LABELS = 64
_LONGEST_METADATA = 256 * 1024
_NETWORKS = {"global/networks/default"}


@dataclass(frozen=True)
class Wanted:
    """What the order's boot disk is to be."""

    disk_name: str
    disk_gb: int
    disk_type: str
    architecture: str
    disk_labels: dict[str, str]
    auto_delete: bool


def check_instance(ask: GcpAsk) -> Wanted:
    """Raises ApiError for what makes no machine."""
    body, zone = ask.body, str(ask.path["zone"])
    if zone not in catalog.ZONES:
        raise not_found(f"projects/{ask.path['project']}/zones/{zone}")
    check_name(body.get("name"))
    machine_type = _machine_type(body, zone)
    check_labels(body.get("labels") or {})
    for tag in (body.get("tags") or {}).get("items") or []:
        if not NAME.fullmatch(tag):
            raise invalid("resource.tags.items[0]", tag, f"Must be a match of regex '{NAME.pattern}'")
    _check_metadata(body)
    _check_network(body)
    wanted = _boot_disk(ask, zone, machine_type)
    _check_gpus(body, zone, machine_type)
    return wanted


def check_name(name: object) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        shown = "" if name is None else name
        raise invalid("resource.name", shown, f"Must be a match of regex '(?:{NAME.pattern})'")


def check_labels(labels: Mapping[str, str]) -> None:
    if len(labels) > _MOST_LABELS:
        raise invalid("resource.labels", "", f"The number of labels is more than {_MOST_LABELS}.")
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key):
            raise invalid("resource.labels", "", f"Label key '{key}' violates format constraints.")
        if not _LABEL_VALUE.fullmatch(value):
            raise invalid(
                "resource.labels",
                "",
                f"Label value '{value}' violates format constraints. The value can only contain lowercase letters, "
                "numeric characters, underscores and dashes. The value can be at most 63 characters long.",
            )


def _machine_type(body: Mapping[str, Any], zone: str) -> catalog.MachineType:
    asked = str(body.get("machineType") or "")
    found = re.fullmatch(r"(?:.*/)?zones/([^/]+)/machineTypes/([^/]+)", asked)
    if not found or found[1] != zone:
        raise invalid("resource.machineType", asked, "The URL is malformed or of another zone.")
    machine_type = catalog.machine_type(zone, found[2])
    if machine_type is None:
        raise invalid(
            "resource.machineType", asked, f"Machine type with name '{found[2]}' does not exist in zone '{zone}'."
        )
    return machine_type


def _check_metadata(body: Mapping[str, Any]) -> None:
    items = (body.get("metadata") or {}).get("items") or []
    keys = [str(item.get("key")) for item in items]
    if len(set(keys)) != len(keys):
        raise invalid("resource.metadata", "", "Metadata has duplicate key.")
    for item in items:
        if not _METADATA_KEY.fullmatch(str(item.get("key"))):
            raise invalid("resource.metadata.items[0].key", item.get("key"), "The key is malformed.")
        if len(str(item.get("value", "")).encode()) > _LONGEST_METADATA:
            raise invalid("resource.metadata.items[0].value", "…", "Metadata value is too long.")


def _check_network(body: Mapping[str, Any]) -> None:
    interfaces = body.get("networkInterfaces") or []
    if not interfaces:
        raise invalid("resource.networkInterfaces", "", "At least one network interface is required.")
    network = str(interfaces[0].get("network") or "global/networks/default")
    if network not in _NETWORKS:
        raise invalid("resource.networkInterfaces[0].network", network, "The referenced network cannot be found.")


def _boot_disk(ask: GcpAsk, zone: str, machine_type: catalog.MachineType) -> Wanted:
    disks = ask.body.get("disks") or []
    boot = disks[0] if disks else {}
    if not boot.get("boot") or not boot.get("initializeParams"):
        raise invalid("resource.disks", "", "At least one boot disk is required.")
    asked = boot["initializeParams"]
    image = own_images.source(ask, str(asked.get("sourceImage") or ""))
    if image.architecture != machine_type.architecture:
        raise api_error(
            400,
            "invalid",
            f"Requested boot disk architecture ({image.architecture}) is not compatible with machine type architecture "
            f"({machine_type.architecture}).",
        )
    size = int(asked.get("diskSizeGb") or image.disk_gb)
    if size < image.disk_gb:
        raise invalid(
            "resource.disks[0].initializeParams.diskSizeGb",
            size,
            f"Requested disk size cannot be smaller than the image size ({image.disk_gb} GB)",
        )
    disk_type = str(asked.get("diskType") or f"zones/{zone}/diskTypes/pd-standard")
    found = re.fullmatch(r"(?:.*/)?zones/([^/]+)/diskTypes/([^/]+)", disk_type)
    if not found or found[1] != zone or found[2] not in catalog.DISK_TYPES:
        raise invalid("resource.disks[0].initializeParams.diskType", disk_type, "The disk type cannot be found.")
    if machine_type.family in catalog.HYPERDISK_ONLY and not found[2].startswith("hyperdisk"):
        raise api_error(400, "badRequest", f"[{found[2]}] features are not compatible for creating instance.")
    labels = dict(asked.get("labels") or {})
    check_labels(labels)
    name = str(asked.get("diskName") or ask.body["name"])
    check_name(name)
    return Wanted(name, size, found[2], image.architecture, labels, bool(boot.get("autoDelete", False)))


def _check_gpus(body: Mapping[str, Any], zone: str, machine_type: catalog.MachineType) -> None:
    scheduling = body.get("scheduling") or {}
    is_spot = scheduling.get("provisioningModel") == "SPOT"
    if is_spot and (scheduling.get("automaticRestart", False) or scheduling.get("onHostMaintenance") == "MIGRATE"):
        raise _badly_scheduled("Spot VMs cannot restart automatically or migrate on maintenance.")
    if not is_spot and "instanceTerminationAction" in scheduling:
        raise _badly_scheduled("You cannot specify a termination action for a VM instance that has the standard model.")
    beside = body.get("guestAccelerators") or []
    if (beside or machine_type.gpus) and scheduling.get("onHostMaintenance") != "TERMINATE":
        raise api_error(400, "badRequest", "Instances with guest accelerators do not support live migration.")
    for one in beside:
        found = re.fullmatch(r"(?:.*/)?zones/([^/]+)/acceleratorTypes/([^/]+)", str(one.get("acceleratorType")))
        if not found or found[1] != zone or not catalog.has_gpu(zone, found[2]):
            raise not_found(str(one.get("acceleratorType")))
        if (
            machine_type.family != "n1"
            or found[2] not in catalog.GPUS_BESIDE
            or int(one.get("acceleratorCount", 0)) < 1
        ):
            raise api_error(400, "badRequest", f"[{machine_type.name}, {found[2]}] features are not compatible.")


def _badly_scheduled(why: str) -> ApiError:
    return api_error(400, "invalid", f"Invalid value for field 'resource.scheduling': ''. {why}")
