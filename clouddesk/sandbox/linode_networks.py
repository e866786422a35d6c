"""Firewalls and VPCs of the simulated Linode."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from clouddesk.sandbox.linode_catalog import REGIONS
from clouddesk.sandbox.linode_errors import not_found, refusal
from clouddesk.sandbox.linode_fields import Ask, existing, instant, label, only, tags
from clouddesk.sandbox.linode_instances import alive, instance
from clouddesk.sandbox.rest import Answer, Done, Item, Listed

FIREWALLS, VPCS = "firewalls", "vpcs"
_FIRST_FIREWALL, _FIRST_VPC, _FIRST_SUBNET = 2_400_000, 310_000, 320_000
_POLICIES = ("ACCEPT", "DROP")
_PROTOCOLS = ("TCP", "UDP", "ICMP", "IPENCAP")
_MOST_RULES, _LONGEST_FIREWALL_LABEL, _HIGHEST_PORT = 25, 32, 65_535
_RULE_FIELDS = {"action", "protocol", "ports", "addresses", "label", "description"}


def list_firewalls(ask: Ask) -> Answer:
    return Listed("data", ask.store.all(FIREWALLS), lambda item: _firewall(ask, item))


def list_firewalls_of_instance(ask: Ask) -> Answer:
    number = instance(ask)["firewall"]
    return Listed("data", [item for item in ask.store.all(FIREWALLS) if item["id"] == number], dict)


def create_firewall(ask: Ask) -> Answer:
    only(ask.body, {"label", "tags", "rules", "devices"})
    with ask.store.atomic():
        item = {
            "label": label(ask, FIREWALLS, "", longest=_LONGEST_FIREWALL_LABEL),
            "tags": tags(ask),
            "rules": _rules(ask.body.get("rules")),
            "status": "enabled",
            "created": instant(),
            "updated": instant(),
        }
        id_ = ask.store.number(FIREWALLS, _FIRST_FIREWALL)
        ask.store.put(FIREWALLS, id_, {"id": id_, **item})
    return Done(_firewall(ask, {"id": id_, **item}))


def get_firewall(ask: Ask) -> Answer:
    return Done(_firewall(ask, existing(ask, FIREWALLS)))


def delete_firewall(ask: Ask) -> Answer:
    if not ask.store.remove(FIREWALLS, ask.path["id"]):
        raise not_found()
    return Done({})


def get_rules(ask: Ask) -> Answer:
    return Done(existing(ask, FIREWALLS)["rules"])


def update_rules(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = existing(ask, FIREWALLS)
        item["rules"] = _rules(ask.body)
        ask.store.put(FIREWALLS, item["id"], item)
    return Done(item["rules"])


def list_vpcs(ask: Ask) -> Answer:
    return Listed("data", ask.store.all(VPCS), lambda item: _vpc(ask, item))


def create_vpc(ask: Ask) -> Answer:
    only(ask.body, {"label", "region", "description", "subnets"})
    region = str(ask.body.get("region"))
    if region not in REGIONS or "VPCs" not in REGIONS[region]["capabilities"]:
        raise refusal("Region is not valid", "region")
    with ask.store.atomic():
        item = {
            "label": label(ask, VPCS, "", shortest=1),
            "region": region,
            "description": str(ask.body.get("description") or ""),
            "subnets": [_subnet(ask, wanted) for wanted in ask.body.get("subnets") or []],
            "created": instant(),
            "updated": instant(),
        }
        id_ = ask.store.number(VPCS, _FIRST_VPC)
        ask.store.put(VPCS, id_, {"id": id_, **item})
    return Done(_vpc(ask, {"id": id_, **item}))


def get_vpc(ask: Ask) -> Answer:
    return Done(_vpc(ask, existing(ask, VPCS)))


def delete_vpc(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = existing(ask, VPCS)
        if any(machine["vpc"] and machine["vpc"]["id"] == item["id"] for machine in alive(ask.store)):
            raise refusal("VPC subnets must not have Linodes assigned")
        ask.store.remove(VPCS, item["id"])
    return Done({})


def list_addresses(ask: Ask) -> Answer:
    """Of all VPCs."""
    found = [item for item in alive(ask.store) if item["vpc"]]
    return Listed("data", found, _vpc_address)


def _firewall(ask: Ask, item: Item) -> Item:
    devices = [
        {
            "id": machine["id"],
            "type": "linode",
            "label": machine["label"],
            "url": f"/v4/linode/instances/{machine['id']}",
        }
        for machine in alive(ask.store)
        if machine["firewall"] == item["id"]
    ]
    return {**item, "entities": devices}


def _vpc(ask: Ask, item: Item) -> Item:
    used = [(machine["vpc"]["subnet"], machine["id"]) for machine in alive(ask.store) if machine["vpc"]]
    subnets = [
        {**subnet, "linodes": [{"id": id_, "interfaces": []} for used_id, id_ in used if used_id == subnet["id"]]}
        for subnet in item["subnets"]
    ]
    return {**item, "subnets": subnets, "ipv4": [], "ipv6": [], "vpc_type": "regular"}


def _vpc_address(machine: Item) -> Item:
    return {
        "address": machine["vpc"]["address"],
        "address_range": None,
        "vpc_id": machine["vpc"]["id"],
        "subnet_id": machine["vpc"]["subnet"],
        "region": machine["region"],
        "linode_id": machine["id"],
        "nodebalancer_id": None,
        "database_id": None,
        "config_id": machine["id"] + 1,
        "interface_id": machine["id"] + 2,
        "active": True,
        "nat_1_1": None,
        "gateway": None,
        "prefix": 24,
        "subnet_mask": "255.255.255.0",
    }


def _subnet(ask: Ask, wanted: Mapping[str, Any]) -> Item:
    only(wanted, {"label", "ipv4"})
    try:
        network = ipaddress.ip_network(str(wanted.get("ipv4")))
    except ValueError:
        raise refusal("Must be an IPv4 network", "subnets[0].ipv4") from None
    if not network.is_private:
        raise refusal("Must be a private network", "subnets[0].ipv4")
    id_ = ask.store.number("subnets", _FIRST_SUBNET)
    return {
        "id": id_,
        "label": str(wanted.get("label")),
        "ipv4": str(network),
        "created": instant(),
        "updated": instant(),
    }


def _rules(wanted: Any) -> Item:
    if not isinstance(wanted, dict):
        raise refusal("rules is required", "rules")
    only(wanted, {"inbound", "outbound", "inbound_policy", "outbound_policy"})
    rules = {side: [_rule(rule) for rule in wanted.get(side) or []] for side in ("inbound", "outbound")}
    for side in ("inbound_policy", "outbound_policy"):
        if wanted.get(side) not in _POLICIES:
            raise refusal("Must be one of ACCEPT, DROP", f"rules.{side}")
    if sum(map(len, rules.values())) > _MOST_RULES:
        raise refusal(f"A firewall can have at most {_MOST_RULES} rules", "rules")
    policies = {side: wanted[side] for side in ("inbound_policy", "outbound_policy")}
    return {**rules, **policies, "version": 1, "fingerprint": "sandbox"}


def _rule(rule: Mapping[str, Any]) -> Item:
    only(rule, _RULE_FIELDS)
    if rule.get("action") not in _POLICIES or rule.get("protocol") not in _PROTOCOLS:
        raise refusal("Must have an action and a protocol", "rules.inbound[0]")
    if rule["protocol"] in ("ICMP", "IPENCAP"):
        if rule.get("ports"):
            raise refusal("Ports are not allowed for ICMP and IPENCAP", "rules.inbound[0].ports")
    elif not all(_is_port(part) for part in str(rule.get("ports") or "x").split(",")):
        raise refusal("Must be ports between 1 and 65535", "rules.inbound[0].ports")
    addresses = rule.get("addresses") or {}
    try:
        for address in [*(addresses.get("ipv4") or []), *(addresses.get("ipv6") or [])]:
            ipaddress.ip_network(str(address))
    except ValueError:
        raise refusal("Must be networks in CIDR notation", "rules.inbound[0].addresses") from None
    return dict(rule)


def _is_port(text: str) -> bool:
    parts = text.strip().split("-")
    return len(parts) <= 2 and all(part.isdigit() and 1 <= int(part) <= _HIGHEST_PORT for part in parts)
