"""What is written down in a run, for the oracle to judge: what was asked and answered, told, and seen in the clouds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.chaos.clouds import Place, Thing
from tests.chaos.plan import Operation, Plan

DONE = "done"
IN_DOUBT = "in doubt"
"""It was passed on, or may have been; nobody said what became of it."""
REFUSED = "refused"
UNAVAILABLE = "unavailable"
"""Nobody answered, and it was said that nothing was changed."""
SKIPPED = "skipped"


@dataclass
class Attempt:
    """One operation as it went. Times are the wall clock's."""

    operation: Operation
    begun_at: float
    outcome: str = SKIPPED
    ended_at: float = 0.0
    said: str = ""
    """Why not, or what the chat answered."""
    reservation: dict[str, Any] | None = None
    """What was answered: some facts of it."""


@dataclass(frozen=True)
class Told:
    """A notice as it lies in the person's stream."""

    place: str
    id: str
    kind: str
    reservation_id: str
    created_at: datetime
    values: dict[str, str]

    @property
    def places(self) -> set[Place]:
        """Where the machines are, and where they were to be before."""
        values = self.values
        before = {(values["from_provider"], values["from_region"])} if "from_provider" in values else set()
        return {(values["provider"], values["region"]), *before}


@dataclass(frozen=True)
class Sighting:
    """What the cloud listed right after a notice was read."""

    told: Told
    things: tuple[Thing, ...]
    looked_at: float
    """When all of it had been listed, by the wall clock."""


@dataclass
class Evidence:
    """All that is known of a run."""

    plan: Plan
    user: str
    """Somebody who has never been here."""
    attempts: list[Attempt] = field(default_factory=list)
    reservation_id: str | None = None
    status: str | None = None
    """Temporal's word for the workflow; None when there is none."""
    truth: dict[str, Any] | None = None
    """What the workflow itself answers, as JSON."""
    trail: list[dict[str, Any]] = field(default_factory=list)
    view: dict[str, Any] | None = None
    """What people read."""
    notices: list[Told] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    whole_at: float = 0.0
    """Since when all processes run, for the last time."""
    stuck: str | None = None
    """What was still under way when the patience ended."""
    defects: list[str] = field(default_factory=list)
    """Answers that nobody should get."""
    lies: list[str] = field(default_factory=list)
    """Answers that were not so."""
    excuses: frozenset[str] = frozenset()
    """Reasons to fail that the round's faults explain."""

    @property
    def places(self) -> set[Place]:
        """Wherever its machines were to be, as far as is known by now."""
        told = {place for one in self.sightings for place in one.told.places}
        return told | ({(self.truth["provider"], self.truth["region"])} if self.truth else set())

    def of(self, *kinds: str) -> list[Attempt]:
        """The attempts at these operations, in order."""
        return [attempt for attempt in self.attempts if attempt.operation.kind in kinds]

    def told(self, *kinds: str) -> list[Told]:
        """The notices of these kinds, those with equal ids once."""
        by_id = {told.id: told for told in self.notices if told.kind in kinds}
        return list(by_id.values())
