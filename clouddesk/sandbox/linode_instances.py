"""Machines of the simulated Linode, and the events that tell what became of them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from clouddesk.sandbox.linode_catalog import IMAGES, REGIONS, TYPES, is_sold
from clouddesk.sandbox.linode_errors import busy, no_capacity, not_found, over_limit, refusal
from clouddesk.sandbox.linode_fields import Ask, instant, label, only, tags
from clouddesk.sandbox.rest import Answer, Documents, Done, Item, Listed
from clouddesk.sandbox.timed import Timed, living

KIND, EVENTS = "instances", "events"
PROVISIONING, RUNNING, OFFLINE = "provisioning", "running", "offline"
LIMIT = 300
"""How many machines the account may have."""

_FIRST_INSTANCE, _FIRST_EVENT = 81_000_000, 900_000_000
_FIELDS = {
    "region", "type", "image", "label", "tags", "root_pass", "authorized_keys", "authorized_users", "firewall_id",
    "interfaces", "metadata", "booted", "backups_enabled", "private_ip", "swap_size", "disk_encryption",
    "interface_generation", "network_helper", "maintenance_policy",
}  # fmt: skip
_INTERFACE_FIELDS = {"purpose", "subnet_id", "primary", "ipv4", "ip_ranges", "label", "ipam_address"}
_MOST_EVENTS = 2_000
"""Older ones are forgotten."""
_LONGEST_USER_DATA = 65_535
_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 11, 128


def alive(store: Documents) -> list[Item]:
    """All that exist, also those in no list; what is gone is forgotten, and frees its volumes."""
    return living(store, KIND)


def list_instances(ask: Ask) -> Answer:
    return Listed("data", [item for item in alive(ask.store) if Timed.of(item["life"]).is_listed], shown)


def create_instance(ask: Ask) -> Answer:
    only(ask.body, _FIELDS)
    with ask.store.atomic():
        facts = _order(ask)
        if len(alive(ask.store)) >= LIMIT:
            raise over_limit()
        id_ = ask.store.number(KIND, _FIRST_INSTANCE)
        life = Timed.born(
            ask.fate, pending=PROVISIONING, running=RUNNING, broken=PROVISIONING, boot_seconds=ask.boot_seconds
        )
        item = {
            "id": id_,
            "label": label(ask, KIND, f"linode{id_}"),
            **facts,
            "created": instant(),
            "life": life.as_dict(),
        }
        ask.store.put(KIND, id_, item)
        _tell(ask, item, "linode_create", "failed" if ask.fate.is_broken else "finished")
    return Done(shown(item))


def get_instance(ask: Ask) -> Answer:
    return Done(shown(instance(ask)))


def update_instance(ask: Ask) -> Answer:
    only(ask.body, {"label", "tags", "group", "alerts", "backups", "watchdog_enabled"})
    with ask.store.atomic():
        item = instance(ask)
        if ask.body.get("label", item["label"]) != item["label"]:
            item["label"] = label(ask, KIND, item["label"])
        if "tags" in ask.body:
            item["tags"] = tags(ask)
        ask.store.put(KIND, item["id"], item)
    return Done(shown(item))


def delete_instance(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = instance(ask)
        _change(ask, item, Timed.of(item["life"]).ending(seconds=ask.short_seconds, meanwhile="deleting"))
        _tell(ask, item, "linode_delete", "finished")
    return Done({})


def boot(ask: Ask) -> Answer:
    return _act(ask, OFFLINE, "is already booted.", "booting", RUNNING, ask.boot_seconds)


def shut_down(ask: Ask) -> Answer:
    return _act(ask, RUNNING, "is already offline.", "shutting_down", OFFLINE, ask.short_seconds)


def reboot(ask: Ask) -> Answer:
    return _act(ask, RUNNING, "is not running.", "rebooting", RUNNING, ask.boot_seconds)


def list_events(ask: Ask) -> Answer:
    """Newest first."""
    return Listed("data", ask.store.all(EVENTS)[::-1], _event)


def machines(store: Documents) -> list[Item]:
    """For ``/_sandbox/machines``."""
    return [
        {
            "id": str(item["id"]),
            "name": item["label"],
            "region": item["region"],
            "size": item["type"],
            "image": item["image"],
            "state": Timed.of(item["life"]).state,
            "address": _address(item),
            "private_address": item["vpc"]["address"] if item["vpc"] else None,
            "created_at": f"{item['created']}Z",
            "tags": dict(tag.partition(":")[::2] for tag in item["tags"]),
        }
        for item in alive(store)
    ]


def instance(ask: Ask) -> Item:
    """The one that the address names. Raises not_found."""
    found = next((item for item in alive(ask.store) if item["id"] == ask.path["id"]), None)
    if found is None:
        raise not_found()
    return found


def shown(item: Item) -> Item:
    """As the API shows it."""
    type_ = TYPES[item["type"]]
    return {
        "id": item["id"],
        "label": item["label"],
        "group": "",
        "status": Timed.of(item["life"]).state,
        "created": item["created"],
        "updated": item["created"],
        "type": item["type"],
        "ipv4": [_address(item)],
        "ipv6": f"2600:3c0f::{item['id'] % 65_536:x}/128",
        "image": item["image"],
        "region": item["region"],
        "site_type": "core",
        "specs": {name: type_[name] for name in ("disk", "memory", "vcpus", "gpus", "accelerated_devices", "transfer")},
        "alerts": {"cpu": 90, "network_in": 10, "network_out": 10, "transfer_quota": 80, "io": 10_000},
        "backups": {"enabled": False, "available": False, "schedule": {"day": None, "window": None}},
        "hypervisor": "kvm",
        "watchdog_enabled": True,
        "tags": item["tags"],
        "host_uuid": f"{item['id']:040x}",
        "has_user_data": item["has_user_data"],
        "placement_group": None,
        "disk_encryption": "enabled",
        "lke_cluster_id": None,
        "capabilities": [],
        "locks": [],
        "interface_generation": "legacy_config",
        "maintenance_policy": "linode/migrate",
    }


def _address(item: Item) -> str:
    # 198.18.0.0/15 is set aside for tests: nobody's machine answers there.
    high, low = divmod(item["id"] % 62_500, 250)
    return f"198.19.{high}.{low + 2}"


def _order(ask: Ask) -> dict[str, Any]:
    """The facts of an order that Linode would take."""
    body = ask.body
    region, type_, image = str(body.get("region")), str(body.get("type")), body.get("image")
    if region not in REGIONS:
        raise refusal("Region is not valid", "region")
    if type_ not in TYPES:
        raise refusal("A valid plan type by that ID was not found", "type")
    if image is not None and image not in IMAGES:
        raise refusal("Image is not valid", "image")
    if not is_sold(type_, region):
        raise no_capacity()
    password = body.get("root_pass")
    if image is not None and not body.get("authorized_keys") and password is None:
        raise refusal("root_pass is required", "root_pass")
    if password is not None and not (
        isinstance(password, str) and _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD
    ):
        raise refusal("Password does not meet complexity requirements", "root_pass")
    firewall = body.get("firewall_id")
    if firewall is not None and ask.store.get("firewalls", firewall) is None:
        raise refusal("Firewall is not valid", "firewall_id")
    return {
        "region": region,
        "type": type_,
        "image": image,
        "tags": tags(ask),
        "authorized_keys": _keys(body.get("authorized_keys") or []),
        "firewall": firewall,
        "vpc": _vpc_interface(ask, region),
        "has_user_data": _has_user_data(body.get("metadata") or {}),
    }


def _keys(wanted: Any) -> list[str]:
    for key in wanted:
        words = key.split() if isinstance(key, str) else []
        try:
            base64.b64decode(words[1], validate=True)
        except (IndexError, binascii.Error):
            raise refusal("SSH key is not valid", "authorized_keys") from None
    return list(wanted)


def _has_user_data(metadata: Any) -> bool:
    text = metadata.get("user_data") if isinstance(metadata, dict) else None
    if not text:
        return False
    try:
        content = base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise refusal("Must be base64 encoded", "metadata.user_data") from None
    if len(content) > _LONGEST_USER_DATA:
        raise refusal(f"Must be at most {_LONGEST_USER_DATA} bytes", "metadata.user_data")
    return True


def _vpc_interface(ask: Ask, region: str) -> Item | None:
    """The interface in a VPC, with the next free address of its subnet."""
    wanted = ask.body.get("interfaces") or []
    for interface in wanted:
        only(interface, _INTERFACE_FIELDS)
        if interface.get("purpose") not in ("public", "vlan", "vpc"):
            raise refusal("Must be one of public, vlan, vpc", "interfaces[0].purpose")
    found = next((interface for interface in wanted if interface["purpose"] == "vpc"), None)
    if found is None:
        return None
    vpc = next(
        (vpc for vpc in ask.store.all("vpcs") for net in vpc["subnets"] if net["id"] == found.get("subnet_id")), None
    )
    if vpc is None or vpc["region"] != region:
        raise refusal("Subnet must exist in the Linode's region", "interfaces[0].subnet_id")
    subnet = next(net for net in vpc["subnets"] if net["id"] == found["subnet_id"])
    prefix = subnet["ipv4"].rpartition(".")[0]
    taken = {item["vpc"]["address"] for item in alive(ask.store) if item["vpc"] and item["vpc"]["id"] == vpc["id"]}
    address = next((f"{prefix}.{low}" for low in range(2, 255) if f"{prefix}.{low}" not in taken), None)
    if address is None:
        raise refusal("Subnet has no free address", "interfaces[0].subnet_id")
    return {"id": vpc["id"], "subnet": subnet["id"], "address": address}


def _act(ask: Ask, needed: str, refused: str, meanwhile: str, after: str, seconds: float) -> Answer:
    with ask.store.atomic():
        item = instance(ask)
        life = Timed.of(item["life"])
        if life.is_changing or life.is_ending:
            raise busy()
        if life.state != needed:
            raise refusal(f"Linode {item['id']} {refused}")
        _change(ask, item, life.changed(after, seconds=seconds, meanwhile=meanwhile))
        _tell(ask, item, f"linode_{meanwhile}", "finished")
    return Done({})


def _change(ask: Ask, item: Item, life: Timed) -> None:
    item["life"] = life.as_dict()
    ask.store.put(KIND, item["id"], item)


def _tell(ask: Ask, item: Item, action: str, outcome: str) -> None:
    id_ = ask.store.number(EVENTS, _FIRST_EVENT)
    told = {
        "id": id_,
        "action": action,
        "outcome": outcome,
        "entity": {
            "id": item["id"],
            "label": item["label"],
            "type": "linode",
            "url": f"/v4/linode/instances/{item['id']}",
        },
        "created": instant(),
        "username": ask.owner,
        "life": item["life"],
    }
    ask.store.put(EVENTS, id_, told)
    ask.store.remove(EVENTS, id_ - _MOST_EVENTS)


def _event(event: Item) -> Item:
    is_done = not Timed.of(event["life"]).is_changing
    content = {name: event[name] for name in ("id", "action", "entity", "created", "username")}
    return {
        **content,
        "status": event["outcome"] if is_done else "started",
        "percent_complete": 100 if is_done else 50,
        "secondary_entity": None,
        "message": "",
        "read": False,
        "seen": False,
        "rate": None,
        "time_remaining": None,
        "duration": 0,
        "details": None,
    }
