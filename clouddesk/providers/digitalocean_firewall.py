"""A reservation's cloud firewall in one region: what the order opens, and all among its machines.

DigitalOcean's firewalls have no region, and their tags are not about them but name the droplets that they are for. So
each has one tag, which only the reservation's droplets in the region carry, and which tells whose they are; its name,
which an account has once, is a digest of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from ipaddress import ip_network
from typing import Any

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import NoFirewall, ProviderDown
from clouddesk.model.node import Belonging, NodeOrder
from clouddesk.providers.answers import is_about
from clouddesk.providers.cloud import FIREWALL
from clouddesk.providers.digitalocean_driver import DropletDriver
from clouddesk.providers.named_facts import read, written
from clouddesk.providers.specs.digitalocean import DIGITALOCEAN

Item = dict[str, Any]

_TAG, _FACTS = "clouddesk-firewall", 4
_LIST, _TAGS = "/v2/firewalls", "/v2/tags"
_EVERYWHERE = ["0.0.0.0/0", "::/0"]
_ALL_PORTS = "1-65535"
_SAME_AS_ALL = ("0", "all", _ALL_PORTS)  # it is written in one way and read in another
_CONFLICT, _REJECTED = 409, 422
_TAKEN = "duplicate|already|taken"


def ensure(driver: DropletDriver, order: NodeOrder) -> str:
    """Make the firewall when there is none, and let its rules be those of the order.

    Returns the tag that droplets behind it carry.
    """
    name, tag = _names(order)
    existing = _named(driver, name)
    if existing is None:
        _once(driver, _TAGS, {"name": tag})
        _once(driver, _LIST, _firewall(order, name, tag))
        existing = _named(driver, name)
    if existing is None:
        raise ProviderDown(DIGITALOCEAN.name, f"the firewall {name} is not listed yet")
    return _let_in(driver, order, existing)


def change(driver: DropletDriver, order: NodeOrder) -> None:
    """Let the rules be those of the order, where there is a firewall. Raises NoFirewall where there is none."""
    name, _ = _names(order)
    existing = _named(driver, name)
    if existing is None:
        # A new one would be nobody's: droplets keep the tags that they were made with.
        raise NoFirewall(DIGITALOCEAN.name, f"{order.name} has no firewall of its own")
    _let_in(driver, order, existing)


def _let_in(driver: DropletDriver, order: NodeOrder, existing: Item) -> str:
    """Returns the tag: droplets that there are carry the one that the firewall was made with."""
    name, tag = _names(order)
    tag = next((text for text in existing["tags"] or [] if read(_TAG, text, _FACTS)), tag)
    wanted = _firewall(order, name, tag)
    if _plain(existing) != _plain(wanted):
        driver.write("PUT", f"{_LIST}/{existing['id']}", wanted)
    return tag


def _names(order: NodeOrder) -> tuple[str, str]:
    """The firewall's, and its tag's."""
    facts = (order.installation, order.reservation_id, order.region)
    return f"clouddesk-{sha256(chr(10).join(facts).encode()).hexdigest()[:24]}", written(_TAG, *facts, order.owner)


def belongings(driver: DropletDriver, installation: str) -> list[Belonging]:
    """All firewalls of the installation."""
    found = ((item, _facts(item["tags"])) for item in driver.read_all(_LIST, "firewalls"))
    return [
        Belonging(str(item["id"]), FIREWALL, region, reservation_id, owner)
        for item, (whose, reservation_id, region, owner) in found
        if whose == installation
    ]


def _firewall(order: NodeOrder, name: str, tag: str) -> Item:
    inbound: list[Item] = [
        {
            "protocol": "tcp",
            "ports": _ports(item.first_port, item.last_port),
            "sources": {"addresses": [str(ip_network(item.source, strict=False))]},
        }
        for item in order.openings
    ]
    return {
        "name": name,
        "tags": [tag],
        "droplet_ids": [],
        "inbound_rules": inbound + [{**rule, "sources": {"tags": [tag]}} for rule in _everything()],
        "outbound_rules": [{**rule, "destinations": {"addresses": _EVERYWHERE}} for rule in _everything()],
    }


def _everything() -> list[Item]:
    return [{"protocol": "tcp", "ports": _ALL_PORTS}, {"protocol": "udp", "ports": _ALL_PORTS}, {"protocol": "icmp"}]


def _ports(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _named(driver: DropletDriver, name: str) -> Item | None:
    return next((item for item in driver.read_all(_LIST, "firewalls") if item["name"] == name), None)


def _once(driver: DropletDriver, path: str, body: Item) -> None:
    """That another call has made it is as good."""
    try:
        driver.write("POST", path, body)
    except BaseHTTPError as error:
        if not is_about(error, _CONFLICT, "") and not is_about(error, _REJECTED, _TAKEN):
            raise


def _plain(firewall: Item) -> tuple[Any, ...]:
    """What can be compared, however it is written and in whatever order."""
    rules = [
        (direction, rule["protocol"], _all_or(rule), *sorted(_places(rule.get(places) or {})))
        for direction, places in (("inbound_rules", "sources"), ("outbound_rules", "destinations"))
        for rule in firewall.get(direction) or []
    ]
    return sorted(firewall["tags"] or []), sorted(rules)


def _all_or(rule: Item) -> str:
    ports = str(rule.get("ports") or "0")
    return "0" if ports in _SAME_AS_ALL else ports


def _places(places: dict[str, list[Any]]) -> Iterable[str]:
    return (f"{kind} {place}" for kind, names in places.items() for place in names or [])


def _facts(tags: list[str] | None) -> tuple[str, str, str, str]:
    """Installation, reservation, region and owner; "" when somebody else made it."""
    found = [facts for tag in tags or [] if (facts := read(_TAG, tag, _FACTS))]
    if not found:
        return "", "", "", ""
    installation, reservation_id, region, owner = found[0]
    return installation, reservation_id, region, owner
