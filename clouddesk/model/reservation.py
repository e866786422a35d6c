"""Reservations: the whole agreed use of machines, from request to teardown, as people see it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from clouddesk.model.actor import Person
from clouddesk.model.blueprint import Client, Link
from clouddesk.model.fallback import Fallback
from clouddesk.model.idling import IdleState
from clouddesk.model.meter import Reading, with_reading
from clouddesk.model.node import GONE, SSH, Node, NodeImage, Opening
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import STOPPED as NODE_STOPPED
from clouddesk.model.order import ReservationOrder
from clouddesk.model.share import Share

PROVISIONING = "provisioning"
PARTIAL = "partial"
"""Only some of the machines came up, and the owner is asked what to do."""
CONFIGURING = "configuring"
"""All machines run, and their software is being put on them; or that failed, and the owner is asked what to do."""
RUNNING = "running"
STOPPING = "stopping"
STOPPED = "stopped"
STARTING = "starting"
SCALING = "scaling"
"""It runs, while machines come or leave."""
ARCHIVING = "archiving"
"""Images of its disks are made; then its machines are given back."""
ARCHIVED = "archived"
"""It has no machines, and images of their disks, from which they are made again when it is started."""
RELEASING = "releasing"
ENDED = "ended"

_WITH_MACHINES = (PROVISIONING, PARTIAL, CONFIGURING, RUNNING, STOPPING, STOPPED, STARTING, SCALING)
LIVE_STATES = (*_WITH_MACHINES, ARCHIVING, ARCHIVED, RELEASING)

REASON_RELEASED = "released"
REASON_EXPIRED = "expired"
REASON_NO_CAPACITY = "no_capacity"
REASON_QUOTA_EXCEEDED = "quota_exceeded"
REASON_CREDENTIALS_REJECTED = "credentials_rejected"
REASON_PROVIDER_DOWN = "provider_down"
REASON_REQUEST_REJECTED = "request_rejected"
REASON_PROVISION_FAILED = "provision_failed"
REASON_CONFIGURE_FAILED = "configure_failed"
"""The software could not be set up, and nobody chose what to do with the bare machines."""
REASON_NOTHING_LEFT = "nothing_left"
"""There was nothing left of the machines that were to be looked after."""
REASON_UNANSWERED = "unanswered"
"""Nobody chose what to do with machines that came up only in part, so they were given back."""
REASON_DECLINED = "declined"
"""What could be had instead was dearer, and the owner did not want it."""
REASON_NO_YES = "no_yes"
"""What could be had instead was dearer, and nobody said yes to it in time."""

RETRY = "retry"
GO_ON = "go_on"
GIVE_BACK = "give_back"
CHOICES = (RETRY, GO_ON, GIVE_BACK)
"""The answers to machines that came up only in part."""
KEEP_BARE = "keep_bare"
SOFTWARE_CHOICES = (RETRY, KEEP_BARE, GIVE_BACK)
"""The answers to software that could not be set up."""
TAKE = "take"
DECLINE = "decline"
OFFER_CHOICES = (TAKE, DECLINE)
"""The answers to dearer machines, when there are none of the quoted ones left."""


@dataclass(frozen=True)
class Tenure:
    """Whose it was until then."""

    owner: str
    until: datetime
    has_left: bool = False
    """They were not of the workspace any more, so nobody could ask them."""


@dataclass(frozen=True)
class Reservation:
    """The view of a reservation that people read; the truth is its workflow.

    Prices are those of all ``node_count`` machines; each machine that the cloud lists costs its share, and one that is
    stopped its share of ``stopped_hourly_price_usd``: the disks, or all of it where the cloud bills machines that are
    off. While there are ``images``, each that is not gone costs its share of ``archived_hourly_price_usd``.
    ``accrued_usd`` was counted up to ``accrued_at``.
    """

    id: str
    name: str
    workspace_id: str
    owner: str
    """The owner's user id."""
    kind: str
    state: str
    reason: str | None
    software: str | None
    os: str
    provider: str
    region: str
    size: str
    vcpus: int
    memory_gb: float
    nodes: tuple[Node, ...]
    node_count: int
    hourly_price_usd: float
    stopped_hourly_price_usd: float
    accrued_usd: float
    accrued_at: datetime | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    conversation: str
    is_simulated: bool
    revision: int = 0
    """Grows with each change, so that a late write of an older view cannot win."""
    is_held: bool = False
    """Kept until the longest lease allowed."""
    longest_end: datetime | None = None
    """How long it can be kept at most; None until its lease has begun."""
    choose_by: datetime | None = None
    """While PARTIAL, something dearer is offered, or software failed: when it all ends if nobody chooses."""
    can_go_on: bool = False
    """While PARTIAL: what came up is enough to go on with."""
    nodes_up: int | None = None
    """While PROVISIONING: how many machines run by now, as far as is known; their workflow hears of it at the end."""
    has_owner_keys: bool = False
    """Whether SSH keys of the owner's log in to its machines."""
    is_reached: bool = False
    """CloudDesk logs in to its machines with a key of its own, and can let others in: all but simulated and adopted."""
    offered_to: str = ""
    """The user id of whom the owner has asked to take it over; ``handover.offered_to`` says whether it still counts."""
    offered_at: datetime | None = None
    """When that was, the last time; None where a version before this one did not keep it."""
    account_owner: str = ""
    """Whose access to the cloud it runs with; "" for the owner's own."""
    earlier_owners: tuple[Tenure, ...] = ()
    """The first one first."""
    is_for_team: bool = False
    """Its owner lets everybody of the workspace know of it, and ask for it."""
    let_in: tuple[str, ...] = ()
    """User ids of colleagues whose own SSH keys log in to its machines."""
    shares: tuple[Share, ...] = ()
    """One for each colleague that it was shared with; some may be over by now."""
    offered: Fallback | None = None
    """While PROVISIONING: the dearer machines that the owner is asked about, as there are none of those quoted."""
    step: str = ""
    """While CONFIGURING, STARTING or SCALING: what is being done; from beside the view, as ``nodes_up``."""
    found: tuple[str, ...] = ()
    """What the proof of its software found: not empty says that the software runs."""
    links: tuple[Link, ...] = ()
    """To open in a browser; names of secrets stand where the secrets go."""
    clients: tuple[Client, ...] = ()
    """How its software is used; names of secrets stand where the secrets go."""
    openings: tuple[Opening, ...] = ()
    """What is let in from outside besides SSH."""
    unsure_openings: tuple[Opening, ...] = ()
    """Of which nobody knows whether they are let in: a change broke off, and ``openings`` are not put back yet."""
    host_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The machines' public keys by node key, as their configuration met them."""
    more_software: tuple[str, ...] = ()
    """What single machines are for besides ``software``."""
    disk_gb: float = 0.0
    """Of each machine; 0 where that was not kept."""
    spot: bool = False
    architecture: str = "x86_64"
    scaling_to: int | None = None
    """While SCALING: how many machines it is to have."""
    archived_hourly_price_usd: float | None = None
    """What it costs while it is archived; None where its cloud keeps no images."""
    images: tuple[NodeImage, ...] = ()
    """While ARCHIVED, and until all of its machines run again; one that somebody deleted in the cloud is GONE."""
    made_again: int = 0
    """How often all of its machines were made again from images: they have other keys since, and other addresses."""
    saved_usd: float = 0.0
    """How much less it had cost up to ``accrued_at`` because machines were stopped."""
    unused_usd: float = 0.0
    """Of one that was released before its lease was over: what the rest would have cost at its last price."""
    is_protected: bool = False
    """Not to be stopped with others or because nobody uses it, nor released, until that is taken off."""
    readings: tuple[Reading, ...] = ()
    """What it had cost whenever its price by the hour changed, oldest first; what a period cost is read off there."""
    idling: IdleState = field(default_factory=IdleState)
    """What is known, asked and wished of times in which nobody uses it."""
    is_unpriced: bool = False
    """Of what was adopted: nobody knows what all of it costs; costs are those that are known."""

    @property
    def person(self) -> Person:
        return Person(self.workspace_id, self.owner)

    @property
    def account_person(self) -> Person:
        """Whose access to the cloud it runs with."""
        return Person(self.workspace_id, self.account_owner or self.owner)

    @property
    def all_software(self) -> tuple[str, ...]:
        """All that its machines are for."""
        return (self.software, *self.more_software) if self.software else ()

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    def share_of(self, user_id: str, now: datetime) -> Share | None:
        """The colleague's part in it now, if any."""
        return next((share for share in self.shares if share.user_id == user_id and share.is_open(now)), None)

    def open_shares(self, now: datetime) -> tuple[Share, ...]:
        """Those that still count."""
        return tuple(share for share in self.shares if share.is_open(now))

    @property
    def living_nodes(self) -> tuple[Node, ...]:
        """Those that the cloud lists, as far as is known."""
        return tuple(node for node in self.nodes if node.state != GONE)

    @property
    def kept_images(self) -> tuple[NodeImage, ...]:
        """Those that the cloud lists, as far as is known."""
        return tuple(image for image in self.images if image.state != GONE)

    @property
    def has_lost_images(self) -> bool:
        """It is archived, and all of its images are gone: there is nothing left that it could be started from."""
        return self.state == ARCHIVED and bool(self.images) and not self.kept_images

    @property
    def is_asked_about_software(self) -> bool:
        """It could not be set up, and the owner is asked what to do."""
        return self.state == CONFIGURING and self.choose_by is not None

    @property
    def is_mixed(self) -> bool:
        """Some of its machines run and some are stopped: somebody switched them in the cloud's own console."""
        return self.state in (RUNNING, STOPPED) and {NODE_RUNNING, NODE_STOPPED} <= {node.state for node in self.nodes}

    @property
    def current_hourly_price_usd(self) -> float:
        """What an hour costs in the present state, for the machines and the images that there are."""
        if self.state == ENDED or self.offered:
            return 0.0
        if self.is_without_machines:
            return self._images_hourly_usd
        if not self.nodes:
            return self.stopped_hourly_price_usd if self.state == STOPPED else self.hourly_price_usd
        running, stopped = len(self.living_nodes) - self._stopped_nodes, self._stopped_nodes
        machines_usd = (running * self.hourly_price_usd + stopped * self.stopped_hourly_price_usd) / self.node_count
        return machines_usd + self._images_hourly_usd

    @property
    def told_hourly_price_usd(self) -> float | None:
        """The same for who reads it: None where it is not known, as unknown is never $0."""
        return None if self.is_unpriced and self.is_live else self.current_hourly_price_usd

    @property
    def current_hourly_saving_usd(self) -> float:
        """How much less an hour costs now because machines are stopped, or there are only images of them."""
        if self.state == ENDED or self.offered:
            return 0.0
        if self.is_without_machines:
            return self.hourly_price_usd * len(self.kept_images) / self.node_count - self._images_hourly_usd
        difference = self.hourly_price_usd - self.stopped_hourly_price_usd
        if not self.nodes:
            return difference if self.state == STOPPED else 0.0
        return self._stopped_nodes * difference / self.node_count

    @property
    def is_without_machines(self) -> bool:
        """It has only images of their disks: it is archived, or is being started or given back after that."""
        return bool(self.images) and not self.nodes

    @property
    def _images_hourly_usd(self) -> float:
        return (self.archived_hourly_price_usd or 0.0) * len(self.kept_images) / self.node_count

    @property
    def _stopped_nodes(self) -> int:
        # While they are being started clouds bill them already.
        return 0 if self.state == STARTING else sum(node.state == NODE_STOPPED for node in self.living_nodes)

    def cost_so_far_usd(self, now: datetime) -> float:
        """What the reservation has cost up to ``now``."""
        return self.accrued_usd + self._hours_since_accrued(now) * self.current_hourly_price_usd

    def counted(self, now: datetime) -> Reservation:
        """The same with its costs counted up to ``now``, at the price of the state that ends then."""
        if self.accrued_at is None:
            return self
        saved_usd = self.saved_usd + self._hours_since_accrued(now) * self.current_hourly_saving_usd
        return replace(self, accrued_usd=self.cost_so_far_usd(now), accrued_at=now, saved_usd=saved_usd)

    def read_after(self, before: Reservation) -> Reservation:
        """The same with a reading of the meter, when its costs began or its price changed since ``before``."""
        if self.accrued_at is None:
            return self
        rates = (before.current_hourly_price_usd, before.current_hourly_saving_usd)
        has_begun = before.accrued_at is not None
        if has_begun and rates == (self.current_hourly_price_usd, self.current_hourly_saving_usd):
            return self
        readings = self.readings
        if has_begun and not readings:
            # It was kept by a version that had no meter: what it had cost came evenly, for all that is known.
            readings = (Reading(before.created_at, 0.0),)
        return replace(
            self, readings=with_reading(readings, Reading(self.accrued_at, self.accrued_usd, self.saved_usd))
        )

    def _hours_since_accrued(self, now: datetime) -> float:
        return 0.0 if self.accrued_at is None else max(0.0, (now - self.accrued_at).total_seconds() / 3600)


def unused_usd(view: Reservation, now: datetime) -> float:
    """What is not spent because it was released before its lease was over, at the price that it has now."""
    if view.reason != REASON_RELEASED or view.accrued_at is None:
        return 0.0
    return max(0.0, (view.expires_at - now).total_seconds() / 3600) * view.current_hourly_price_usd


def first_view(order: ReservationOrder) -> Reservation:
    """How a reservation looks the moment after the yes, before any machine exists."""
    return Reservation(
        id=order.reservation_id,
        name=order.name,
        workspace_id=order.workspace_id,
        owner=order.owner,
        kind=order.kind,
        state=PROVISIONING,
        reason=None,
        software=order.software,
        os=order.nodes.os,
        provider=order.provider,
        region=order.nodes.region,
        size=order.nodes.size,
        vcpus=order.vcpus,
        memory_gb=order.memory_gb,
        nodes=(),
        node_count=len(order.nodes.nodes),
        hourly_price_usd=order.hourly_price_usd,
        stopped_hourly_price_usd=order.stopped_hourly_price_usd,
        archived_hourly_price_usd=order.archived_hourly_price_usd,
        accrued_usd=0.0,
        accrued_at=None,
        created_at=order.created_at,
        expires_at=order.ends_at or order.created_at + timedelta(seconds=order.lease_seconds),
        ended_at=None,
        conversation=order.conversation,
        is_simulated=order.is_simulated,
        has_owner_keys=bool(order.nodes.public_keys),
        is_reached=order.configuration is not None,
        openings=tuple(item for item in order.nodes.openings if item != SSH),
        more_software=order.more_software,
        disk_gb=order.nodes.disk_gb,
        spot=order.nodes.spot,
        architecture=order.nodes.architecture,
        is_unpriced=order.is_unpriced,
    )
