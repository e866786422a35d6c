"""Orphans: what lies in a cloud with our tags and belongs to no reservation that lives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from clouddesk.model.actor import Person
from clouddesk.model.node import Belonging, Node

KEEP = "keep"
ADOPT = "adopt"
DELETE = "delete"
ORPHAN_CHOICES = (KEEP, ADOPT, DELETE)


@dataclass(frozen=True)
class Orphan:
    """All that carries one reservation's tag in one account, while no workflow looks after it.

    What carries no reservation's tag is one orphan for each owner. That can be told, and kept, but not settled here:
    machines are found by that tag, so nothing else could tell them from others.
    """

    id: str
    provider: str
    credential_ref: str
    """Credentials that reach the account: the owner's own, else those of somebody of the same workspace, else ""."""
    workspace_id: str
    owner: str
    """User id from the things' tags; "" when they tell none and several people have access to the account."""
    reservation_id: str
    name: str
    nodes: tuple[Node, ...]
    belongings: tuple[Belonging, ...]
    found_at: datetime
    is_kept: bool = False
    """Its owner wants it left alone."""
    account_id: str = ""
    told: tuple[str, ...] | None = None
    """Ids of all that its owner was told of; None: of what it consisted of."""
    is_being_deleted: bool = False

    @property
    def person(self) -> Person:
        return Person(self.workspace_id, self.owner)

    @property
    def is_for_admins(self) -> bool:
        """Its owner is not known, or nobody of the owner's workspace has access to the account."""
        return not self.owner or not self.credential_ref

    @property
    def things(self) -> tuple[str, ...]:
        """Ids of everything that it consists of."""
        return (*(node.id for node in self.nodes), *(item.id for item in self.belongings))

    @property
    def known_to_readers(self) -> frozenset[str]:
        """Ids of what people were told of."""
        return frozenset(self.things if self.told is None else self.told)

    @property
    def fingerprint(self) -> str:
        """Of when and what was found: the same for the same things, for as long as they are known."""
        text = " ".join((self.found_at.isoformat(), *sorted(self.things)))
        return sha256(text.encode()).hexdigest()[:12]

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(sorted({node.region for node in self.nodes} | {item.region for item in self.belongings}))


@dataclass(frozen=True)
class SweepReport:
    """What a sweep over all accounts found."""

    accounts: int = 0
    machines: int = 0
    orphans: list[Orphan] = field(default_factory=list)
    drifted_by_workspace: dict[str, list[str]] = field(default_factory=dict)
    """Names of reservations that do not look in the cloud as they should; their workflows look closer."""
    refused: list[str] = field(default_factory=list)
    """Credential refs that their cloud does not accept any more."""
    unreachable: list[str] = field(default_factory=list)
    """Credential refs whose cloud did not answer: nothing is known of what lies there."""

    @property
    def drifted(self) -> list[str]:
        return sorted(name for names in self.drifted_by_workspace.values() for name in names)

    def of_workspace(self, workspace_id: str) -> SweepReport:
        """What people of one workspace may know of it; how much was looked through stays the number of all."""
        place = f"people/{workspace_id}/"
        return replace(
            self,
            orphans=[orphan for orphan in self.orphans if orphan.workspace_id == workspace_id],
            drifted_by_workspace={workspace_id: self.drifted_by_workspace.get(workspace_id, [])},
            refused=[ref for ref in self.refused if ref.startswith(place)],
            unreachable=[ref for ref in self.unreachable if ref.startswith(place)],
        )
