"""What ``LibcloudProvider`` needs of one cloud's API, and the pieces that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar, runtime_checkable
from urllib.parse import urlsplit

from clouddesk.model.bill import Bill
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.node import Account, Node, NodeImage, NodeOrder, NodePlan, Survey
from clouddesk.model.offer import Offer
from clouddesk.providers.faults import translated
from clouddesk.providers.spec import ImageQuery

T = TypeVar("T")
R = TypeVar("R")

INSTALLATION = "clouddesk-installation"
RESERVATION = "clouddesk-reservation"
OWNER = "clouddesk-owner"
NODE = "clouddesk-node"
ROLE = "clouddesk-role"
SYSTEM = "clouddesk-os"
MACHINE = "clouddesk-machine"
"""Of an image: the id of the machine whose disk it is."""

DISK, ADDRESS, KEY, FIREWALL, NETWORK, IMAGE = "disk", "address", "key", "firewall", "network", "image"
"""Kinds of belongings."""

TIMEOUT_SECONDS = 30
_PARALLEL = 8  # requests at once to one cloud; more meets its rate limits


@dataclass(frozen=True)
class Image:
    """An image to start machines from."""

    id: str
    system: str
    """The table's name of the operating system."""
    root_device: str = ""
    least_disk_gb: int = 0


class Cloud(Protocol):
    """One account's API. Raises the vendor's errors; calls may come from several threads.

    Only machines and disks with this installation's tag are ever listed, so nothing else can be touched.
    """

    def account(self) -> Account: ...

    def offers(self) -> list[Offer]:
        """All sizes with their prices; empty when the API does not tell prices."""
        ...

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        """The newest official image, None when there is none."""
        ...

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        """What exists, oldest first. A machine on its way out is GONE; one without a key yet has the key ""."""
        ...

    def check_room(self, order: NodeOrder, count: int) -> None:
        """Raises QuotaExceeded when the API tells that the account may not have so many more of this size."""
        ...

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """Make exactly these machines, with the order's keys, and behind a firewall with its openings.

        Each from the image that its plan names (``KeepsImages``), else from ``image``, which tells the system of all.
        What it needs besides (a key, a firewall group) carries the reservation's tag, is made once and found again.
        """
        ...

    def label(self, node: Node, plan: NodePlan, order: NodeOrder) -> None:
        """Give a machine its key."""
        ...

    def end(self, region: str, ids: list[str]) -> None: ...

    def stop(self, region: str, ids: list[str]) -> None: ...

    def start(self, region: str, ids: list[str]) -> None: ...

    def reboot(self, region: str, ids: list[str]) -> None: ...

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """Delete disks that no machine uses any more; returns those that still exist."""
        ...

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """Give back addresses, keys and firewall groups, once no machine uses them; returns what was still listed."""
        ...

    def regions(self) -> list[str]:
        """Those that the account can use and that must be listed one by one; [""] where one list covers them all."""
        ...

    def holdings(self, region: str) -> Survey:
        """Everything with this installation's tag there."""
        ...


@runtime_checkable
class OpensLater(Protocol):
    """A Cloud whose firewalls can be changed while machines run (``ProviderSpec.opens_later``)."""

    def let_in(self, order: NodeOrder) -> None:
        """Let the firewall that the order's machines have let in the order's openings and nothing else.

        Never makes one. Any number of times.
        """
        ...


@runtime_checkable
class KeepsImages(Protocol):
    """A Cloud that keeps disks as images (``ProviderSpec.image_usd_gb_month``). Raises the vendor's errors."""

    def images(self, region: str, reservation_id: str) -> list[NodeImage]:
        """Those with this installation's and the reservation's tag, oldest first.

        What is on its way out is listed still, and what an image has left behind as one that failed.
        """
        ...

    def keep_image(self, order: NodeOrder, node: Node) -> None:
        """Ask for an image of the machine's disk that carries its tags from the beginning.

        That somebody has asked a moment ago is as good.
        """
        ...

    def delete_images(self, region: str, ids: list[str]) -> None:
        """With all that they consist of; what is gone already is as good."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A cloud that tells what its machines do. Raises the vendor's errors."""

    def cpu_percents(self, region: str, ids: Sequence[str], since: datetime, until: datetime) -> dict[str, float]:
        """The newest by machine id; those are left out of which nothing is known."""
        ...


@runtime_checkable
class Billed(Protocol):
    """A cloud that tells what it charges. Raises the vendor's errors, and BillRefused."""

    def bill(self, month: datetime) -> Bill:
        """Of the month that begins then (UTC), as far as it goes; one that ``is_issued`` not when there is none."""
        ...


@dataclass(frozen=True)
class Endpoint:
    """Where an API is served, when it is not the provider's own address."""

    host: str
    port: int
    is_secure: bool

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """From "http://127.0.0.1:5000"."""
        parts = urlsplit(url)
        is_secure = parts.scheme == "https"
        return cls(parts.hostname or "", parts.port or (443 if is_secure else 80), is_secure)


def in_parallel(provider: str, call: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """``call`` for each item at once, results in order. All are tried; then the gravest error is raised, as ours."""

    def translated_call(item: T) -> R:
        with translated(provider):
            return call(item)

    work = list(items)
    if len(work) <= 1:
        return [translated_call(item) for item in work]
    with ThreadPoolExecutor(min(_PARALLEL, len(work)), thread_name_prefix="provider") as pool:
        futures = [pool.submit(translated_call, item) for item in work]
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        # One that a retry does not heal tells more than one that it does.
        raise min(errors, key=lambda error: isinstance(error, CloudDeskError) and error.is_retryable)
    return [future.result() for future in futures]
