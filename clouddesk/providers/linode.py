"""What Linode does its own way: labels that are unique, a firewall and a network for each reservation."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import replace
from hashlib import sha256
from typing import Any

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model import node as states
from clouddesk.model.errors import ProviderDown
from clouddesk.model.node import Account, Belonging, Node, NodeOrder, NodePlan, Survey
from clouddesk.model.offer import Offer
from clouddesk.providers import flat_tags, linode_offers
from clouddesk.providers.answers import is_about
from clouddesk.providers.cloud import (
    DISK,
    FIREWALL,
    INSTALLATION,
    NETWORK,
    NODE,
    OWNER,
    RESERVATION,
    ROLE,
    Image,
    in_parallel,
)  # fmt: skip
from clouddesk.providers.linode_driver import LinodeDriver
from clouddesk.providers.spec import ImageQuery
from clouddesk.providers.specs.linode import LINODE
from clouddesk.providers.token_cloud import NOT_FOUND, REFUSED, TokenCloud

_PROVISIONING = "provisioning"
_STATES = {
    _PROVISIONING: states.PENDING,
    "booting": states.PENDING,
    "cloning": states.PENDING,
    "rebuilding": states.PENDING,
    "restoring": states.PENDING,
    "resizing": states.PENDING,
    "running": states.RUNNING,
    "rebooting": states.RUNNING,
    "migrating": states.RUNNING,
    "shutting_down": states.STOPPING,
    "offline": states.STOPPED,
    "stopped": states.STOPPED,
    "deleting": states.GONE,
}
_SUBNET = "10.0.0.0/24"
_ACCEPTED, _DROPPED = "ACCEPT", "DROP"
_NOT_UNIQUE = "must be unique"
_LONGEST_LABEL = 64


class LinodeCloud(TokenCloud[LinodeDriver]):
    """Implements ``clouddesk.providers.cloud.Cloud`` for Linode."""

    name = LINODE.name
    machines = "/linode/instances"
    stopping, starting = "shutdown", "boot"
    driver_class = LinodeDriver

    def account(self) -> Account:
        answer = self._driver().read("/account")
        return Account(provider=LINODE.name, id=str(answer["euuid"]), label=str(answer.get("email", "")))

    def offers(self) -> list[Offer]:
        driver = self._driver()
        return linode_offers.offers(
            types=driver.read_all("/linode/types"),
            regions=driver.read_all("/regions"),
            availability=driver.read_all("/regions/availability"),
        )

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        """Linode's own images are found by their id, the newest build behind it; there is no ARM."""
        if architecture != "x86_64":
            return None
        try:
            image = self._driver().read(f"/images/{query.pattern}")
        except BaseHTTPError as error:
            if error.code == NOT_FOUND:
                return None
            raise
        return Image(id=str(image["id"]), system=system)

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        tag = flat_tags.first(RESERVATION, reservation_id)
        found = [node for node in self._nodes({"tags": tag}) if node.reservation_id == reservation_id]
        return [node for node in found if region in ("", node.region)]

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """One call each, several at once. Labels are unique in an account, so that none is made twice."""
        firewall, interfaces = self._firewall(order), self._interfaces(order)

        def make(plan: NodePlan) -> Node:
            driver = self._driver()
            label = _machine_label(order, plan)
            body: dict[str, Any] = {
                "region": order.region,
                "type": order.size,
                "image": image.id,
                "label": label,
                "tags": flat_tags.of_order(order, plan),
                # It must have one; nobody knows it, and keys are what logs in.
                "root_pass": f"aA1-{secrets.token_urlsafe(32)}",
                "authorized_keys": list(order.public_keys),
                "firewall_id": firewall,
                # An account may have set that new machines get interfaces of the newer kind, written otherwise.
                "interface_generation": "legacy_config",
                "interfaces": interfaces,
            }
            if order.user_data:
                body["metadata"] = {"user_data": base64.b64encode(order.user_data.encode()).decode()}
            try:
                made = driver.write("POST", "/linode/instances", body)
            except BaseHTTPError as error:
                if not is_about(error, REFUSED, _NOT_UNIQUE):
                    raise
                made = self._labelled("/linode/instances", label)
            return _node(made, {})

        return in_parallel(LINODE.name, make, plans)

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """A machine's disk is part of it; volumes are there when people made them, with our tags."""
        mine = self._of(reservation_id, region, self._driver().read_all("/volumes"))
        free = [item for item in mine if item["linode_id"] is None]
        in_parallel(LINODE.name, lambda item: self._driver().delete(f"/volumes/{item['id']}"), free)
        return tuple(str(item["id"]) for item in mine)

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """A machine that no list shows yet keeps its firewall: what is used stays."""
        left: list[str] = []
        for path in ("/networking/firewalls", "/vpcs"):
            mine = self._of(reservation_id, region, self._driver().read_all(path))
            for item in mine:
                if not item.get("entities"):
                    self._driver().delete(f"{path}/{item['id']}")
            left += (str(item["id"]) for item in mine)
        return tuple(left)

    def holdings(self, region: str) -> Survey:
        driver = self._driver()
        kinds = {DISK: "/volumes", FIREWALL: "/networking/firewalls", NETWORK: "/vpcs"}
        belongings = [
            Belonging(str(item["id"]), kind, _place(item), facts.get(RESERVATION, ""), facts.get(OWNER, ""))
            for kind, path in kinds.items()
            for item in driver.read_all(path)
            if (facts := _facts(item)).get(INSTALLATION) == self._installation
        ]
        nodes = self._nodes({"tags": flat_tags.first(INSTALLATION, self._installation)})
        return Survey(nodes=tuple(nodes), belongings=tuple(belongings))

    def _nodes(self, filters: dict[str, str]) -> list[Node]:
        """Ours of those, oldest first."""
        found = self._driver().read_all("/linode/instances", filters)
        mine = [item for item in found if _facts(item).get(INSTALLATION) == self._installation]
        if not mine:
            return []
        addresses = self._driver().read_all("/vpcs/ips")
        private = {item["linode_id"]: item["address"] for item in addresses if item["address"]}
        failed = self._failed() if any(item["status"] == _PROVISIONING for item in mine) else set()
        nodes = [_node(item, private) for item in sorted(mine, key=lambda item: int(item["id"]))]
        return [replace(node, state=states.ERROR) if node.id in failed else node for node in nodes]

    def _failed(self) -> set[str]:
        """Machines whose creation failed, which the newest events tell: they are provisioned for ever."""
        events = self._driver().read_page("/account/events", {"action": "linode_create"})
        return {str(event["entity"]["id"]) for event in events if event["status"] == "failed"}

    def _firewall(self, order: NodeOrder) -> int:
        """The reservation's own, made once."""
        label = f"cd-fw-{_digest(order.installation, order.reservation_id, order.region)}"
        inbound = [
            _rule("TCP", opening.source, f"{opening.first_port}-{opening.last_port}") for opening in order.openings
        ]
        inbound += [_rule("TCP", _SUBNET, "1-65535"), _rule("UDP", _SUBNET, "1-65535"), _rule("ICMP", _SUBNET)]
        rules = {
            "inbound": [{**rule, "label": f"rule-{number}"} for number, rule in enumerate(inbound, 1)],
            "inbound_policy": _DROPPED,
            "outbound": [],
            "outbound_policy": _ACCEPTED,
        }
        body = {"label": label, "tags": flat_tags.of_order(order), "rules": rules}
        return int(self._once("/networking/firewalls", body)["id"])

    def _interfaces(self, order: NodeOrder) -> list[dict[str, Any]]:
        """A public one, and one in the reservation's own network, in which its machines reach each other.

        A machine that is alone needs none: an account may have ten networks in a region.
        """
        path, label = "/vpcs", f"clouddesk-{_digest(order.installation, order.reservation_id, order.region)}"
        public = {"purpose": "public", "primary": True}
        if len(order.nodes) == 1 and not self._driver().read_all(path, {"label": label}):
            return [public]
        body = {
            "label": label,
            "region": order.region,
            "description": " ".join(flat_tags.of_order(order)),
            "subnets": [{"label": "machines", "ipv4": _SUBNET}],
        }
        return [public, {"purpose": "vpc", "subnet_id": self._once(path, body)["subnets"][0]["id"]}]

    def _once(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What has this label; made when there is nothing."""
        found = self._driver().read_all(path, {"label": body["label"]})
        if found:
            return found[0]
        try:
            return self._driver().write("POST", path, body)
        except BaseHTTPError as error:
            if not is_about(error, REFUSED, _NOT_UNIQUE):
                raise
        return self._labelled(path, body["label"])

    def _labelled(self, path: str, label: str) -> dict[str, Any]:
        """What another call has made under this label."""
        found = self._driver().read_all(path, {"label": label})
        if not found or found[0].get("status") == "deleting":
            raise ProviderDown(LINODE.name, f"{label} is taken by something that is not listed")
        return found[0]

    def _of(self, reservation_id: str, region: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        wanted = {INSTALLATION: self._installation, RESERVATION: reservation_id}
        return [item for item in items if wanted.items() <= _facts(item).items() and region in ("", _place(item))]


def _rule(protocol: str, source: str, ports: str = "") -> dict[str, Any]:
    rule = {"action": _ACCEPTED, "protocol": protocol, "addresses": {"ipv6" if ":" in source else "ipv4": [source]}}
    first, _, last = ports.partition("-")
    return {**rule, "ports": first if first == last else ports} if ports else rule


def _machine_label(order: NodeOrder, plan: NodePlan) -> str:
    """``spark-1-worker-2-<digest>``: a person can read it, and no other machine of the account has it."""
    digest = _digest(order.installation, order.reservation_id, order.region, plan.key)
    text = re.sub(r"[^A-Za-z0-9]+", "-", f"{order.name}-{plan.key}").strip("-")
    return f"{text[: _LONGEST_LABEL - len(digest) - 1].rstrip('-')}-{digest}"


def _digest(*facts: str) -> str:
    return sha256("\n".join(facts).encode()).hexdigest()[:12]


def _facts(item: dict[str, Any]) -> dict[str, str]:
    """From tags, or for a VPC, which has none, from its description."""
    return flat_tags.read(item["tags"] if "tags" in item else str(item.get("description") or "").split())


def _place(item: dict[str, Any]) -> str:
    """Its region; a firewall is of none, and tells by a tag for which one it was made."""
    return str(item.get("region") or _facts(item).get(flat_tags.REGION, ""))


def _node(item: dict[str, Any], private: dict[int, str]) -> Node:
    facts = _facts(item)
    return Node(
        id=str(item["id"]),
        key=facts.get(NODE, ""),
        role=facts.get(ROLE, ""),
        state=_STATES.get(item["status"], states.ERROR),
        provider=LINODE.name,
        region=str(item["region"]),
        size=str(item["type"]),
        address=item["ipv4"][0] if item["ipv4"] else None,
        private_address=private.get(item["id"]),
        reservation_id=facts.get(RESERVATION, ""),
        owner=facts.get(OWNER, ""),
    )
