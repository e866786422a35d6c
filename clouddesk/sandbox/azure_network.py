"""The simulated Azure's networks, firewalls (network security groups), network cards and public addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from clouddesk.sandbox.azure_errors import bad_parameter, conflict, no_resource, refusal
from clouddesk.sandbox.azure_groups import check_place, check_tags, group_or_refusal, living_group
from clouddesk.sandbox.azure_schema import problems
from clouddesk.sandbox.azure_store import (
    ADDRESSES,
    CARDS,
    FIREWALLS,
    NETWORKS,
    Item,
    Store,
    life_of,
    settled,
    soon,
    thing_id,
)
from clouddesk.sandbox.documents import Document
from clouddesk.sandbox.rest import Answer, Ask, Done, Listed

SOON_SECONDS = 0.1
"""How long Azure still works on a network after it has answered."""
_TYPES = {
    FIREWALLS: "network.NetworkSecurityGroup",
    NETWORKS: "network.VirtualNetwork",
    ADDRESSES: "network.PublicIPAddress",
}
_LEAST_PRIORITY, _MOST_PRIORITY = 100, 4096
_FIRST_ADDRESS = int(ipaddress.IPv4Address("203.0.113.0"))
_DEFAULT_RULES = (
    ("AllowVnetInBound", 65000, "VirtualNetwork", "VirtualNetwork", "Allow", "Inbound"),
    ("AllowAzureLoadBalancerInBound", 65001, "AzureLoadBalancer", "*", "Allow", "Inbound"),
    ("DenyAllInBound", 65500, "*", "*", "Deny", "Inbound"),
    ("AllowVnetOutBound", 65000, "VirtualNetwork", "VirtualNetwork", "Allow", "Outbound"),
    ("AllowInternetOutBound", 65001, "*", "Internet", "Allow", "Outbound"),
    ("DenyAllOutBound", 65500, "*", "*", "Deny", "Outbound"),
)


def put(ask: Ask[Store]) -> Answer:
    """A network, a firewall or an address."""
    kind, name = _kind(ask), ask.path["name"]
    check_body(ask.body, _TYPES[kind])
    region, tags = check_place(ask.body), check_tags(ask.body)
    properties = dict(ask.body.get("properties") or {})
    _CHECKS[kind](ask, properties)
    with ask.store.atomic():
        group = living_group(ask)
        id_ = thing_id(group["name"], kind, name)
        is_new = ask.store.thing(kind, id_) is None
        facts: Item = {"location": region, "tags": tags, "properties": properties}
        if kind == ADDRESSES:
            facts["sku"] = {"name": "Standard", **(ask.body.get("sku") or {})}
            properties["ipAddress"] = next_address(ask.store)
        thing = {"id": id_, "name": name, "group": group["name"], "life": soon(SOON_SECONDS), "of": "", "facts": facts}
        ask.store.keep(kind, thing)
    return Done(shown(kind, thing), 201 if is_new else 200)


def get(ask: Ask[Store]) -> Answer:
    kind = _kind(ask)
    return Done(shown(kind, found_or_refusal(ask, kind)))


def list_in_group(ask: Ask[Store]) -> Answer:
    kind = _kind(ask)
    things = ask.store.things(kind, group_or_refusal(ask)["name"])
    return Listed("value", things, lambda item: shown(kind, item))


def list_all(ask: Ask[Store]) -> Answer:
    kind = _kind(ask)
    return Listed("value", ask.store.things(kind), lambda item: shown(kind, item))


def delete(ask: Ask[Store]) -> Answer:
    kind = _kind(ask)
    with ask.store.atomic():
        group = group_or_refusal(ask)
        thing = ask.store.thing(kind, thing_id(group["name"], kind, ask.path["name"]))
        if thing is None:
            return Done(None, 204)
        user = _user(ask.store, kind, thing)
        if user:
            code, what = _IN_USE[kind]
            raise refusal(400, code, f"{what} {thing['name']} is in use by {user} and cannot be deleted.")
        ask.store.drop(kind, thing["id"])
    return Done(None, 202)


def found_or_refusal(ask: Ask[Store], kind: str) -> Document:
    group = group_or_refusal(ask)
    thing = ask.store.thing(kind, thing_id(group["name"], kind, ask.path["name"]))
    if thing is None:
        raise no_resource(kind, ask.path["name"], group["name"])
    return thing


def check_body(body: Any, type_name: str) -> None:
    """Raises what Azure says of a body that is not as described."""
    for problem in problems(body, type_name):
        said = f"The request content was invalid and could not be deserialized: {problem}."
        raise bad_parameter(said, "InvalidRequestContent")


def add_card(store: Store, machine: Document, config: Item) -> Item:
    """The network card that is made with a machine, and its public address; returns how the machine names it."""
    properties = config.get("properties") or {}
    (inside,) = properties["ipConfigurations"]
    facts = inside.get("properties") or {}
    subnet = (facts.get("subnet") or {}).get("id", "")
    network = _network_of(store, subnet)
    if network is None or life_of(network).state != "Succeeded":
        said = f"Resource {subnet} referenced by resource {machine['id']} was not found, or is not ready yet."
        raise bad_parameter(said, "InvalidResourceReference" if network is None else "ReferencedResourceNotProvisioned")
    shared = {"group": machine["group"], "life": settled(), "of": machine["id"].lower()}
    place = machine["facts"]["location"]
    outside = facts.get("publicIPAddressConfiguration")
    address_id = ""
    if outside:
        address_id = _free_id(store, machine, ADDRESSES, outside["name"])
        made = {
            "location": place,
            "sku": {"name": "Standard", **(outside.get("sku") or {})},
            "properties": {**(outside.get("properties") or {}), "ipAddress": next_address(store)},
        }
        store.keep(ADDRESSES, {**shared, "id": address_id, "name": outside["name"], "facts": made})
    card = {
        "location": place,
        "properties": {
            "virtualMachine": {"id": machine["id"]},
            "primary": True,
            "ipConfigurations": [
                {
                    "name": inside["name"],
                    "properties": {
                        "primary": True,
                        "privateIPAddress": _private_address(store, subnet, network),
                        "subnet": {"id": subnet},
                        **({"publicIPAddress": {"id": address_id}} if address_id else {}),
                    },
                }
            ],
        },
    }
    id_ = _free_id(store, machine, CARDS, config["name"])
    store.keep(CARDS, {**shared, "id": id_, "name": config["name"], "facts": card})
    return {"id": id_, "properties": {"primary": True, "deleteOption": properties.get("deleteOption", "Detach")}}


def next_address(store: Store) -> str:
    return str(ipaddress.IPv4Address(_FIRST_ADDRESS + store.number("addresses")))


def shown(kind: str, thing: Document) -> Item:
    facts = thing["facts"]
    properties = {**facts["properties"], "provisioningState": life_of(thing).state}
    if kind == FIREWALLS:
        properties["securityRules"] = [_of_parent(thing, "securityRules", item) for item in properties["securityRules"]]
        properties["defaultSecurityRules"] = [_default_rule(thing, rule) for rule in _DEFAULT_RULES]
    if kind == NETWORKS:
        properties["subnets"] = [_of_parent(thing, "subnets", item) for item in properties.get("subnets") or []]
    return {"id": thing["id"], "name": thing["name"], "type": kind, **facts, "properties": properties}


def _kind(ask: Ask[Store]) -> str:
    wanted = f"Microsoft.Network/{ask.path['kind']}".lower()
    known = {kind.lower(): kind for kind in (FIREWALLS, NETWORKS, ADDRESSES, CARDS)}
    if wanted not in known:
        said = f"The resource type could not be found in the namespace 'Microsoft.Network': {ask.path['kind']}"
        raise refusal(404, "InvalidResourceType", said)
    kind = known[wanted]
    if ask.request.method == "PUT" and kind not in _TYPES:
        raise refusal(405, "NotSimulated", "Cards are made with their machines here.")
    return kind


def _check_firewall(ask: Ask[Store], properties: Item) -> None:
    rules = properties.setdefault("securityRules", [])
    taken: set[tuple[str, int]] = set()
    for rule in rules:
        facts = rule.get("properties") or {}
        key = (facts["direction"].lower(), facts["priority"])
        if not _LEAST_PRIORITY <= facts["priority"] <= _MOST_PRIORITY:
            raise bad_parameter(f"Security rule has invalid Priority {key[1]}.", "SecurityRuleInvalidPriority")
        if key in taken:
            said = f"Rules cannot have the same Priority and Direction: {key[1]}."
            raise bad_parameter(said, "SecurityRuleConflict")
        taken.add(key)
        for name in ("sourcePortRange", "destinationPortRange"):
            if not _is_range(facts.get(name, "")):
                said = f"Security rule has invalid Port range. Value provided: {facts.get(name)}."
                raise bad_parameter(said, "SecurityRuleInvalidPortRange")
        for name in ("sourceAddressPrefix", "destinationAddressPrefix"):
            if not _is_prefix(facts.get(name, "")):
                said = f"Security rule has invalid Address prefix. Value provided: {facts.get(name)}."
                raise bad_parameter(said, "SecurityRuleInvalidAddressPrefix")


def _check_network(ask: Ask[Store], properties: Item) -> None:
    spaces = [_cidr(text) for text in (properties.get("addressSpace") or {}).get("addressPrefixes") or []]
    for subnet in properties.get("subnets") or []:
        facts = subnet.get("properties") or {}
        prefix = _cidr(facts.get("addressPrefix", ""))
        if not any(prefix.subnet_of(space) for space in spaces):
            said = f"Subnet '{subnet.get('name')}' is not valid because its IP address range is outside of the network."
            raise bad_parameter(said, "NetcfgSubnetRangeOutsideVnet")
        firewall = (facts.get("networkSecurityGroup") or {}).get("id")
        found = ask.store.thing(FIREWALLS, firewall) if firewall else None
        if firewall and found is None:
            raise bad_parameter(f"Resource {firewall} was not found.", "InvalidResourceReference")
        if found and life_of(found).state != "Succeeded":
            said = f"Cannot proceed with operation because resource {firewall} is not in Succeeded state."
            raise refusal(409, "ReferencedResourceNotProvisioned", said)


def _check_address(ask: Ask[Store], properties: Item) -> None:
    sku = (ask.body.get("sku") or {}).get("name", "Basic")
    if sku == "Basic":
        said = "Cannot create more than 0 Basic SKU public IP addresses for this subscription in this region."
        raise bad_parameter(said, "IPv4BasicSkuPublicIpCountLimitReached")
    if properties.get("publicIPAllocationMethod") != "Static":
        said = "Standard sku publicIp must have AllocationMethod set to Static."
        raise bad_parameter(said, "StandardSkuPublicIpsMustHaveStaticAllocation")


_CHECKS = {FIREWALLS: _check_firewall, NETWORKS: _check_network, ADDRESSES: _check_address}
_IN_USE = {
    FIREWALLS: ("InUseNetworkSecurityGroupCannotBeDeleted", "Network security group"),
    NETWORKS: ("InUseSubnetCannotBeDeleted", "Subnet of network"),
    ADDRESSES: ("PublicIPAddressCannotBeDeleted", "Public IP address"),
    CARDS: ("NicInUse", "Network Interface"),
}


def _user(store: Store, kind: str, thing: Document) -> str:
    """What still uses it; "" when nothing does."""
    if kind in (CARDS, ADDRESSES):
        return str(thing["of"])
    mine = thing["id"].lower()
    users: Iterable[Document] = store.things(NETWORKS if kind == FIREWALLS else CARDS)
    return next((user["id"] for user in users if mine in repr(user["facts"]).lower()), "")


def _network_of(store: Store, subnet: str) -> Document | None:
    id_, _, name = subnet.rpartition("/subnets/")
    network = store.thing(NETWORKS, id_)
    known = [item["name"] for item in network["facts"]["properties"].get("subnets") or []] if network else []
    return network if name in known else None


def _free_id(store: Store, machine: Document, kind: str, name: str) -> str:
    """Azure may add some characters to the names of what is made with a machine; who relies on it is refused here."""
    id_ = thing_id(machine["group"], kind, name)
    if store.thing(kind, id_) is not None:
        raise conflict(f"Another machine has {id_}.", "NotSimulated")
    return id_


def _private_address(store: Store, subnet: str, network: Document) -> str:
    name = subnet.rpartition("/")[2]
    found = next(item for item in network["facts"]["properties"]["subnets"] if item["name"] == name)
    # Azure keeps the first three of each subnet for itself.
    return str(_cidr(found["properties"]["addressPrefix"])[3 + store.number(f"addresses of {subnet.lower()}")])


def _cidr(text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        raise bad_parameter(f"The address prefix {text} is invalid.", "InvalidCIDRNotation") from None


def _is_range(text: str) -> bool:
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    return text == "*" or bool(found and 0 <= int(found[1]) <= int(found[2] or found[1]) <= 65535)


def _is_prefix(text: str) -> bool:
    if text in ("*", "VirtualNetwork", "Internet", "AzureLoadBalancer"):
        return True
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _of_parent(parent: Document, kind: str, item: Item) -> Item:
    properties = {**(item.get("properties") or {}), "provisioningState": "Succeeded"}
    return {"id": f"{parent['id']}/{kind}/{item['name']}", **item, "properties": properties}


def _default_rule(thing: Document, rule: tuple[str, int, str, str, str, str]) -> Item:
    name, priority, source, destination, access, direction = rule
    facts = {
        "priority": priority,
        "direction": direction,
        "access": access,
        "protocol": "*",
        "sourceAddressPrefix": source,
        "sourcePortRange": "*",
        "destinationAddressPrefix": destination,
        "destinationPortRange": "*",
    }
    return _of_parent(thing, "defaultSecurityRules", {"name": name, "properties": facts})
