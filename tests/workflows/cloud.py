"""A cloud in memory, for what the simulated clouds cannot be made to do at the right moment."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clouddesk.model.errors import CredentialsRejected
from clouddesk.model.node import (
    AVAILABLE,
    ERROR,
    PENDING,
    RUNNING,
    STOPPED,
    Account,
    Belonging,
    Node,
    NodeImage,
    NodeOrder,
    Opening,
    Survey,
    Teardown,
)
from clouddesk.model.offer import Offer


@dataclass
class FakeCloud:
    """Implements the Provider port.

    ``faults[method]`` are raised one a call (None: none then); ``broken[method]`` on every call.
    """

    name: str = "fake"
    boot_seconds: float = 0.2
    create_seconds: float = 0.0
    faults: dict[str, list[Exception | None]] = field(default_factory=lambda: defaultdict(list))
    broken: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    nodes: dict[str, tuple[Node, float]] = field(default_factory=dict)
    made: int = 0
    ordered: list[NodeOrder] = field(default_factory=list)
    public_keys: list[tuple[str, ...]] = field(default_factory=list)
    """Who may log in, by order."""
    destroy_rounds: int = 1
    """How often ``destroy_nodes`` still lists something."""
    create_at_most: int | None = None
    """Only so many are made before the fault of ``create_nodes`` strikes."""
    broken_keys: set[str] = field(default_factory=set)
    """Machines with these keys come up broken."""
    offers: list[Offer] = field(default_factory=list)
    belongings: list[Belonging] = field(default_factory=list)
    doubles: int = 0
    """Machines that exist twice, because another attempt made them too."""
    refused_refs: set[str] = field(default_factory=set)
    """Credentials that it does not accept."""
    openings: tuple[Opening, ...] | None = None
    """What the firewall was changed to last."""
    lost: list[Exception] = field(default_factory=list)
    """Raised one a change of the firewall, after it was done."""
    images: dict[str, tuple[NodeImage, float]] = field(default_factory=dict)
    """By the machine's key, with when it can be used."""
    image_seconds: float = 0.2
    images_made: int = 0
    broken_images: list[str] = field(default_factory=list)
    """Keys of machines of whose disks the next image fails, one an entry."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    async def open(self, name: str, credential_ref: str) -> FakeCloud:
        self._call("open")
        if credential_ref in self.refused_refs:
            raise CredentialsRejected(self.name)
        return self

    def check_credentials(self) -> Account:
        return Account(self.name, "1")

    def list_offers(self) -> list[Offer]:
        self._call("list_offers")
        return self.offers

    def create_nodes(self, order: NodeOrder) -> list[Node]:
        time.sleep(self.create_seconds)
        with self.lock:
            self.ordered.append(order)
            self.public_keys.append(order.public_keys)
            missing = [plan for plan in order.nodes if plan.key not in self.nodes]
            for plan in missing[: self.create_at_most]:
                self.made += 1
                node = Node(
                    id=f"i-{self.made}",
                    key=plan.key,
                    role=plan.role,
                    state=PENDING,
                    provider=self.name,
                    region=order.region,
                    size=order.size,
                    address=f"192.0.2.{self.made}",
                    reservation_id=order.reservation_id,
                )
                self.nodes[plan.key] = (node, time.monotonic() + self.boot_seconds)
            self._call("create_nodes")
            self.doubles = 0
            return self._listed()

    def get_nodes(self, reservation_id: str, region: str) -> list[Node]:
        self._call("get_nodes")
        return self._listed()

    def destroy_nodes(self, reservation_id: str, region: str) -> Teardown:
        self._call("destroy_nodes")
        with self.lock:
            if self.nodes and self.destroy_rounds > 0:
                self.destroy_rounds -= 1
                return Teardown(nodes=tuple(node.id for node, _ in self.nodes.values()))
            self.nodes.clear()
            self.images.clear()
            return Teardown()

    def end_nodes(self, reservation_id: str, region: str, ids: Sequence[str]) -> None:
        self._call("end_nodes")
        with self.lock:
            self.nodes = {key: pair for key, pair in self.nodes.items() if pair[0].id not in ids}

    def keep_images(self, order: NodeOrder) -> list[NodeImage]:
        with self.lock:
            for plan in order.nodes:
                known = self.images.get(plan.key)
                if known is None or known[0].state == ERROR:
                    self.images_made += 1
                    node_id = self.nodes[plan.key][0].id
                    image = NodeImage(f"image-{self.images_made}", plan.key, PENDING, order.disk_gb, node_id)
                    self.images[plan.key] = (image, time.monotonic() + self.image_seconds)
            self._call("keep_images")
            return self._imaged()

    def get_images(self, reservation_id: str, region: str) -> list[NodeImage]:
        self._call("get_images")
        return self._imaged()

    def delete_images(self, reservation_id: str, region: str) -> tuple[str, ...]:
        self._call("delete_images")
        with self.lock:
            self.images.clear()
            return ()

    def _imaged(self) -> list[NodeImage]:
        with self.lock:
            now = time.monotonic()
            for key, (image, ready_at) in self.images.items():
                if image.state == PENDING and now >= ready_at:
                    is_broken = key in self.broken_images
                    if is_broken:
                        self.broken_images.remove(key)
                    self.images[key] = (replace(image, state=ERROR if is_broken else AVAILABLE), 0.0)
            return [image for image, _ in self.images.values()]

    def let_in(self, order: NodeOrder) -> None:
        self._call("let_in")
        self.openings = order.openings
        if self.lost:
            raise self.lost.pop(0)

    def survey(self) -> Survey:
        self._call("survey")
        id_ = self.ordered[-1].reservation_id if self.ordered else ""
        images = [Belonging(image.id, "image", "eu-1", id_) for image in self._imaged()]
        return Survey(nodes=tuple(self._listed()), belongings=(*self.belongings, *images))

    def own(self, owner: str) -> None:
        """The machines carry this owner's tag."""
        with self.lock:
            self.nodes = {key: (replace(node, owner=owner), at) for key, (node, at) in self.nodes.items()}

    def change(self, key: str, **facts: Any) -> None:
        """Somebody does something to a machine behind our back."""
        with self.lock:
            node, runs_at = self.nodes[key]
            self.nodes[key] = (replace(node, **facts), runs_at)

    def stop_nodes(self, reservation_id: str, region: str) -> None:
        self._call("stop_nodes")
        self._put(STOPPED)

    def start_nodes(self, reservation_id: str, region: str) -> None:
        self._call("start_nodes")
        self._put(RUNNING)

    def reboot_nodes(self, reservation_id: str, region: str) -> None:
        self._call("reboot_nodes")

    def count(self, method: str) -> int:
        return self.calls.count(method)

    def _put(self, state: str) -> None:
        with self.lock:
            self.nodes = {key: (replace(node, state=state), 0.0) for key, (node, _) in self.nodes.items()}

    def _listed(self) -> list[Node]:
        with self.lock:
            now = time.monotonic()
            for key, (node, runs_at) in self.nodes.items():
                if node.state == PENDING and now >= runs_at:
                    self.nodes[key] = (replace(node, state=ERROR if key in self.broken_keys else RUNNING), 0.0)
            return [node for node, _ in self.nodes.values()]

    def _call(self, method: str) -> None:
        with self.lock:
            self.calls.append(method)
            if self.faults[method]:
                fault = self.faults[method].pop(0)
                if fault is None:
                    return
                raise fault
            if method in self.broken:
                raise self.broken[method]
