"""Cloud firewalls of the simulated DigitalOcean: rules for the droplets that a tag or a list names."""

from __future__ import annotations

import ipaddress
import re
import time
import uuid
from typing import Any

from clouddesk.sandbox.digitalocean_errors import not_found, refusal, unprocessable
from clouddesk.sandbox.digitalocean_requests import Ask, read_tags
from clouddesk.sandbox.digitalocean_shapes import instant
from clouddesk.sandbox.digitalocean_store import Droplet
from clouddesk.sandbox.rest import Answer, Done, Item, Listed

FIREWALLS = "firewalls"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]{0,254}")
_PORTS = re.compile(r"\d{1,5}(-\d{1,5})?")
_HIGHEST_PORT, _MOST_RULES, _MOST_TAGS, _MOST_DROPLETS = 65_535, 50, 5, 10
_FIELDS = {"name", "inbound_rules", "outbound_rules", "droplet_ids", "tags"}
_PLACES = {"addresses", "droplet_ids", "load_balancer_uids", "kubernetes_ids", "tags"}
_DIRECTIONS = {"inbound_rules": "sources", "outbound_rules": "destinations"}
_ALL = "0"


def list_firewalls(ask: Ask) -> Answer:
    return Listed(FIREWALLS, ask.store.all(FIREWALLS))


def create_firewall(ask: Ask) -> Answer:
    with ask.store.atomic():
        made = {"id": str(uuid.uuid4()), "created_at": instant(time.time()), **_read(ask)}
        ask.store.put(FIREWALLS, made["id"], made)
    return Done({"firewall": made}, 202)


def get_firewall(ask: Ask) -> Answer:
    return Done({"firewall": _existing(ask)})


def replace_firewall(ask: Ask) -> Answer:
    with ask.store.atomic():
        known = _existing(ask)
        changed = {**known, **_read(ask, known["id"])}
        ask.store.put(FIREWALLS, known["id"], changed)
    return Done({"firewall": changed})


def delete_firewall(ask: Ask) -> Answer:
    if not ask.store.remove(FIREWALLS, ask.path["wanted"]):
        raise not_found()
    return Done(status=204)


def before(droplet: Droplet, firewalls: list[Item]) -> list[Item]:
    """Those of them that it is behind."""
    own = {tag.lower() for tag in droplet.tags}
    return [
        item for item in firewalls if droplet.id in item["droplet_ids"] or own & {tag.lower() for tag in item["tags"]}
    ]


def _existing(ask: Ask) -> Item:
    found = ask.store.get(FIREWALLS, ask.path["wanted"])
    if found is None:
        raise not_found()
    return found


def _read(ask: Ask, id_: str = "") -> Item:
    """What a request wants a firewall to be."""
    unknown = set(ask.body) - _FIELDS
    if unknown:
        raise unprocessable(f"unknown field {sorted(unknown)[0]!r}")
    name = ask.body.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise unprocessable("name must begin with an alphanumeric character, and hold these, . and - only")
    if any(item["name"] == name and item["id"] != id_ for item in ask.store.all(FIREWALLS)):
        raise refusal(409, "conflict", "duplicate name")
    rules = {
        direction: [_rule(ask, rule, places) for rule in ask.body.get(direction) or []]
        for direction, places in _DIRECTIONS.items()
    }
    if not 1 <= sum(map(len, rules.values())) <= _MOST_RULES:
        raise unprocessable(f"a firewall has at least one rule and at most {_MOST_RULES}")
    droplets = ask.body.get("droplet_ids") or []
    if len(droplets) > _MOST_DROPLETS or not all(isinstance(one, int) and ask.store.droplet(one) for one in droplets):
        raise unprocessable("invalid droplet id")
    tags = _tags(ask, ask.body.get("tags"))
    if len(tags) > _MOST_TAGS:
        raise unprocessable(f"a firewall has at most {_MOST_TAGS} tags")
    return {
        "name": name,
        **rules,
        "droplet_ids": droplets,
        "tags": tags,
        "status": "succeeded",
        "pending_changes": [],
    }


def _rule(ask: Ask, rule: Any, places: str) -> Item:
    if not isinstance(rule, dict) or set(rule) - {"protocol", "ports", places}:
        raise unprocessable(f"a rule holds protocol, ports and {places}")
    protocol = rule.get("protocol")
    if protocol not in ("tcp", "udp", "icmp"):
        raise unprocessable("invalid protocol")
    ports = _ALL if protocol == "icmp" else _ports(rule.get("ports"))
    found = rule.get(places)
    if not isinstance(found, dict) or not any(found.values()) or set(found) - _PLACES:
        raise unprocessable(f"invalid {places}")
    if not all(_is_address(address) for address in found.get("addresses") or []):
        raise unprocessable("invalid address")
    _tags(ask, found.get("tags"))
    return {"protocol": protocol, "ports": ports, places: {name: value for name, value in found.items() if value}}


def _is_address(text: object) -> bool:
    try:
        ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        return False
    return True


def _ports(text: object) -> str:
    """ "0" stands for all of them, whichever way they were said."""
    if text in (_ALL, "all", f"1-{_HIGHEST_PORT}"):
        return _ALL
    if not isinstance(text, str) or not _PORTS.fullmatch(text):
        raise unprocessable("invalid ports")
    first, _, last = text.partition("-")
    if not 1 <= int(first) <= int(last or first) <= _HIGHEST_PORT:
        raise unprocessable("invalid port range")
    return text


def _tags(ask: Ask, wanted: object) -> list[str]:
    """Only those that there are."""
    tags = read_tags(wanted)
    known = {tag.lower() for tag in ask.store.tags()}
    for tag in tags:
        if tag.lower() not in known:
            raise unprocessable(f"tag {tag} does not exist")
    return tags
