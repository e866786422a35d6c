"""What else the simulated Compute Engine has: the project, regions, zones, types, disks."""

from __future__ import annotations

import time
from typing import Any

from clouddesk.sandbox import gcp_catalog as catalog
from clouddesk.sandbox import gcp_images as images
from clouddesk.sandbox import gcp_instances as instances
from clouddesk.sandbox import gcp_operations as operations
from clouddesk.sandbox import gcp_own_images as own_images
from clouddesk.sandbox.gcp_checks import check_labels, check_name
from clouddesk.sandbox.gcp_errors import exists, in_use, invalid, not_found
from clouddesk.sandbox.gcp_operations import GcpAsk, instant, link, new_id
from clouddesk.sandbox.rest import Answer, Done, Item, Listed
from clouddesk.sandbox.timed import Timed

_SINCE = 1_546_300_800.0
_CPUS, _INSTANCES, _DISK_GB, _ADDRESSES = 2_400.0, 2_400.0, 500_000.0, 2_300.0
_GPUS = 64.0


def get_project(ask: GcpAsk) -> Answer:
    project = str(ask.path["project"])
    used = sum(_vcpus(item) for item in _alive(ask))
    return Done(
        {
            "kind": "compute#project",
            "id": "4611686018427387904",
            "name": project,
            "creationTimestamp": instant(_SINCE),
            "commonInstanceMetadata": {"kind": "compute#metadata", "fingerprint": "42WmSpB8rSM="},
            "quotas": [
                _quota("CPUS_ALL_REGIONS", _CPUS, used),
                _quota("GPUS_ALL_REGIONS", _GPUS, 0),
                _quota("FIREWALLS", 1_000.0, len(ask.store.all("firewalls"))),
                _quota("IMAGES", images.MOST, len(own_images.existing(ask.store, project))),
            ],
            "selfLink": f"{operations.ROOT}/{project}",
            "defaultServiceAccount": "100000000000-compute@developer.gserviceaccount.com",
            "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
            "defaultNetworkTier": "PREMIUM",
        }
    )


def get_region(ask: GcpAsk) -> Answer:
    name = str(ask.path["region"])
    if name not in catalog.REGIONS:
        raise not_found(f"projects/{ask.path['project']}/regions/{name}")
    return Done(_region(ask, name))


def list_regions(ask: GcpAsk) -> Answer:
    return Listed("compute#regionList", list(catalog.REGIONS), lambda name: _region(ask, name))


def get_zone(ask: GcpAsk) -> Answer:
    return Done(_zone(ask, _known_zone(ask)))


def list_zones(ask: GcpAsk) -> Answer:
    return Listed("compute#zoneList", list(catalog.ZONES), lambda name: _zone(ask, name))


def get_machine_type(ask: GcpAsk) -> Answer:
    zone, name = _known_zone(ask), str(ask.path["machineType"])
    found = catalog.machine_type(zone, name)
    if found is None:
        raise not_found(f"projects/{ask.path['project']}/zones/{zone}/machineTypes/{name}")
    return Done(_machine_type(ask, zone, found))


def list_machine_types(ask: GcpAsk) -> Answer:
    zone = _known_zone(ask)
    types = catalog.machine_types(zone)
    return Listed("compute#machineTypeList", types, lambda found: _machine_type(ask, zone, found))


def list_machine_types_everywhere(ask: GcpAsk) -> Answer:
    types = [(zone, found) for zone in catalog.ZONES for found in catalog.machine_types(zone)]
    return Listed("compute#machineTypeAggregatedList", types, lambda pair: _machine_type(ask, *pair))


def get_gpu(ask: GcpAsk) -> Answer:
    zone, name = _known_zone(ask), str(ask.path["acceleratorType"])
    path = f"zones/{zone}/acceleratorTypes/{name}"
    if not catalog.has_gpu(zone, name):
        raise not_found(f"projects/{ask.path['project']}/{path}")
    return Done(
        {
            "kind": "compute#acceleratorType",
            "id": "10002",
            "name": name,
            "zone": link(ask.path["project"], f"zones/{zone}"),
            "maximumCardsPerInstance": 4,
            "selfLink": link(ask.path["project"], path),
        }
    )


def list_disks_everywhere(ask: GcpAsk) -> Answer:
    now = time.time()
    mine = [item for item in ask.store.all(instances.DISKS) if item["project"] == ask.path["project"]]
    listed = [item for item in mine if now < (item["gone_at"] or float("inf"))]
    return Listed("compute#diskAggregatedList", listed, lambda item: _disk(ask, item))


def get_disk(ask: GcpAsk) -> Answer:
    return Done(_disk(ask, _found_disk(ask)))


def insert_disk(ask: GcpAsk) -> Answer:
    project, zone, name = str(ask.path["project"]), _known_zone(ask), str(ask.body.get("name") or "")
    check_name(name)
    check_labels(ask.body.get("labels") or {})
    if not str(ask.body.get("sizeGb", "")).isdigit():
        raise invalid("resource.sizeGb", ask.body.get("sizeGb"), "Disk size or a source must be given.")
    with ask.store.atomic():
        if instances.find_disk(ask.store, project, zone, name):
            raise exists(f"projects/{project}/zones/{zone}/disks/{name}")
        disk: dict[str, Any] = {
            "id": new_id(ask.store),
            "project": project,
            "zone": zone,
            "name": name,
            "size_gb": int(ask.body["sizeGb"]),
            "type": str(ask.body.get("type") or "pd-standard").rpartition("/")[2],
            "architecture": "",
            "labels": dict(ask.body.get("labels") or {}),
            "user": "",
            "made_at": time.time(),
            "gone_at": None,
        }
        ask.store.put(instances.DISKS, disk["id"], disk)
        return operations.begin(ask, "insert", f"zones/{zone}/disks/{name}", disk["id"], seconds=0.05)


def delete_disk(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        disk = _found_disk(ask)
        path, project = instances.disk_path(disk), disk["project"]
        user = _user(ask, disk)
        if user:
            raise in_use(f"projects/{project}/{path}", f"projects/{project}/{user}")
        images.check_unused(ask, disk)
        ask.store.remove(instances.DISKS, disk["id"])
        return operations.begin(ask, "delete", path, disk["id"], seconds=0.05)


def _found_disk(ask: GcpAsk) -> Item:
    project, zone, name = (str(ask.path[part]) for part in ("project", "zone", "disk"))
    disk = instances.find_disk(ask.store, project, zone, name)
    if disk is None:
        raise not_found(f"projects/{project}/zones/{zone}/disks/{name}")
    return disk


def _disk(ask: GcpAsk, disk: Item) -> Item:
    project, zone = disk["project"], disk["zone"]
    item: Item = {
        "kind": "compute#disk",
        "id": disk["id"],
        "name": disk["name"],
        "creationTimestamp": instant(disk["made_at"]),
        "sizeGb": str(disk["size_gb"]),
        "status": "READY",
        "type": link(project, f"zones/{zone}/diskTypes/{disk['type']}"),
        "zone": link(project, f"zones/{zone}"),
        "labels": disk["labels"],
        "labelFingerprint": "vezUS-0000=",
        "selfLink": link(project, instances.disk_path(disk)),
    }
    user = _user(ask, disk)
    return {**item, "users": [link(project, user)]} if user else item


def _user(ask: GcpAsk, disk: Item) -> str:
    """The machine that has the disk, below the project; "" when none has."""
    user = instances.find(ask.store, disk["project"], disk["zone"], disk["user"]) if disk["user"] else None
    return f"zones/{disk['zone']}/instances/{user['name']}" if user else ""


def _region(ask: GcpAsk, name: str) -> Item:
    project = str(ask.path["project"])
    here = [item for item in _alive(ask) if item["zone"] in catalog.REGIONS[name]]
    common = [item for item in here if _type_of(item).family in ("e2", "f1", "g1", "n1")]
    n2 = [item for item in here if _type_of(item).family == "n2"]
    return {
        "kind": "compute#region",
        "id": str(1_000 + list(catalog.REGIONS).index(name)),
        "name": name,
        "description": name,
        "status": "UP",
        "creationTimestamp": instant(_SINCE),
        "zones": [link(project, f"zones/{zone}") for zone in catalog.REGIONS[name]],
        "quotas": [
            _quota("CPUS", _CPUS, sum(map(_vcpus, common))),
            _quota("N2_CPUS", _CPUS, sum(map(_vcpus, n2))),
            _quota("INSTANCES", _INSTANCES, len(here)),
            _quota("IN_USE_ADDRESSES", _ADDRESSES, len(here)),
            _quota("SSD_TOTAL_GB", _DISK_GB, 0),
            _quota("NVIDIA_T4_GPUS", _GPUS, 0),
        ],
        "supportsPzs": False,
        "selfLink": link(project, f"regions/{name}"),
    }


def _zone(ask: GcpAsk, name: str) -> Item:
    project = str(ask.path["project"])
    return {
        "kind": "compute#zone",
        "id": str(2_000 + catalog.ZONES.index(name)),
        "name": name,
        "description": name,
        "status": "UP",
        "creationTimestamp": instant(_SINCE),
        "region": link(project, f"regions/{name.rpartition('-')[0]}"),
        "selfLink": link(project, f"zones/{name}"),
    }


def _machine_type(ask: GcpAsk, zone: str, found: catalog.MachineType) -> Item:
    item: Item = {
        "kind": "compute#machineType",
        "id": str(sum(map(ord, found.name)) * 1_000 + found.vcpus),
        "name": found.name,
        "description": f"{found.vcpus} vCPU, {found.memory_mb // 1024} GB RAM",
        "creationTimestamp": instant(_SINCE),
        "guestCpus": found.vcpus,
        "memoryMb": found.memory_mb,
        "maximumPersistentDisks": 128,
        "maximumPersistentDisksSizeGb": "263168",
        "zone": zone,
        "isSharedCpu": found.shared,
        "architecture": found.architecture,
        "selfLink": link(str(ask.path["project"]), f"zones/{zone}/machineTypes/{found.name}"),
    }
    if found.gpus:
        item["accelerators"] = [{"guestAcceleratorType": found.gpu, "guestAcceleratorCount": found.gpus}]
    return item


def _known_zone(ask: GcpAsk) -> str:
    name = str(ask.path["zone"])
    if name not in catalog.ZONES:
        raise not_found(f"projects/{ask.path['project']}/zones/{name}")
    return name


def _alive(ask: GcpAsk) -> list[Item]:
    mine = [item for item in ask.store.all(instances.KIND) if item["project"] == ask.path["project"]]
    return [item for item in mine if not Timed.of(item["life"]).is_gone]


def _type_of(instance: Item) -> catalog.MachineType:
    found = catalog.machine_type(instance["zone"], instance["asked"]["machineType"].rpartition("/")[2])
    assert found is not None, "the type was there when the machine was made"
    return found


def _vcpus(instance: Item) -> int:
    return _type_of(instance).vcpus


def _quota(metric: str, limit: float, usage: float) -> Item:
    return {"metric": metric, "limit": limit, "usage": float(usage)}
