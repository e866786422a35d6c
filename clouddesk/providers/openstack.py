"""What OpenStack does its own way: regions by its catalog, ports apart from servers, hosts that are found later."""

from __future__ import annotations

import time
from threading import local

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import QuotaExceeded, RequestRejected
from clouddesk.model.node import Account, Belonging, Node, NodeImage, NodeOrder, NodePlan, Survey
from clouddesk.model.offer import Offer
from clouddesk.providers import cloud, flat_tags, openstack_images, openstack_offers
from clouddesk.providers import openstack_machine as machines
from clouddesk.providers.answers import is_about
from clouddesk.providers.cloud import DISK, INSTALLATION, OWNER, RESERVATION, Image, in_parallel
from clouddesk.providers.openstack_disks import Disks, settled
from clouddesk.providers.openstack_driver import COMPUTE, IMAGE, VOLUME, Item, OpenStackDriver
from clouddesk.providers.openstack_key import ApplicationCredential
from clouddesk.providers.openstack_network import Networks, facts
from clouddesk.providers.spec import ImageQuery
from clouddesk.providers.specs.openstack import OPENSTACK
from clouddesk.providers.transport import Pause

_PLACED_WITHIN_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 5.0
_CONFLICT, _NOT_FOUND = 409, 404
_SERVERS = "/servers"
_UNLIMITED = -1
_FAULT = 500


class OpenStackCloud:
    """Implements ``clouddesk.providers.cloud.Cloud`` for one project of an OpenStack cloud."""

    def __init__(self, fields: dict[str, str], *, endpoint: str | None, installation: str, pause: Pause) -> None:
        self._credential = ApplicationCredential.parse(fields, endpoint=endpoint)
        self._installation = installation
        self._pause = pause
        self._own = local()  # libcloud's connections are not safe to share between threads

    def account(self) -> Account:
        project = self._driver().check()
        return Account(provider=OPENSTACK.name, id=str(project["id"]), label=str(project.get("name", "")))

    def offers(self) -> list[Offer]:
        driver = self._driver()
        return [
            offer for region in driver.regions() for offer in openstack_offers.offers(self._flavors(region), region)
        ]

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        """The newest public image that is nothing but the system."""
        query_ = {"visibility": "public", "status": "active"}
        images = self._driver().list(IMAGE, region, "/images", "images", query_)
        found = openstack_images.pick(images, query.pattern, architecture)
        if found is None:
            return None
        return Image(id=str(found["id"]), system=system, least_disk_gb=int(found.get("min_disk") or 0))

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        tag = flat_tags.first(RESERVATION, reservation_id)
        return [node for node in self._nodes(region, tag) if node.reservation_id == reservation_id]

    def check_room(self, order: NodeOrder, count: int) -> None:
        """By Nova's limits of machines, cores and memory."""
        limits = self._driver().ask(COMPUTE, order.region, "/limits")["limits"]["absolute"]
        flavor = self._flavor(order)
        for most, used, needed in (
            ("maxTotalInstances", "totalInstancesUsed", 1),
            ("maxTotalCores", "totalCoresUsed", int(flavor["vcpus"])),
            ("maxTotalRAMSize", "totalRAMUsed", int(flavor["ram"])),
        ):
            limit = int(limits.get(most, _UNLIMITED))
            if limit >= 0 and int(limits.get(used, 0)) + count * needed > limit:
                said = (
                    f"{most} is {limit}, of which {limits.get(used, 0)} are used, and {count * needed} more are needed"
                )
                raise QuotaExceeded(OPENSTACK.name, said)

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """One call each, several at once, each on a port of its own; then OpenStack looks for hosts."""
        flavor = self._flavor(order)
        if machines.volume_gb(order, image, flavor) and not self._driver().has(VOLUME, order.region):
            raise RequestRejected(OPENSTACK.name, f"{order.region} has no volumes, and {order.size} a smaller disk")
        networks = self._networks(order.region)
        network, outer = networks.place()
        firewall = networks.firewall(order)

        def make(plan: NodePlan) -> Node:
            source = self._disks(order.region).find(order, plan.image, image.system) if plan.image else image
            own = self._networks(order.region)
            port = own.port(order, plan, network, firewall)
            try:
                if outer:
                    own.address(order, outer, port)
                body = machines.body(order, plan, source, flavor, port=port)
                made: Item = self._driver().ask(COMPUTE, order.region, _SERVERS, "POST", body)["server"]
            except (BaseHTTPError, RequestRejected) as error:
                # The cloud has refused, so that there is no machine on it. After a fault of its own there may be one.
                if isinstance(error, RequestRejected) or error.code < _FAULT:
                    own.release({port})
                raise
            return machines.accepted(str(made["id"]), order, plan, image)

        return self._placed(order.region, in_parallel(OPENSTACK.name, make, plans))

    def label(self, node: Node, plan: NodePlan, order: NodeOrder) -> None:
        """Nothing to do: a machine is made with its key."""

    def end(self, region: str, ids: list[str]) -> None:
        """With their ports and addresses, which Nova leaves."""
        networks = self._networks(region)
        ports = networks.ports_of(ids)
        in_parallel(OPENSTACK.name, lambda id_: self._driver().delete(COMPUTE, region, f"{_SERVERS}/{id_}"), ids)
        networks.release(ports)

    def stop(self, region: str, ids: list[str]) -> None:
        self._act(region, ids, {"os-stop": None}, r"vm_state stopped")

    def start(self, region: str, ids: list[str]) -> None:
        self._act(region, ids, {"os-start": None}, r"vm_state active")

    def reboot(self, region: str, ids: list[str]) -> None:
        self._act(region, ids, {"reboot": {"type": "SOFT"}}, r"task_state reboot")

    def images(self, region: str, reservation_id: str) -> list[NodeImage]:
        found = [item for item in self._disks(region).listed() if item.reservation_id == reservation_id]
        # In this order, what is done is never told with a server that was not written yet.
        return settled(found, self._servers(region, flat_tags.first(RESERVATION, reservation_id))) if found else []

    def keep_image(self, order: NodeOrder, node: Node) -> None:
        self._disks(order.region).keep(order, node)

    def delete_images(self, region: str, ids: list[str]) -> None:
        self._disks(region).delete(ids)

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """A machine's disk ends with it; volumes are there when people made them, with our facts as description."""
        mine = [item for item in self._volumes(region) if facts(item).get(RESERVATION) == reservation_id]
        for item in mine:
            if not item.get("attachments"):
                self._driver().delete(VOLUME, region, f"/volumes/{item['id']}", is_used=True)
        return tuple(str(item["id"]) for item in mine)

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        return self._networks(region).clear(reservation_id)

    def regions(self) -> list[str]:
        return self._driver().regions()

    def holdings(self, region: str) -> Survey:
        found = [*self._networks(region).belongings(), *((DISK, item) for item in self._volumes(region))]
        belongings = [
            Belonging(str(item["id"]), kind, region, facts(item).get(RESERVATION, ""), facts(item).get(OWNER, ""))
            for kind, item in found
        ]
        belongings += [
            Belonging(item.image.id, cloud.IMAGE, region, item.reservation_id, item.owner)
            for item in self._disks(region).listed()
        ]
        nodes = self._nodes(region, flat_tags.first(INSTALLATION, self._installation))
        return Survey(nodes=tuple(nodes), belongings=tuple(belongings))

    def _nodes(self, region: str, tag: str) -> list[Node]:
        return [machines.node(item, region) for item in self._servers(region, tag)]

    def _servers(self, region: str, tag: str) -> list[Item]:
        """Ours of those, oldest first."""
        found = self._driver().list(COMPUTE, region, f"{_SERVERS}/detail", "servers", {"tags": tag})
        mine = [
            item for item in found if flat_tags.read(item.get("tags") or []).get(INSTALLATION) == self._installation
        ]
        return sorted(mine, key=lambda item: (item["created"], item["id"]))

    def _placed(self, region: str, made: list[Node]) -> list[Node]:
        """The machines once it is known whether there are hosts for them.

        Those for which there is none are ended, and what OpenStack says of them is raised.
        """
        deadline = time.monotonic() + _PLACED_WITHIN_SECONDS
        pause_seconds = _FIRST_PAUSE_SECONDS
        seen: dict[str, Item | None] = {}

        def look(id_: str) -> None:
            found = self._driver().find(COMPUTE, region, f"{_SERVERS}/{id_}")
            seen[id_] = found["server"] if found else None

        waiting = [node.id for node in made]
        while True:
            in_parallel(OPENSTACK.name, look, waiting)
            waiting = [id_ for id_ in waiting if (item := seen[id_]) is not None and not machines.is_placed(item)]
            if not waiting or time.monotonic() > deadline:
                break
            time.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
        failed = {id_: said for id_, item in seen.items() if item is not None and (said := machines.failure(item))}
        if failed:
            self.end(region, list(failed))
            raise BaseHTTPError(_CONFLICT, min(failed.values()))
        # One that the cloud does not know of yet is as it was accepted.
        return [machines.node(item, region) if (item := seen[node.id]) is not None else node for node in made]

    def _act(self, region: str, ids: list[str], body: Item, already: str) -> None:
        """Machines that are gone, or that are so already, are passed over."""

        def act(id_: str) -> None:
            try:
                self._driver().ask(COMPUTE, region, f"{_SERVERS}/{id_}/action", "POST", body)
            except BaseHTTPError as error:
                if error.code != _NOT_FOUND and not is_about(error, _CONFLICT, already):
                    raise

        in_parallel(OPENSTACK.name, act, ids)

    def _volumes(self, region: str) -> list[Item]:
        """Ours; none in a cloud without volumes."""
        if not self._driver().has(VOLUME, region):
            return []
        found = self._driver().list(VOLUME, region, "/volumes/detail", "volumes")
        return [item for item in found if facts(item).get(INSTALLATION) == self._installation]

    def _flavors(self, region: str) -> list[Item]:
        return self._driver().list(COMPUTE, region, "/flavors/detail", "flavors")

    def _flavor(self, order: NodeOrder) -> Item:
        found = next((item for item in self._flavors(order.region) if item["name"] == order.size), None)
        if found is None:
            raise RequestRejected(OPENSTACK.name, f"there is no flavor {order.size} in {order.region}")
        return found

    def _disks(self, region: str) -> Disks:
        return Disks(self._driver(), region, self._installation)

    def _networks(self, region: str) -> Networks:
        return Networks(self._driver(), region, self._installation)

    def _driver(self) -> OpenStackDriver:
        drivers: dict[str, OpenStackDriver] = self._own.__dict__
        if "driver" not in drivers:
            drivers["driver"] = OpenStackDriver(self._credential, pause=self._pause)
        return drivers["driver"]
