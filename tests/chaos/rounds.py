"""A round: some runs at a time on one stack until all is at rest; then the verdicts; then everything is given back."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from tests.chaos import watcher
from tests.chaos.chat import ChattingPerson
from tests.chaos.ledger import Evidence
from tests.chaos.oracle import judge
from tests.chaos.person import Person
from tests.chaos.plan import FAULT, KILL, LONG_LEASE_SECONDS, RELEASE, Operation, Plan
from tests.chaos.violations import LEAKED, WRONG_DONE, Violation
from tests.chaos.world import Struck, World

SETTLES_WITHIN_SECONDS = 150.0
LOOKED_WITHIN_SECONDS = 90.0
EXCUSES = {"no_capacity": "no_capacity", "unauthorized": "credentials_rejected"}
"""What a reservation may end for, by the fault."""
_PAUSE_SECONDS = 0.4
_AT_REST = ("running", "stopped", "archived", "ended")


@dataclass
class Run:
    """One run, and what became of it."""

    plan: Plan
    evidence: Evidence
    began_at: float
    strikes: list[Struck] = field(default_factory=list)
    """Those, its own and its neighbours', that fell between its first operation and its rest."""
    violations: list[Violation] = field(default_factory=list)
    rested_at: float = 0.0
    ended_at: float = 0.0

    @property
    def kills(self) -> list[Struck]:
        return [struck for struck in self.strikes if struck.strike.kind == KILL]


async def play(world: World, plans: Sequence[Plan], reported: set[str]) -> list[Run]:
    """The plans at the same time. Never raises what is the product's fault.

    ``reported``: ids of things, and orphans, that there were before; those of this one are added.
    """
    await world.until_whole()
    runs = [Run(plan, Evidence(plan, f"chaos-{plan.seed}-{uuid.uuid4().hex[:6]}"), time.time()) for plan in plans]
    people = [_person(world, run) for run in runs]
    watching = [asyncio.create_task(watcher.watch(world, run.evidence)) for run in runs]
    try:
        struck = await _act(world, people)
        settling = asyncio.gather(*(_settle(world, run) for run in runs))
        whole_at = await world.until_whole()
        await settling
        await world.clouds.heal()
        await asyncio.gather(*(_gather(world, run.evidence, whole_at) for run in runs))
        for run in runs:
            run.evidence.excuses = _excuses(run.evidence, struck)
            run.violations += judge(run.evidence)
            end = max((attempt.ended_at for attempt in run.evidence.attempts), default=run.began_at)
            run.strikes = [one for one in struck if run.began_at <= one.until and one.at <= max(end, run.rested_at)]
        await asyncio.gather(*(_give_back(world, person, run) for person, run in zip(people, runs, strict=True)))
    finally:
        for task in watching:
            task.cancel()
        await asyncio.wait(watching)
    for thing in await world.clouds.everything():
        if thing.id not in reported:
            reported.add(thing.id)
            owner = next((run for run in runs if run.evidence.reservation_id == thing.reservation_id), runs[0])
            owner.violations.append(Violation(LEAKED, f"{thing} is left when all is given back"))
    for orphan in await world.orphans():
        if orphan not in reported:
            reported.add(orphan)
            runs[0].violations.append(Violation(WRONG_DONE, f"a sweep took for an orphan: {orphan}"))
    return runs


def _excuses(evidence: Evidence, struck: Sequence[Struck]) -> frozenset[str]:
    """Reasons to fail that a fault of the round gave the run's clouds."""
    clouds = {evidence.plan.provider, *(provider for provider, _ in evidence.places)}
    faults = {one.strike.fault["kind"] for one in struck if one.strike.kind == FAULT and one.strike.target in clouds}
    return frozenset(EXCUSES[kind] for kind in faults if kind in EXCUSES)


def _person(world: World, run: Run) -> Person:
    return (ChattingPerson if run.plan.by_chat else Person)(world, run.evidence)


async def _act(world: World, people: Sequence[Person]) -> list[Struck]:
    """Everybody's operations, with all strikes; returns those that hit."""

    async def strike(person: Person, number: int) -> Struck | None:
        planned = person.plan.strikes[number]
        await person.began[planned.during].wait()
        await asyncio.sleep(planned.after_seconds)
        return await world.strike(planned, person.plan.seed)

    striking = [
        asyncio.create_task(strike(person, number)) for person in people for number in range(len(person.plan.strikes))
    ]
    await asyncio.gather(*(person.live() for person in people))
    return [struck for struck in await asyncio.gather(*striking) if struck is not None]


async def _settle(world: World, run: Run) -> None:
    """Until nothing is under way with the run's reservation, and all of it is published."""
    until = time.monotonic() + SETTLES_WITHIN_SECONDS
    problem: str | None = ""
    while problem is not None and time.monotonic() < until:
        try:
            problem = await _under_way(world, run.evidence)
        except RPCError as error:
            problem = f"Temporal: {error}"
        if problem is not None:
            await asyncio.sleep(_PAUSE_SECONDS)
    run.evidence.stuck = problem
    run.rested_at = time.time()


async def _under_way(world: World, evidence: Evidence) -> str | None:
    """What is not done yet; None when it is at rest."""
    if evidence.reservation_id is None:
        return None
    handle = world.temporal.get_workflow_handle(evidence.reservation_id)
    try:
        told = await handle.describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise
    if told.status not in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED):
        return None
    pending = [
        f"{one.activity_type.name} (attempt {one.attempt}, {one.last_failure.message or 'no failure'})"
        for one in told.raw_description.pending_activities
    ]
    if pending:
        return "pending: " + ", ".join(pending)
    if told.raw_description.HasField("pending_workflow_task"):
        return "a workflow task is pending"
    state = (await handle.query("view"))["state"]
    is_short = evidence.plan.lease_seconds < LONG_LEASE_SECONDS
    wanted = ("ended",) if is_short or told.status == WorkflowExecutionStatus.COMPLETED else _AT_REST
    return None if state in wanted else f"it is {state}"


async def _gather(world: World, evidence: Evidence, whole_at: float) -> None:
    """What all sides say now."""
    evidence.whole_at = whole_at
    evidence.notices = await watcher.notices(world, evidence)
    await _until_looked(evidence)
    if evidence.reservation_id is None:
        return
    handle = world.temporal.get_workflow_handle(evidence.reservation_id)
    with suppress(RPCError):
        status = (await handle.describe()).status
        evidence.status = status.name if status else None
        evidence.truth = await handle.query("view")
        evidence.trail = await handle.query("trail")
    evidence.view = await _view(world, evidence.reservation_id)
    if evidence.truth:
        evidence.things = await world.clouds.of_reservation(evidence.places, evidence.reservation_id)
    else:
        everything = await world.clouds.everything()
        evidence.things = [thing for thing in everything if thing.reservation_id == evidence.reservation_id]


async def _until_looked(evidence: Evidence) -> None:
    """The watcher looks at the cloud once for each notice."""
    until = time.monotonic() + LOOKED_WITHIN_SECONDS
    while {told.place for told in evidence.notices} - {one.told.place for one in evidence.sightings}:
        if time.monotonic() > until:
            raise TimeoutError("the cloud was not looked at for every notice")
        await asyncio.sleep(_PAUSE_SECONDS)


async def _view(world: World, reservation_id: str) -> dict[str, Any] | None:
    text = await world.redis.hget(f"clouddesk:reservation:{reservation_id}", "json")
    return dict(json.loads(text)) if text else None


async def _give_back(world: World, person: Person, run: Run) -> None:
    """Release what still lives, and judge the end of it as well."""
    evidence = run.evidence
    if evidence.truth is None or evidence.truth["state"] == "ended":
        run.ended_at = time.time()
        return
    await person.do(Operation(RELEASE))
    await _settle(world, run)
    run.ended_at = time.time()
    await _gather(world, evidence, evidence.whole_at)
    known = {str(violation) for violation in run.violations}
    run.violations += [one for one in judge(evidence) if str(one) not in known]
