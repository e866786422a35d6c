"""Orphans: what lies in a cloud with our tags and belongs to no reservation that lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from clouddesk.model.actor import Person
from clouddesk.model.node import Belonging, Node

KEEP = "keep"
ADOPT = "adopt"
DELETE = "delete"
ORPHAN_CHOICES = (KEEP, ADOPT, DELETE)


@dataclass(frozen=True)
class Orphan:
    """All that carries one reservation's tag in one account, while no workflow looks after it."""

    id: str
    provider: str
    credential_ref: str
    """Credentials that reach the account."""
    workspace_id: str
    owner: str
    """User id from the machines' tag; of the account's holder where it tells none of that workspace."""
    reservation_id: str
    name: str
    nodes: tuple[Node, ...]
    belongings: tuple[Belonging, ...]
    found_at: datetime
    is_kept: bool = False
    """Its owner wants it left alone."""

    @property
    def person(self) -> Person:
        return Person(self.workspace_id, self.owner)

    @property
    def things(self) -> tuple[str, ...]:
        """Ids of everything that it consists of."""
        return (*(node.id for node in self.nodes), *(item.id for item in self.belongings))

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(sorted({node.region for node in self.nodes} | {item.region for item in self.belongings}))


@dataclass(frozen=True)
class SweepReport:
    """What a sweep over all accounts found."""

    accounts: int = 0
    machines: int = 0
    orphans: list[Orphan] = field(default_factory=list)
    drifted: list[str] = field(default_factory=list)
    """Reservations that do not look in the cloud as they should; their workflows look closer."""
    refused: list[str] = field(default_factory=list)
    """Credential refs that their cloud does not accept any more."""
    unreachable: list[str] = field(default_factory=list)
    """Credential refs whose cloud did not answer: nothing is known of what lies there."""
