"""What happens in a run: what a person does, and what strikes meanwhile. All of it follows from the run's seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from clouddesk.model.reservation import CHOICES

RESERVE = "reserve"
EXTEND = "extend"
STOP = "stop"
ARCHIVE = "archive"
START = "start"
"""Of what is stopped, or archived: then its machines are made again."""
REBOOT = "reboot"
HOLD = "hold"
CHOOSE = "choose"
"""Not planned: the answer whenever only a part of the machines came up."""
RELEASE = "release"
EXPIRE = "expire"
"""Nothing is done: the lease runs out."""
ONCE = (RESERVE, RELEASE, EXPIRE)

KILL = "kill"
FREEZE = "freeze"
"""SIGSTOP, and SIGCONT some seconds later: a process that is taken for dead and lives on."""
FAULT = "fault"
"""The simulated cloud does what ``clouddesk.sandbox.faults`` can do."""
SWEEP = "sweep"
"""Nothing goes wrong: an admin lets all accounts be looked through, in the middle of everything."""

LONG_LEASE_SECONDS = 7200
WARNING_SECONDS = (6, 3)
"""Warnings before the end of a lease, so that short leases have some."""

# What a person can do next, by the state that the reservation is in if all goes well.
_NEXT: dict[str, tuple[str, ...]] = {
    "running": (EXTEND, EXTEND, HOLD, STOP, STOP, STOP, REBOOT, REBOOT, ARCHIVE, ARCHIVE, ARCHIVE, RELEASE, RELEASE),
    "stopped": (EXTEND, EXTEND, HOLD, START, START, START, ARCHIVE, RELEASE, RELEASE),
    "archived": (EXTEND, HOLD, START, START, START, START, RELEASE),
}
_BECOMES = {STOP: "stopped", START: "running", ARCHIVE: "archived"}


@dataclass(frozen=True)
class Operation:
    """One thing that the person asks for."""

    kind: str
    pause_seconds: float = 0.0
    is_patient: bool = True
    """Waits until what was asked for before is done; else it comes in the middle of that."""
    is_twice: bool = False
    """Asked for twice at the same moment, with the same id."""
    gives_up: bool = False
    """When nobody answers, the person leaves it at that."""
    seconds: int = 0
    """EXTEND: by how long."""
    answer: str = ""
    """CHOOSE: one of ``reservation.CHOICES``."""

    def __str__(self) -> str:
        marks = ("" if self.is_patient else "!") + ("×2" if self.is_twice else "") + ("?" if self.gives_up else "")
        return f"{self.kind}{marks}"


@dataclass(frozen=True)
class Strike:
    """One thing that goes wrong, so many seconds after an operation began."""

    kind: str
    target: str
    """A process of the stack; for FAULT the cloud."""
    during: int
    after_seconds: float
    seconds: float = 0.0
    fault: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        what = self.fault.get("kind", self.kind)
        return f"{what} {self.target}".strip()


@dataclass(frozen=True)
class Plan:
    """One run."""

    seed: int
    provider: str
    nodes: int
    lease_seconds: int
    by_chat: bool
    choice: str
    """The answer when only a part of the machines came up."""
    operations: tuple[Operation, ...]
    strikes: tuple[Strike, ...]

    def __str__(self) -> str:
        how = "chat" if self.by_chat else "desk"
        return f"{how} {self.nodes}×{self.provider} " + " ".join(str(one) for one in self.operations)


def make_plan(seed: int) -> Plan:
    """The same for the same seed."""
    dice = random.Random(f"chaos {seed}")  # noqa: S311 - a plan, no secret
    by_chat = dice.random() < 0.2
    provider = dice.choice(("aws", "digitalocean"))
    nodes = dice.choice((1, 1, 2, 2, 3, 4) if by_chat else (1, 2, 2, 3, 4, 5, 7, 10))
    expires = not by_chat and dice.random() < 0.2
    operations = _expiring(dice) if expires else _lasting(dice)
    return Plan(
        seed=seed,
        provider=provider,
        nodes=nodes,
        lease_seconds=dice.randint(5, 15) if expires else LONG_LEASE_SECONDS,
        by_chat=by_chat,
        choice=dice.choice(CHOICES),
        operations=tuple(operations),
        strikes=tuple(_strikes(dice, provider, len(operations), by_chat=by_chat)),
    )


def _expiring(dice: random.Random) -> list[Operation]:
    first = [_operation(dice, RESERVE)]
    between = [_operation(dice, dice.choice((STOP, REBOOT, ARCHIVE)))] if dice.random() < 0.4 else []
    return [*first, *between, Operation(EXPIRE)]


def _lasting(dice: random.Random) -> list[Operation]:
    operations = [_operation(dice, RESERVE)]
    if dice.random() < 0.2:
        # The release of something still being created wins.
        return [*operations, Operation(RELEASE, dice.uniform(0.0, 1.5), is_patient=False)]
    state = "running"
    for _ in range(dice.randint(1, 4)):
        chosen = _operation(dice, dice.choice(_NEXT[state]))
        operations.append(chosen)
        if chosen.kind == RELEASE:
            break
        state = _BECOMES.get(chosen.kind, state)
    return operations


def _operation(dice: random.Random, kind: str) -> Operation:
    return Operation(
        kind,
        pause_seconds=dice.uniform(0.0, 1.0),
        is_patient=dice.random() < 0.8,
        is_twice=kind in (RESERVE, EXTEND, RELEASE) and dice.random() < 0.25,
        gives_up=dice.random() < 0.1,
        seconds=dice.choice((60, 600, 3600)) if kind == EXTEND else 0,
    )


def _strikes(dice: random.Random, provider: str, operations: int, *, by_chat: bool) -> list[Strike]:
    count = 1 + (dice.random() < 0.4) + (dice.random() < 0.2)
    kinds = [KILL, *dice.choices((KILL, FREEZE, FAULT, SWEEP), (4, 2, 5, 1), k=count - 1)]
    # Creating is where most can be lost or doubled.
    during = [0 if dice.random() < 0.4 else dice.randrange(operations) for _ in kinds]
    return [_strike(dice, kind, provider, number, by_chat=by_chat) for kind, number in zip(kinds, during, strict=True)]


def _strike(dice: random.Random, kind: str, provider: str, during: int, *, by_chat: bool) -> Strike:
    after_seconds = round(dice.uniform(0.0, 3.0) * dice.choice((0.1, 0.5, 1.0)), 2)
    if kind == SWEEP:
        return Strike(kind, "", during, after_seconds)
    if kind == FAULT:
        return Strike(kind, provider, during, after_seconds, fault=_fault(dice))
    weights = {"worker": 5, "temporal": 3, "redis": 3, "vault": 2, f"sandbox-{provider}": 2}
    if by_chat:
        weights |= {"actions": 6, "rasa": 6}
    target = dice.choices(list(weights), list(weights.values()))[0]
    # A worker that is silent for ten seconds is taken for dead.
    longest = 14.0 if target == "worker" else 5.0
    seconds = round(dice.uniform(1.0, longest), 1) if kind == FREEZE else 0.0
    return Strike(kind, target, during, after_seconds, seconds)


def _fault(dice: random.Random) -> dict[str, Any]:
    kinds = ("drop_after_accept", "down", "server_error", "rate_limit", "slow", "no_capacity", "unauthorized")
    kind = dice.choices(kinds, (4, 2, 2, 2, 2, 2, 1))[0]
    operations = (
        ("create",)
        if kind == "no_capacity"
        else ("create", "create", "destroy", "stop", "start", "reboot", "keep", "list")
    )
    described: dict[str, Any] = {
        "kind": kind,
        "count": dice.randint(1, 4),
        "match": {"operation": dice.choice(operations)},
    }
    if kind == "slow":
        described["seconds"] = round(dice.uniform(0.5, 3.0), 1)
    if kind == "rate_limit":
        described["retry_after"] = 1
    if kind == "unauthorized":
        # A refused key is tried again after half a minute, then after a whole one.
        described["count"] = 1
    return described
