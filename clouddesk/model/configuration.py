"""Configuration: putting a blueprint's software on a reservation's nodes, and what can go wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from clouddesk.model.blueprint import Download
from clouddesk.model.errors import CloudDeskError

UNREACHABLE = "unreachable"
MIRROR_DOWN = "mirror_down"
NO_SUCH_VERSION = "no_such_version"
WRONG_CHECKSUM = "wrong_checksum"
DISK_FULL = "disk_full"
TIMED_OUT = "timed_out"
UNSUPPORTED_OS = "unsupported_os"
STEP_FAILED = "step_failed"
"""Nothing that is known: the last lines say what."""


@dataclass(frozen=True)
class Target:
    """A node as it is reached by SSH."""

    key: str
    role: str
    address: str
    private_address: str
    """Where the other nodes reach it."""
    port: int = 22
    login: str = "root"
    host_keys: tuple[str, ...] = ()
    """As "ssh-ed25519 AAAA…"; empty: the key of the first contact is taken, and told in the outcome."""


@dataclass(frozen=True)
class ConfigurationOrder:
    """What is put on which nodes. The same order again changes nothing where nothing has changed."""

    reservation_id: str
    ansible_roles: tuple[str, ...]
    targets: tuple[Target, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    downloads: Mapping[str, Download] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    mirrors: Mapping[str, str] = field(default_factory=dict)
    limit_seconds: float = 1800.0
    reach_seconds: float = 180.0
    """So long a node may take until it answers."""
    leaving: tuple[str, ...] = ()
    """Keys of nodes that are only taken out of the cluster, so that they can be ended; nothing else is done then."""


@dataclass(frozen=True)
class BotKey:
    """The key pair with which CloudDesk logs in to one reservation's machines."""

    private_key: str = field(repr=False)
    """In OpenSSH's format."""
    public_key: str
    """As a line of ``authorized_keys``."""


@dataclass(frozen=True)
class ConfigurationSecrets:
    """What only the one who configures may know; never printed."""

    private_key: str = field(repr=False)
    """The reservation's own, in OpenSSH's format."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The blueprint's secrets by name."""


@dataclass(frozen=True)
class Configured:
    """All nodes have the software, and it passed its check."""

    found: tuple[str, ...]
    """What the check found, as sentences for people: "Spark computed pi = 3.141 on 2 workers"."""
    changes: int
    """How many steps changed something, over all nodes."""
    host_keys: Mapping[str, tuple[str, ...]]
    """By node key: to be given with the next order."""


class ConfigureFailed(CloudDeskError):
    """The software is not on all nodes, or it does not work; whatever was done may be done again."""

    code = "configure_failed"
    RETRYABLE: ClassVar[frozenset[str]] = frozenset({UNREACHABLE, MIRROR_DOWN})

    def __init__(self, cause: str, *, step: str, nodes: Sequence[str], lines: Sequence[str] = ()) -> None:
        """``lines`` are the last of what the step said, without secrets."""
        self.cause = cause
        self.step = step
        self.nodes = tuple(nodes)
        self.lines = tuple(lines)
        super().__init__(
            f"{step} ({cause}) on {', '.join(nodes) or 'all nodes'}: {lines[-1] if lines else 'no output'}"
        )

    @property
    def may_help_to_retry(self) -> bool:
        """What was wrong may mend itself."""
        return self.cause in self.RETRYABLE
