"""What Google Cloud does its own way: zones inside a region, operations that fail later, firewalls by network tag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import local

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import NoCapacity, ProviderDown, QuotaExceeded, RequestRejected
from clouddesk.model.node import Account, Node, NodeImage, NodeOrder, NodePlan, Survey
from clouddesk.model.offer import ARM64, Offer
from clouddesk.providers import gcp_firewall as firewall
from clouddesk.providers import gcp_images
from clouddesk.providers import gcp_machine as machine
from clouddesk.providers.cloud import INSTALLATION, RESERVATION, Endpoint, Image, in_parallel
from clouddesk.providers.faults import translate
from clouddesk.providers.gcp_driver import EXISTS, ComputeDriver, Item, last_part
from clouddesk.providers.gcp_key import ServiceAccount
from clouddesk.providers.gcp_labels import filter_of, host_name
from clouddesk.providers.gcp_quota import needs
from clouddesk.providers.spec import ImageQuery
from clouddesk.providers.specs.gcp import GCP, KEY_FIELD
from clouddesk.providers.transport import Pause

_DELETIONS = '(operationType = "delete") AND (status != "DONE")'


class GceCloud:
    """Implements ``clouddesk.providers.cloud.Cloud`` for Google Cloud. Raises Invalid when the key is none."""

    def __init__(self, fields: dict[str, str], *, endpoint: str | None, installation: str, pause: Pause) -> None:
        self._account = ServiceAccount.parse(fields[KEY_FIELD], is_simulated=endpoint is not None)
        self._endpoint = Endpoint.parse(endpoint) if endpoint else None
        self._installation = installation
        self._pause = pause
        self._own = local()  # libcloud's drivers are not safe to share between threads
        self._places: dict[tuple[str, str], list[_Place]] = {}

    def account(self) -> Account:
        self._driver().ask("")
        return Account(provider=GCP.name, id=self._account.project, label=self._account.email)

    def offers(self) -> list[Offer]:
        """Compute Engine's API tells no prices: they come with the catalogue."""
        return []

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        """Images are the same in all regions; for ARM the family has another name."""
        family = query.pattern.format(debian="arm64" if architecture == ARM64 else "amd64")
        if architecture == ARM64 and family == query.pattern:
            family += "-arm64"
        found = self._driver().find_image(query.owner, family)
        if found is None:
            return None
        id_ = f"projects/{query.owner}/global/images/{found['name']}"
        return Image(id=id_, system=system, least_disk_gb=int(found.get("diskSizeGb") or 0))

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        return [node for node in self._nodes(self._mine(reservation_id)) if node.region == region]

    def check_room(self, order: NodeOrder, count: int) -> None:
        """By the quotas of the region and of the project; newer families' are told by another API only."""
        places = self._places_of(order.region, order.size)
        if not places:
            return
        driver = self._driver()
        quotas = [*driver.ask(f"/regions/{order.region}").get("quotas", []), *driver.ask("").get("quotas", [])]
        wanted = needs(order, machine.Shape.parse(order.size), places[0].machine_type, count)
        for quota in quotas:
            asked, limit = wanted.get(quota["metric"], 0), float(quota["limit"])
            if asked and float(quota["usage"]) + asked > limit:
                text = f"{quota['metric']}: {quota['usage']:g} of {limit:g} used, {asked:g} more asked"
                raise QuotaExceeded(GCP.name, text)

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """All in one zone, the first that has room; what it has no room for goes to the region's next.

        Images are the same in all zones.
        """
        places = self._places_of(order.region, order.size)
        if not places:
            raise self._not_sold(order)
        images = {plan.key: self._image_of(plan, image) for plan in plans}
        tag = firewall.ensure(self._driver(), order)
        made: list[Node] = []
        missing, refusal = list(plans), NoCapacity(GCP.name)
        for place in places:
            tries = self._launch_in(place, order, missing, images, tag)
            made += [one for one in tries if isinstance(one, Node)]
            refusals = [one for one in tries if isinstance(one, NoCapacity)]
            if not refusals:
                return made
            refusal = refusals[0]
            missing = [plan for plan, one in zip(missing, tries, strict=True) if isinstance(one, NoCapacity)]
        raise refusal

    def label(self, node: Node, plan: NodePlan, order: NodeOrder) -> None:
        """Nothing to do: a machine is made with its key."""

    def end(self, region: str, ids: list[str]) -> None:
        in_parallel(GCP.name, lambda id_: self._driver().end(machine.path_of(id_)), ids)

    def stop(self, region: str, ids: list[str]) -> None:
        self._act(ids, "stop")

    def start(self, region: str, ids: list[str]) -> None:
        """A zone may have no room for a machine that was stopped, which only the operation tells."""
        begun = self._act(ids, "start")
        in_parallel(GCP.name, lambda operation: self._driver().settle(operation), begun)

    def reboot(self, region: str, ids: list[str]) -> None:
        self._act(ids, "reset")

    def images(self, region: str, reservation_id: str) -> list[NodeImage]:
        return gcp_images.listed(self._driver(), self._mine(reservation_id), region)

    def keep_image(self, order: NodeOrder, node: Node) -> None:
        gcp_images.keep(self._driver(), order, node)

    def delete_images(self, region: str, ids: list[str]) -> None:
        in_parallel(GCP.name, lambda id_: gcp_images.delete(self._driver(), id_), ids)

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """Boot disks end with their machines; what is left over and free is deleted here."""
        found = self._driver().list_everywhere("disks", self._mine(reservation_id))
        mine = [item for item in found if machine.disk(item).region == region]
        in_parallel(
            GCP.name,
            lambda item: self._driver().end(f"/zones/{last_part(item['zone'])}/disks/{item['name']}"),
            [item for item in mine if not item.get("users")],
        )
        return tuple(machine.disk(item).id for item in mine)

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """The firewall's rules. Addresses are never reserved, and SSH keys are lines in a machine's metadata."""
        return firewall.clear(self._driver(), self._installation, reservation_id, region)

    def regions(self) -> list[str]:
        """One list covers them all."""
        return [""]

    def holdings(self, region: str) -> Survey:
        wanted = filter_of(INSTALLATION, self._installation)
        disks = [machine.disk(item) for item in self._driver().list_everywhere("disks", wanted)]
        rules = firewall.belongings(self._driver(), self._installation)
        images = gcp_images.belongings(self._driver(), wanted)
        return Survey(nodes=tuple(self._nodes(wanted)), belongings=(*disks, *rules, *images))

    def _nodes(self, wanted: str) -> list[Node]:
        driver = self._driver()
        found = driver.list_everywhere("instances", wanted)
        # A machine that is being deleted is STOPPING like one that is being stopped.
        ending: set[str] = set()
        if any(item["status"] == "STOPPING" for item in found):
            ending = {str(item["targetId"]) for item in driver.list_everywhere("operations", _DELETIONS)}
        found.sort(key=lambda item: (str(item["creationTimestamp"]), int(item["id"])))
        return [machine.node(item, ending=ending) for item in found]

    def _image_of(self, plan: NodePlan, image: Image) -> Image:
        if not plan.image:
            return image
        return gcp_images.find(self._driver(), self._installation, plan.image, image.system)

    def _launch_in(
        self, place: _Place, order: NodeOrder, plans: list[NodePlan], images: dict[str, Image], tag: str
    ) -> list[Node | NoCapacity]:
        """What became of each plan. All are ordered before the first is waited for."""

        def begin(plan: NodePlan) -> Item | Node | NoCapacity:
            return self._insert(order, plan, images[plan.key], place, tag)

        def finish(pair: tuple[NodePlan, Item | Node | NoCapacity]) -> Node | NoCapacity:
            plan, begun = pair
            return self._settled(order, plan, images[plan.key], place, begun) if isinstance(begun, dict) else begun

        begun = in_parallel(GCP.name, begin, plans)
        return in_parallel(GCP.name, finish, zip(plans, begun, strict=True))

    def _insert(
        self, order: NodeOrder, plan: NodePlan, image: Image, place: _Place, tag: str
    ) -> Item | Node | NoCapacity:
        """A name is given once in a zone, so that the same request twice makes one machine."""
        has_gpus = bool(place.machine_type.get("accelerators"))
        body = machine.request(order, plan, image, zone=place.zone, tag=tag, has_gpus=has_gpus)
        try:
            return self._driver().ask(f"/zones/{place.zone}/instances", "POST", body)
        except BaseHTTPError as error:
            if error.code == EXISTS:
                return self._existing(order, plan, place.zone)
            return _no_capacity(error)

    def _settled(
        self, order: NodeOrder, plan: NodePlan, image: Image, place: _Place, operation: Item
    ) -> Node | NoCapacity:
        try:
            self._driver().settle(operation)
        except BaseHTTPError as error:
            return _no_capacity(error)
        return machine.begun(order, plan, image, f"{place.zone}/{operation['targetId']}")

    def _existing(self, order: NodeOrder, plan: NodePlan, zone: str) -> Node:
        """What a request before this one made, of which lists do not tell yet."""
        found = self._driver().find(f"/zones/{zone}/instances/{host_name(order, plan)}")
        if found is None or found["status"] in ("STOPPING", "DEPROVISIONING"):
            raise ProviderDown(GCP.name, f"the machine that was {host_name(order, plan)} is not gone yet")
        return machine.node(found, ending=set())

    def _places_of(self, region: str, size: str) -> list[_Place]:
        """The region's zones that have the size; those of the job's orders are remembered."""
        if (region, size) not in self._places:
            found = self._driver().ask(f"/regions/{region}")
            zones = [last_part(url) for url in found.get("zones", [])]
            shape = machine.Shape.parse(size)
            tries = in_parallel(GCP.name, lambda zone: self._place(zone, shape), sorted(zones))
            self._places[region, size] = [place for place in tries if place is not None]
        return self._places[region, size]

    def _place(self, zone: str, shape: machine.Shape) -> _Place | None:
        driver = self._driver()
        machine_type = driver.find(f"/zones/{zone}/machineTypes/{shape.machine_type}")
        if machine_type is None:
            return None
        if shape.gpus and driver.find(f"/zones/{zone}/acceleratorTypes/{shape.gpu_type}") is None:
            return None
        return _Place(zone, machine_type)

    def _not_sold(self, order: NodeOrder) -> NoCapacity | RequestRejected:
        shape = machine.Shape.parse(order.size)
        elsewhere = self._driver().list_everywhere("machineTypes", f'(name = "{shape.machine_type}")')
        error = NoCapacity if elsewhere else RequestRejected
        return error(GCP.name, f"{order.region} has no {order.size}")

    def _mine(self, reservation_id: str) -> str:
        return f"{filter_of(INSTALLATION, self._installation)} AND {filter_of(RESERVATION, reservation_id)}"

    def _act(self, ids: Iterable[str], action: str) -> list[Item]:
        """Google stops what is stopped, and starts what runs, without a word."""
        return in_parallel(GCP.name, lambda id_: self._driver().ask(f"{machine.path_of(id_)}/{action}", "POST"), ids)

    def _driver(self) -> ComputeDriver:
        drivers: dict[str, ComputeDriver] = self._own.__dict__
        if "driver" not in drivers:
            drivers["driver"] = ComputeDriver(self._account, endpoint=self._endpoint, pause=self._pause)
        return drivers["driver"]


@dataclass(frozen=True)
class _Place:
    """A zone that has a size."""

    zone: str
    machine_type: Item


def _no_capacity(error: BaseHTTPError) -> NoCapacity:
    """What another zone may heal; any other error is raised."""
    meant = translate(GCP.name, error)
    if isinstance(meant, NoCapacity):
        return meant
    raise error
