"""Ports, public addresses and security groups of the simulated OpenStack, as Neutron has them."""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any

from clouddesk.sandbox import openstack_servers as servers
from clouddesk.sandbox.openstack_catalog import PROJECT, networks
from clouddesk.sandbox.openstack_errors import of_network
from clouddesk.sandbox.openstack_servers import ADDRESSES, PORTS
from clouddesk.sandbox.openstack_store import Ask, instant
from clouddesk.sandbox.rest import Answer, Done, Item, Listed

GROUPS, RULES, TAGS = "security_groups", "security_group_rules", "network_tags"
_KEYS = {PORTS: "port", ADDRESSES: "floatingip", GROUPS: "security_group", RULES: "security_group_rule"}
_MOST = {PORTS: 1_000, ADDRESSES: 500, GROUPS: 300, RULES: 3_000}
_HIGHEST_PORT, _LONGEST_TEXT = 65_535, 255
_INTERNAL = {"region", "network_name"}


def list_networks(ask: Ask) -> Answer:
    return Listed("networks", _networks(ask))


def tag_network(ask: Ask) -> Answer:
    _set_tags(ask, lambda tags: sorted({*tags, ask.path["tag"]}))
    return Done(status=201)


def untag_network(ask: Ask) -> Answer:
    _set_tags(ask, lambda tags: [tag for tag in tags if tag != ask.path["tag"]])
    return Done(status=204)


def list_ports(ask: Ask) -> Answer:
    servers.alive(ask.store)  # those that are gone let their ports go
    return Listed(PORTS, _all(ask, PORTS), _shown)


def create_port(ask: Ask) -> Answer:
    known = {"network_id", "name", "description", "security_groups", "admin_state_up", "fixed_ips"}
    wanted = _wanted(ask, PORTS, known)
    network = next((item for item in _networks(ask) if item["id"] == wanted.get("network_id")), None)
    if network is None:
        raise of_network(404, "NetworkNotFound", f"Network {wanted.get('network_id')} could not be found.")
    if network["router:external"]:
        raise of_network(403, "PolicyNotAuthorized", "rule:create_port is disallowed by policy")
    groups = {item["id"] for item in _all(ask, GROUPS)}
    for group in wanted.get("security_groups") or []:
        if group not in groups:
            raise of_network(404, "SecurityGroupNotFound", f"Security group {group} does not exist")
    with ask.store.atomic():
        number = ask.store.number(PORTS)
        high, low = divmod(number % 60_000, 250)
        made = {
            "network_id": network["id"],
            "network_name": network["name"],
            "name": str(wanted.get("name") or ""),
            "security_groups": list(wanted.get("security_groups") or []),
            "mac_address": f"fa:16:3e:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
            "fixed_ips": [{"subnet_id": network["subnets"][0], "ip_address": f"10.0.{high}.{low + 2}"}],
            "admin_state_up": True,
            "status": "DOWN",
            "device_id": "",
            "device_owner": "",
            "allowed_address_pairs": [],
            "extra_dhcp_opts": [],
            "binding:vnic_type": "normal",
            "port_security_enabled": True,
        }
        return _made(ask, PORTS, wanted, made)


def delete_port(ask: Ask) -> Answer:
    with ask.store.atomic():
        _remove(ask, PORTS, "Port")
        for address in _all(ask, ADDRESSES):
            if address["port_id"] == ask.path["id"]:
                freed = {"port_id": None, "fixed_ip_address": None, "status": "DOWN"}
                ask.store.put(ADDRESSES, address["id"], {**address, **freed})
    return Done(status=204)


def list_addresses(ask: Ask) -> Answer:
    return Listed(ADDRESSES, _all(ask, ADDRESSES), _shown)


def create_address(ask: Ask) -> Answer:
    wanted = _wanted(ask, ADDRESSES, {"floating_network_id", "port_id", "description", "fixed_ip_address"})
    outside = next((item for item in _networks(ask) if item["id"] == wanted.get("floating_network_id")), None)
    if outside is None or not outside["router:external"]:
        said = f"Network {wanted.get('floating_network_id')} is not a valid external network"
        raise of_network(400, "BadRequest", said)
    port = next((item for item in _all(ask, PORTS) if item["id"] == wanted.get("port_id")), None)
    if port is None and wanted.get("port_id"):
        raise of_network(404, "PortNotFound", f"Port {wanted['port_id']} could not be found.")
    with ask.store.atomic():
        # 198.18.0.0/15 is set aside for tests: nobody's machine answers there.
        high, low = divmod(ask.store.number(ADDRESSES) % 62_500, 250)
        made = {
            "floating_network_id": outside["id"],
            "floating_ip_address": f"198.19.{high}.{low + 2}",
            "fixed_ip_address": port["fixed_ips"][0]["ip_address"] if port else None,
            "port_id": port["id"] if port else None,
            "router_id": None,
            "status": "ACTIVE" if port else "DOWN",
            "port_details": None,
            "qos_policy_id": None,
            "dns_domain": "",
            "dns_name": "",
            "port_forwardings": [],
        }
        return _made(ask, ADDRESSES, wanted, made)


def delete_address(ask: Ask) -> Answer:
    _remove(ask, ADDRESSES, "FloatingIP")
    return Done(status=204)


def list_groups(ask: Ask) -> Answer:
    return Listed(GROUPS, _all(ask, GROUPS), lambda item: _group(ask, item))


def create_group(ask: Ask) -> Answer:
    wanted = _wanted(ask, GROUPS, {"name", "description", "stateful"})
    with ask.store.atomic():
        done = _made(ask, GROUPS, wanted, {"name": str(wanted.get("name")), "stateful": True, "shared": False})
        id_ = done.content["security_group"]["id"]
        for version in ("IPv4", "IPv6"):
            rule = {"security_group_id": id_, "direction": "egress", "ethertype": version}
            _made(ask, RULES, {}, _rule(rule))
    return Done({"security_group": _group(ask, done.content["security_group"])}, 201)


def delete_group(ask: Ask) -> Answer:
    servers.alive(ask.store)
    with ask.store.atomic():
        if any(ask.path["id"] in port["security_groups"] for port in _all(ask, PORTS)):
            raise of_network(409, "SecurityGroupInUse", f"Security Group {ask.path['id']} in use.")
        _remove(ask, GROUPS, "SecurityGroup")
        for rule in _all(ask, RULES):
            if rule["security_group_id"] == ask.path["id"]:
                ask.store.remove(RULES, rule["id"])
    return Done(status=204)


def create_rule(ask: Ask) -> Answer:
    fields = {
        "direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id",
        "security_group_id", "description",
    }  # fmt: skip
    wanted = _wanted(ask, RULES, fields)
    if wanted.get("security_group_id") not in {item["id"] for item in _all(ask, GROUPS)}:
        said = f"Security group {wanted.get('security_group_id')} does not exist"
        raise of_network(404, "SecurityGroupNotFound", said)
    rule = _rule(wanted)
    with ask.store.atomic():
        for known in _all(ask, RULES):
            if all(known[name] == value for name, value in rule.items()):
                said = f"Security group rule already exists. Rule id is {known['id']}."
                raise of_network(409, "SecurityGroupRuleExists", said)
        return _made(ask, RULES, wanted, rule)


def delete_rule(ask: Ask) -> Answer:
    _remove(ask, RULES, "SecurityGroupRule")
    return Done(status=204)


def _rule(wanted: Item) -> Item:
    if wanted.get("direction") not in ("ingress", "egress") or wanted.get("ethertype") not in ("IPv4", "IPv6"):
        raise of_network(400, "HTTPBadRequest", "Invalid input for direction or ethertype.")
    ports = (wanted.get("port_range_min"), wanted.get("port_range_max"))
    if ports != (None, None):
        first, last = (port if isinstance(port, int) else 0 for port in ports)
        if wanted.get("protocol") not in ("tcp", "udp") or not 0 < first <= last <= _HIGHEST_PORT:
            raise of_network(400, "SecurityGroupInvalidPortRange", "port_range_min must be <= port_range_max")
    source = wanted.get("remote_ip_prefix")
    if source is not None:
        try:
            version = ipaddress.ip_network(source).version
        except ValueError:
            raise of_network(400, "InvalidCIDR", f"Invalid CIDR {source} given as IP prefix.") from None
        if wanted["ethertype"] != f"IPv{version}":
            said = f"Conflicting value ethertype {wanted['ethertype']} for CIDR {source}"
            raise of_network(400, "SecurityGroupRuleParameterConflict", said)
    names = ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")
    facts = {name: wanted.get(name) for name in ("direction", "ethertype", "security_group_id", *names)}
    return {**facts, "remote_address_group_id": None}


def _group(ask: Ask, item: Item) -> Item:
    rules = [_shown(rule) for rule in _all(ask, RULES) if rule["security_group_id"] == item["id"]]
    return {**_shown(item), "security_group_rules": rules}


def _wanted(ask: Ask, kind: str, known: set[str]) -> Item:
    """The body. Raises as Neutron does for what it does not know."""
    key = _KEYS[kind]
    wanted = ask.body.get(key)
    if not isinstance(wanted, dict):
        raise of_network(400, "HTTPBadRequest", f"Resource body required: {key}")
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise of_network(400, "HTTPBadRequest", f"Unrecognized attribute(s) '{unknown[0]}'")
    for name in ("name", "description"):
        if len(str(wanted.get(name) or "")) > _LONGEST_TEXT:
            said = f"Invalid input for {name}. Reason: exceeds maximum length of {_LONGEST_TEXT}."
            raise of_network(400, "HTTPBadRequest", said)
    return wanted


def _made(ask: Ask, kind: str, wanted: Item, facts: Item) -> Done:
    if len(_all(ask, kind)) >= _MOST[kind]:
        raise of_network(409, "OverQuota", f"Quota exceeded for resources: ['{_KEYS[kind]}'].")
    item = {
        "id": str(uuid.uuid4()),
        "region": ask.path["region"],
        "tenant_id": PROJECT["id"],
        "project_id": PROJECT["id"],
        "description": str(wanted.get("description") or ""),
        **facts,
        **({} if kind == RULES else {"tags": []}),
        "revision_number": 0,
        "created_at": instant(),
        "updated_at": instant(),
    }
    ask.store.put(kind, item["id"], item)
    return Done({_KEYS[kind]: _shown(item)}, 201)


def _remove(ask: Ask, kind: str, title: str) -> None:
    if not any(item["id"] == ask.path["id"] for item in _all(ask, kind)):
        raise of_network(404, f"{title}NotFound", f"{title} {ask.path['id']} could not be found.")
    ask.store.remove(kind, ask.path["id"])


def _all(ask: Ask, kind: str) -> list[Item]:
    return [item for item in ask.store.all(kind) if item["region"] == ask.path["region"]]


def _shown(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in _INTERNAL}


def _networks(ask: Ask) -> list[Item]:
    tags = {item["id"]: item["tags"] for item in ask.store.all(TAGS)}
    return [{**item, "tags": tags.get(item["id"], [])} for item in networks(ask.path["region"])]


def _set_tags(ask: Ask, change: Any) -> None:
    found = next((item for item in _networks(ask) if item["id"] == ask.path["id"]), None)
    if found is None:
        raise of_network(404, "NetworkNotFound", f"Network {ask.path['id']} could not be found.")
    ask.store.put(TAGS, found["id"], {"id": found["id"], "tags": change(found["tags"])})
