"""What a machine needs of Neutron: a port behind the reservation's security group, and an address from outside."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from ipaddress import ip_network
from typing import Any

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import RequestRejected
from clouddesk.model.node import NodeOrder, NodePlan, Opening
from clouddesk.providers import flat_tags
from clouddesk.providers.answers import is_about
from clouddesk.providers.cloud import ADDRESS, FIREWALL, INSTALLATION, NETWORK, OWNER, RESERVATION
from clouddesk.providers.openstack_driver import CONFLICT, OpenStackDriver
from clouddesk.providers.openstack_driver import NETWORK as SERVICE
from clouddesk.providers.specs.openstack import OPENSTACK

Item = dict[str, Any]

_RULES, _INWARD = "security-group-rules", "ingress"
PORTS, ADDRESSES, FIREWALLS = "ports", "floatingips", "security-groups"
_KINDS = {PORTS: NETWORK, ADDRESSES: ADDRESS, FIREWALLS: FIREWALL}
_CHOSEN = "clouddesk"
"""With this tag an admin says which networks are to be used."""


class Networks:
    """One region's Neutron, through a thread's own driver."""

    def __init__(self, driver: OpenStackDriver, region: str, installation: str) -> None:
        self._driver = driver
        self._region = region
        self._installation = installation

    def firewall(self, order: NodeOrder) -> str:
        """The reservation's own security group, the oldest when there are several, with the order's rules only."""
        mine = self.of(order.reservation_id, FIREWALLS)
        if mine:
            group = min(mine, key=lambda item: (str(item.get("created_at")), item["id"]))
        else:
            name = f"clouddesk-{_digest(order.installation, order.reservation_id, order.region)}"
            group = self._make("security_group", FIREWALLS, {"name": name, "description": described(order)})
        rules = [_rule(group["id"], opening) for opening in order.openings]
        rules += [
            {"ethertype": version, "remote_group_id": group["id"], **_inward(group["id"])}
            for version in ("IPv4", "IPv6")
        ]
        wanted = {_essence(rule): rule for rule in rules}
        known = {
            _essence(rule): str(rule["id"])
            for rule in group.get("security_group_rules") or []
            if rule["direction"] == _INWARD
        }
        for essence in wanted.keys() - known.keys():
            self._add_rule(wanted[essence])
        for essence in known.keys() - wanted.keys():
            self._driver.delete(SERVICE, self._region, f"/{_RULES}/{known[essence]}")
        return str(group["id"])

    def _add_rule(self, rule: Item) -> None:
        """That another call has added it is as good."""
        try:
            self._make("security_group_rule", _RULES, rule)
        except BaseHTTPError as error:
            if not is_about(error, CONFLICT, "RuleExists"):
                raise

    def place(self) -> tuple[str, str | None]:
        """The network that machines are in, and the one that their public addresses are of, where that is another.

        Raises RequestRejected when the project has none, or several without saying which.
        """
        networks = [
            item
            for item in self._list("networks")
            if item.get("admin_state_up", True) and item.get("status", "ACTIVE") == "ACTIVE" and item["subnets"]
        ]
        outer = [item for item in networks if item.get("router:external")]
        inner = [item for item in networks if not item.get("router:external")]
        if not inner:
            # Some clouds let machines into the outside network itself.
            return str(self._chosen([item for item in outer if item.get("shared")], "network")["id"]), None
        mine = [item for item in inner if item.get("project_id") == self._driver.project["id"]]
        network = self._chosen(self._tagged(inner) or mine or inner, "network")
        if not outer:
            return str(network["id"]), None
        return str(network["id"]), str(self._chosen(outer, "outside network")["id"])

    def port(self, order: NodeOrder, plan: NodePlan, network: str, firewall: str) -> str:
        name = f"clouddesk-{_digest(order.installation, order.reservation_id, order.region, plan.key)}"
        body = {
            "network_id": network,
            "name": name,
            "description": described(order),
            "security_groups": [firewall],
        }
        return str(self._make("port", PORTS, body)["id"])

    def address(self, order: NodeOrder, outer: str, port: str) -> None:
        """A public address for the machine on this port."""
        body = {"floating_network_id": outer, "port_id": port, "description": described(order)}
        self._make("floatingip", ADDRESSES, body)

    def ports_of(self, machines: Collection[str]) -> set[str]:
        """What these machines are on. To be asked before they are ended, which lets the ports go."""
        return {str(item["id"]) for item in self.ours(PORTS) if item["device_id"] in machines}

    def release(self, ports: Collection[str]) -> None:
        """Give back ports and their public addresses."""
        for item in self.ours(ADDRESSES):
            if item.get("port_id") in ports:
                self._driver.delete(SERVICE, self._region, f"/{ADDRESSES}/{item['id']}")
        for id_ in ports:
            self._driver.delete(SERVICE, self._region, f"/{PORTS}/{id_}", is_used=True)

    def clear(self, reservation_id: str) -> tuple[str, ...]:
        """A machine that no list shows yet keeps its port, and with it address and firewall: what is used stays."""
        ports = self.of(reservation_id, PORTS)
        addresses = self.of(reservation_id, ADDRESSES)
        firewalls = self.of(reservation_id, FIREWALLS)
        used = {item["id"] for item in ports if item["device_id"]}
        for kind, items in ((ADDRESSES, addresses), (PORTS, ports)):
            for item in items:
                if item["id"] not in used and item.get("port_id") not in used:
                    self._driver.delete(SERVICE, self._region, f"/{kind}/{item['id']}", is_used=True)
        if not used:
            for item in firewalls:
                self._driver.delete(SERVICE, self._region, f"/{FIREWALLS}/{item['id']}", is_used=True)
        return tuple(str(item["id"]) for item in (*addresses, *ports, *firewalls))

    def belongings(self) -> list[tuple[str, Item]]:
        """All of this installation, each with its kind."""
        return [(kind, item) for path, kind in _KINDS.items() for item in self.ours(path)]

    def of(self, reservation_id: str, kind: str) -> list[Item]:
        return [item for item in self.ours(kind) if facts(item).get(RESERVATION) == reservation_id]

    def ours(self, kind: str) -> list[Item]:
        return [item for item in self._list(kind) if facts(item).get(INSTALLATION) == self._installation]

    def _chosen(self, networks: list[Item], what: str) -> Item:
        left = self._tagged(networks) or networks
        left = [item for item in left if item.get("is_default")] or left
        if len(left) != 1:
            said = f"several {what}s" if left else f"no {what} that machines can be in"
            raise RequestRejected(
                OPENSTACK.name,
                f"the project has {said} in {self._region}: `openstack network set --tag {_CHOSEN} <network>` says"
                " which is to be used",
            )
        return left[0]

    @staticmethod
    def _tagged(networks: list[Item]) -> list[Item]:
        return [item for item in networks if _CHOSEN in (item.get("tags") or [])]

    def _list(self, kind: str) -> list[Item]:
        return self._driver.list(SERVICE, self._region, f"/{kind}", kind.replace("-", "_"))

    def _make(self, key: str, kind: str, body: Item) -> Item:
        made: Item = self._driver.ask(SERVICE, self._region, f"/{kind}", "POST", {key: body})[key]
        return made


def described(order: NodeOrder) -> str:
    """Whose a thing is, in its description: Neutron takes tags with a second request only, and that may never come."""
    known = {INSTALLATION: order.installation, RESERVATION: order.reservation_id, OWNER: order.owner}
    return " ".join(flat_tags.written(known))


def facts(item: Item) -> dict[str, str]:
    return flat_tags.read(str(item.get("description") or "").split())


def _rule(group: str, opening: Opening) -> Item:
    source = ip_network(opening.source, strict=False)
    return {
        "ethertype": f"IPv{source.version}",
        "protocol": "tcp",
        "port_range_min": opening.first_port,
        "port_range_max": opening.last_port,
        "remote_ip_prefix": str(source),
        **_inward(group),
    }


def _inward(group: str) -> Item:
    return {"direction": _INWARD, "security_group_id": group}


def _essence(rule: Item) -> tuple[Any, ...]:
    names = ("ethertype", "protocol", "port_range_min", "port_range_max", "remote_group_id")
    prefix = rule.get("remote_ip_prefix")
    return (*(rule.get(name) for name in names), prefix and ip_network(prefix, strict=False))


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:12]
