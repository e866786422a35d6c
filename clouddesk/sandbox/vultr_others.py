"""Firewall groups, networks, keys and block storage of the simulated Vultr."""

from __future__ import annotations

import base64
import binascii
import ipaddress

from clouddesk.sandbox.rest import Answer, Done, Item, Listed
from clouddesk.sandbox.vultr_errors import not_found, refusal
from clouddesk.sandbox.vultr_fields import Ask, existing, new_id, now, only, region, text
from clouddesk.sandbox.vultr_instances import alive

GROUPS, VPCS, KEYS, BLOCKS = "firewall_groups", "vpcs", "ssh_keys", "blocks"
_PROTOCOLS = ("icmp", "tcp", "udp", "gre", "esp", "ah")
_MOST_RULES, _LEAST_GB, _MOST_GB, _HIGHEST_PORT = 50, 10, 10_000, 65_535

# --- firewall groups


def list_groups(ask: Ask) -> Answer:
    return Listed(GROUPS, ask.store.all(GROUPS), lambda item: _group(ask, item))


def create_group(ask: Ask) -> Answer:
    only(ask, {"description"})
    item = {"id": new_id(), "description": text(ask, "description"), "date_created": now(), "rules": []}
    ask.store.put(GROUPS, item["id"], item)
    return Done({"firewall_group": _group(ask, item)}, 201)


def get_group(ask: Ask) -> Answer:
    return Done({"firewall_group": _group(ask, existing(ask, GROUPS, "firewall-group"))})


def delete_group(ask: Ask) -> Answer:
    if not ask.store.remove(GROUPS, ask.path["id"]):
        raise not_found("firewall-group")
    return Done(status=204)


def list_rules(ask: Ask) -> Answer:
    return Listed("firewall_rules", existing(ask, GROUPS, "firewall-group")["rules"])


def create_rule(ask: Ask) -> Answer:
    only(ask, {"ip_type", "protocol", "subnet", "subnet_size", "port", "source", "notes"})
    rule = _rule(ask)
    with ask.store.atomic():
        group = existing(ask, GROUPS, "firewall-group")
        if len(group["rules"]) >= _MOST_RULES:
            raise refusal("Unable to create rule: the group is full")
        same = ("ip_type", "protocol", "subnet", "subnet_size", "port")
        if any(all(known[name] == rule[name] for name in same) for known in group["rules"]):
            raise refusal("Unable to create rule: This rule is already defined")
        rule = {"id": 1 + max((known["id"] for known in group["rules"]), default=0), **rule}
        group["rules"].append(rule)
        ask.store.put(GROUPS, group["id"], group)
    return Done({"firewall_rule": rule}, 201)


def delete_rule(ask: Ask) -> Answer:
    with ask.store.atomic():
        group = existing(ask, GROUPS, "firewall-group")
        left = [rule for rule in group["rules"] if rule["id"] != ask.path["rule"]]
        if len(left) == len(group["rules"]):
            raise not_found("firewall-rule")
        ask.store.put(GROUPS, group["id"], {**group, "rules": left})
    return Done(status=204)


# --- networks


def list_vpcs(ask: Ask) -> Answer:
    return Listed(VPCS, ask.store.all(VPCS))


def create_vpc(ask: Ask) -> Answer:
    only(ask, {"region", "description", "v4_subnet", "v4_subnet_mask"})
    place = region(ask)
    item = {
        "id": new_id(),
        "region": place,
        "description": text(ask, "description"),
        "v4_subnet": text(ask, "v4_subnet", "10.8.0.0"),
        "v4_subnet_mask": int(ask.body.get("v4_subnet_mask", 22)),
        "date_created": now(),
    }
    ask.store.put(VPCS, item["id"], item)
    return Done({"vpc": item}, 201)


def get_vpc(ask: Ask) -> Answer:
    return Done({"vpc": existing(ask, VPCS, "vpc")})


def delete_vpc(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = existing(ask, VPCS, "vpc")
        if any(machine["vpc"] == item["id"] for machine in alive(ask.store)):
            raise refusal("The VPC network has instances attached")
        ask.store.remove(VPCS, item["id"])
    return Done(status=204)


# --- keys


def list_keys(ask: Ask) -> Answer:
    return Listed(KEYS, ask.store.all(KEYS))


def create_key(ask: Ask) -> Answer:
    only(ask, {"name", "ssh_key"})
    name, content = text(ask, "name"), text(ask, "ssh_key")
    words = content.split()
    try:
        base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error):
        raise refusal("Invalid SSH key.") from None
    if not name:
        raise refusal("Invalid name.")
    item = {"id": new_id(), "date_created": now(), "name": name, "ssh_key": content}
    ask.store.put(KEYS, item["id"], item)
    return Done({"ssh_key": item}, 201)


def get_key(ask: Ask) -> Answer:
    return Done({"ssh_key": existing(ask, KEYS, "ssh-key")})


def delete_key(ask: Ask) -> Answer:
    if not ask.store.remove(KEYS, ask.path["id"]):
        raise not_found("ssh-key")
    return Done(status=204)


# --- block storage


def list_blocks(ask: Ask) -> Answer:
    return Listed(BLOCKS, ask.store.all(BLOCKS), lambda item: _block(ask, item))


def create_block(ask: Ask) -> Answer:
    only(ask, {"region", "size_gb", "label", "block_type"})
    place, size = region(ask), ask.body.get("size_gb")
    if not isinstance(size, int) or not _LEAST_GB <= size <= _MOST_GB:
        raise refusal("Invalid size_gb.")
    item = {
        "id": new_id(),
        "region": place,
        "size_gb": size,
        "label": text(ask, "label"),
        "date_created": now(),
        "attached_to_instance": "",
    }
    ask.store.put(BLOCKS, item["id"], item)
    return Done({"block": _block(ask, item)}, 202)


def get_block(ask: Ask) -> Answer:
    return Done({"block": _block(ask, existing(ask, BLOCKS, "block"))})


def delete_block(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = existing(ask, BLOCKS, "block")
        if _block(ask, item)["attached_to_instance"]:
            raise refusal("Block storage is attached: detach it first")
        ask.store.remove(BLOCKS, item["id"])
    return Done(status=204)


def attach_block(ask: Ask) -> Answer:
    only(ask, {"instance_id", "live"})
    with ask.store.atomic():
        item = existing(ask, BLOCKS, "block")
        machine = next((one for one in alive(ask.store) if one["id"] == ask.body.get("instance_id")), None)
        if machine is None or machine["region"] != item["region"]:
            raise refusal("Invalid instance_id.")
        ask.store.put(BLOCKS, item["id"], {**item, "attached_to_instance": machine["id"]})
    return Done(status=204)


def detach_block(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = existing(ask, BLOCKS, "block")
        ask.store.put(BLOCKS, item["id"], {**item, "attached_to_instance": ""})
    return Done(status=204)


def _group(ask: Ask, item: Item) -> Item:
    return {
        "id": item["id"],
        "description": item["description"],
        "date_created": item["date_created"],
        "date_modified": item["date_created"],
        "instance_count": sum(machine["firewall_group_id"] == item["id"] for machine in alive(ask.store)),
        "rule_count": len(item["rules"]),
        "max_rule_count": _MOST_RULES,
    }


def _rule(ask: Ask) -> Item:
    protocol, version = text(ask, "protocol"), text(ask, "ip_type")
    if protocol not in _PROTOCOLS or version not in ("v4", "v6"):
        raise refusal("Invalid protocol or ip_type.")
    subnet, size, port = text(ask, "subnet"), ask.body.get("subnet_size"), text(ask, "port")
    try:
        network = ipaddress.ip_network(f"{subnet}/{size}")
    except ValueError:
        raise refusal("Invalid subnet.") from None
    if f"v{network.version}" != version:
        raise refusal("Invalid subnet: it is of the other ip_type")
    parts = port.split(":")
    if protocol in ("tcp", "udp") and not (
        len(parts) <= 2 and all(part.isdigit() and 1 <= int(part) <= _HIGHEST_PORT for part in parts)
    ):
        raise refusal("Invalid port.")
    return {
        "type": version,
        "ip_type": version,
        "action": "accept",
        "protocol": protocol,
        "port": port,
        "subnet": subnet,
        "subnet_size": size,
        "source": text(ask, "source"),
        "notes": text(ask, "notes"),
    }


def _block(ask: Ask, item: Item) -> Item:
    """A machine that is gone has given its block storage free."""
    exists = any(machine["id"] == item["attached_to_instance"] for machine in alive(ask.store))
    attached = item["attached_to_instance"] if exists else ""
    # 0.10 $ a GB and month.
    more = {"cost": item["size_gb"] // 10, "status": "active", "mount_id": f"{item['region']}-{item['id'][:8]}"}
    return {**item, "attached_to_instance": attached, **more, "block_type": "high_perf"}
