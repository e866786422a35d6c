"""Servers of the simulated OpenStack, as Nova has them."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
import uuid
from dataclasses import replace
from typing import Any

from clouddesk.sandbox import openstack_images as images
from clouddesk.sandbox.faults import Fate
from clouddesk.sandbox.openstack_catalog import FLAVORS, PROJECT
from clouddesk.sandbox.openstack_errors import refusal
from clouddesk.sandbox.openstack_store import Ask, instant
from clouddesk.sandbox.rest import Answer, Documents, Done, Item, Listed
from clouddesk.sandbox.timed import Timed

SERVERS, PORTS, ADDRESSES = "servers", "ports", "floatingips"
BUILD, ACTIVE, SHUTOFF, ERROR = "BUILD", "ACTIVE", "SHUTOFF", "ERROR"
_DELETING = "deleting"
LIMITS = {"Instances": 300, "Cores": 2_000, "RAMSize": 8_000_000}
_FIELDS = {
    "name", "flavorRef", "imageRef", "networks", "tags", "user_data", "block_device_mapping_v2", "metadata", "key_name",
    "availability_zone", "config_drive", "description", "security_groups", "adminPass", "accessIPv4", "accessIPv6",
    "min_count", "max_count", "return_reservation_id", "OS-DCF:diskConfig",
}  # fmt: skip
_NETWORK_FIELDS = {"port", "uuid", "fixed_ip", "tag"}
_DEVICE_FIELDS = {
    "boot_index", "uuid", "source_type", "destination_type", "volume_size", "delete_on_termination", "device_name",
    "disk_bus", "device_type", "guest_format", "tag", "no_device",
}  # fmt: skip
_MOST_TAGS, _LONGEST_TAG, _LONGEST_NAME, _LONGEST_USER_DATA = 50, 60, 255, 65_535
_LONGEST_PLACING_SECONDS = 0.2
_NO_HOST = "No valid host was found. There are not enough hosts available."
_ABORTED = "Build of instance {id} aborted: Failed to allocate the network(s), not rescheduling."


def alive(store: Documents) -> list[Item]:
    """All that exist, also those in no list; what is gone is forgotten, and lets its ports go."""
    found = []
    for item in store.all(SERVERS):
        if not Timed.of(item["life"]).is_gone:
            found.append(item)
            continue
        with store.atomic():
            store.remove(SERVERS, item["id"])
            for port in store.all(PORTS):
                if port["device_id"] == item["id"]:
                    store.put(PORTS, port["id"], {**port, "device_id": "", "device_owner": "", "status": "DOWN"})
    return found


def list_servers(ask: Ask) -> Answer:
    wanted = set(filter(None, ask.query.get("tags", "").split(",")))
    found = [
        item
        for item in alive(ask.store)
        if item["region"] == ask.path["region"]
        and Timed.of(item["life"]).is_listed
        and wanted <= set(item["tags"])
        and ask.query.get("name", "") in item["name"]
    ]
    # Newest first.
    return Listed("servers", found[::-1], lambda item: shown(ask.store, item))


def create_server(ask: Ask, *, has_place: bool = True) -> Done:
    with ask.store.atomic():
        facts = _order(ask)
        _check_limits(ask, FLAVORS[facts["flavor"]])
        id_ = str(uuid.uuid4())
        fate = ask.fate if has_place else replace(Fate(), is_broken=True)
        placing_seconds = min(_LONGEST_PLACING_SECONDS, ask.boot_seconds)
        life = Timed.born(
            fate,
            pending=BUILD,
            running=ACTIVE,
            broken=ERROR,
            boot_seconds=ask.boot_seconds if has_place else placing_seconds,
        )
        item = {
            "id": id_,
            "region": ask.path["region"],
            "owner": ask.owner,
            **facts,
            "created": instant(),
            "placed_at": time.time() + placing_seconds,
            "fault": "" if not fate.is_broken else _ABORTED.format(id=id_) if has_place else _NO_HOST,
            "life": life.as_dict(),
        }
        ask.store.put(SERVERS, id_, item)
        for port_id in facts["ports"]:
            port = _port(ask, port_id)
            bound = {"device_id": id_, "device_owner": "compute:nova", "status": "ACTIVE"}
            ask.store.put(PORTS, port_id, {**port, **bound})
    answer = {
        "id": id_,
        "adminPass": secrets.token_urlsafe(9),
        "OS-DCF:diskConfig": "MANUAL",
        "security_groups": [{"name": "default"}],
        "links": _links(ask, id_),
    }
    return Done({"server": answer}, 202)


def get_server(ask: Ask) -> Answer:
    return Done({"server": shown(ask.store, server(ask))})


def delete_server(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = server(ask)
        life = Timed.of(item["life"])
        # One that has no host is just forgotten.
        seconds = 0.0 if life.state == ERROR and item["fault"] == _NO_HOST else ask.short_seconds
        images.abandon(ask.store, item["id"])
        change(ask, item, life.ending(seconds=seconds, meanwhile=f"{life.state.partition(' ')[0]} {_DELETING}"))
    return Done(status=204)


def limits(ask: Ask) -> Answer:
    used = [FLAVORS[item["flavor"]] for item in alive(ask.store) if item["region"] == ask.path["region"]]
    absolute = {
        "maxTotalInstances": LIMITS["Instances"],
        "maxTotalCores": LIMITS["Cores"],
        "maxTotalRAMSize": LIMITS["RAMSize"],
        "totalInstancesUsed": len(used),
        "totalCoresUsed": sum(item["vcpus"] for item in used),
        "totalRAMUsed": sum(item["ram"] for item in used),
        "maxTotalKeypairs": 100,
        "maxServerMeta": 128,
        "maxServerGroups": 10,
        "maxServerGroupMembers": 10,
        "totalServerGroupsUsed": 0,
    }
    return Done({"limits": {"rate": [], "absolute": absolute}})


def machines(store: Documents) -> list[Item]:
    """For ``/_sandbox/machines``."""
    found = []
    for item in alive(store):
        addresses = [entry for entries in _addresses(store, item).values() for entry in entries]
        at = {entry["OS-EXT-IPS:type"]: entry["addr"] for entry in addresses}
        found.append(
            {
                "id": item["id"],
                "name": item["name"],
                "region": item["region"],
                "size": FLAVORS[item["flavor"]]["name"],
                "image": item["image"],
                "state": Timed.of(item["life"]).state,
                "address": at.get("floating"),
                "private_address": at.get("fixed"),
                "created_at": item["created"],
                "tags": dict(tag.partition(":")[::2] for tag in item["tags"]),
                "user_data": item["user_data"],
                "volume_gb": item["volume_gb"],
            }
        )
    return found


def server(ask: Ask) -> Item:
    """The one that the address names. Raises its refusal."""
    for item in alive(ask.store):
        if item["id"] == ask.path["id"] and item["region"] == ask.path["region"]:
            return item
    raise refusal(404, f"Instance {ask.path['id']} could not be found.")


def shown(store: Documents, item: Item) -> Item:
    """As the API shows it from microversion 2.61 on."""
    life = Timed.of(item["life"])
    status, _, task = life.state.partition(" ")
    if status == BUILD and not task:
        task = "scheduling" if time.time() < item["placed_at"] else "spawning"
    flavor = FLAVORS[item["flavor"]]
    content: Item = {
        "id": item["id"],
        "name": item["name"],
        "status": status,
        "OS-EXT-STS:task_state": task or None,
        "OS-EXT-STS:vm_state": {BUILD: "building", SHUTOFF: "stopped"}.get(status, status.lower()),
        "OS-EXT-STS:power_state": {ACTIVE: 1, SHUTOFF: 4}.get(status, 0),
        "OS-EXT-AZ:availability_zone": "" if status == BUILD else "nova",
        "OS-SRV-USG:launched_at": None if status in (BUILD, ERROR) else item["created"].removesuffix("Z") + ".000000",
        "OS-SRV-USG:terminated_at": None,
        "OS-DCF:diskConfig": "MANUAL",
        "os-extended-volumes:volumes_attached": [],
        "tenant_id": PROJECT["id"],
        "user_id": uuid.uuid5(uuid.NAMESPACE_URL, item["owner"]).hex,
        "hostId": "" if status in (BUILD, ERROR) else f"{int(str(PROJECT['id']), 16):056x}",
        "accessIPv4": "",
        "accessIPv6": "",
        "addresses": {} if status in (BUILD, ERROR) else _addresses(store, item),
        "config_drive": "",
        "created": item["created"],
        "updated": item["created"],
        "description": None,
        "flavor": {
            "original_name": flavor["name"],
            "vcpus": flavor["vcpus"],
            "ram": flavor["ram"],
            "disk": flavor["disk"],
            "ephemeral": 0,
            "swap": 0,
            "extra_specs": flavor["extra_specs"],
        },
        "image": "" if item["volume_gb"] else {"id": item["image"], "links": []},
        "key_name": None,
        "locked": False,
        "metadata": item["metadata"],
        "security_groups": [{"name": "default"}],
        "tags": item["tags"],
        "links": [],
    }
    if status == ERROR:
        content["fault"] = {"code": 500, "created": item["created"], "message": item["fault"]}
    elif status != SHUTOFF:
        content["progress"] = 100 if status == ACTIVE else 0
    return content


def _addresses(store: Documents, item: Item) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    floating = {entry["port_id"]: entry for entry in store.all(ADDRESSES)}
    for port in store.all(PORTS):
        if port["device_id"] != item["id"]:
            continue
        mac = {"OS-EXT-IPS-MAC:mac_addr": port["mac_address"], "version": 4}
        entries = found.setdefault(port["network_name"], [])
        entries += [{**mac, "addr": fixed["ip_address"], "OS-EXT-IPS:type": "fixed"} for fixed in port["fixed_ips"]]
        if port["id"] in floating:
            address = floating[port["id"]]["floating_ip_address"]
            entries.append({**mac, "addr": address, "OS-EXT-IPS:type": "floating"})
    return found


def _order(ask: Ask) -> dict[str, Any]:
    """The facts of an order that Nova would take."""
    body = ask.body.get("server")
    if not isinstance(body, dict) or set(ask.body) - {"server", "os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"}:
        raise refusal(400, "Invalid input for field/attribute server.")
    _only(body, _FIELDS)
    name = body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME or name != name.strip():
        raise refusal(400, f"Invalid input for field/attribute name. Value: {name}.")
    flavor = FLAVORS.get(str(body.get("flavorRef")))
    if flavor is None:
        raise refusal(400, f"Flavor {body.get('flavorRef')} could not be found.")
    image, volume_gb = _disk(ask, body, flavor)
    return {
        "name": name,
        "flavor": flavor["id"],
        "image": image,
        "volume_gb": volume_gb,
        "ports": _ports(ask, body),
        "tags": _tags(body.get("tags") or []),
        "metadata": dict(body.get("metadata") or {}),
        "user_data": _user_data(body.get("user_data")),
    }


def _only(body: Item, known: set[str]) -> None:
    unknown = sorted(set(body) - known)
    if unknown:
        raise refusal(400, f"Additional properties are not allowed ('{unknown[0]}' was unexpected)")


def _disk(ask: Ask, body: Item, flavor: Item) -> tuple[str, int]:
    """The image, and how large the volume of it is, 0 for a disk of the flavor's own."""
    devices = body.get("block_device_mapping_v2") or []
    for device in devices:
        _only(device, _DEVICE_FIELDS)
    root = next((device for device in devices if device.get("boot_index") == 0), None)
    image_id = str((root or {}).get("uuid") or body.get("imageRef") or "")
    image = images.find(ask, image_id)
    if image is None:
        raise refusal(400, f"Invalid imageRef provided. Image {image_id} could not be found.")
    if image["status"] != "active":
        raise refusal(400, f"Image {image_id} is not active.")
    if root is None:
        if flavor["disk"] == 0:
            said = "Only volume-backed servers are allowed for flavors with zero disk."
            raise refusal(403, said)
        if flavor["disk"] < image["min_disk"]:
            raise refusal(400, "Flavor's disk is too small for requested image.")
        return image_id, 0
    volume_gb = root.get("volume_size")
    if root.get("source_type") != "image" or root.get("destination_type") != "volume" or not isinstance(volume_gb, int):
        raise refusal(400, "Block Device Mapping is Invalid.")
    if volume_gb < image["min_disk"]:
        raise refusal(400, "Volume is smaller than the minimum size specified in image metadata.")
    return image_id, volume_gb


def _ports(ask: Ask, body: Item) -> list[str]:
    networks = body.get("networks")
    if not isinstance(networks, list) or not networks:
        raise refusal(400, "Invalid input for field/attribute server. 'networks' is a required property")
    found = []
    for network in networks:
        _only(network, _NETWORK_FIELDS)
        if "port" not in network:
            raise refusal(400, "This simulated cloud takes ports only.")
        port = _port(ask, network["port"])
        if port["device_id"]:
            raise refusal(409, f"Port {port['id']} is still in use.")
        found.append(str(port["id"]))
    return found


def _port(ask: Ask, id_: str) -> Item:
    port = ask.store.get(PORTS, id_)
    if port is None or port["region"] != ask.path["region"]:
        raise refusal(400, f"Port id {id_} could not be found.")
    return port


def _tags(wanted: Any) -> list[str]:
    if not isinstance(wanted, list) or len(wanted) > _MOST_TAGS:
        raise refusal(400, f"Invalid input for field/attribute tags. At most {_MOST_TAGS}.")
    for tag in wanted:
        if not isinstance(tag, str) or not 1 <= len(tag) <= _LONGEST_TAG or "/" in tag or "," in tag:
            raise refusal(400, f"Invalid input for field/attribute tags. Value: {tag}.")
    return list(dict.fromkeys(wanted))


def _user_data(text: Any) -> str:
    if text is None:
        return ""
    try:
        if len(text) > _LONGEST_USER_DATA:
            raise ValueError
        return base64.b64decode(text, validate=True).decode()
    except (TypeError, ValueError, binascii.Error):
        raise refusal(400, "Invalid input for field/attribute user_data.") from None


def _check_limits(ask: Ask, flavor: Item) -> None:
    used = [FLAVORS[item["flavor"]] for item in alive(ask.store) if item["region"] == ask.path["region"]]
    for name, most, before, more in (
        ("instances", LIMITS["Instances"], len(used), 1),
        ("cores", LIMITS["Cores"], sum(item["vcpus"] for item in used), flavor["vcpus"]),
        ("ram", LIMITS["RAMSize"], sum(item["ram"] for item in used), flavor["ram"]),
    ):
        if before + more > most:
            said = f"Quota exceeded for {name}: Requested {more}, but already used {before} of {most} {name}"
            raise refusal(403, said)


def change(ask: Ask, item: Item, life: Timed) -> None:
    item["life"] = life.as_dict()
    ask.store.put(SERVERS, item["id"], item)


def _links(ask: Ask, id_: str) -> list[Item]:
    return [{"rel": "self", "href": f"{ask.request.base_url}/{id_}"}]
