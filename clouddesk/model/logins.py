"""Logins of colleagues: whose own SSH keys are put on a reservation's machines beside those of its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clouddesk.model.configuration import Target
from clouddesk.model.reservation import Reservation

IN, KEYLESS = "in", "keyless"
"""What a colleague was told last: their keys log in, or that there is none of theirs."""


@dataclass(frozen=True)
class LoginOrder:
    """Whose keys are to be on which machines; all others that were put there this way are to be gone."""

    targets: tuple[Target, ...]
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By user id, as lines of ``authorized_keys`` without options."""
    barred: tuple[str, ...] = ()
    """The keys' middle parts ("AAAA…") that are to log in no more, however they came there."""


@dataclass
class LoginState:
    """What a reservation's workflow knows of it."""

    installed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By a machine's id: whose keys were put there last. One that is not listed never had any."""
    changes: int = 0
    """How often somebody added or removed a key."""
    told: dict[str, str] = field(default_factory=dict)
    """By user id: ``IN`` or ``KEYLESS``."""
    left: list[str] = field(default_factory=list)
    """Who had a part in it, and the secret in its links, since that secret was made."""
    leaving: list[str] = field(default_factory=list)
    """Of those, for whom the secret was changed, while the machines are not set up with the new one yet."""
    barred: list[str] = field(default_factory=list)
    """Keys of its order that are to log in no more, since it is somebody else's."""
    behind: tuple[str, ...] = ()
    """Keys of machines that could not be reached, as the owner was told."""
    is_link_late: bool = False
    """The owner was told that the link's secret could not be changed yet."""


def link_secrets(item: Reservation, secrets: Mapping[str, int]) -> dict[str, int]:
    """Those of the software's secrets by which alone a link lets somebody in, with their lengths."""
    return {name: length for name, length in secrets.items() if any(f"{{{name}}}" in link.path for link in item.links)}
