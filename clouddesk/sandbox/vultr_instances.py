"""Machines of the simulated Vultr."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

from clouddesk.sandbox.rest import Answer, Documents, Done, Item, Listed
from clouddesk.sandbox.timed import Timed, living
from clouddesk.sandbox.vultr_catalog import PLANS, SYSTEMS
from clouddesk.sandbox.vultr_errors import no_capacity, not_found, over_limit, refusal
from clouddesk.sandbox.vultr_fields import SNAPSHOTS, Ask, new_id, now, only, region, text

KIND = "instances"
LIMIT = 300
"""How many machines the account may have."""
PENDING, RUNNING, STOPPED, SUSPENDED = "pending", "running", "stopped", "suspended"

_FIELDS = {
    "region", "plan", "os_id", "label", "hostname", "tags", "tag", "sshkey_id", "user_data", "firewall_group_id",
    "attach_vpc", "enable_vpc", "vpc_only", "backups", "enable_ipv6", "activation_email", "ddos_protection",
    "script_id", "snapshot_id", "iso_id", "app_id", "image_id", "ipxe_chain_url", "reserved_ipv4",
    "disable_public_ipv4", "user_scheme", "app_variables", "block_devices",
}  # fmt: skip
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
_NOT_INSTALLED = ("", "iso", "snapshot", "backup", "application")
"""Families that need something else to be made of."""
_NO_SYSTEM = {"family": ""}
_NO_ADDRESS = "0.0.0.0"  # noqa: S104 - what Vultr says before there is one


def alive(store: Documents) -> list[Item]:
    """All that exist, also those in no list; what is gone is forgotten."""
    return living(store, KIND)


def list_instances(ask: Ask) -> Answer:
    found = [item for item in alive(ask.store) if Timed.of(item["life"]).is_listed]
    if "tag" in ask.query:
        found = [item for item in found if ask.query["tag"] in item["tags"]]
    for name in ("label", "region", "firewall_group_id", "hostname"):
        if name in ask.query:
            found = [item for item in found if item[name] == ask.query[name]]
    return Listed("instances", found, shown)


def create_instance(ask: Ask) -> Answer:
    only(ask, _FIELDS)
    with ask.store.atomic():
        facts = _order(ask)
        if len(alive(ask.store)) >= LIMIT:
            raise over_limit()
        life = Timed.born(ask.fate, pending=PENDING, running=RUNNING, broken=SUSPENDED, boot_seconds=ask.boot_seconds)
        number = ask.store.number(KIND)
        item = {
            "id": new_id(), "number": number, **facts, "date_created": now(), "life": life.as_dict(),
            "installs_at": time.time() + ask.boot_seconds / 2,
        }  # fmt: skip
        ask.store.put(KIND, item["id"], item)
    return Done({"instance": {**shown(item), "default_password": "made-up"}}, 202)


def get_instance(ask: Ask) -> Answer:
    return Done({"instance": shown(instance(ask))})


def update_instance(ask: Ask) -> Answer:
    only(ask, {"label", "tags", "firewall_group_id", "enable_ipv6", "user_data", "plan", "os_id"})
    with ask.store.atomic():
        item = instance(ask)
        changed = {name: ask.body[name] for name in ("label", "tags", "firewall_group_id") if name in ask.body}
        ask.store.put(KIND, item["id"], {**item, **changed})
    return Done({"instance": shown({**item, **changed})}, 202)


def delete_instance(ask: Ask) -> Answer:
    """One of which a snapshot is being made is locked."""
    with ask.store.atomic():
        item = instance(ask)
        if _is_kept(item):
            raise refusal("Unable to destroy server: Unable to remove VM: Server is currently locked", 500)
        ask.store.remove(KIND, item["id"])
    return Done(status=204)


def start(ask: Ask) -> Answer:
    return _change(ask, RUNNING, seconds=ask.boot_seconds)


def halt(ask: Ask) -> Answer:
    return _change(ask, STOPPED, seconds=ask.short_seconds)


def reboot(ask: Ask) -> Answer:
    return _change(ask, RUNNING, seconds=ask.short_seconds)


def list_vpcs(ask: Ask) -> Answer:
    item = instance(ask)
    found = [{"id": item["vpc"], "mac_address": "5a:00:00:00:00:01", "ip_address": _internal(item)}]
    return Listed("vpcs", found if item["vpc"] else [])


def machines(store: Documents) -> list[Item]:
    """For ``/_sandbox/machines``."""
    return [
        {
            "id": item["id"],
            "name": item["label"],
            "region": item["region"],
            "size": item["plan"],
            "image": item.get("snapshot_id") or SYSTEMS[item["os_id"]]["name"],
            "state": Timed.of(item["life"]).state,
            "address": _address(item),
            "private_address": _internal(item) or None,
            "created_at": item["date_created"].replace("+00:00", "Z"),
            "tags": dict(tag.partition(":")[::2] for tag in item["tags"]),
        }
        for item in alive(store)
    ]


def instance(ask: Ask) -> Item:
    """The one that the address names. Raises not_found."""
    found = next((item for item in alive(ask.store) if item["id"] == ask.path["id"]), None)
    if found is None:
        raise not_found("instance")
    return found


def refuse_locked(item: Item) -> None:
    """Raises ApiError while it is installed, suspended, or made a snapshot of."""
    if Timed.of(item["life"]).state in (PENDING, SUSPENDED) or _is_kept(item):
        raise refusal("Server is currently locked")


def shown(item: Item) -> Item:
    """As the API shows it."""
    plan = PLANS[item["plan"]]
    status, power, server = _words(item)
    address = _NO_ADDRESS if status == PENDING else _address(item)
    return {
        "id": item["id"],
        "os": SYSTEMS[item["os_id"]]["name"],
        "ram": plan["ram"],
        "disk": plan["disk"],
        "main_ip": address,
        "vcpu_count": plan["vcpu_count"],
        "region": item["region"],
        "plan": item["plan"],
        "date_created": item["date_created"],
        "status": status,
        "allowed_bandwidth": plan["bandwidth"],
        "netmask_v4": "255.255.254.0" if address != _NO_ADDRESS else "",
        "gateway_v4": "198.19.0.1" if address != _NO_ADDRESS else _NO_ADDRESS,
        "power_status": power,
        "server_status": server,
        "v6_networks": [],
        "v6_network": "",
        "v6_main_ip": "",
        "v6_network_size": 0,
        "label": item["label"],
        "internal_ip": _internal(item),
        "kvm": "",
        "hostname": item["hostname"],
        "tag": item["tags"][0] if item["tags"] else "",
        "tags": item["tags"],
        "os_id": item["os_id"],
        "app_id": 0,
        "image_id": "",
        "firewall_group_id": item["firewall_group_id"],
        "features": [],
        "user_scheme": "root",
    }


def _words(item: Item) -> tuple[str, str, str]:
    """Status, power status and server status."""
    life = Timed.of(item["life"])
    if life.state == PENDING:
        is_installing = time.time() >= item["installs_at"] and life.changes_at != float("inf")
        return ("active", "running", "installingbooting") if is_installing else (PENDING, "running", "none")
    if life.state == SUSPENDED:
        return SUSPENDED, "stopped", "locked"
    return "active", life.state, "locked" if _is_kept(item) else "ok"


def _is_kept(item: Item) -> bool:
    """Whether a snapshot is being made of it."""
    return time.time() < float(item.get("locked_until", 0.0))


def _address(item: Item) -> str:
    # 198.18.0.0/15 is set aside for tests: nobody's machine answers there.
    high, low = divmod(item["number"] % 62_500, 250)
    return f"198.19.{high}.{low + 2}"


def _internal(item: Item) -> str:
    high, low = divmod(item["number"] % 1000, 250)
    return f"10.8.{high}.{low + 3}" if item["vpc"] else ""


def _order(ask: Ask) -> dict[str, Any]:
    """The facts of an order that Vultr would take."""
    place, plan = region(ask), text(ask, "plan")
    if plan not in PLANS:
        raise refusal("Invalid plan.")
    source = _source(ask, PLANS[plan]["disk"])
    if place not in PLANS[plan]["locations"]:
        raise no_capacity()
    host = text(ask, "hostname", "vultr.guest")
    if not _HOST_NAME.fullmatch(host):
        raise refusal("Invalid hostname.")
    group, networks = text(ask, "firewall_group_id"), ask.body.get("attach_vpc") or []
    if group and ask.store.get("firewall_groups", group) is None:
        raise refusal("Invalid firewall_group_id.")
    vpcs = [ask.store.get("vpcs", id_) for id_ in networks]
    if any(vpc is None or vpc["region"] != place for vpc in vpcs):
        raise refusal("Invalid VPC: it must exist in the instance's region.")
    if any(ask.store.get("ssh_keys", id_) is None for id_ in ask.body.get("sshkey_id") or []):
        raise refusal("Invalid sshkey_id.")
    try:
        base64.b64decode(text(ask, "user_data"), validate=True)
    except ValueError:
        raise refusal("Invalid user_data: it must be base64 encoded") from None
    tags = ask.body.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        raise refusal("Invalid tags: it must be a list of strings")
    return {
        "region": place,
        "plan": plan,
        **source,
        "label": text(ask, "label"),
        "hostname": host,
        "tags": tags,
        "sshkey_id": ask.body.get("sshkey_id") or [],
        "firewall_group_id": group,
        "vpc": networks[0] if networks else "",
    }


def _source(ask: Ask, disk_gb: int) -> dict[str, Any]:
    """Of what it is made: a system, or a snapshot that is complete and has room on the plan's disk."""
    if "snapshot_id" not in ask.body:
        system = str(ask.body.get("os_id"))
        if not system.isdigit() or SYSTEMS.get(int(system), _NO_SYSTEM)["family"] in _NOT_INSTALLED:
            raise refusal("Invalid os_id.")
        return {"os_id": int(system)}
    if "os_id" in ask.body:
        raise refusal("Only one of os_id and snapshot_id can be given.")
    snapshot = ask.store.get(SNAPSHOTS, text(ask, "snapshot_id"))
    if snapshot is None or Timed.of(snapshot["life"]).state != "complete":
        raise refusal("Invalid snapshot_id.")
    if snapshot["disk_gb"] > disk_gb:
        raise refusal("Invalid snapshot_id: the plan's disk is too small for it")
    return {"os_id": snapshot["os_id"], "snapshot_id": snapshot["id"]}


def _change(ask: Ask, after: str, *, seconds: float) -> Answer:
    """Vultr takes it too when the machine is in that state already; while it is installed, it is locked."""
    with ask.store.atomic():
        item = instance(ask)
        refuse_locked(item)
        life = Timed.of(item["life"])
        if life.after != after:
            item["life"] = life.changed(after, seconds=seconds).as_dict()
            ask.store.put(KIND, item["id"], item)
    return Done(status=204)
