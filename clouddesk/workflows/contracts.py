"""The messages that go in and out of workflows and activities: names and stdlib dataclasses, durations in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from clouddesk.model.audit import AuditEntry
from clouddesk.model.blueprint import Software
from clouddesk.model.node import Node, NodeOrder
from clouddesk.model.notice import Notice
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import Reservation
from clouddesk.workflows.state import ReservationState

TASK_QUEUE = "clouddesk"

# Activities are called by name, so that the workflows' sandbox never imports what the activities import.
PROVISION = "provision"
CONFIGURE = "configure"
FORGET = "forget"
POWER = "power"
END_NODES = "end_nodes"
KEEP_IMAGES = "keep_images"
DELETE_IMAGES = "delete_images"
LOOK_AT_IMAGES = "look_at_images"
LET_IN = "let_in"
TEAR_DOWN = "tear_down"
PUBLISH = "publish"
LOOK = "look"
REFRESH_OFFERS = "refresh_offers"
PUT_LOGINS = "put_logins"
RENEW_SECRETS = "renew_secrets"

STOP = "stop"
START = "start"
REBOOT = "reboot"
ARCHIVE = "archive"


@dataclass(frozen=True)
class Timing:
    """How long the engine waits and how often it asks; the lease itself is the order's."""

    provision_seconds: float = 900.0
    """All nodes run by then, or the provisioning has failed."""
    configure_seconds: float = 2700.0
    """The software runs by then, tries that failed for a while included, or its set-up has failed."""
    power_seconds: float = 600.0
    """Stop, start and reboot are done by then, or have failed."""
    image_seconds: float = 4 * 3600.0
    """Images of all disks are there by then, or archiving has failed; the largest take hours."""
    trouble_after_seconds: float = 600.0
    """A teardown that takes longer than this is told to the owner; it goes on all the same."""
    trouble_again_seconds: float = 86400.0
    choice_seconds: float = 1800.0
    """So long the owner may choose what happens with machines that came up only in part or are dearer than agreed, or
    give new credentials."""
    first_credential_retry_seconds: float = 30.0
    last_credential_retry_seconds: float = 900.0
    """How often credentials that a cloud refused are tried again when nobody says that there are new ones."""
    history_events: int = 2000
    """A history that is longer is left behind for a fresh one."""
    heartbeat_seconds: float = 10.0
    """A worker that is silent for so long is taken for dead and its activity is given to another."""
    first_poll_seconds: float = 0.2
    last_poll_seconds: float = 3.0
    first_retry_seconds: float = 0.5
    last_retry_seconds: float = 30.0
    missing_seconds: float = 30.0
    """A node that was made and is not listed for so long is taken for lost (clouds list with a delay)."""
    confirm_seconds: float = 3.0
    """After an interrupted creation "nothing is left" must be true twice, this far apart: clouds list with a delay."""


@dataclass(frozen=True)
class ReservationStart:
    """The input of ReservationWorkflow. ``state``: it goes on from there rather than from the beginning."""

    order: ReservationOrder
    timing: Timing = field(default_factory=Timing)
    state: ReservationState | None = None


@dataclass(frozen=True)
class CloudAccount:
    """Which cloud, and where its credentials lie in Vault (never the secret)."""

    provider: str
    credential_ref: str


@dataclass(frozen=True)
class Provisioning:
    """Activity ``provision``: make the nodes and wait until all of them run."""

    account: CloudAccount
    order: NodeOrder
    timing: Timing
    is_again: bool = False
    """Not the first try: some machines came up, and the owner chose."""
    useless: tuple[str, ...] = ()
    """Ids of machines of an earlier try that never ran or are not wanted any more: ended first."""
    is_configured: bool = False
    """The reservation's own key logs in as well: to put software on them, and to see what they do."""


@dataclass(frozen=True)
class Provisioned:
    """What came up: all nodes of the order, or with a ``reason`` some of them."""

    nodes: tuple[Node, ...]
    reason: str | None = None
    useless: tuple[str, ...] = ()
    """Ids of machines that were made and do not run."""


@dataclass(frozen=True)
class Configuring:
    """Activity ``configure``: put the software on the nodes, and prove that it works. The secrets lie in Vault."""

    reservation_id: str
    software: Software
    nodes: tuple[Node, ...]
    limit_seconds: float
    pause_seconds: float
    """Before another try of what may mend itself."""
    host_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By node key, as far as they are known."""
    leaving: tuple[str, ...] = ()
    """Keys of nodes that are only taken out of the cluster, before they are ended."""


@dataclass(frozen=True)
class Outcome:
    """How a configuration went: what the proof found, or why it failed."""

    found: tuple[str, ...] = ()
    host_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cause: str = ""
    """"" when it works, else one of ``configuration``'s causes."""
    step: str = ""
    """The one that failed, in people's words."""
    nodes: tuple[str, ...] = ()
    """On which; empty for all."""
    lines: tuple[str, ...] = ()
    """The last of what it said."""


@dataclass(frozen=True)
class LoginWork:
    """Activity ``put_logins``: have exactly these people's own keys on the machines. The keys lie in Vault."""

    reservation_id: str
    workspace_id: str
    user_ids: tuple[str, ...]
    nodes: tuple[Node, ...]
    host_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By node key, as far as they are known."""
    barred: tuple[str, ...] = ()
    """Keys of the order that are to log in no more, as lines of ``authorized_keys``."""


@dataclass(frozen=True)
class LoginsPut:
    """How that went."""

    behind: tuple[str, ...] = ()
    """Keys of the machines on which it could not be done."""
    keyless: tuple[str, ...] = ()
    """User ids of who has no key."""


@dataclass(frozen=True)
class Renewal:
    """Activity ``renew_secrets``: make these of the software's secrets anew in Vault."""

    reservation_id: str
    secrets: dict[str, int]
    """How many characters each has, by name."""


@dataclass(frozen=True)
class PowerChange:
    """Activity ``power``: stop, start or reboot all nodes and wait until the cloud says so."""

    account: CloudAccount
    reservation_id: str
    region: str
    change: str
    node_keys: tuple[str, ...]
    timing: Timing


@dataclass(frozen=True)
class Ending:
    """Activity ``end_nodes``: end these machines of a reservation that goes on, until the cloud lists none of them."""

    account: CloudAccount
    reservation_id: str
    region: str
    node_keys: tuple[str, ...]
    timing: Timing
    kept: tuple[str, ...] = ()
    """Ids of those that stay, whatever they are called."""


@dataclass(frozen=True)
class ImageKeeping:
    """Activity ``keep_images``: an image of the disk of each machine of the order, which are off."""

    account: CloudAccount
    order: NodeOrder
    node_ids: tuple[str, ...]
    """Of those machines: others of their names are not the ones."""
    timing: Timing


@dataclass(frozen=True)
class ImageOrder:
    """Activities ``delete_images``: until the cloud lists none of the reservation's; and ``look_at_images``."""

    account: CloudAccount
    reservation_id: str
    region: str
    timing: Timing
    image_ids: tuple[str, ...] = ()
    """To look at: asked twice before one of these is called gone."""


@dataclass(frozen=True)
class Admission:
    """Activity ``let_in``: the machines' firewall is to have the order's openings."""

    account: CloudAccount
    order: NodeOrder
    settle_seconds: float = 0.0
    """So long after it is done it is done again: what was sent before may be carried out late."""


@dataclass(frozen=True)
class TeardownOrder:
    """Activity ``tear_down``: destroy until the cloud lists nothing."""

    account: CloudAccount
    reservation_id: str
    region: str
    confirm_seconds: float
    """0: what was made is known to be listed, so one empty answer is enough."""
    timing: Timing


@dataclass(frozen=True)
class Inspection:
    """Activity ``look``: what the cloud lists of these nodes; asked twice before one is called gone."""

    account: CloudAccount
    reservation_id: str
    region: str
    node_ids: tuple[str, ...]
    timing: Timing


@dataclass(frozen=True)
class Publication:
    """Activity ``publish``: bring the view that people read up to date, then deliver the notices in order."""

    view: Reservation
    notices: tuple[Notice, ...] = ()
    entries: tuple[AuditEntry, ...] = ()
