"""Blueprints: declared cluster shapes, and what is put on their machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEAST_SECRET_CHARACTERS = 16
ON_CLUSTERS = "cluster"
ON_MACHINES = "machine"
"""What software runs on: machines that work together, and machines that each have it alone."""
GROW, SHRINK = "grow", "shrink"


@dataclass(frozen=True)
class Machine:
    """What each machine must have at least."""

    vcpus: int
    memory_gb: float
    storage_gb: float


@dataclass(frozen=True)
class PortRange:
    """TCP ports; one port is a range of one."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True)
class RolePlan:
    """A node's part in a cluster: ``count`` None takes all machines that the other roles leave."""

    name: str
    count: int | None = None
    least: int = 1
    default: int = 1
    inside: tuple[PortRange, ...] = ()
    """Ports that the cluster's machines reach."""
    outside: tuple[PortRange, ...] = ()
    """Ports that may be opened to the addresses that a person gives; by default they are reached by a tunnel."""


@dataclass(frozen=True)
class Link:
    """Something to open in a browser; ``path`` may hold ``{name}`` of a secret, so it goes by direct message only."""

    title: str
    role: str
    port: int
    path: str = "/"
    scheme: str = "http"


@dataclass(frozen=True)
class Client:
    """An example of use: ``{role}`` stands for the address of that role's first machine, ``{name}`` for a secret."""

    title: str
    text: str


@dataclass(frozen=True)
class HealthCheck:
    """The real job by which a cluster proves itself: ``tasks/check.yml`` of its Ansible roles."""

    title: str
    seconds: int


@dataclass(frozen=True)
class Download:
    """A file that machines fetch: ``{version}`` in the address is filled in; never used without its checksum."""

    url: str
    checksum: str
    """ "sha256:…" or "sha512:…"."""


@dataclass(frozen=True)
class Software:
    """What Ansible puts on the machines."""

    ansible_roles: tuple[str, ...]
    """Applied in this order after ``common``."""
    check: HealthCheck
    links: tuple[Link, ...] = ()
    secrets: Mapping[str, int] = field(default_factory=dict)
    """Made for each reservation of its own, of letters and digits: how many characters, by name."""
    clients: tuple[Client, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    downloads: Mapping[str, Download] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Handed to the Ansible roles as they are."""
    is_alone: bool = False
    """Each machine gets it as if there were no other."""


@dataclass(frozen=True)
class IdleRule:
    """What is other than usual for machines with this software that nobody seems to use; None: nothing is."""

    cpu_percent: float | None = None
    """What its processors do at most while nobody uses it."""
    ask_seconds: int | None = None
    is_only_asked: bool = False
    """It is never stopped by itself: what others fetch from it may be needed at any time."""


@dataclass(frozen=True)
class Blueprint:
    """A cluster's shape and the defaults that a request for it takes when the person does not say."""

    name: str
    title: str
    roles: tuple[RolePlan, ...]
    default_nodes: int
    least_nodes: int
    vcpus: int
    memory_gb: float
    storage_gb: float
    os: str
    aliases: tuple[str, ...] = ()
    software: Software | None = None
    """None: bare machines, nothing is put on them."""
    runs_on: tuple[str, ...] = (ON_CLUSTERS,)
    """Of ``ON_CLUSTERS`` and ``ON_MACHINES``."""
    brings: tuple[str, ...] = ()
    """Blueprints whose software is a part of this one's."""
    needs_own_kernel: bool = False
    """No container can run it."""
    scales: tuple[str, ...] = (GROW, SHRINK)
    """What can be done while it runs; a machine that leaves takes its data along."""
    idle: IdleRule = IdleRule()

    @property
    def is_cluster(self) -> bool:
        """Whether machines that work together can be had for it."""
        return ON_CLUSTERS in self.runs_on

    @property
    def outside(self) -> tuple[PortRange, ...]:
        """The ports of all roles that may be opened."""
        return tuple(dict.fromkeys(ports for role in self.roles for ports in role.outside))

    @property
    def growing_role(self) -> str:
        """The part of machines that come and leave."""
        return next(role.name for role in self.roles if role.count is None)
