"""What DigitalOcean does its own way: one call per droplet, flat tags, a disk that belongs to the size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote

from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeImage as LibcloudImage
from libcloud.compute.base import NodeLocation, NodeSize

from clouddesk.model import node as states
from clouddesk.model.bill import Bill
from clouddesk.model.errors import BillRefused, QuotaExceeded
from clouddesk.model.node import Account, Belonging, Node, NodeImage, NodeOrder, NodePlan, Survey
from clouddesk.model.offer import LEAST_PRICE_USD, Offer
from clouddesk.providers import digitalocean_bill, digitalocean_firewall, digitalocean_images
from clouddesk.providers.cloud import (
    DISK,
    INSTALLATION,
    NODE,
    OWNER,
    RESERVATION,
    ROLE,
    Image,
    in_parallel,
)  # fmt: skip
from clouddesk.providers.digitalocean_driver import FORBIDDEN, GONE, DropletDriver
from clouddesk.providers.digitalocean_metrics import cpu_percent
from clouddesk.providers.flat_tags import escaped
from clouddesk.providers.spec import ImageQuery
from clouddesk.providers.specs.digitalocean import DIGITALOCEAN
from clouddesk.providers.token_cloud import OpenedByToken
from clouddesk.providers.user_data import with_keys

_NEW = "new"
_STATES = {_NEW: states.PENDING, "active": states.RUNNING, "off": states.STOPPED, "archive": states.GONE}


class DropletCloud(OpenedByToken[DropletDriver]):
    """Implements ``clouddesk.providers.cloud.Cloud`` for DigitalOcean."""

    driver_class = DropletDriver

    def account(self) -> Account:
        answer = self._driver().ex_account_info()
        # A token is one of a team: its machines and limits are those of all who have one there.
        id_, user = str((answer.get("team") or answer)["uuid"]), str(answer["uuid"])
        # Tokens that were added before teams counted are kept under their user.
        earlier = (user,) if user != id_ else ()
        return Account(DIGITALOCEAN.name, id_, label=str(answer.get("email", "")), earlier_ids=earlier)

    def offers(self) -> list[Offer]:
        return droplet_offers(self._driver().read_all("/v2/sizes", "sizes"))

    def cpu_percents(self, region: str, ids: Sequence[str], since: datetime, until: datetime) -> dict[str, float]:
        """Of those that have DigitalOcean's agent."""
        span = f"start={int(since.timestamp())}&end={int(until.timestamp())}"

        def ask(id_: str) -> tuple[str, float | None]:
            return id_, cpu_percent(self._driver().metrics("cpu", f"host_id={id_}&{span}"))

        found = in_parallel(DIGITALOCEAN.name, ask, ids)
        return {id_: percent for id_, percent in found if percent is not None}

    def bill(self, month: datetime) -> Bill:
        driver = self._driver()
        try:
            return digitalocean_bill.bill(lambda path: driver.read(path), month)
        except BaseHTTPError as error:
            if error.code == FORBIDDEN:
                raise BillRefused(DIGITALOCEAN.name, str(error.message)) from error
            raise

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        """DigitalOcean's own images are found by their slug, the newest build behind it; there is no ARM."""
        if architecture != "x86_64":
            return None
        try:
            image = self._driver().get_image(query.pattern)
        except BaseHTTPError as error:
            if error.code == GONE:
                return None
            raise
        return Image(id=str(image.id), system=system) if region in image.extra["regions"] else None

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        found = self._driver().list_by_tag(_tag(RESERVATION, reservation_id))
        mine = [
            item
            for item in found
            if _tag(INSTALLATION, self._installation) in item.extra["tags"]
            and region in ("", item.extra["region_slug"])
        ]
        failed = self._driver().list_failed() if any(item.extra["status"] == _NEW for item in mine) else set()
        nodes = [_node(item, item.extra["region_slug"]) for item in sorted(mine, key=lambda item: int(item.id))]
        return [replace(node, state=states.ERROR) if node.id in failed else node for node in nodes]

    def check_room(self, order: NodeOrder, count: int) -> None:
        """Droplets are limited by number, over all regions."""
        limit = int(self._driver().ex_account_info().get("droplet_limit") or 0)
        existing = self._driver().count("/v2/droplets") if limit else 0
        if limit and existing + count > limit:
            raise QuotaExceeded(DIGITALOCEAN.name, f"{existing} of {limit} droplets used, {count} more asked")

    def let_in(self, order: NodeOrder) -> None:
        """By the rules of the reservation's firewall."""
        digitalocean_firewall.change(self._driver(), order)

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """One call each, several at once. There is no token: a caller looks for the tags before calling again."""
        firewall = digitalocean_firewall.ensure(self._driver(), order)
        # Keys of the account have no tags, and each is there once, whosever it is.
        user_data = with_keys(order.user_data, order.public_keys, login=DIGITALOCEAN.images[image.system].login)

        def make(plan: NodePlan) -> Node:
            driver = self._driver()
            made = driver.create_node(
                name=_host_name(f"{order.name}-{plan.key}"),
                size=NodeSize(order.size, order.size, ram=0, disk=0, bandwidth=None, price=None, driver=driver),
                image=LibcloudImage(digitalocean_images.number(plan.image or image.id), image.system, driver=driver),
                location=NodeLocation(order.region, order.region, "", driver=driver),
                ex_create_attr={"tags": [*_tags(order, plan), firewall]},
                ex_user_data=user_data or None,
            )
            return replace(
                _node(made, order.region),
                key=plan.key,
                role=plan.role,
                reservation_id=order.reservation_id,
                owner=order.owner,
            )

        return in_parallel(DIGITALOCEAN.name, make, plans)

    def label(self, node: Node, plan: NodePlan, order: NodeOrder) -> None:
        """Nothing to do: a droplet is made with its key."""

    def end(self, region: str, ids: list[str]) -> None:
        in_parallel(DIGITALOCEAN.name, lambda id_: self._driver().end("droplets", id_), ids)

    def stop(self, region: str, ids: list[str]) -> None:
        self._act(ids, "shutdown")

    def start(self, region: str, ids: list[str]) -> None:
        self._act(ids, "power_on")

    def reboot(self, region: str, ids: list[str]) -> None:
        self._act(ids, "reboot")

    def images(self, region: str, reservation_id: str) -> list[NodeImage]:
        found = [
            item.image
            for item in digitalocean_images.listed(self._driver(), self._installation)
            if item.reservation_id == reservation_id and region in ("", *item.regions)
        ]
        return [*found, *digitalocean_images.pending(self._driver(), self.nodes(region, reservation_id), found)]

    def keep_image(self, order: NodeOrder, node: Node) -> None:
        self._driver().act(node.id, digitalocean_images.ACTION, name=digitalocean_images.name_of(order, node))

    def delete_images(self, region: str, ids: list[str]) -> None:
        digitalocean_images.delete(self._driver(), ids)

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """A droplet's disk is part of it; volumes are there when people made them, with our tags."""
        mine = [item for item in self._volumes(region) if _tag(RESERVATION, reservation_id) in item["tags"]]
        in_parallel(
            DIGITALOCEAN.name,
            lambda item: self._driver().end("volumes", str(item["id"])),
            [item for item in mine if not item["droplet_ids"]],
        )
        return tuple(str(item["id"]) for item in mine)

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """The firewall; reserved IPs and SSH keys have no tags, so none of them could be told."""
        found = digitalocean_firewall.belongings(self._driver(), self._installation)
        mine = [item.id for item in found if item.reservation_id == reservation_id and region in ("", item.region)]
        for id_ in mine:
            self._driver().end("firewalls", id_)
        return tuple(mine)

    def regions(self) -> list[str]:
        """One list covers them all."""
        return [""]

    def holdings(self, region: str) -> Survey:
        """Droplets, volumes, firewalls and snapshots: what else there is has no tags or names of its own."""
        found = self._driver().list_by_tag(_tag(INSTALLATION, self._installation))
        nodes = [_node(item, str(item.extra["region_slug"])) for item in sorted(found, key=lambda item: int(item.id))]
        disks = [_belonging(item) for item in self._volumes(region)]
        firewalls = digitalocean_firewall.belongings(self._driver(), self._installation)
        images = digitalocean_images.belongings(self._driver(), self._installation)
        return Survey(nodes=tuple(nodes), belongings=(*disks, *firewalls, *images))

    def _volumes(self, region: str) -> list[dict[str, Any]]:
        found = self._driver().read_all(f"/v2/volumes?region={region}" if region else "/v2/volumes", "volumes")
        return [item for item in found if _tag(INSTALLATION, self._installation) in item["tags"]]

    def _act(self, ids: list[str], action: str) -> None:
        in_parallel(DIGITALOCEAN.name, lambda id_: self._driver().act(id_, action), ids)


def _tag(kind: str, value: str) -> str:
    """A flat tag: letters, digits, colons, dashes and underscores only."""
    return re.sub(r"[^\w:-]", "_", f"{kind}:{value}")


def _owner_tag(owner: str) -> str:
    """So that it can be read back: a colon for the slash, and the code of whatever else a tag cannot hold."""
    return f"{OWNER}:" + escaped(owner, "A-Za-z0-9/-").replace("/", ":")


def _owner(tag: str) -> str:
    """From the tag's value; "" when it is not one of ours."""
    found = re.fullmatch(r"(?:[A-Za-z0-9:-]|_[0-9a-f]{2})+", tag) and ":" in tag
    return unquote(tag.replace("_", "%").replace(":", "/")) if found else ""


def _tags(order: NodeOrder, plan: NodePlan) -> list[str]:
    facts = {
        INSTALLATION: order.installation,
        RESERVATION: order.reservation_id,
        NODE: plan.key,
        ROLE: plan.role,
    }
    return [*(_tag(kind, value) for kind, value in facts.items()), _owner_tag(order.owner)]


def _host_name(text: str) -> str:
    """A droplet's name: letters, digits, dots and dashes only."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")


def _facts(tags: list[str]) -> dict[str, str]:
    return dict(tag.partition(":")[::2] for tag in tags)


def _belonging(volume: dict[str, Any]) -> Belonging:
    tags = _facts(volume["tags"])
    owner = _owner(tags.get(OWNER, ""))
    return Belonging(str(volume["id"]), DISK, volume["region"]["slug"], tags.get(RESERVATION, ""), owner)


def _node(item: Any, region: str) -> Node:
    tags = _facts(item.extra["tags"])
    return Node(
        id=str(item.id),
        key=tags.get(NODE, ""),
        role=tags.get(ROLE, ""),
        state=_STATES.get(item.extra["status"], states.ERROR),
        provider=DIGITALOCEAN.name,
        region=region,
        size=str(item.extra["size_slug"]),
        address=item.public_ips[0] if item.public_ips else None,
        private_address=item.private_ips[0] if item.private_ips else None,
        reservation_id=tags.get(RESERVATION, ""),
        owner=_owner(tags.get(OWNER, "")),
    )


def droplet_offers(sizes: Iterable[dict[str, Any]]) -> list[Offer]:
    """Each size in each region that sells it, as ``GET /v2/sizes`` tells them."""
    as_of = datetime.now(timezone.utc)
    return [_offer(size, region, as_of) for size in sizes if size["available"] for region in size["regions"]]


def _offer(size: dict[str, Any], region: str, as_of: datetime) -> Offer:
    gpu = size.get("gpu_info") or {}
    price = float(size.get("price_hourly") or 0)
    return Offer(
        provider=DIGITALOCEAN.name,
        region=region,
        size=size["slug"],
        vcpus=int(size["vcpus"]),
        memory_gb=size["memory"] / 1024,
        disk_gb=float(size["disk"]),
        hourly_price_usd=price if price >= LEAST_PRICE_USD else None,
        source="DigitalOcean API",
        as_of=as_of,
        gpus=int(gpu.get("count") or 0),
        gpu_type=_gpu_type(str(gpu.get("model") or "")),
    )


def _gpu_type(model: str) -> str | None:
    """ "nvidia_h100" → "h100", "nvidia_rtx4000_ada" → "rtx4000"."""
    return re.sub(r"^(nvidia|amd)_|_ada$", "", model.lower()) or None
