"""A reservation's firewall in one region: rules that go by a network tag that only its machines carry.

The project's default network lets in SSH, RDP, pings and all that comes from inside, so the first rule of three denies
everything, and the others, which come before it, let in what the order opens and what the machines say to each other.
Rules have no labels: their names are found again by a digest, their descriptions tell whose they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.node import Belonging, NodeOrder, Opening
from clouddesk.providers.cloud import FIREWALL
from clouddesk.providers.gcp_driver import EXISTS, ComputeDriver, Item
from clouddesk.providers.gcp_labels import unique_name
from clouddesk.providers.gcp_machine import NETWORK

_PREFIX = "clouddesk"
_RULES = "/global/firewalls"
_ALLOW_PRIORITY, _DENY_PRIORITY = 900, 1000
_EVERYWHERE = "0.0.0.0/0"
_LONGEST_WORDS = 40  # a rule's name goes on after the tag's
_COMPARED = ("priority", "sourceRanges", "sourceTags", "targetTags", "allowed", "denied")


def tag_of(installation: str, reservation_id: str, region: str) -> str:
    """The network tag that a reservation's machines carry there."""
    return unique_name(f"{_PREFIX}-{reservation_id}"[:_LONGEST_WORDS], installation, reservation_id, region)


def ensure(driver: ComputeDriver, order: NodeOrder) -> str:
    """Make the rules that are missing, mend those that are not as ordered; returns the tag. Any number of times."""
    tag = tag_of(order.installation, order.reservation_id, order.region)
    existing = {item["name"]: item for item in _with_tag(driver, tag)}
    changes = [
        _insert(driver, rule) if rule["name"] not in existing else driver.ask(_path(rule), "PATCH", rule)
        for rule in _rules(order, tag)
        if rule["name"] not in existing or not _is_as(existing[rule["name"]], rule)
    ]
    for name in sorted(set(existing) - {rule["name"] for rule in _rules(order, tag)}):
        driver.end(f"{_RULES}/{name}")
    for operation in changes:
        if operation:
            driver.settle(operation)
    return tag


def clear(driver: ComputeDriver, installation: str, reservation_id: str, region: str) -> tuple[str, ...]:
    """Delete the rules; returns those that were still there."""
    names = [str(item["name"]) for item in _with_tag(driver, tag_of(installation, reservation_id, region))]
    for name in names:
        driver.end(f"{_RULES}/{name}")
    return tuple(names)


def belongings(driver: ComputeDriver, installation: str) -> list[Belonging]:
    """All rules of the installation."""
    found = driver.list_all(_RULES, f"name eq {_PREFIX}-.*")
    told = [(str(item["name"]), _told(item)) for item in found]
    return [
        Belonging(name, FIREWALL, facts.get("region", ""), facts.get("reservation", ""), facts.get("owner", ""))
        for name, facts in told
        if facts.get("installation") == installation
    ]


def _rules(order: NodeOrder, tag: str) -> list[Item]:
    common = {
        "network": NETWORK,
        "direction": "INGRESS",
        "targetTags": [tag],
        "description": json.dumps(
            {
                "installation": order.installation,
                "reservation": order.reservation_id,
                "owner": order.owner,
                "region": order.region,
            }
        ),
    }
    everything = [{"IPProtocol": "all"}]
    rules: list[dict[str, Any]] = [
        {"name": f"{tag}-deny", "priority": _DENY_PRIORITY, "sourceRanges": [_EVERYWHERE], "denied": everything},
        {"name": f"{tag}-own", "priority": _ALLOW_PRIORITY, "sourceTags": [tag], "allowed": everything},
    ]
    sources = sorted({opening.source for opening in order.openings})
    rules += [
        {
            "name": f"{tag}-in-{number}",
            "priority": _ALLOW_PRIORITY,
            "sourceRanges": [source],
            "allowed": [{"IPProtocol": "tcp", "ports": _ports(order.openings, source)}],
        }
        for number, source in enumerate(sources)
    ]
    return [{**common, **rule} for rule in rules]


def _ports(openings: Iterable[Opening], source: str) -> list[str]:
    ranges = sorted({(item.first_port, item.last_port) for item in openings if item.source == source})
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


def _insert(driver: ComputeDriver, rule: Item) -> Item | None:
    try:
        return driver.ask(_RULES, "POST", rule)
    except BaseHTTPError as error:
        if error.code != EXISTS:
            raise
        return None  # by another worker, a moment ago


def _is_as(existing: Item, rule: Item) -> bool:
    return all(_plain(existing.get(name)) == _plain(rule.get(name)) for name in _COMPARED)


def _plain(value: Any) -> Any:
    return sorted(json.dumps(item, sort_keys=True) for item in value) if isinstance(value, list) else value


def _with_tag(driver: ComputeDriver, tag: str) -> list[Item]:
    return driver.list_all(_RULES, f"name eq {tag}-.*")


def _path(rule: Item) -> str:
    return f"{_RULES}/{rule['name']}"


def _told(rule: Item) -> dict[str, str]:
    try:
        facts = json.loads(rule.get("description") or "{}")
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}
