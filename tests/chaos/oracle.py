"""Judges a run by what the cloud, the workflow, the view and the notices say. No I/O."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from clouddesk.limits import Limits
from clouddesk.model.reservation import DECLINE, GIVE_BACK, REASON_DECLINED, RETRY
from tests.chaos import archives
from tests.chaos.ledger import DONE, IN_DOUBT, UNAVAILABLE, Attempt, Evidence, Sighting
from tests.chaos.plan import (
    ARCHIVE,
    CHOOSE,
    EXTEND,
    HOLD,
    LONG_LEASE_SECONDS,
    REBOOT,
    RELEASE,
    RESERVE,
    START,
    STOP,
    WARNING_SECONDS,
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
    Violation,
    named,
    promised_nodes,
)

LATE_SECONDS = 60.0
"""A lease's machines are gone so long after its end, or after the stack was whole again. (Promised are two minutes.)"""
_REST = {"running": "running", "stopped": "stopped"}
_POWER = {STOP: "stopped", START: "running", ARCHIVE: "archived"}
_NOTICE = {STOP: "stopped", START: "started", REBOOT: "rebooted", ARCHIVE: "archived"}
_NOT_DONE = {ARCHIVE: "not_archived", START: "not_started"}
"""What is said where it did not come about, besides trouble."""
_EXPECTED = ("ready", "failed", "ended", "expiring", "trouble", *_NOTICE.values(), *_NOT_DONE.values())
EXPLAINED = {
    **dict.fromkeys(("partial", "moved", "dearer"), "no_capacity"),
    "credentials": "credentials_rejected",
}
"""Notices that only come for a reason, and which."""
_SHOWN_RUNNING = ("ready", "started", "rebooted")
_TOLERANCE = timedelta(seconds=1)


def judge(evidence: Evidence) -> list[Violation]:
    """Everything that is wrong; the reservation is at rest, or ``evidence.stuck`` says what is not."""
    rules = (
        _answers,
        _existence,
        _machines,
        _view,
        _wishes,
        _wishes_once,
        _lease,
        _notices_once,
        _notices_at_all,
        _notices_true,
    )
    return [violation for rule in rules for violation in rule(evidence)]


# --- what was answered ---------------------------------------------------------------------------------------------


def _answers(evidence: Evidence) -> Iterator[Violation]:
    for text in evidence.defects:
        yield Violation(DEFECT, text)
    for text in evidence.lies:
        yield Violation(WRONG_DONE, text)
    if evidence.stuck:
        yield Violation(STUCK, evidence.stuck)
    for attempt in evidence.attempts:
        if attempt.outcome == UNAVAILABLE and not attempt.operation.gives_up:
            yield Violation(STUCK, f"nobody answered {attempt.operation}: {attempt.said}")
        if attempt.said.startswith("not_found"):
            yield Violation(LOST, f"{attempt.operation} was answered with {attempt.said}")


def _existence(evidence: Evidence) -> Iterator[Violation]:
    outcomes = {attempt.outcome for attempt in evidence.of(RESERVE)}
    if DONE in outcomes and evidence.status is None:
        yield Violation(LOST, f"{evidence.reservation_id} was promised, and Temporal has no such workflow")
    if evidence.status not in (None, "RUNNING", "COMPLETED", "CONTINUED_AS_NEW"):
        yield Violation(LOST, f"the workflow is {evidence.status}")
    if outcomes == {UNAVAILABLE} and evidence.status is not None:
        yield Violation(WRONG_DONE, "the reservation was said not to be made, and it was")


# --- the clouds ----------------------------------------------------------------------------------------------------


def _machines(evidence: Evidence) -> Iterator[Violation]:
    truth = evidence.truth
    machines = [thing for thing in evidence.things if thing.kind == "machine"]
    if truth is None or truth["state"] == "ended":
        for thing in evidence.things:
            yield Violation(LEAKED, f"{named(thing)} of {'an ended' if truth else 'no'} reservation")
        return
    if evidence.stuck:
        return
    for key, count in Counter(machine.key for machine in machines).items():
        if count > 1:
            yield Violation(DOUBLED, f"{count} machines are {key!r}")
    promised = 0 if truth["state"] == "archived" else promised_nodes(evidence)
    if len(machines) > promised:
        yield Violation(DOUBLED, f"{len(machines)} machines for the {promised} that were promised")
    if len(machines) < promised:
        yield Violation(LOST, f"{len(machines)} machines for the {promised} that were promised")
    for machine in machines:
        if machine.state != _REST.get(truth["state"]):
            yield Violation(WRONG_STATE, f"{named(machine)} while the reservation is {truth['state']}")
    known = {node["id"]: node["key"] for node in truth["nodes"]}
    if {machine.id: machine.key for machine in machines} != known:
        yield Violation(WRONG_STATE, f"the cloud lists {machines}, the workflow knows {known}")
    yield from archives.images(evidence, truth)


def _view(evidence: Evidence) -> Iterator[Violation]:
    if evidence.truth is None or evidence.stuck:
        return
    if evidence.view is None:
        yield Violation(LOST, "there is no view of the reservation")
        return
    for key in evidence.truth:
        if evidence.view.get(key) != evidence.truth[key]:
            yield Violation(WRONG_STATE, f"view: {key} {evidence.view.get(key)!r}, workflow: {evidence.truth[key]!r}")


# --- the wishes ----------------------------------------------------------------------------------------------------


def _wishes(evidence: Evidence) -> Iterator[Violation]:
    truth = evidence.truth
    if truth is None or evidence.stuck:
        return
    state, reason = truth["state"], truth["reason"]
    releases = {attempt.outcome for attempt in evidence.of(RELEASE)}
    answers = {one.operation.answer for one in evidence.of(CHOOSE)}
    may_end = bool(releases & {DONE, IN_DOUBT}) or bool(answers & {GIVE_BACK, DECLINE}) or _is_short(evidence)
    reasons = {"released", "expired", *([REASON_DECLINED] if DECLINE in answers else [])}
    if state == "ended":
        if not may_end and reason not in evidence.excuses:
            yield Violation(LOST, f"it ended ({reason}), and nobody wanted that")
        if reason not in reasons | evidence.excuses:
            yield Violation(WRONG_STATE, f"it ended because of {reason}")
        return
    if DONE in releases:
        yield Violation(WRONG_DONE, f"it was released and is {state}")
    if _is_short(evidence):
        yield Violation(WRONG_LEASE, f"its lease is over and it is {state}")
    wanted = _wanted_states(evidence)
    has_failed = any(told.values.get("action") in (STOP, START) for told in evidence.told("trouble"))
    if state not in wanted and not has_failed and not evidence.told(*_NOT_DONE.values()):
        yield Violation(WRONG_STATE, f"it is {state}, and {' or '.join(sorted(wanted))} was asked for")


def _wishes_once(evidence: Evidence) -> Iterator[Violation]:
    """What was asked for once is done once, by the workflow's own trail."""
    for operation, entry in {**_NOTICE, EXTEND: "extended", HOLD: "held", RELEASE: "released"}.items():
        begun = sum(one["action"] == entry for one in evidence.trail)
        asked = len(evidence.of(operation)) + (operation == RELEASE and len(evidence.of(CHOOSE)))
        if begun > asked:
            yield Violation(DOUBLED, f"{operation} was asked for {asked} times and begun {begun} times")


def _wanted_states(evidence: Evidence) -> set[str]:
    wanted = {"running"}
    for attempt in evidence.of(*_POWER):
        if attempt.outcome == DONE:
            wanted = {_POWER[attempt.operation.kind]}
        elif attempt.outcome == IN_DOUBT:
            wanted.add(_POWER[attempt.operation.kind])
    return wanted


def _is_short(evidence: Evidence) -> bool:
    return evidence.plan.lease_seconds < LONG_LEASE_SECONDS


# --- the lease -----------------------------------------------------------------------------------------------------


def _lease(evidence: Evidence) -> Iterator[Violation]:
    truth, ready = evidence.truth, evidence.told("ready")
    if truth is None or evidence.stuck or not ready:
        return
    end = moment(truth["expires_at"])
    sure = sum(attempt.operation.seconds for attempt in evidence.of(EXTEND) if attempt.outcome == DONE)
    doubtful = [attempt.operation.seconds for attempt in evidence.of(EXTEND) if attempt.outcome == IN_DOUBT]
    first = ready[0].created_at + timedelta(seconds=evidence.plan.lease_seconds)
    possible = [first + timedelta(seconds=sure + sum(chosen)) for chosen in _subsets(doubtful)]
    holds = {attempt.outcome for attempt in evidence.of(HOLD)}
    longest = ready[0].created_at + timedelta(seconds=Limits().max_lease_seconds)
    if DONE in holds:
        possible = [longest]
    elif IN_DOUBT in holds:
        possible.append(longest)
    if all(abs(end - one) > _TOLERANCE for one in possible):
        yield Violation(WRONG_LEASE, f"it ends {end}, promised was {' or '.join(str(one) for one in possible)}")
    yield from _promised_ends(evidence, end)
    if truth["reason"] == "expired" and truth["ended_at"]:
        ended = moment(truth["ended_at"])
        whole = datetime.fromtimestamp(evidence.whole_at, tz=end.tzinfo)
        if ended < end:
            yield Violation(WRONG_LEASE, f"it expired {(end - ended).total_seconds():.1f} s too early")
        late = (ended - max(end, whole)).total_seconds()
        if late > LATE_SECONDS:
            yield Violation(WRONG_LEASE, f"its machines outlived it by {late:.0f} s")


def _promised_ends(evidence: Evidence, end: datetime) -> Iterator[Violation]:
    """The last extension's answer is the end, when the lease ran by then."""
    answered = [one for one in evidence.of(EXTEND) if one.outcome == DONE and one.reservation]
    if not answered or evidence.of(HOLD) or any(one.outcome == IN_DOUBT for one in evidence.of(EXTEND)):
        return
    last = answered[-1].reservation
    assert last is not None
    if last["state"] in ("running", "stopped", "archived") and abs(last["expires_at"] - end) > _TOLERANCE:
        yield Violation(WRONG_LEASE, f"{last['expires_at']} was said to be the end, and it is {end}")


def _subsets(items: list[int]) -> Iterator[tuple[int, ...]]:
    for size in range(len(items) + 1):
        yield from itertools.combinations(items, size)


def moment(text: str) -> datetime:
    """From the JSON of workflows and views."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


# --- the notices ---------------------------------------------------------------------------------------------------


def _notices_once(evidence: Evidence) -> Iterator[Violation]:
    """At most one notice of each fact; a repeated id is the same notice."""
    counts = Counter(told.kind for told in evidence.told(*_EXPECTED, *EXPLAINED))
    for kind in ("ready", "failed", "ended"):
        if counts[kind] > 1:
            yield Violation(DOUBLED_NOTICE, f"{counts[kind]} notices say {kind}")
    if counts["failed"] and counts["ended"]:
        yield Violation(DOUBLED_NOTICE, "one notice says failed, another ended")
    for operation, kind in _NOTICE.items():
        begun = _begun(evidence, operation)
        # Of a start from an archive both may tell: that it takes long, and that it did not come about.
        failures = max(_troubles(evidence, operation), counts[_NOT_DONE.get(operation, "")])
        if counts[kind] + failures > begun:
            text = f"{counts[kind]} {kind} and {failures} notices of failures for {begun} {operation}"
            yield Violation(DOUBLED_NOTICE, text)
    retries = sum(one.operation.answer == RETRY for one in evidence.of(CHOOSE))
    if counts["partial"] > 1 + retries:
        yield Violation(DOUBLED_NOTICE, f"{counts['partial']} times partial, and {retries} retries")
    for end, count in Counter(told.values["ends"] for told in evidence.told("expiring")).items():
        if count > len(WARNING_SECONDS):
            yield Violation(DOUBLED_NOTICE, f"{count} warnings before {end}")
    for told in evidence.notices:
        if told.kind not in _EXPECTED and EXPLAINED.get(told.kind) not in evidence.excuses:
            yield Violation(WRONG_DONE, f"a notice tells of {told.kind} ({told.values.get('reason')}) for no reason")
        elif told.reservation_id != evidence.reservation_id:
            yield Violation(WRONG_DONE, f"a notice is about {told.reservation_id}")


def _troubles(evidence: Evidence, operation: str) -> int:
    """Notices that it failed; giving machines back for an archive goes on in spite of trouble."""
    if operation == ARCHIVE:
        return 0
    return sum(told.values.get("action") == operation for told in evidence.told("trouble"))


def _begun(evidence: Evidence, operation: str) -> int:
    """How often the workflow began it, by its own trail; where it keeps none, how often it was asked for."""
    if evidence.trail:
        return sum(entry["action"] == _NOTICE[operation] for entry in evidence.trail)
    return sum(one.outcome in (DONE, IN_DOUBT) for one in evidence.of(operation))


def _notices_at_all(evidence: Evidence) -> Iterator[Violation]:
    """Who waits for an answer gets one."""
    truth = evidence.truth
    if truth is None or evidence.stuck:
        return
    kinds = {told.kind for told in evidence.notices}
    if truth["state"] == "ended" and not kinds & {"ended", "failed"}:
        yield Violation(LOST, "it ended, and no notice says so")
    has_run = any(entry["action"] == "created" for entry in evidence.trail)
    if has_run and "ready" not in kinds:
        yield Violation(LOST, "it ran, and no notice said so")
    if truth["state"] != "ended":
        for operation, kind in _NOTICE.items():
            failures = _troubles(evidence, operation) + len(evidence.told(_NOT_DONE.get(operation, "")))
            done, begun = len(evidence.told(kind)), _begun_for_sure(evidence, operation)
            if done + failures < begun:
                yield Violation(LOST, f"{begun} times {operation}, and {done} {kind} notices")


def _begun_for_sure(evidence: Evidence, operation: str) -> int:
    return _begun(evidence, operation) if evidence.trail else 0


def _notices_true(evidence: Evidence) -> Iterator[Violation]:
    """What a notice said was so in the cloud when it was read."""
    for sighting in evidence.sightings:
        told, things = sighting.told, sighting.things
        if told.kind in ("ended", "failed"):
            for thing in things:
                yield Violation(WRONG_DONE, f"{told.kind} was said, and {named(thing)}")
        elif not _is_in_doubt(evidence) and not _is_changed_since(evidence, sighting):
            machines = [thing for thing in things if thing.kind == "machine"]
            wanted = "stopped" if told.kind == "stopped" else "running" if told.kind in _SHOWN_RUNNING else None
            for machine in machines:
                if wanted and machine.state != wanted:
                    yield Violation(WRONG_DONE, f"{told.kind} was said, and {named(machine)}")
            if told.kind == "archived":
                yield from archives.said(evidence, sighting, machines)
            if wanted and len(machines) != int(told.values.get("nodes", evidence.plan.nodes)):
                text = f"{told.kind} was said of {told.values.get('nodes')}, and there are {len(machines)}"
                yield Violation(WRONG_DONE, text)


def _is_changed_since(evidence: Evidence, sighting: Sighting) -> bool:
    """Something else was asked for, or the lease ended, before one could look."""
    created = sighting.told.created_at.timestamp()
    if any(_may_change(attempt, sighting) and attempt.ended_at > created for attempt in evidence.attempts):
        return True
    end = evidence.truth and moment(evidence.truth["expires_at"]).timestamp()
    return _is_short(evidence) and (not end or sighting.looked_at >= end)


def _may_change(attempt: Attempt, sighting: Sighting) -> bool:
    operation = attempt.operation.kind
    is_power = operation in (*_NOTICE, RELEASE) and _NOTICE.get(operation) != sighting.told.kind
    return is_power and attempt.outcome != UNAVAILABLE


def _is_in_doubt(evidence: Evidence) -> bool:
    """What was passed on is done whenever a worker comes."""
    return any(attempt.outcome == IN_DOUBT for attempt in evidence.of(*_NOTICE, RELEASE))
