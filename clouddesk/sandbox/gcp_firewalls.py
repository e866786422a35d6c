"""The simulated Compute Engine's firewall rules, with those that every default network has."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Mapping
from typing import Any

from clouddesk.sandbox import gcp_operations as operations
from clouddesk.sandbox.gcp_checks import NAME, check_name
from clouddesk.sandbox.gcp_errors import exists, invalid, not_found
from clouddesk.sandbox.gcp_operations import GcpAsk, instant, link, new_id
from clouddesk.sandbox.rest import Answer, Done, Item, Listed

_KIND = "firewalls"
_NETWORK = "global/networks/default"
_SECONDS = 0.05
_LARGEST_PRIORITY = 65_535
_LONGEST_DESCRIPTION = 2_048
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_OF_THE_NETWORK: tuple[dict[str, Any], ...] = (
    {"name": "default-allow-icmp", "allowed": [{"IPProtocol": "icmp"}], "sourceRanges": ["0.0.0.0/0"]},
    {
        "name": "default-allow-internal",
        "allowed": [
            {"IPProtocol": "tcp", "ports": ["0-65535"]},
            {"IPProtocol": "udp", "ports": ["0-65535"]},
            {"IPProtocol": "icmp"},
        ],
        "sourceRanges": ["10.128.0.0/9"],
    },
    {"name": "default-allow-rdp", "allowed": [{"IPProtocol": "tcp", "ports": ["3389"]}], "sourceRanges": ["0.0.0.0/0"]},
    {"name": "default-allow-ssh", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}], "sourceRanges": ["0.0.0.0/0"]},
)


def list_all(ask: GcpAsk) -> Answer:
    project = str(ask.path["project"])
    own = [
        {
            "id": str(7_000 + number),
            "project": project,
            "made_at": 1_546_300_800.0,
            "asked": {"priority": 65_534, **rule},
        }
        for number, rule in enumerate(_OF_THE_NETWORK)
    ]
    return Listed("compute#firewallList", [*own, *_mine(ask)], _shown)


def get(ask: GcpAsk) -> Answer:
    return Done(_shown(_found(ask)))


def insert(ask: GcpAsk) -> Answer:
    check(ask.body)
    with ask.store.atomic():
        name, project = str(ask.body["name"]), str(ask.path["project"])
        if any(rule["asked"]["name"] == name for rule in _mine(ask)):
            raise exists(f"projects/{project}/global/firewalls/{name}")
        rule = {"id": new_id(ask.store), "project": project, "made_at": time.time(), "asked": dict(ask.body)}
        ask.store.put(_KIND, rule["id"], rule)
        return _begin(ask, "insert", rule)


def patch(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        rule = _found(ask)
        changed = {**rule["asked"], **ask.body}
        check(changed)
        ask.store.put(_KIND, rule["id"], {**rule, "asked": changed})
        return _begin(ask, "patch", rule)


def delete(ask: GcpAsk) -> Answer:
    with ask.store.atomic():
        rule = _found(ask)
        ask.store.remove(_KIND, rule["id"])
        return _begin(ask, "delete", rule)


def check(rule: Mapping[str, Any]) -> None:
    """Raises ApiError for what makes no rule."""
    check_name(rule.get("name"))
    if str(rule.get("network") or _NETWORK) != _NETWORK:
        raise invalid("resource.network", rule.get("network"), "The referenced network cannot be found.")
    if bool(rule.get("allowed")) == bool(rule.get("denied")):
        raise invalid("resource", "", "Exactly one of 'allowed' and 'denied' must be specified.")
    if not 0 <= int(rule.get("priority", 1_000)) <= _LARGEST_PRIORITY:
        raise invalid("resource.priority", rule.get("priority"), "The priority must be from 0 to 65535.")
    if len(str(rule.get("description", ""))) > _LONGEST_DESCRIPTION:
        raise invalid("resource.description", "…", "Must be at most 2048 characters.")
    for tag in (*(rule.get("sourceTags") or ()), *(rule.get("targetTags") or ())):
        if not NAME.fullmatch(tag):
            raise invalid("resource.targetTags[0]", tag, f"Must be a match of regex '{NAME.pattern}'")
    for source in rule.get("sourceRanges") or ():
        _check_range(source)
    for one in (*(rule.get("allowed") or ()), *(rule.get("denied") or ())):
        _check_ports(one)


def _check_range(source: str) -> None:
    try:
        ipaddress.ip_network(source)
    except ValueError:
        raise invalid("resource.sourceRanges[0]", source, "Must be a valid CIDR address range.") from None


def _check_ports(one: Mapping[str, Any]) -> None:
    protocol = str(one.get("IPProtocol") or "")
    ports = one.get("ports") or []
    if not protocol or (ports and protocol not in ("tcp", "udp", "sctp")):
        raise invalid("resource.allowed[0].IPProtocol", protocol, "The protocol is missing or has no ports.")
    for text in ports:
        found = _PORTS.fullmatch(text)
        if not found or not int(found[1]) <= int(found[2] or found[1]) <= _LARGEST_PRIORITY:
            raise invalid(
                "resource.allowed[0].ports[0]", text, "Ports must be from 0 to 65535, as '80' or '8000-8080'."
            )


def _begin(ask: GcpAsk, kind: str, rule: Item) -> Answer:
    return operations.begin(ask, kind, f"global/firewalls/{rule['asked']['name']}", rule["id"], seconds=_SECONDS)


def _mine(ask: GcpAsk) -> list[Item]:
    return [rule for rule in ask.store.all(_KIND) if rule["project"] == ask.path["project"]]


def _found(ask: GcpAsk) -> Item:
    project, name = str(ask.path["project"]), str(ask.path["firewall"])
    rule = next((rule for rule in _mine(ask) if name in (rule["asked"]["name"], rule["id"])), None)
    if rule is None:
        raise not_found(f"projects/{project}/global/firewalls/{name}")
    return rule


def _shown(rule: Item) -> Item:
    project, asked = rule["project"], rule["asked"]
    return {
        "kind": "compute#firewall",
        "direction": "INGRESS",
        "priority": 1_000,
        "disabled": False,
        "logConfig": {"enable": False},
        **asked,
        "id": rule["id"],
        "creationTimestamp": instant(rule["made_at"]),
        "network": link(project, _NETWORK),
        "selfLink": link(project, f"global/firewalls/{asked['name']}"),
    }
