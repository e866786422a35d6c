"""What Vultr does its own way: flat tags, keys as objects, a firewall group and a network for each reservation."""

from __future__ import annotations

import base64
import re
from typing import Any

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model import node as states
from clouddesk.model.node import (
    AVAILABLE,
    ERROR,
    PENDING,
    Account,
    Belonging,
    Node,
    NodeImage,
    NodeOrder,
    NodePlan,
    Survey,
)
from clouddesk.model.offer import Offer
from clouddesk.providers import flat_tags, vultr_offers
from clouddesk.providers.answers import is_about
from clouddesk.providers.cloud import (
    DISK,
    FIREWALL,
    IMAGE,
    INSTALLATION,
    KEY,
    MACHINE,
    NETWORK,
    NODE,
    OWNER,
    RESERVATION,
    ROLE,
    Image,
    in_parallel,
)  # fmt: skip
from clouddesk.providers.spec import ImageQuery
from clouddesk.providers.specs.vultr import VULTR
from clouddesk.providers.token_cloud import REFUSED, TokenCloud
from clouddesk.providers.vultr_driver import VultrDriver

_STATES = {"pending": states.PENDING, "resizing": states.PENDING, "suspended": states.ERROR}
_NOT_UP_YET = ("none", "installingbooting")
_NO_ADDRESS = "0.0.0.0"  # noqa: S104 - what Vultr says before there is one
# What else a reservation may have: kind, address, name of the list, the field that tells whose it is.
_BLOCKS = (DISK, "/blocks", "blocks", "label")
_FIREWALLS = (FIREWALL, "/firewalls", "firewall_groups", "description")
_NETWORKS = (NETWORK, "/vpcs", "vpcs", "description")
_KEYS = (KEY, "/ssh-keys", "ssh_keys", "name")
# A snapshot can be used in all regions, and tells of which one its machine was.
_SNAPSHOTS = (IMAGE, "/snapshots", "snapshots", "description")
_SNAPSHOT_STATES = {"pending": PENDING, "complete": AVAILABLE}
_DELETED = "deleted"
_BYTES_PER_GB = 1024**3
_LONGEST_NAME = 63
_DEFINED_ALREADY = "already defined"


class VultrCloud(TokenCloud[VultrDriver]):
    """Implements ``clouddesk.providers.cloud.Cloud`` for Vultr."""

    name = VULTR.name
    machines = "/instances"
    stopping, starting = "halt", "start"
    driver_class = VultrDriver

    def account(self) -> Account:
        """Vultr's accounts have no other name than their address."""
        answer = self._driver().read("/account")["account"]
        return Account(provider=VULTR.name, id=str(answer["email"]), label=str(answer.get("name", "")))

    def offers(self) -> list[Offer]:
        return vultr_offers.offers(self._driver().read_all("/plans", "plans"))

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        """The newest operating system of that name; every region has all of them, and none is for ARM."""
        if architecture != "x86_64":
            return None
        named = re.compile(rf"{re.escape(query.pattern)}\b")
        found = [item for item in self._driver().read_all("/os", "os") if named.match(item["name"])]
        return Image(id=str(max(int(item["id"]) for item in found)), system=system) if found else None

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        found = self._nodes(flat_tags.first(RESERVATION, reservation_id))
        return [node for node in found if node.reservation_id == reservation_id and region in ("", node.region)]

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """One call each, several at once. There is no token: a caller looks for the tags before calling again."""
        firewall, networks, keys = self._firewall(order), self._networks(order), self._keys(order)

        def make(plan: NodePlan) -> Node:
            name = _host_name(f"{order.name}-{plan.key}")
            body: dict[str, Any] = {
                "region": order.region,
                "plan": order.size,
                **({"snapshot_id": plan.image} if plan.image else {"os_id": int(image.id)}),
                "label": name,
                "hostname": name,
                "tags": flat_tags.of_order(order, plan),
                "sshkey_id": keys,
                "firewall_group_id": firewall,
                "attach_vpc": networks,
                "backups": "disabled",
                "enable_ipv6": False,
                "activation_email": False,
            }
            if order.user_data:
                body["user_data"] = base64.b64encode(order.user_data.encode()).decode()
            return _node(self._driver().write("/instances", body, "instance"))

        return in_parallel(VULTR.name, make, plans)

    def images(self, region: str, reservation_id: str) -> list[NodeImage]:
        return [_image(item) for item in sorted(self._of(_SNAPSHOTS, reservation_id, region), key=_age)]

    def keep_image(self, order: NodeOrder, node: Node) -> None:
        """The machine is locked while its snapshot is made, so that nobody makes a second one meanwhile."""
        tags = [*flat_tags.of_order(order), *flat_tags.written({NODE: node.key, MACHINE: node.id})]
        self._driver().write("/snapshots", {"instance_id": node.id, "description": " ".join(tags)}, "snapshot")

    def delete_images(self, region: str, ids: list[str]) -> None:
        in_parallel(VULTR.name, lambda id_: self._driver().delete(f"/snapshots/{id_}"), ids)

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """A machine's disk is part of it; block storage is there when people made it, with our tags as its label."""
        mine = self._of(_BLOCKS, reservation_id, region)
        for item in mine:
            if not item["attached_to_instance"]:
                self._driver().delete(f"/blocks/{item['id']}")
        return tuple(str(item["id"]) for item in mine)

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """A machine that no list shows yet keeps its firewall: what is used stays."""
        left: list[str] = []
        for kind in (_FIREWALLS, _NETWORKS, _KEYS):
            mine = self._of(kind, reservation_id, region)
            for item in mine:
                if not item.get("instance_count"):
                    self._driver().delete(f"{kind[1]}/{item['id']}")
            left += (str(item["id"]) for item in mine)
        return tuple(left)

    def holdings(self, region: str) -> Survey:
        belongings = []
        for kind in (_BLOCKS, _FIREWALLS, _NETWORKS, _KEYS, _SNAPSHOTS):
            for item, facts in self._ours(kind):
                id_, reservation_id, owner = str(item["id"]), facts.get(RESERVATION, ""), facts.get(OWNER, "")
                belongings.append(Belonging(id_, kind[0], _place(item, facts), reservation_id, owner))
        nodes = self._nodes(flat_tags.first(INSTALLATION, self._installation))
        return Survey(nodes=tuple(nodes), belongings=tuple(belongings))

    def _nodes(self, tag: str) -> list[Node]:
        """Ours of those, oldest first."""
        found = self._driver().read_all("/instances", "instances", tag=tag)
        mine = [item for item in found if flat_tags.read(item["tags"]).get(INSTALLATION) == self._installation]
        return [_node(item) for item in sorted(mine, key=_age)]

    def _firewall(self, order: NodeOrder) -> str:
        """The reservation's own group. It filters the public network only; a group that lacks rules is completed."""
        group = str(self._once(_FIREWALLS, order, "firewall_group")["id"])
        path = f"/firewalls/{group}/rules"
        known = {(rule["port"], rule["subnet"]) for rule in self._driver().read_all(path, "firewall_rules")}
        for opening in order.openings:
            subnet, _, size = opening.source.partition("/")
            port = str(opening.first_port)
            if opening.last_port != opening.first_port:
                port = f"{opening.first_port}:{opening.last_port}"
            version = "v6" if ":" in subnet else "v4"
            rule = {"ip_type": version, "protocol": "tcp", "port": port, "subnet": subnet, "subnet_size": int(size)}
            if (port, subnet) not in known:
                self._add_rule(path, rule)
        return group

    def _add_rule(self, path: str, rule: dict[str, Any]) -> None:
        """That another call has added it is as good."""
        try:
            self._driver().write(path, rule, "firewall_rule")
        except BaseHTTPError as error:
            if not is_about(error, REFUSED, _DEFINED_ALREADY):
                raise

    def _networks(self, order: NodeOrder) -> list[str]:
        """The reservation's own, in which its machines reach each other; one that is alone needs none.

        An account may have few in a region.
        """
        if len(order.nodes) == 1 and not self._of(_NETWORKS, order.reservation_id, order.region):
            return []
        return [str(self._once(_NETWORKS, order, "vpc", region=order.region)["id"])]

    def _keys(self, order: NodeOrder) -> list[str]:
        known = {
            item["ssh_key"].strip(): str(item["id"]) for item in self._of(_KEYS, order.reservation_id, order.region)
        }
        name = " ".join(flat_tags.of_order(order))
        return [
            known.get(key.strip())
            or str(self._driver().write("/ssh-keys", {"name": name, "ssh_key": key.strip()}, "ssh_key")["id"])
            for key in order.public_keys
        ]

    def _once(self, kind: tuple[str, str, str, str], order: NodeOrder, key: str, **more: str) -> dict[str, Any]:
        """The reservation's oldest of the kind; made when there is none."""
        found = self._of(kind, order.reservation_id, order.region)
        if found:
            return min(found, key=_age)
        _, path, _, field = kind
        return self._driver().write(path, {field: " ".join(flat_tags.of_order(order)), **more}, key)

    def _of(self, kind: tuple[str, str, str, str], reservation_id: str, region: str) -> list[dict[str, Any]]:
        return [
            item
            for item, facts in self._ours(kind)
            if facts.get(RESERVATION) == reservation_id and region in ("", _place(item, facts))
        ]

    def _ours(self, kind: tuple[str, str, str, str]) -> list[tuple[dict[str, Any], dict[str, str]]]:
        """All of the kind that this installation made, with the facts that each tells."""
        _, path, name, field = kind
        found = [(item, flat_tags.read(str(item[field] or "").split())) for item in self._driver().read_all(path, name)]
        return [
            (item, facts)
            for item, facts in found
            if facts.get(INSTALLATION) == self._installation and item.get("status") != _DELETED
        ]


def _host_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:_LONGEST_NAME].rstrip("-")


def _place(item: dict[str, Any], facts: dict[str, str]) -> str:
    """Its region; groups and keys are of none, and tell by their name for which one they were made."""
    return str(item.get("region") or facts.get(flat_tags.REGION, ""))


def _state(item: dict[str, Any]) -> str:
    """Three words tell it: of the subscription, of the power, of what the machine is doing."""
    if item["status"] != "active":
        return _STATES.get(item["status"], states.ERROR)
    if item["power_status"] != "running":
        return states.STOPPED
    return states.PENDING if item["server_status"] in _NOT_UP_YET else states.RUNNING


def _image(item: dict[str, Any]) -> NodeImage:
    """Its size is the whole disk's, which is what Vultr counts."""
    facts = flat_tags.read(item["description"].split())
    state = _SNAPSHOT_STATES.get(item["status"], ERROR)
    return NodeImage(str(item["id"]), facts.get(NODE, ""), state, item["size"] / _BYTES_PER_GB, facts.get(MACHINE, ""))


def _age(item: dict[str, Any]) -> tuple[str, str]:
    """To sort by, oldest first."""
    return str(item["date_created"]), str(item["id"])


def _node(item: dict[str, Any]) -> Node:
    facts = flat_tags.read(item["tags"])
    address = item["main_ip"]
    return Node(
        id=str(item["id"]),
        key=facts.get(NODE, ""),
        role=facts.get(ROLE, ""),
        state=_state(item),
        provider=VULTR.name,
        region=str(item["region"]),
        size=str(item["plan"]),
        address=address if address and address != _NO_ADDRESS else None,
        private_address=item["internal_ip"] or None,
        reservation_id=facts.get(RESERVATION, ""),
        owner=facts.get(OWNER, ""),
    )
