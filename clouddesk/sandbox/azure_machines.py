"""The simulated Azure's machines and disks: how they are made, what happens to them, how they are shown."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import datetime, timezone

from clouddesk.sandbox import azure_catalog as catalog
from clouddesk.sandbox.azure_errors import NO_PLACE, bad_parameter, conflict, no_resource, refusal
from clouddesk.sandbox.azure_groups import check_place, check_tags, group_or_refusal, living_group
from clouddesk.sandbox.azure_network import add_card, check_body
from clouddesk.sandbox.azure_orders import check_order
from clouddesk.sandbox.azure_store import (
    ADDRESSES,
    CARDS,
    DISKS,
    MACHINES,
    SUBSCRIPTION,
    Item,
    Store,
    life_of,
    settled,
    thing_id,
)
from clouddesk.sandbox.documents import Document
from clouddesk.sandbox.rest import Answer, Ask, Done, Listed
from clouddesk.sandbox.timed import Timed

# What a machine is doing, the provisioning state by which Azure shows it, and its power state.
_NEW, _PLACING, _RUNNING, _BROKEN, _UNPLACED = "new", "placing", "running", "broken", "unplaced"
_SHOWN = {
    _PLACING: ("Creating", "creating", ""),
    _NEW: ("Creating", "creating", "starting"),
    _RUNNING: ("Succeeded", "succeeded", "running"),
    _BROKEN: ("Failed", "failed/OSProvisioningTimedOut", "running"),
    _UNPLACED: ("Failed", f"failed/{NO_PLACE[0]}", ""),
    "starting": ("Updating", "updating", "starting"),
    "deallocating": ("Updating", "updating", "deallocating"),
    "deallocated": ("Succeeded", "succeeded", "deallocated"),
    "stopping": ("Updating", "updating", "stopping"),
    "stopped": ("Succeeded", "succeeded", "stopped"),
    "deleting": ("Deleting", "deleting", "running"),
}
_SAID = {
    _BROKEN: "OS Provisioning for VM did not finish in the allotted time. The VM may still finish provisioning "
    "successfully. Please check provisioning state later.",
    _UNPLACED: NO_PLACE[1],
}
_ACTIONS = {
    "start": ("starting", _RUNNING),
    "deallocate": ("deallocating", "deallocated"),
    "powerOff": ("stopping", "stopped"),
    "restart": ("", _RUNNING),
}
_PLACING_SECONDS = 0.3


def create_machine(ask: Ask[Store], *, has_place: bool = True) -> Done:
    """With its disk, card and address. ``has_place`` False: Azure accepts it, and finds no place for it."""
    name = ask.path["name"]
    check_body(ask.body, "compute.VirtualMachine")
    if not re.fullmatch(r"[a-zA-Z0-9](?:[\w.-]{0,62}[\w])?", name):
        raise bad_parameter(f"Linux VM name is invalid: {name}.", "InvalidParameter")
    region, tags = check_place(ask.body), check_tags(ask.body)
    with ask.store.atomic():
        group = living_group(ask)
        id_ = thing_id(group["name"], MACHINES, name)
        known = ask.store.thing(MACHINES, id_)
        if known is not None:
            return _update(ask, known)
        order = check_order(ask.store, ask.body, region)
        life = Timed.born(ask.fate, pending=_NEW, running=_RUNNING, broken=_BROKEN, boot_seconds=ask.boot_seconds)
        if not has_place:
            seconds = min(_PLACING_SECONDS, ask.boot_seconds)
            life = replace(life, before=_PLACING).changed(_UNPLACED, seconds=seconds, meanwhile=_PLACING)
        facts = {
            "location": region,
            "tags": tags,
            "properties": {**order.properties, "vmId": str(uuid.uuid4()), "timeCreated": _now()},
            **({"plan": ask.body["plan"]} if "plan" in ask.body else {}),
        }
        machine = {
            "id": id_,
            "name": name,
            "group": group["name"],
            "life": life.as_dict(),
            "of": "",
            "facts": facts,
            "operation": str(uuid.uuid4()),
        }
        cards = [add_card(ask.store, machine, config) for config in order.cards]
        facts["properties"]["networkProfile"] = {"networkInterfaces": cards}
        _add_disk(ask.store, machine, order.disk_gb, order.image)
    return Done(shown(machine), 201, _headers(ask, machine))


def patch_machine(ask: Ask[Store]) -> Answer:
    check_body(ask.body, "compute.VirtualMachineUpdate")
    with ask.store.atomic():
        return _update(ask, _machine(ask))


def get_machine(ask: Ask[Store]) -> Answer:
    return Done(shown(_machine(ask), with_view=ask.query.get("$expand") == "instanceView"))


def get_view(ask: Ask[Store]) -> Answer:
    return Done(_view(_machine(ask)))


def list_in_group(ask: Ask[Store]) -> Answer:
    _refuse_expand(ask)
    return Listed("value", _listed(ask.store, group_or_refusal(ask)["name"]), shown)


def list_all(ask: Ask[Store]) -> Answer:
    _refuse_expand(ask)
    show = _shown_status if ask.query.get("statusOnly", "").lower() == "true" else shown
    return Listed("value", _listed(ask.store), show)


def delete_machine(ask: Ask[Store]) -> Answer:
    with ask.store.atomic():
        group = group_or_refusal(ask)
        machine = ask.store.thing(MACHINES, thing_id(group["name"], MACHINES, ask.path["name"]))
        if machine is None:
            return Done(None, 204)
        life = life_of(machine).ending(seconds=ask.short_seconds / 2, meanwhile="deleting")
        ask.store.keep(MACHINES, {**machine, "life": life.as_dict()})
    return Done(None, 202, _headers(ask, machine))


def act(ask: Ask[Store]) -> Answer:
    """Start, restart, deallocate or power off."""
    action = next((name for name in _ACTIONS if name.lower() == ask.path["action"].lower()), None)
    if action is None:
        raise refusal(404, "InvalidResourceType", f"There is no {ask.path['action']} of a virtual machine.")
    meanwhile, after = _ACTIONS[action]
    with ask.store.atomic():
        machine = _machine(ask)
        life = life_of(machine)
        _refuse_marked(machine, action)
        if life.is_changing and life.state != _NEW and life.after != after:
            raise conflict("The request failed due to conflict with a concurrent request.")
        if action == "restart" and life.state != _RUNNING:
            said = f"Operation '{action}' is not allowed on VM '{machine['name']}' since the VM is not running."
            raise conflict(said, "OperationNotAllowed")
        if after not in (life.state, life.after):
            seconds = ask.boot_seconds if action == "start" else ask.short_seconds
            life = life.changed(after, seconds=seconds, meanwhile=meanwhile)
            ask.store.keep(MACHINES, {**machine, "life": life.as_dict()})
    return Done(None, 202, _headers(ask, machine))


def get_operation(ask: Ask[Store]) -> Answer:
    """How what was accepted goes on."""
    number = ask.path["operation"]
    machine = next((one for one in ask.store.all(MACHINES) if one["operation"] == number), None)
    facts: Item = {"startTime": _now(), "name": number, "status": "Succeeded"}
    if machine is not None:
        life = life_of(machine)
        if life.state in (_BROKEN, _UNPLACED):
            code = _SHOWN[life.state][1].partition("/")[2]
            facts |= {"status": "Failed", "error": {"code": code, "message": _SAID[life.state]}}
        elif life.is_changing or (life.is_ending and not life.is_gone):
            facts["status"] = "InProgress"
    return Done(facts)


def create_disk(ask: Ask[Store]) -> Answer:
    """An empty one, as people add them by hand."""
    check_body(ask.body, "compute.Disk")
    region, tags = check_place(ask.body), check_tags(ask.body)
    properties = ask.body.get("properties") or {}
    if (properties.get("creationData") or {}).get("createOption") != "Empty" or not properties.get("diskSizeGB"):
        raise bad_parameter("Required parameter 'disk.diskSizeGb' is missing (null).")
    with ask.store.atomic():
        group = living_group(ask)
        disk = {
            "id": thing_id(group["name"], DISKS, ask.path["name"]),
            "name": ask.path["name"],
            "group": group["name"],
            "life": settled(),
            "of": "",
            "facts": {
                "location": region,
                "tags": tags,
                "sku": ask.body.get("sku") or {"name": "Standard_LRS"},
                "managedBy": "",
                "properties": dict(properties),
            },
        }
        ask.store.keep(DISKS, disk)
    return Done(_shown_disk(disk), 201)


def get_disk(ask: Ask[Store]) -> Answer:
    return Done(_shown_disk(_disk(ask)))


def list_disks_in_group(ask: Ask[Store]) -> Answer:
    return Listed("value", ask.store.things(DISKS, group_or_refusal(ask)["name"]), _shown_disk)


def list_disks(ask: Ask[Store]) -> Answer:
    return Listed("value", ask.store.things(DISKS), _shown_disk)


def delete_disk(ask: Ask[Store]) -> Answer:
    with ask.store.atomic():
        disk = ask.store.thing(DISKS, thing_id(group_or_refusal(ask)["name"], DISKS, ask.path["name"]))
        if disk is None:
            return Done(None, 204)
        if disk["facts"]["managedBy"]:
            said = f"Disk {disk['name']} is attached to VM {disk['facts']['managedBy']}."
            raise conflict(said, "OperationNotAllowed")
        ask.store.drop(DISKS, disk["id"])
    return Done(None, 202)


def shown(machine: Document, *, with_view: bool = False) -> Item:
    facts = machine["facts"]
    properties = {**facts["properties"], "provisioningState": _SHOWN[life_of(machine).state][0]}
    if with_view:
        properties["instanceView"] = _view(machine)
    return {"id": machine["id"], "name": machine["name"], "type": MACHINES, **facts, "properties": properties}


def machines(store: Store) -> list[Item]:
    """For ``/_sandbox/machines``."""
    cards = {item["of"]: item["facts"]["properties"]["ipConfigurations"][0] for item in store.things(CARDS)}
    public = {item["of"]: item["facts"]["properties"]["ipAddress"] for item in store.things(ADDRESSES)}
    return [
        {
            "id": machine["facts"]["properties"]["vmId"],
            "name": machine["name"],
            "region": machine["facts"]["location"],
            "size": machine["facts"]["properties"]["hardwareProfile"]["vmSize"],
            "image": _image_name(machine),
            "state": life_of(machine).state,
            "address": public.get(machine["id"].lower()),
            "private_address": cards[machine["id"].lower()]["properties"]["privateIPAddress"],
            "created_at": machine["facts"]["properties"]["timeCreated"],
            "tags": machine["facts"]["tags"],
        }
        for machine in store.things(MACHINES)
    ]


def _update(ask: Ask[Store], machine: Document) -> Done:
    """Only its tags can change here."""
    if ask.request.headers.get("If-None-Match") == "*":
        said = f"The resource '{machine['name']}' exists already, which the condition 'If-None-Match' excludes."
        raise refusal(412, "PreconditionFailed", said)
    _refuse_marked(machine, "update")
    size = ((ask.body.get("properties") or {}).get("hardwareProfile") or {}).get("vmSize")
    if size not in (None, machine["facts"]["properties"]["hardwareProfile"]["vmSize"]):
        raise conflict("Changing property 'hardwareProfile.vmSize' is not simulated.", "PropertyChangeNotAllowed")
    if "tags" in ask.body:
        machine["facts"]["tags"] = check_tags(ask.body)
        ask.store.keep(MACHINES, machine)
    return Done(shown(machine))


def _refuse_marked(machine: Document, action: str) -> None:
    if life_of(machine).is_ending:
        said = (
            f"Operation '{action}' is not allowed on VM '{machine['name']}' since the VM is marked for deletion. "
            "You can only retry the Delete operation (or wait for an ongoing one to complete)."
        )
        raise conflict(said, "OperationNotAllowed")


def _refuse_expand(ask: Ask[Store]) -> None:
    if "$expand" in ask.query and "$filter" not in ask.query:
        raise bad_parameter("Expand parameter is not supported without a filter.")


def _machine(ask: Ask[Store]) -> Document:
    group = group_or_refusal(ask)
    machine = ask.store.thing(MACHINES, thing_id(group["name"], MACHINES, ask.path["name"]))
    if machine is None:
        raise no_resource(MACHINES, ask.path["name"], group["name"])
    return machine


def _disk(ask: Ask[Store]) -> Document:
    group = group_or_refusal(ask)
    disk = ask.store.thing(DISKS, thing_id(group["name"], DISKS, ask.path["name"]))
    if disk is None:
        raise no_resource(DISKS, ask.path["name"], group["name"])
    return disk


def _listed(store: Store, group: str | None = None) -> list[Document]:
    return [machine for machine in store.things(MACHINES, group) if life_of(machine).is_listed]


def _view(machine: Document) -> Item:
    state = life_of(machine).state
    _, provisioning, power = _SHOWN[state]
    failed = {"level": "Error", "message": _SAID[state]} if state in _SAID else {"level": "Info"}
    kind, _, reason = provisioning.partition("/")
    statuses = [
        {
            "code": f"ProvisioningState/{provisioning}",
            "displayStatus": f"Provisioning {kind}" if not reason else "Provisioning failed",
            "time": _now(),
            **failed,
        }
    ]
    if power:
        statuses.append({"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"})
    return {"statuses": statuses}


def _shown_status(machine: Document) -> Item:
    """How it is, without what it is. Azure spells groups in capital letters there."""
    id_ = machine["id"].replace(f"/{machine['group']}/", f"/{machine['group'].upper()}/")
    return {
        "id": id_,
        "name": machine["name"],
        "type": MACHINES,
        "location": machine["facts"]["location"],
        "properties": {"vmId": machine["facts"]["properties"]["vmId"], "instanceView": _view(machine)},
    }


def _add_disk(store: Store, machine: Document, disk_gb: int, image: catalog.PlatformImage) -> None:
    profile = machine["facts"]["properties"]["storageProfile"]["osDisk"]
    name = profile.get("name") or f"{machine['name']}_OsDisk_1_{uuid.uuid4().hex}"
    ends = profile.get("deleteOption", "Detach") == "Delete"
    disk = {
        "id": thing_id(machine["group"], DISKS, name),
        "name": name,
        "group": machine["group"],
        "life": settled(),
        "of": machine["id"].lower() if ends else "",
        "facts": {
            "location": machine["facts"]["location"],
            "managedBy": machine["id"],
            "sku": {"name": (profile.get("managedDisk") or {}).get("storageAccountType", "Standard_LRS")},
            "properties": {
                "osType": "Linux",
                "diskSizeGB": disk_gb,
                "hyperVGeneration": image.generation,
                "creationData": {"createOption": "FromImage"},
            },
        },
    }
    store.keep(DISKS, disk)
    profile |= {"name": name, "diskSizeGB": disk_gb, "osType": "Linux"}
    profile["managedDisk"] = {"storageAccountType": disk["facts"]["sku"]["name"], "id": disk["id"]}
    store.keep(MACHINES, machine)


def _shown_disk(disk: Document) -> Item:
    facts = {name: value for name, value in disk["facts"].items() if value != ""}
    state = "Attached" if disk["facts"]["managedBy"] else "Unattached"
    properties = {**facts["properties"], "diskState": state, "provisioningState": "Succeeded"}
    return {"id": disk["id"], "name": disk["name"], "type": DISKS, **facts, "properties": properties}


def _image_name(machine: Document) -> str:
    found = machine["facts"]["properties"]["storageProfile"]["imageReference"]
    return ":".join(str(found[part]) for part in ("publisher", "offer", "sku", "version"))


def _headers(ask: Ask[Store], machine: Document) -> dict[str, str]:
    place = f"{ask.request.host_url}subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/"
    url = f"{place}{machine['facts']['location']}/operations/{machine['operation']}"
    return {"Azure-AsyncOperation": f"{url}?api-version={ask.query['api-version']}", "Retry-After": "10"}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()
