"""Nodes: one machine each, as planned and as the cloud reports it."""

from __future__ import annotations

from dataclasses import dataclass, field

PENDING = "pending"
RUNNING = "running"
STOPPING = "stopping"
STOPPED = "stopped"
GONE = "gone"
ERROR = "error"
AVAILABLE = "available"
"""Of images: machines can begin with it."""


ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class NodePlan:
    """A machine to be: ``key`` is its name inside the reservation ("worker-2") and tells retries apart."""

    key: str
    role: str = "node"
    is_essential: bool = False
    """Without this one the others are of no use (the head of a cluster)."""
    image: str = ""
    """The id of the image of an earlier machine's disk that it begins with; "" for its system as it comes."""


@dataclass(frozen=True)
class Opening:
    """TCP ports that a reservation's firewall lets in from outside."""

    first_port: int
    last_port: int
    source: str = ANYWHERE
    """Addresses in CIDR notation."""


SSH_PORT = 22
SSH = Opening(SSH_PORT, SSH_PORT)


@dataclass(frozen=True)
class NodeOrder:
    """All that a provider must know to create a reservation's machines in one region.

    ``installation``, ``reservation_id``, ``owner`` and each node's key become tags; a second call with the
    same order creates only what is missing.
    """

    installation: str
    reservation_id: str
    owner: str
    region: str
    size: str
    os: str
    nodes: tuple[NodePlan, ...]
    disk_gb: float
    name: str
    """The reservation's name; a machine is called ``<name>-<key>``."""
    architecture: str = "x86_64"
    spot: bool = False
    user_data: str = ""
    public_keys: tuple[str, ...] = ()
    """SSH keys that may log in, as lines of ``authorized_keys``."""
    openings: tuple[Opening, ...] = (SSH,)
    """All that the firewall lets in from outside; among themselves the machines reach each other on every port."""


@dataclass(frozen=True)
class Node:
    """A machine as the cloud reports it now."""

    id: str
    key: str
    role: str
    state: str
    provider: str
    region: str
    size: str
    address: str | None = None
    private_address: str | None = None
    reservation_id: str = ""
    login: str = "root"
    owner: str = ""
    """ "workspace/user", as the machine's tag tells it."""
    ssh_port: int = SSH_PORT
    """Where it answers at its ``address``."""

    @property
    def endpoint(self) -> str:
        """Its address as people read it, with the port where that is no usual one; "" while it has none."""
        return f"{self.address}:{self.ssh_port}" if self.address and self.ssh_port != SSH_PORT else self.address or ""


@dataclass(frozen=True)
class NodeImage:
    """What a machine had on its disk, kept by its cloud beyond the machine."""

    id: str
    key: str
    """The machine's key inside its reservation."""
    state: str
    """PENDING, AVAILABLE or ERROR; GONE is what somebody else deleted."""
    size_gb: float
    """What the cloud bills, at most."""
    node_id: str = ""
    """The machine whose disk it is; one that is made from it has another id."""


@dataclass(frozen=True)
class Account:
    """What a provider says of the credentials' owner."""

    provider: str
    id: str
    label: str = ""
    earlier_ids: tuple[str, ...] = ()
    """What credentials of the same account may be kept under from before."""


@dataclass(frozen=True)
class Teardown:
    """What a teardown left: ends only when all are empty."""

    nodes: tuple[str, ...] = field(default=())
    disks: tuple[str, ...] = field(default=())
    others: tuple[str, ...] = field(default=())
    """Addresses, keys, firewall groups and images."""

    @property
    def is_complete(self) -> bool:
        return not self.nodes and not self.disks and not self.others


@dataclass(frozen=True)
class Belonging:
    """A disk, address, key, firewall group or image that carries our tags, as a survey finds it."""

    id: str
    kind: str
    region: str
    reservation_id: str
    owner: str = ""


@dataclass(frozen=True)
class Survey:
    """All that an account holds with our installation's tag, over all regions."""

    nodes: tuple[Node, ...] = ()
    belongings: tuple[Belonging, ...] = ()
