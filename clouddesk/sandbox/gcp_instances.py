"""The simulated Compute Engine's machines: making, listing, stopping, starting and deleting them."""

from __future__ import annotations

import time
from typing import Any

from clouddesk.sandbox import gcp_operations as operations
from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.gcp_checks import Wanted, check_instance, check_labels
from clouddesk.sandbox.gcp_errors import api_error, exists, not_found, not_ready
from clouddesk.sandbox.gcp_operations import GcpAsk, instant, link, new_id
from clouddesk.sandbox.rest import Answer, Done, Item, Listed
from clouddesk.sandbox.timed import Timed

KIND, DISKS = "instances", "disks"
STAGING, RUNNING, STOPPING, TERMINATED, REPAIRING = "STAGING", "RUNNING", "STOPPING", "TERMINATED", "REPAIRING"
_FINGERPRINT = "42WmSpB8rSM="


def insert(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        _forget(ask.store)
        wanted = check_instance(ask)
        project, zone = str(ask.path["project"]), str(ask.path["zone"])
        name = str(ask.body["name"])
        if find(ask.store, project, zone, name) or find_disk(ask.store, project, zone, wanted.disk_name):
            raise exists(f"projects/{project}/zones/{zone}/instances/{name}")
        high, low = divmod(ask.store.number("addresses") % (250 * 250), 250)
        life = Timed.born(ask.fate, pending=STAGING, running=RUNNING, broken=REPAIRING, boot_seconds=ask.boot_seconds)
        instance: Item = {
            "id": new_id(ask.store),
            "project": project,
            "zone": zone,
            "name": name,
            "asked": dict(ask.body),
            "labels": dict(ask.body.get("labels") or {}),
            "labels_version": 0,
            "disk": wanted.disk_name,
            "auto_delete": wanted.auto_delete,
            "made_at": time.time(),
            # 198.18.0.0/15 is set aside for tests: nobody's machine answers there.
            "address": f"198.18.{high}.{low + 2}",
            "private_address": f"10.156.{high}.{low + 2}",
            "life": life.as_dict(),
        }
        ask.store.put(KIND, instance["id"], instance)
        _make_disk(ask, wanted, instance)
        return operations.begin(ask, "insert", _path(instance), instance["id"], seconds=_operation_seconds(ask))


def get(ask: GcpAsk) -> Answer:
    return Done(shown(_found(ask)))


def list_zone(ask: GcpAsk) -> Answer:
    return Listed("compute#instanceList", [item for item in _listed(ask) if item["zone"] == ask.path["zone"]], shown)


def list_everywhere(ask: GcpAsk) -> Answer:
    return Listed("compute#instanceAggregatedList", _listed(ask), shown)


def delete(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        instance = _found(ask)
        life = Timed.of(instance["life"])
        if life.is_ending:
            raise not_ready(_name(instance))
        ending = life.ending(seconds=ask.short_seconds, meanwhile=STOPPING)
        ask.store.put(KIND, instance["id"], {**instance, "life": ending.as_dict()})
        disk = find_disk(ask.store, instance["project"], instance["zone"], instance["disk"])
        if disk is not None and instance["auto_delete"]:
            ask.store.put(DISKS, disk["id"], {**disk, "gone_at": ending.gone_at})
        return operations.begin(ask, "delete", _path(instance), instance["id"], seconds=ask.short_seconds)


def stop(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        instance, life = _steady(ask)
        if life.state not in (STOPPING, TERMINATED):
            _put(ask, instance, life.changed(TERMINATED, seconds=ask.short_seconds, meanwhile=STOPPING))
        return operations.begin(ask, "stop", _path(instance), instance["id"], seconds=ask.short_seconds)


def start(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        instance, life = _steady(ask)
        if life.state == STOPPING:
            raise not_ready(_name(instance))
        if life.state == TERMINATED:
            _put(ask, instance, life.changed(RUNNING, seconds=ask.boot_seconds, meanwhile=STAGING))
        return operations.begin(ask, "start", _path(instance), instance["id"], seconds=_operation_seconds(ask))


def reset(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        instance, life = _steady(ask)
        if life.state != RUNNING:
            raise not_ready(_name(instance))
        return operations.begin(ask, "reset", _path(instance), instance["id"], seconds=_operation_seconds(ask))


def set_labels(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        instance = _found(ask)
        if ask.body.get("labelFingerprint") != _label_fingerprint(instance):
            raise api_error(412, "conditionNotMet", "Labels fingerprint either invalid or resource labels have changed")
        labels = dict(ask.body.get("labels") or {})
        check_labels(labels)
        changed = {**instance, "labels": labels, "labels_version": instance["labels_version"] + 1}
        ask.store.put(KIND, instance["id"], changed)
        return operations.begin(ask, "setLabels", _path(instance), instance["id"], seconds=_operation_seconds(ask))


def find(store: Documents, project: str, zone: str, name_or_id: str) -> Item | None:
    """One that is not gone, by its name or its number."""
    return next(
        (
            item
            for item in store.all(KIND)
            if (item["project"], item["zone"]) == (project, zone)
            and name_or_id in (item["name"], item["id"])
            and not Timed.of(item["life"]).is_gone
        ),
        None,
    )


def find_disk(store: Documents, project: str, zone: str, name: str) -> Item | None:
    """One that is not gone."""
    found = [
        item for item in store.all(DISKS) if (item["project"], item["zone"], item["name"]) == (project, zone, name)
    ]
    return next((item for item in found if time.time() < (item["gone_at"] or float("inf"))), None)


def disk_path(disk: Item) -> str:
    """Below the project."""
    return f"zones/{disk['zone']}/disks/{disk['name']}"


def shown(instance: Item) -> Item:
    """As the API shows it."""
    project, zone, asked = instance["project"], instance["zone"], instance["asked"]
    life = Timed.of(instance["life"])
    is_up = life.state in (RUNNING, STAGING, REPAIRING, STOPPING)
    access: Item = {"kind": "compute#accessConfig", "type": "ONE_TO_ONE_NAT", "name": "External NAT"}
    access |= {"natIP": instance["address"]} if is_up else {}
    item: Item = {
        "kind": "compute#instance",
        "id": instance["id"],
        "name": instance["name"],
        "creationTimestamp": instant(instance["made_at"]),
        "status": life.state,
        "zone": link(project, f"zones/{zone}"),
        "machineType": link(project, f"zones/{zone}/machineTypes/{asked['machineType'].rpartition('/')[2]}"),
        "labels": instance["labels"],
        "labelFingerprint": _label_fingerprint(instance),
        "tags": {**(asked.get("tags") or {}), "fingerprint": _FINGERPRINT},
        "metadata": {"kind": "compute#metadata", "fingerprint": _FINGERPRINT, **(asked.get("metadata") or {})},
        "scheduling": {"provisioningModel": "STANDARD", "preemptible": False, **(asked.get("scheduling") or {})},
        "disks": [_attached(instance)],
        "networkInterfaces": [
            {
                "kind": "compute#networkInterface",
                "name": "nic0",
                "network": link(project, "global/networks/default"),
                "networkIP": instance["private_address"],
                **({"accessConfigs": [access]} if asked["networkInterfaces"][0].get("accessConfigs") else {}),
            }
        ],
        "selfLink": link(project, _path(instance)),
        "startRestricted": False,
        "deletionProtection": False,
    }
    if asked.get("guestAccelerators"):
        item["guestAccelerators"] = [
            {**one, "acceleratorType": link(project, one["acceleratorType"].rpartition("projects/")[2])}
            for one in asked["guestAccelerators"]
        ]
    return item


def machine(instance: Item) -> Item:
    """For ``/_sandbox/machines``."""
    return {
        "id": instance["id"],
        "name": instance["name"],
        "region": instance["zone"].rpartition("-")[0],
        "zone": instance["zone"],
        "size": instance["asked"]["machineType"].rpartition("/")[2],
        "image": instance["asked"]["disks"][0]["initializeParams"]["sourceImage"].rpartition("/")[2],
        "state": Timed.of(instance["life"]).state,
        "address": instance["address"],
        "private_address": instance["private_address"],
        "created_at": instant(instance["made_at"]),
        "tags": instance["labels"],
    }


def _forget(store: Documents) -> None:
    """What is gone takes time in each list."""
    for item in store.all(KIND):
        if Timed.of(item["life"]).is_gone:
            store.remove(KIND, item["id"])
    for disk in store.all(DISKS):
        if disk["gone_at"] is not None and time.time() >= disk["gone_at"]:
            store.remove(DISKS, disk["id"])
    operations.forget(store)


def _listed(ask: GcpAsk) -> list[Item]:
    mine = [item for item in ask.store.all(KIND) if item["project"] == ask.path["project"]]
    return [item for item in mine if Timed.of(item["life"]).is_listed]


def _found(ask: GcpAsk) -> Item:
    project, zone, name = (str(ask.path[part]) for part in ("project", "zone", "instance"))
    instance = find(ask.store, project, zone, name)
    if instance is None:
        raise not_found(f"projects/{project}/zones/{zone}/instances/{name}")
    return instance


def _steady(ask: GcpAsk) -> tuple[Item, Timed]:
    """One that is not being deleted."""
    instance = _found(ask)
    life = Timed.of(instance["life"])
    if life.is_ending:
        raise not_ready(_name(instance))
    return instance, life


def _put(ask: GcpAsk, instance: Item, life: Timed) -> None:
    ask.store.put(KIND, instance["id"], {**instance, "life": life.as_dict()})


def _make_disk(ask: GcpAsk, wanted: Wanted, instance: Item) -> None:
    disk: dict[str, Any] = {
        "id": new_id(ask.store),
        "project": instance["project"],
        "zone": instance["zone"],
        "name": wanted.disk_name,
        "size_gb": wanted.disk_gb,
        "type": wanted.disk_type,
        "architecture": wanted.architecture,
        "labels": wanted.disk_labels,
        "user": instance["id"],
        "made_at": instance["made_at"],
        "gone_at": None,
    }
    ask.store.put(DISKS, disk["id"], disk)


def _attached(instance: Item) -> Item:
    return {
        "kind": "compute#attachedDisk",
        "type": "PERSISTENT",
        "mode": "READ_WRITE",
        "source": link(instance["project"], f"zones/{instance['zone']}/disks/{instance['disk']}"),
        "deviceName": "persistent-disk-0",
        "index": 0,
        "boot": True,
        "autoDelete": instance["auto_delete"],
    }


def _operation_seconds(ask: GcpAsk) -> float:
    return min(0.2, ask.boot_seconds / 5)


def _label_fingerprint(instance: Item) -> str:
    return f"vezUS-{instance['labels_version']:04d}="


def _path(instance: Item) -> str:
    return f"zones/{instance['zone']}/instances/{instance['name']}"


def _name(instance: Item) -> str:
    return f"projects/{instance['project']}/{_path(instance)}"
