"""What Azure does its own way: a resource group for each reservation, one request a machine, everything named."""

from __future__ import annotations

import time
from threading import local

import structlog
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import RequestRejected
from clouddesk.model.node import Account, Belonging, Node, NodeOrder, NodePlan, Survey
from clouddesk.model.offer import ARM64, Offer
from clouddesk.providers import azure_machine as machines
from clouddesk.providers import azure_names as names
from clouddesk.providers.azure_driver import EXISTS, ArmDriver, Item
from clouddesk.providers.azure_key import Principal
from clouddesk.providers.azure_machine import Status
from clouddesk.providers.azure_prices import live_offers
from clouddesk.providers.azure_sizes import Size, Sizes, check_room
from clouddesk.providers.cloud import (
    DISK,
    FIREWALL,
    INSTALLATION,
    OWNER,
    RESERVATION,
    Endpoint,
    Image,
    in_parallel,
)  # fmt: skip
from clouddesk.providers.spec import ImageQuery
from clouddesk.providers.specs.azure import AZURE
from clouddesk.providers.transport import Pause

log = structlog.get_logger()

MACHINES = "Microsoft.Compute/virtualMachines"
_DISKS = "Microsoft.Compute/disks"
_CARDS = "Microsoft.Network/networkInterfaces"
_ADDRESSES = "Microsoft.Network/publicIPAddresses"
_FIREWALLS = "Microsoft.Network/networkSecurityGroups"
_NETWORKS = "Microsoft.Network/virtualNetworks"

_STATUS_ONLY = {"statusOnly": "true"}
_PLACED_WITHIN_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 5.0
_CONFLICT = 409
_DELETING = "Deleting"
# Azure does not tell how large an image is. Those of Linux take up to 31 GB, and disks are sold as 16, 32, 64 …
_LEAST_DISK_GB = 32


class AzureCloud:
    """Implements ``clouddesk.providers.cloud.Cloud`` for Azure."""

    def __init__(self, fields: dict[str, str], *, endpoint: str | None, installation: str, pause: Pause) -> None:
        self._principal = Principal.parse(fields)
        self._endpoint = Endpoint.parse(endpoint) if endpoint else None
        self._installation = installation
        self._pause = pause
        self._own = local()  # libcloud's drivers are not safe to share between threads

    def account(self) -> Account:
        driver = self._driver()
        found = driver.ask(driver.place)
        return Account(provider=AZURE.name, id=found["subscriptionId"], label=str(found.get("displayName", "")))

    def offers(self) -> list[Offer]:
        """Prices of today, over all that come with the catalogue; none of a simulated cloud, which has no prices."""
        if self._endpoint:
            return []
        places = self._driver().list(f"{self._driver().place}/locations")
        regions = [item["name"] for item in places if (item.get("metadata") or {}).get("regionType") == "Physical"]
        return live_offers(self._sizes, regions)

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        """The newest version of the publisher's image; all that begins a machine with it is in the id."""
        x86, arm, _ = query.pattern.split(" ")
        offer, _, sku = (arm if architecture == ARM64 else x86).partition(":")
        if not sku:
            return None
        driver = self._driver()
        place = driver.provider(f"Microsoft.Compute/locations/{region}/publishers/{query.owner}")
        versions = f"{place}/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions"
        newest = driver.find_newest(versions)
        if newest is None:
            return None
        facts = driver.ask(f"{versions}/{newest}")["properties"]
        urn = f"{query.owner}:{offer}:{sku}:{newest}"
        return Image(
            id=f"{urn}:plan" if facts.get("plan") else urn,
            system=system,
            least_disk_gb=_LEAST_DISK_GB,
        )

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        return self._nodes(names.group_name(self._installation, reservation_id, region))

    def check_room(self, order: NodeOrder, count: int) -> None:
        check_room(self._driver(), self._size(order), order, count)

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """One request each, several at once, of which each makes its machine once however often it is asked."""
        group = names.group_name(order.installation, order.reservation_id, order.region)
        facts = _image_facts(image, self._size(order))
        place = self._driver().provider(MACHINES, group)
        subnet = f"{self._driver().provider(_NETWORKS, group)}/{names.NETWORK_NAME}/subnets/{names.SUBNET_NAME}"
        bodies = {
            f"{place}/{names.machine_name(plan.key)}": machines.body(order, plan, image, facts, subnet=subnet)
            for plan in plans
        }
        self._make_shared(order, group)

        def make(path: str) -> Item:
            driver = self._driver()
            try:
                return driver.ask(path, "PUT", bodies[path], headers={"If-None-Match": "*"})
            except BaseHTTPError as error:
                if error.code != EXISTS:
                    raise
                return driver.ask(path)

        made = in_parallel(AZURE.name, make, bodies)
        self._await_places(made)
        return [machines.node(item, Status()) for item in made]

    def label(self, node: Node, plan: NodePlan, order: NodeOrder) -> None:
        """Nothing to do: a machine is made with its key."""

    def end(self, region: str, ids: list[str]) -> None:
        # Its disk is not written to any more, so it need not be shut down first.
        in_parallel(AZURE.name, lambda path: self._driver().end(path, {"forceDeletion": "true"}), self._paths(ids))

    def stop(self, region: str, ids: list[str]) -> None:
        """Deallocate: what is only powered off costs as much as what runs."""
        self._act(ids, "deallocate")

    def start(self, region: str, ids: list[str]) -> None:
        self._act(ids, "start")

    def reboot(self, region: str, ids: list[str]) -> None:
        self._act(ids, "restart")

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """A machine's disk ends with it; what else is in the reservation's group and used by nobody is deleted."""
        group = self._own_group(region, reservation_id)
        if group is None:
            return ()
        driver = self._driver()
        loose = [item for item in driver.list(driver.provider(_DISKS, group["name"])) if not item.get("managedBy")]
        in_parallel(AZURE.name, lambda item: self._driver().end(item["id"]), loose)
        return tuple(item["name"] for item in loose)

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """The reservation's group, with network, firewall and whatever is left of addresses."""
        group = self._own_group(region, reservation_id)
        if group is None:
            return ()
        driver = self._driver()
        if group["properties"]["provisioningState"] != _DELETING:
            driver.end(driver.group(group["name"]))
        return (group["name"],)

    def regions(self) -> list[str]:
        """One list covers them all."""
        return [""]

    def holdings(self, region: str) -> Survey:
        """Machines, disks and groups; a group stands for the network and the firewall in it."""
        driver = self._driver()
        found = driver.list(
            f"{driver.place}/resourcegroups", {"$filter": names.tag_filter(INSTALLATION, self._installation)}
        )
        groups = {item["name"].lower(): item for item in found}
        disks = [item for item in driver.list(driver.provider(_DISKS)) if _group_of(item) in groups]
        return Survey(
            nodes=tuple(self._nodes("")),
            belongings=(
                *(_belonging(DISK, item, groups[_group_of(item)]) for item in disks),
                *(_belonging(FIREWALL, item, item) for item in groups.values()),
            ),
        )

    def _own_group(self, region: str, reservation_id: str) -> Item | None:
        """The reservation's group. All in it ends with it; one into which somebody put a machine is left to them."""
        driver = self._driver()
        name = names.group_name(self._installation, reservation_id, region)
        group = driver.find(driver.group(name))
        if group is None or not self._is_mine(group):
            return None
        if group["properties"]["provisioningState"] == _DELETING:
            return group
        foreign = [item["name"] for item in driver.list(driver.provider(MACHINES, name)) if not self._is_mine(item)]
        if not foreign:
            return group
        log.warning("azure.group_left", group=name, machines=foreign)
        driver.ask(driver.group(name), "PATCH", {"tags": {}})
        return None

    def _nodes(self, group: str) -> list[Node]:
        """Of a group, or of the whole subscription."""
        driver = self._driver()
        mine = [item for item in driver.list(driver.provider(MACHINES, group)) if self._is_mine(item)]
        if not mine:
            return []
        # A list tells what machines are, or how they are, but not both; and nothing of their addresses.
        known = {item["id"].lower(): Status.of(item) for item in driver.list(driver.provider(MACHINES), _STATUS_ONLY)}
        at = machines.addresses(
            driver.list(driver.provider(_CARDS, group)), driver.list(driver.provider(_ADDRESSES, group))
        )
        return [
            machines.node(item, known.get(item["id"].lower(), Status()), at.get(item["id"].lower(), (None, None)))
            for item in sorted(mine, key=lambda item: (str(item["properties"].get("timeCreated")), item["name"]))
        ]

    def _make_shared(self, order: NodeOrder, group: str) -> None:
        """The group with its network behind its firewall, made once."""
        driver = self._driver()
        there = {"location": order.region, "tags": names.group_tags(order)}
        driver.ask(driver.group(group), "PUT", there)
        firewall = f"{driver.provider(_FIREWALLS, group)}/{names.FIREWALL_NAME}"
        network = f"{driver.provider(_NETWORKS, group)}/{names.NETWORK_NAME}"
        driver.make(firewall, there | machines.firewall(order))
        driver.make(network, there | machines.network(names.SUBNET_NAME, firewall))

    def _await_places(self, made: list[Item]) -> None:
        """Azure accepts a machine and then looks for a place. Raises what it says when there is none."""
        ids = {item["id"].lower() for item in made}
        driver = self._driver()
        deadline = time.monotonic() + _PLACED_WITHIN_SECONDS
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            listed = {item["id"].lower(): item for item in driver.list(driver.provider(MACHINES), _STATUS_ONLY)}
            # One that is not listed yet is not waited for: should it fail, the next look tells.
            known = {id_: Status.of(listed[id_]) for id_ in ids & listed.keys()}
            if all(status.is_placed for status in known.values()) or time.monotonic() > deadline:
                break
            time.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
        failed = {id_: status for id_, status in known.items() if status.is_failed and not status.power}
        if failed:
            in_parallel(AZURE.name, lambda id_: self._driver().end(id_), failed)
            raise BaseHTTPError(_CONFLICT, min(status.failure for status in failed.values()))

    def _act(self, ids: list[str], action: str) -> None:
        in_parallel(AZURE.name, lambda path: self._driver().act(path, action), self._paths(ids))

    def _paths(self, ids: list[str]) -> list[str]:
        """Where the machines are; those that are gone, or not ours, are passed over."""
        driver = self._driver()
        found = driver.list(driver.provider(MACHINES))
        return [item["id"] for item in found if self._is_mine(item) and item["properties"]["vmId"] in ids]

    def _size(self, order: NodeOrder) -> Size:
        account = f"{self._endpoint} {self._principal.subscription_id}"
        return _SIZES.find(account, order.region, order.size, lambda: self._sizes(order.region))

    def _sizes(self, region: str) -> list[Item]:
        driver = self._driver()
        return driver.list(driver.provider("Microsoft.Compute/skus"), {"$filter": f"location eq '{region}'"})

    def _is_mine(self, item: Item) -> bool:
        return bool((item.get("tags") or {}).get(INSTALLATION) == self._installation)

    def _driver(self) -> ArmDriver:
        drivers: dict[str, ArmDriver] = self._own.__dict__
        if "driver" not in drivers:
            drivers["driver"] = ArmDriver(self._principal, endpoint=self._endpoint, pause=self._pause)
        return drivers["driver"]


_SIZES = Sizes()


def _image_facts(image: Image, size: Size) -> Item:
    """What of a machine's order says its image; of generation 1 for a size that starts from nothing else."""
    publisher, offer, sku, version, *plan = image.id.split(":")
    if not size.is_second_generation:
        offer, _, sku = AZURE.images[image.system].pattern.split(" ")[2].partition(":")
        version = "latest"
        if not sku:
            raise RequestRejected(AZURE.name, f"there is no image of {image.system} for generation 1")
    facts: Item = {"reference": {"publisher": publisher, "offer": offer, "sku": sku, "version": version}}
    if plan:
        facts["plan"] = {"name": sku, "publisher": publisher, "product": offer}
    return facts


def _group_of(item: Item) -> str:
    """The name of the resource group that a thing is in, in small letters."""
    return str(item["id"]).lower().partition("/resourcegroups/")[2].partition("/")[0]


def _belonging(kind: str, item: Item, group: Item) -> Belonging:
    tags = group.get("tags") or {}
    return Belonging(item["name"], kind, item["location"], tags.get(RESERVATION, ""), tags.get(OWNER, ""))
