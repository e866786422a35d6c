"""The oracle sees each thing that must never be: a run in which all is well, with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from clouddesk.model.reservation import DECLINE, GIVE_BACK
from tests.chaos.clouds import Thing
from tests.chaos.ledger import DONE, IN_DOUBT, UNAVAILABLE, Attempt, Evidence, Sighting, Told
from tests.chaos.oracle import judge
from tests.chaos.plan import (
    ARCHIVE,
    CHOOSE,
    EXPIRE,
    EXTEND,
    LONG_LEASE_SECONDS,
    RELEASE,
    RESERVE,
    START,
    STOP,
    Operation,
    Plan,
)
from tests.chaos.violations import (
    DEFECT,
    DOUBLED,
    DOUBLED_NOTICE,
    LEAKED,
    LOST,
    STUCK,
    WRONG_DONE,
    WRONG_LEASE,
    WRONG_STATE,
)

ID = "r-00000001"
BEGUN = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def machine(number: int, **changes: Any) -> Thing:
    return replace(Thing(f"m-{number}", "machine", "running", ID, f"node-{number}", "nyc1"), **changes)


def told(kind: str, key: str = "", after_seconds: float = 0.0, **values: str) -> Told:
    id_ = ":".join(part for part in (ID, kind, key) if part)
    return Told(f"{after_seconds}-{key}", id_, kind, ID, BEGUN + timedelta(seconds=after_seconds), values)


def running() -> Evidence:
    """Two nodes that run, extended by ten minutes."""
    end = BEGUN + timedelta(seconds=LONG_LEASE_SECONDS + 600)
    truth = {
        "state": "running",
        "reason": None,
        "node_count": 2,
        "nodes": [{"id": f"m-{number}", "key": f"node-{number}"} for number in (1, 2)],
        "accrued_at": BEGUN.isoformat(),
        "expires_at": end.isoformat(),
        "ended_at": None,
        "revision": 3,
    }
    at = BEGUN.timestamp()
    extended = {"id": ID, "state": "running", "expires_at": end}
    ready = told("ready")
    machines = [machine(1), machine(2)]
    plan = Plan(1, "digitalocean", 2, LONG_LEASE_SECONDS, False, GIVE_BACK, (), ())
    return Evidence(
        plan,
        "chaos-1",
        attempts=[
            Attempt(Operation(RESERVE), at - 2, DONE, at - 1),
            Attempt(Operation(EXTEND, seconds=600), at + 5, DONE, at + 6, reservation=extended),
        ],
        reservation_id=ID,
        status="RUNNING",
        truth=truth,
        view=dict(truth),
        trail=[{"action": "requested"}, {"action": "created"}, {"action": "extended"}],
        notices=[ready],
        sightings=[Sighting(ready, tuple(machines), at + 1)],
        things=machines,
        whole_at=at,
    )


def ended(reason: str = "released") -> Evidence:
    """The same, given back."""
    evidence = running()
    over = BEGUN + timedelta(seconds=60)
    assert evidence.truth
    evidence.truth |= {"state": "ended", "reason": reason, "ended_at": over.isoformat()}
    evidence.view, evidence.things, evidence.status = dict(evidence.truth), [], "COMPLETED"
    evidence.attempts.append(Attempt(Operation(RELEASE), over.timestamp() - 2, DONE, over.timestamp() - 1))
    end = told("ended", after_seconds=60)
    evidence.notices.append(end)
    evidence.sightings.append(Sighting(end, (), over.timestamp() + 1))
    return evidence


def _truth(evidence: Evidence, **changes: Any) -> None:
    assert evidence.truth
    evidence.truth |= changes
    evidence.view = dict(evidence.truth)


def image(number: int, **changes: Any) -> Thing:
    return replace(Thing(f"ami-{number}", "image", "available", ID, f"node-{number}", "nyc1"), **changes)


def archived() -> Evidence:
    """The same, archived."""
    evidence = running()
    images = [image(1), image(2)]
    kept = [{"id": one.id, "key": one.key, "state": one.state} for one in images]
    _truth(evidence, state="archived", nodes=[], images=kept)
    at = BEGUN.timestamp() + 20
    evidence.attempts.append(Attempt(Operation(ARCHIVE), at, DONE, at + 1))
    evidence.trail += [{"action": "archived"}, {"action": "images"}]
    rest = told("archived", after_seconds=30, nodes="2")
    evidence.notices.append(rest)
    evidence.sightings.append(Sighting(rest, tuple(images), at + 11))
    evidence.things = list(images)
    return evidence


def expired(*, late_seconds: float) -> Evidence:
    """A short lease that ran out."""
    evidence = ended("expired")
    assert evidence.truth
    end = BEGUN + timedelta(seconds=10)
    evidence.plan = replace(evidence.plan, lease_seconds=10)
    evidence.trail = evidence.trail[:2]
    evidence.attempts = [evidence.attempts[0], Attempt(Operation(EXPIRE), BEGUN.timestamp(), DONE, end.timestamp())]
    gone = end + timedelta(seconds=late_seconds)
    evidence.truth |= {"expires_at": end.isoformat(), "ended_at": gone.isoformat()}
    evidence.view = dict(evidence.truth)
    return evidence


@pytest.mark.parametrize(
    "evidence",
    [running(), ended(), expired(late_seconds=2.0), archived()],
    ids=["runs", "ended", "expired", "archived"],
)
def test_nothing_is_wrong_where_all_is_well(evidence: Evidence) -> None:
    assert judge(evidence) == []


def _end(evidence: Evidence) -> None:
    _truth(evidence, state="ended", reason="released")
    evidence.things.clear()


SPOILT: dict[str, tuple[str, Callable[[Evidence], Any]]] = {
    "a machine too many": (DOUBLED, lambda e: e.things.append(machine(3))),
    "one node twice": (DOUBLED, lambda e: e.things.append(machine(3, key="node-2"))),
    "a machine too few": (LOST, lambda e: e.things.pop()),
    "a machine that is off": (WRONG_STATE, lambda e: e.things.__setitem__(0, machine(1, state="stopped"))),
    "another machine than the workflow knows": (
        WRONG_STATE,
        lambda e: e.things.__setitem__(0, machine(9, key="node-1")),
    ),
    "a wish that was carried out twice": (DOUBLED, lambda e: e.trail.append({"action": "extended"})),
    "no workflow": (LOST, lambda e: vars(e).update(status=None, truth=None, view=None, things=[])),
    "a workflow that failed": (LOST, lambda e: vars(e).update(status="FAILED")),
    "no view": (LOST, lambda e: vars(e).update(view=None)),
    "an old view": (WRONG_STATE, lambda e: e.view and e.view.update(revision=2)),
    "an end that nobody asked for": (LOST, _end),
    "a stop that did nothing": (WRONG_STATE, lambda e: e.attempts.append(Attempt(Operation(STOP), 0.0, DONE))),
    "an extension that counts twice": (
        WRONG_LEASE,
        lambda e: _truth(e, expires_at=(BEGUN + timedelta(seconds=LONG_LEASE_SECONDS + 1200)).isoformat()),
    ),
    "an extension that was lost": (
        WRONG_LEASE,
        lambda e: _truth(e, expires_at=(BEGUN + timedelta(seconds=LONG_LEASE_SECONDS)).isoformat()),
    ),
    "a fact under two ids": (DOUBLED_NOTICE, lambda e: e.notices.append(told("ready", "again"))),
    "a notice of a reboot that never was": (DOUBLED_NOTICE, lambda e: e.notices.append(told("rebooted", "2"))),
    "a move for no reason": (WRONG_DONE, lambda e: e.notices.append(told("moved", "2"))),
    "a notice for no reason": (WRONG_DONE, lambda e: e.notices.append(told("drift", "2"))),
    "no notice": (LOST, lambda e: e.notices.clear()),
    "ready too early": (WRONG_DONE, lambda e: e.sightings.append(Sighting(told("ready"), (machine(1),), 0.0))),
    "ready while one still starts": (
        WRONG_DONE,
        lambda e: e.sightings.append(Sighting(told("ready"), (machine(1), machine(2, state="pending")), 0.0)),
    ),
    "not at rest": (STUCK, lambda e: vars(e).update(stuck="pending: provision")),
    "nobody ever answers": (STUCK, lambda e: e.attempts.append(Attempt(Operation(STOP), 0.0, UNAVAILABLE))),
    "an answer that nobody should get": (DEFECT, lambda e: e.defects.append("KeyError: 'x'")),
    "a lie": (WRONG_DONE, lambda e: e.lies.append("nothing was ordered")),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_wrong_with_a_running_reservation_is_seen(what: str) -> None:
    kind, spoil = SPOILT[what]
    evidence = running()
    spoil(evidence)
    assert kind in {violation.kind for violation in judge(evidence)}


SPOILT_ARCHIVES: dict[str, tuple[str, Callable[[Evidence], Any]]] = {
    "a machine is left": (DOUBLED, lambda e: e.things.append(machine(1))),
    "a disk is left": (LEAKED, lambda e: e.things.append(machine(1, kind="disk"))),
    "an image too few": (LOST, lambda e: e.things.pop()),
    "two images of one": (DOUBLED, lambda e: e.things.append(image(3, key="node-2"))),
    "an image that cannot be used": (WRONG_STATE, lambda e: e.things.__setitem__(0, image(1, state="failed"))),
    "another image than the workflow knows": (WRONG_STATE, lambda e: e.things.__setitem__(0, image(9, key="node-1"))),
    "nobody asked for it": (WRONG_STATE, lambda e: e.attempts.pop()),
    "no notice": (LOST, lambda e: e.notices.pop()),
    "archived was said too early": (
        WRONG_DONE,
        lambda e: e.sightings.append(Sighting(told("archived", "2", 30, nodes="2"), (image(1), machine(2)), 1e10)),
    ),
    "begun twice": (DOUBLED, lambda e: e.trail.append({"action": "archived"})),
    "images are left of what runs again": (
        LEAKED,
        lambda e: _truth(e, state="running", nodes=[{"id": "m-1", "key": "node-1"}]),
    ),
    "a start that did nothing": (WRONG_STATE, lambda e: e.attempts.append(Attempt(Operation(START), 0.0, DONE))),
}


@pytest.mark.parametrize("what", SPOILT_ARCHIVES)
def test_what_is_wrong_with_an_archive_is_seen(what: str) -> None:
    kind, spoil = SPOILT_ARCHIVES[what]
    evidence = archived()
    spoil(evidence)
    assert kind in {violation.kind for violation in judge(evidence)}


def test_an_archive_that_was_said_not_to_come_about_is_no_violation() -> None:
    evidence = running()
    evidence.attempts.append(Attempt(Operation(ARCHIVE), BEGUN.timestamp() + 20, DONE))
    evidence.trail.append({"action": "archived"})
    evidence.notices.append(told("not_archived", "4", 30, reason="image_failed"))
    assert judge(evidence) == []


SPOILT_ENDS: dict[str, tuple[str, Callable[[Evidence], Any]]] = {
    "a machine is left": (LEAKED, lambda e: e.things.append(machine(1))),
    "a disk is left": (LEAKED, lambda e: e.things.append(machine(1, kind="disk", state="available"))),
    "an image is left": (LEAKED, lambda e: e.things.append(image(1))),
    "a snapshot is left": (LEAKED, lambda e: e.things.append(image(1, kind="snapshot"))),
    "gone was said too early": (
        WRONG_DONE,
        lambda e: e.sightings.append(Sighting(told("ended"), (machine(1, state="shutting-down"),), 0.0)),
    ),
    "ended and failed": (DOUBLED_NOTICE, lambda e: e.notices.append(told("failed"))),
    "no notice of the end": (LOST, lambda e: e.notices.pop()),
    "another reason": (WRONG_STATE, lambda e: _truth(e, reason="provider_down")),
}


@pytest.mark.parametrize("what", SPOILT_ENDS)
def test_what_is_wrong_with_an_end_is_seen(what: str) -> None:
    kind, spoil = SPOILT_ENDS[what]
    evidence = ended()
    spoil(evidence)
    assert kind in {violation.kind for violation in judge(evidence)}


@pytest.mark.parametrize("late_seconds", [-2.0, 90.0], ids=["too early", "too late"])
def test_an_end_at_the_wrong_time_is_seen(late_seconds: float) -> None:
    assert [violation.kind for violation in judge(expired(late_seconds=late_seconds))] == [WRONG_LEASE]


def test_a_lease_that_ended_while_nothing_ran_is_late_from_when_all_runs() -> None:
    evidence = expired(late_seconds=90.0)
    evidence.whole_at = BEGUN.timestamp() + 80
    assert judge(evidence) == []


def test_what_is_in_doubt_may_have_been_done_or_not() -> None:
    evidence = running()
    evidence.attempts[1].outcome = IN_DOUBT
    assert judge(evidence) == []
    _truth(evidence, expires_at=(BEGUN + timedelta(seconds=LONG_LEASE_SECONDS)).isoformat())
    assert judge(evidence) == []


def test_a_dearer_offer_that_was_declined_may_end_it_and_only_then() -> None:
    evidence = ended()
    evidence.excuses = frozenset({"no_capacity"})
    _truth(evidence, reason="declined")
    assert [violation.kind for violation in judge(evidence)] == [WRONG_STATE]
    evidence.attempts.append(Attempt(Operation(CHOOSE, answer=DECLINE), 0.0, DONE))
    assert judge(evidence) == []


def test_a_machine_that_was_said_not_to_be_ordered_is_seen() -> None:
    evidence = running()
    evidence.attempts = [Attempt(Operation(RESERVE, gives_up=True), 0.0, UNAVAILABLE)]
    assert WRONG_DONE in {violation.kind for violation in judge(evidence)}
