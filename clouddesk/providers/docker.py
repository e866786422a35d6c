"""What Docker on one's own machine does its own way: containers as machines, a network as their firewall."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from hashlib import sha256
from threading import local
from typing import Any

from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeImage as LibcloudImage
from libcloud.compute.base import NodeSize
from libcloud.compute.providers import DRIVERS, get_driver, set_driver

from clouddesk.model import node as states
from clouddesk.model.errors import Invalid, QuotaExceeded
from clouddesk.model.node import SSH_PORT, Account, Belonging, Node, NodeImage, NodeOrder, NodePlan, Survey
from clouddesk.model.offer import Offer
from clouddesk.providers import docker_disks, docker_network
from clouddesk.providers.cloud import (
    INSTALLATION,
    NETWORK,
    NODE,
    OWNER,
    RESERVATION,
    ROLE,
    SYSTEM,
    Image,
    in_parallel,
)  # fmt: skip
from clouddesk.providers.docker_driver import (
    ADDRESS_LABEL,
    CONFLICT,
    LOOPBACK,
    REGION,
    SIZE_LABEL,
    SSH_PORT_LABEL,
    DockerDriver,
)
from clouddesk.providers.docker_image import NodeImage as OwnImage
from clouddesk.providers.spec import ImageQuery
from clouddesk.providers.specs.docker import DOCKER
from clouddesk.providers.transport import Pause

_PORTS = range(22001, 23000)
"""For SSH on loopback. Not those that systems give to whoever asks for any, so that a node that is stopped finds its
own free when it is started."""
_MADE_WITHIN_SECONDS = 30
"""A container that was made so long ago and never started was left by somebody who was cut off in between."""
_ENDED_WELL = re.compile(r"\((0|130|133|137|143)\)")
"""How init ends when it is stopped, reboots or is killed, as the engine tells it: "Exited (137) 2 seconds ago"."""
_JUST_STARTED = re.compile(r"Up (Less than a second|\d+ seconds?)\b")
_GREETS_WITHIN_SECONDS = 0.5
_UNSTARTED = "created"
_SEED = "/var/lib/cloud/seed/nocloud"
_ROOT, _PERSON = 0, 1000
_STATES = {
    "running": states.RUNNING,
    "exited": states.STOPPED,
    "restarting": states.PENDING,
    "removing": states.GONE,
}

if DOCKER.name not in DRIVERS:
    set_driver(DOCKER.name, DockerDriver.__module__, DockerDriver.__name__)


class DockerCloud:
    """Implements ``clouddesk.providers.cloud.Cloud`` for one engine, whose address is the endpoint."""

    def __init__(self, fields: dict[str, str], *, endpoint: str | None, installation: str, pause: Pause) -> None:
        if endpoint is None:
            raise Invalid("No Docker engine is known here.")
        self._address = endpoint
        self._installation = installation
        self._own = local()  # neither libcloud's drivers nor the engine's client are safe to share between threads

    def account(self) -> Account:
        facts = self._driver().facts()
        return Account(DOCKER.name, str(facts["ID"]), label=f"Docker on {facts['Name']}")

    def offers(self) -> list[Offer]:
        """What fits the machine, for nothing: it is paid already."""
        as_of = datetime.now(timezone.utc)
        return [_offer(size, as_of) for size in self._driver().list_sizes()]

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        """Our own image of the system, which is built when the engine does not have it yet.

        Its architecture is the machine's, whatever that is: there is no choice.
        """
        own = OwnImage(system, query)
        engine = self._driver().connection
        if not own.is_on(engine):
            own.build(engine)
        return Image(id=own.tag, system=system)

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        return [_node(item) for item in self._containers(reservation_id) if not _is_unstarted(item)]

    def check_room(self, order: NodeOrder, count: int) -> None:
        """Memory is given once, to whoever's nodes; cores are shared, since most nodes are idle most of the time."""
        driver = self._driver()
        wanted_mb = driver.size(order.size).ram * count
        used_mb = sum(driver.size(name).ram for name in _labels(driver.list_nodes([SIZE_LABEL]), SIZE_LABEL))
        has_mb = driver.memory_mb()
        if used_mb + wanted_mb > has_mb:
            said = f"{used_mb / 1024:g} of {has_mb / 1024:g} GB memory used by nodes, {wanted_mb / 1024:g} more asked"
            raise QuotaExceeded(DOCKER.name, said)

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """One container each, several at once. Its name makes sure that there is never a second one."""
        driver = self._driver()
        network = docker_network.ensure(driver.connection, _network_name(order), _tags(order))
        existing = driver.list_nodes()
        addresses = docker_network.free_addresses(network.subnet, _labels(existing, ADDRESS_LABEL))
        ports = _free_ports(_labels(existing, SSH_PORT_LABEL))

        def make(spot: tuple[NodePlan, str, int]) -> Node:
            plan, address, port = spot
            return self._make(order, plan, image, network.id, address, port)

        spots = list(zip(plans, addresses, ports, strict=False))
        if len(spots) < len(plans):
            raise QuotaExceeded(DOCKER.name, f"{network.subnet} has {len(spots)} free addresses for {len(plans)} nodes")
        return in_parallel(DOCKER.name, make, spots)

    def label(self, node: Node, plan: NodePlan, order: NodeOrder) -> None:
        """Nothing to do: a container is made with its key."""

    def end(self, region: str, ids: list[str]) -> None:
        in_parallel(DOCKER.name, lambda id_: self._driver().remove(id_), ids)

    def stop(self, region: str, ids: list[str]) -> None:
        self._each(ids, "stop_node")

    def start(self, region: str, ids: list[str]) -> None:
        self._each(ids, "start_node")

    def reboot(self, region: str, ids: list[str]) -> None:
        self._each(ids, "reboot_node")

    def images(self, region: str, reservation_id: str) -> list[NodeImage]:
        return docker_disks.kept(self._driver().connection, dict(self._mine(reservation_id)))

    def keep_image(self, order: NodeOrder, node: Node) -> None:
        docker_disks.keep(self._address, order, node)

    def delete_images(self, region: str, ids: list[str]) -> None:
        docker_disks.delete(self._driver().connection, ids)

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """A node's disk is part of it, but for the image that it was made from, when that was another node's."""
        return docker_disks.clear(self._driver().connection, dict(self._mine(reservation_id)))

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """The network, and what was never started."""
        driver = self._driver()
        unstarted = [item.id for item in self._containers(reservation_id) if _is_unstarted(item)]
        for id_ in unstarted:
            driver.remove(id_)
        networks = [item["Id"] for item in self._networks(reservation_id)]
        for id_ in networks:
            docker_network.remove(driver.connection, id_)
        return (*unstarted, *networks)

    def regions(self) -> list[str]:
        """One list covers it."""
        return [""]

    def holdings(self, region: str) -> Survey:
        return Survey(
            nodes=tuple(_node(item) for item in self._containers()),
            belongings=(
                *(_belonging(item) for item in self._networks()),
                *docker_disks.belongings(self._driver().connection, dict(self._mine("")), REGION),
            ),
        )

    def _make(self, order: NodeOrder, plan: NodePlan, image: Image, network: str, address: str, port: int) -> Node:
        driver = self._driver()
        name = _container_name(order, plan)
        login = DOCKER.images[image.system].login
        try:
            made = driver.create_node(
                name,
                driver.size(order.size),
                LibcloudImage(plan.image or image.id, image.system, driver),
                ex_hostname=_host_name(f"{order.name}-{plan.key}"),
                ex_aliases=[_host_name(plan.key)],
                ex_network=network,
                ex_address=address,
                ex_ssh_port=port,
                ex_labels={**_tags(order), NODE: plan.key, ROLE: plan.role, SYSTEM: image.system},
                ex_files=_files(order, login),
            )
        except BaseHTTPError as error:
            if error.code != CONFLICT:
                raise
            made = self._existing(name, order.reservation_id)
        return _node(made)

    def _existing(self, name: str, reservation_id: str) -> Any:
        """The node of that name, which somebody else made meanwhile. Raises BaseHTTPError when it does not run yet."""
        driver = self._driver()
        found = [item for item in self._containers(reservation_id) if item.name == name]
        for item in found:
            if not _is_unstarted(item):
                return item
            if time.time() - item.extra["created"] > _MADE_WITHIN_SECONDS:
                driver.remove(item.id)
        raise BaseHTTPError(503, f"{name} is being made.")

    def _containers(self, reservation_id: str = "") -> list[Any]:
        found: list[Any] = self._driver().list_nodes([f"{key}={value}" for key, value in self._mine(reservation_id)])
        return found

    def _networks(self, reservation_id: str = "") -> list[dict[str, Any]]:
        return docker_network.listed(self._driver().connection, dict(self._mine(reservation_id)))

    def _mine(self, reservation_id: str) -> Iterator[tuple[str, str]]:
        """The labels of what belongs to this installation, or to one reservation of it."""
        yield INSTALLATION, self._installation
        if reservation_id:
            yield RESERVATION, reservation_id

    def _each(self, ids: list[str], change: str) -> None:
        def once(id_: str) -> None:
            driver = self._driver()
            getattr(driver, change)(driver.known(id_))

        in_parallel(DOCKER.name, once, ids)

    def _driver(self) -> DockerDriver:
        drivers: dict[str, DockerDriver] = self._own.__dict__
        if "driver" not in drivers:
            drivers["driver"] = get_driver(DOCKER.name)(self._address)
        return drivers["driver"]


def _tags(order: NodeOrder) -> dict[str, str]:
    return {INSTALLATION: order.installation, RESERVATION: order.reservation_id, OWNER: order.owner}


def _labels(items: Iterable[Any], name: str) -> list[str]:
    """The label's values, of those that have it."""
    return [item.extra["labels"][name] for item in items if name in item.extra["labels"]]


def _free_ports(used: Iterable[str]) -> Iterator[int]:
    taken = set(used)
    return (port for port in _PORTS if str(port) not in taken and _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _container_name(order: NodeOrder, plan: NodePlan) -> str:
    """Its own in all installations, and the same whenever the order is repeated."""
    which = sha256(f"{order.installation}\n{order.reservation_id}\n{plan.key}".encode()).hexdigest()[:8]
    return f"{_host_name(f'{order.name}-{plan.key}')}-{which}"


def _network_name(order: NodeOrder) -> str:
    which = sha256(f"{order.installation}\n{order.reservation_id}".encode()).hexdigest()[:8]
    return f"clouddesk-{_host_name(order.name)}-{which}"


def _host_name(text: str) -> str:
    """Letters, digits and dashes, no longer than a name may be."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60].rstrip("-") or "node"


def _files(order: NodeOrder, login: str) -> dict[str, tuple[str, int, int]]:
    """What lies in a node before it starts: who may log in, and what cloud-init reads when there is user data."""
    keys = "".join(f"{key.strip()}\n" for key in order.public_keys)
    files = {f"/home/{login}/.ssh/authorized_keys": (keys, 0o600, _PERSON)}
    if order.user_data.strip():
        files[f"{_SEED}/user-data"] = (order.user_data, 0o600, _ROOT)
        files[f"{_SEED}/meta-data"] = (f"instance-id: {order.reservation_id}\n", 0o600, _ROOT)
    return files


def _is_unstarted(item: Any) -> bool:
    return bool(item.extra["state"] == _UNSTARTED)


def _node(item: Any) -> Node:
    labels = item.extra["labels"]
    system = labels.get(SYSTEM, "")
    port = int(labels.get(SSH_PORT_LABEL, SSH_PORT))
    return Node(
        id=item.id,
        key=labels.get(NODE, ""),
        role=labels.get(ROLE, ""),
        state=_state(item.extra["state"], item.extra["status"], port),
        provider=DOCKER.name,
        region=REGION,
        size=labels.get(SIZE_LABEL, ""),
        address=LOOPBACK,
        private_address=labels.get(ADDRESS_LABEL),
        reservation_id=labels.get(RESERVATION, ""),
        login=DOCKER.images[system].login if system in DOCKER.images else "root",
        owner=labels.get(OWNER, ""),
        ssh_port=port,
    )


def _state(state: str, status: str, port: int) -> str:
    """A node that was started just now runs when one gets in; its init would not even hear that it is to stop."""
    if state in ("exited", "restarting") and not _ENDED_WELL.search(status):
        return states.ERROR
    if state == _UNSTARTED or (state == "running" and _JUST_STARTED.match(status) and not _lets_in(port)):
        return states.PENDING
    return _STATES.get(state, states.ERROR)


def _lets_in(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_GREETS_WITHIN_SECONDS) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _belonging(network: dict[str, Any]) -> Belonging:
    labels = network["Labels"]
    return Belonging(network["Id"], NETWORK, REGION, labels.get(RESERVATION, ""), labels.get(OWNER, ""))


def _offer(size: NodeSize, as_of: datetime) -> Offer:
    return Offer(
        provider=DOCKER.name,
        region=REGION,
        size=size.id,
        vcpus=size.extra["vcpus"],
        memory_gb=size.ram / 1024,
        disk_gb=float(size.disk),
        hourly_price_usd=size.price,
        source="this machine's Docker engine",
        as_of=as_of,
    )
