"""What must never be, by its kind, and what all rules say it with."""

from __future__ import annotations

from dataclasses import dataclass

from clouddesk.model.reservation import GO_ON
from tests.chaos.clouds import Thing
from tests.chaos.ledger import DONE, IN_DOUBT, Evidence
from tests.chaos.plan import CHOOSE

LEAKED = "leaked"
"""A machine, disk or image that no live reservation accounts for."""
DOUBLED = "doubled"
"""More machines than promised, or one node twice."""
LOST = "lost"
"""A reservation, machine or notice that was promised and is not there."""
DOUBLED_NOTICE = "doubled_notice"
"""One fact told under two ids."""
WRONG_DONE = "wrong_done"
"""Something was said to be done that was not."""
WRONG_STATE = "wrong_state"
"""Cloud, workflow, view and wishes do not agree."""
WRONG_LEASE = "wrong_lease"
"""An end that is not the promised one, or a machine that outlives it."""
STUCK = "stuck"
"""It did not come to rest."""
DEFECT = "defect"
"""An answer that nobody should get."""
KINDS = (LEAKED, DOUBLED, LOST, DOUBLED_NOTICE, WRONG_DONE, WRONG_STATE, WRONG_LEASE, STUCK, DEFECT)


@dataclass(frozen=True)
class Violation:
    """One thing that must never be."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def named(thing: Thing) -> str:
    return f"{thing.kind} {thing.id} ({thing.key or 'no key'}, {thing.region}) is {thing.state}"


def promised_nodes(evidence: Evidence) -> int:
    """How many machines it is to have: those of the plan, or the fewer that the person chose to go on with."""
    went_on = any(one.operation.answer == GO_ON and one.outcome in (DONE, IN_DOUBT) for one in evidence.of(CHOOSE))
    return int(evidence.truth["node_count"]) if went_on and evidence.truth else evidence.plan.nodes
