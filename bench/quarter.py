"""A simulated quarter: 200 people, 3,000 reservations, looked at every five minutes, whose use is known beforehand.

The policy and the steps are the product's own, and so are the costs; only the clock, the machines and the people are
made up. What is measured: of the hours in which nobody used machines beyond the threshold, how many were found, and how
much of what was found was so; whether anything was stopped in use; what it saved. Costs are counted a second time, from
the hours that each machine was on and off, as fractions that know nothing of the product's meter.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise

from bench.figures import Figure
from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.costs import CostAccount, report
from clouddesk.model.idle_steps import ASK, NOTHING, STOP, advance, usual
from clouddesk.model.idleness import IDLE, UNKNOWN, Thresholds, Verdict, judge
from clouddesk.model.idling import kept, switched
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import STOPPED as NODE_STOPPED
from clouddesk.model.node import Node, NodeOrder, NodePlan
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import REASON_EXPIRED, RUNNING, STOPPED
from clouddesk.model.utilisation import Sample
from clouddesk.settings import PROJECT
from clouddesk.workflows.state import ReservationState

RESERVATIONS, PEOPLE, DAYS = 3_000, 200, 90
SEED = 9
ROUND = 300
"""Seconds between two looks."""
HOUR, DAY = 3600, 86400
WINDOW = 13 * HOUR
"""So much of what was seen is handed to the policy, more than it ever needs here."""
BEGIN = datetime(2026, 7, 1, tzinfo=timezone.utc)
SIZES = (("aws", 2, 832, 83), ("aws", 8, 3840, 120), ("gcp", 16, 7770, 300), ("digitalocean", 4, 1250, 1250))
"""Provider, cores, and what an hour costs on and off in hundredths of a cent."""
SOFTWARE = (None, None, None, "spark", "dask", "jupyter", "postgres")
LEASES = ((8, 55), (24, 30), (72, 12), (168, 3))
"""Hours, and how many of a hundred."""
HABITS = {"forgotten": 25, "office": 30, "jobs": 15, "steady": 10, "sessions": 10, "nightly": 5, "gpu": 5}
SESSION, JOB, WAITING, SCRIPT, ON_GPU = "session", "job", "waiting", "script", "gpu"


@dataclass(frozen=True)
class Span:
    """Somebody, or something of theirs, uses a machine, in seconds since the quarter began."""

    begin: int
    end: int
    how: str
    node: int


@dataclass
class Tally:
    """What is counted."""

    idle_rounds: int = 0
    """In which machines were on and unused beyond the threshold."""
    found: int = 0
    claimed: int = 0
    """In which the policy said so."""
    claimed_in_use: int = 0
    """Of these, with a use in the look before, however short."""
    stopped: int = 0
    stopped_in_use: int = 0
    started_again: int = 0
    used_off: int = 0
    """Work by the clock that found its machine off."""
    steps: Counter[str] = field(default_factory=Counter)
    cost: Fraction = Fraction(0)
    always_on: Fraction = Fraction(0)
    accounts: list[CostAccount] = field(default_factory=list)
    worst_usd: float = 0.0


def figures() -> Iterator[Figure]:
    """The whole quarter."""
    tally = quarter(RESERVATIONS)
    told = report(tally.accounts, BEGIN, BEGIN + timedelta(days=DAYS + 31), BEGIN + timedelta(days=DAYS + 31))
    yield Figure("quarter.reservations", RESERVATIONS, "reservations")
    yield Figure("quarter.idle_hours", round(tally.idle_rounds * ROUND / HOUR), "h")
    yield Figure("quarter.recall", round(tally.found / tally.idle_rounds, 4), "share")
    yield Figure("quarter.precision", round(tally.found / tally.claimed, 4), "share")
    yield Figure("quarter.called_idle_in_use", tally.claimed_in_use, "looks")
    yield Figure("quarter.stopped", tally.stopped, "times")
    yield Figure("quarter.stopped_in_use", tally.stopped_in_use, "times")
    yield Figure("quarter.started_again", tally.started_again, "times")
    yield Figure("quarter.nightly_work_found_it_off", tally.used_off, "times")
    yield Figure("quarter.questions", tally.steps[ASK], "questions")
    yield Figure("quarter.questions_a_person_a_week", round(tally.steps[ASK] / PEOPLE / (DAYS / 7), 2), "questions")
    yield Figure("quarter.cost", round(float(tally.cost), 2), "USD", round(float(tally.always_on), 2))
    yield Figure("quarter.unlike_independent", round(abs(told.total_usd - float(tally.cost)), 6), "USD")
    yield Figure("quarter.unlike_independent.worst_reservation", round(tally.worst_usd, 9), "USD")
    yield Figure("quarter.saved", round(float(tally.always_on - tally.cost), 2), "USD", round(told.saved_usd, 2))


def quarter(reservations: int, *, seed: int = SEED) -> Tally:
    """Live through it, one reservation after the other."""
    blueprints, tally = load_blueprints(PROJECT / "blueprints"), Tally()
    for number in range(reservations):
        _Life(random.Random(f"{seed}/{number}"), number, blueprints, tally).run()
    return tally


class _Life:
    """One reservation from its order to the end of its lease."""

    def __init__(self, chance: random.Random, number: int, blueprints: dict[str, Blueprint], tally: Tally) -> None:
        self.chance, self.tally = chance, tally
        provider, self.vcpus, on, off = chance.choice(SIZES)
        self.count = chance.choice((1, 1, 1, 2, 4))
        software = chance.choice(SOFTWARE)
        hours = chance.choices([item[0] for item in LEASES], [item[1] for item in LEASES])[0]
        self.begin = chance.randrange(DAYS * DAY // ROUND) * ROUND
        self.end = self.begin + hours * HOUR
        self.on, self.off = Fraction(on * self.count, 10_000), Fraction(off * self.count, 10_000)
        self.state = _ordered(
            number, provider, software, self.vcpus, self.count, hours, _at(self.begin), self.on, self.off
        )
        self.limits = usual(self.state.view, Thresholds(), blueprints)
        self.habit = chance.choices(list(HABITS), list(HABITS.values()))[0]
        self.spans = _use(chance, self.habit, self.begin, self.end, self.count)
        self.begins = [span.begin for span in self.spans]
        self.is_blind = chance.random() < 0.02
        self.outages = _spans(chance, self.begin, self.end, every=5 * DAY, shortest=15 * 60, longest=90 * 60)
        self.updates = [
            _spans(chance, self.begin, self.end, every=DAY, shortest=60, longest=ROUND) for _ in range(self.count)
        ]
        self.samples: list[Sample] = []
        self.answer: tuple[int, str] | None = None
        self.meter: list[tuple[int, bool]] = [(self.begin, True)]

    def run(self) -> None:
        """To the end of the lease, and the costs of it."""
        state = self.state
        state.begin_lease(_at(self.begin), _nodes(self.count, NODE_RUNNING))
        for now in range(self.begin + ROUND, self.end, ROUND):
            if state.view.state == RUNNING:
                self._look(now)
            elif self._is_used(now - ROUND, now):
                self._want_it(now)
        state.end(_at(self.end), REASON_EXPIRED)
        state.finish(_at(self.end))
        cost = self._metered()
        self.tally.cost += cost
        self.tally.always_on += Fraction(self.end - self.begin, HOUR) * self.on
        self.tally.worst_usd = max(self.tally.worst_usd, abs(state.view.accrued_usd - float(cost)))
        self.tally.accounts.append(CostAccount.of(state.view))

    def _look(self, now: int) -> None:
        self._answer(now)
        self._see(now)
        at = _at(now)
        if self.state.view.idling.asked_at is None and self._was_there(now):
            # With somebody, or a job, there within the hours that it takes, nothing can be due, nor be called unused.
            self._count(Verdict(UNKNOWN), now)
            return
        verdict = judge(
            self._needed(), [f"node-{place}" for place in range(self.count)], self.limits, at, vcpus=self.vcpus
        )
        self._count(verdict, now)
        step, idling = advance(self.state.view, verdict, self.limits, at)
        if step == NOTHING:
            return
        self.tally.steps[step] += 1
        if step == STOP:
            self.tally.stopped += 1
            self.tally.stopped_in_use += self._is_used(now - 1, now)
            nodes = _nodes(self.count, NODE_STOPPED)
            self.state.change(at, state=STOPPED, nodes=nodes, idling=idling)
            self._switched(now, is_on=False)
            return
        self.state.change(at, idling=idling)
        if step == ASK and self.chance.random() < 0.35:
            what = "keep" if self._is_used(now, now + DAY) else self.chance.choice(("keep", "stop", "stop"))
            self.answer = now + self.chance.randrange(5 * 60, 100 * 60), what

    def _was_there(self, now: int) -> bool:
        """Whether a look showed somebody, or a job, later than it takes to ask."""
        latest = next((item.at for item in reversed(self.samples) if item.logins or item.jobs), None)
        return latest is not None and _at(now) - latest < timedelta(seconds=self.limits.ask_seconds)

    def _answer(self, now: int) -> None:
        """What the person says to the question, if they say anything."""
        if self.answer is None or self.answer[0] > now:
            return
        (_, what), self.answer = self.answer, None
        idling = self.state.view.idling
        if idling.asked_at is None:
            return
        if what == "keep":
            until = _at(now + 4 * HOUR)
            self.state.change(_at(now), idling=kept(idling, until, is_protected=False))
        else:
            nodes = _nodes(self.count, NODE_STOPPED)
            self.state.change(_at(now), state=STOPPED, nodes=nodes, idling=switched(idling, _at(now)))
            self._switched(now, is_on=False)

    def _want_it(self, now: int) -> None:
        """It is off, and somebody comes to use it; what works by the clock cannot switch it on."""
        if self.habit == "nightly" and not self._is_used(now - ROUND, now, but=SCRIPT):
            self.tally.used_off += any(now - ROUND <= span.begin < now for span in self.spans)
            return
        self.tally.started_again += 1
        idling = switched(self.state.view.idling, _at(now))
        self.state.change(_at(now), state=RUNNING, nodes=_nodes(self.count, NODE_RUNNING), idling=idling)
        self._switched(now, is_on=True)

    def _switched(self, now: int, *, is_on: bool) -> None:
        self.samples.clear()
        self.meter.append((now, is_on))

    def _needed(self) -> Sequence[Sample]:
        latest = self.samples[-self.count :]
        # Whoever is there now is there, whatever was before.
        return latest if any(item.logins or item.jobs for item in latest) else self.samples

    def _see(self, now: int) -> None:
        """What a look shows of each machine, with all that goes wrong with looking."""
        chance, at = self.chance, _at(now)
        if _covers(self.outages, now):
            return
        for place in range(self.count):
            if chance.random() < 0.003:
                continue
            cores = chance.uniform(0.005, 0.07)
            if _covers(self.updates[place], now, reach=ROUND):
                cores += chance.uniform(0.5, 1.0)
            logins = jobs = 0
            gpu: float | None = 0.0 if self.habit == "gpu" else None
            for span in self._spans_of(now - ROUND, now, place):
                share = (min(now, span.end) - max(now - ROUND, span.begin)) / ROUND
                is_on = span.begin < now <= span.end
                cores += share * {SESSION: 0.05, JOB: 1.5, WAITING: 0.02, SCRIPT: 0.95, ON_GPU: 0.1}[span.how]
                logins += is_on and span.how == SESSION
                jobs += is_on and span.how in (JOB, WAITING)
                gpu = share * 70.0 if span.how == ON_GPU else gpu
            is_unlearned = self.is_blind or chance.random() < 0.002
            self.samples.append(
                Sample(
                    node=f"node-{place}",
                    at=at,
                    cpu_percent=min(100.0, 100 * cores / self.vcpus),
                    gpu_percent=gpu,
                    logins=logins,
                    jobs=None if is_unlearned else jobs,
                )
            )
        # What was before the last use, but for the hours that say whether a moment came alone, changes nothing.
        oldest = _at(max(now - WINDOW, self._used_until(now) - 7 * HOUR))
        while self.samples and self.samples[0].at < oldest:
            del self.samples[0]

    def _count(self, verdict: Verdict, now: int) -> None:
        """The truth beside what the policy says."""
        wait = self.limits.ask_seconds
        last_on = next(moment for moment, is_on in reversed(self.meter) if is_on)
        is_idle = not self._is_used(max(now - wait, last_on), now) and now - last_on >= wait
        is_said = verdict.state == IDLE and verdict.since is not None and _at(now - wait) >= verdict.since
        self.tally.idle_rounds += is_idle
        self.tally.found += is_idle and is_said
        self.tally.claimed += is_said
        self.tally.claimed_in_use += is_said and self._is_used(now - ROUND, now)

    def _is_used(self, begin: int, end: int, *, but: str = "") -> bool:
        return any(span.how != but for span in self._spans_of(begin, end))

    def _used_until(self, now: int) -> int:
        """When somebody was there last, or a job."""
        ends = [span.end for span in self.spans[: bisect_right(self.begins, now)] if span.how in (SESSION, JOB)]
        return min(now, max(ends[-8:], default=self.begin))

    def _spans_of(self, begin: int, end: int, node: int | None = None) -> Iterator[Span]:
        """Those that overlap."""
        for span in self.spans[max(0, bisect_right(self.begins, begin) - 8) : bisect_right(self.begins, end)]:
            if span.end > begin and span.begin < end and node in (None, span.node):
                yield span

    def _metered(self) -> Fraction:
        """The hours on and off at their prices."""
        moments = [*self.meter, (self.end, False)]
        return sum(
            (
                Fraction(following - moment, HOUR) * (self.on if is_on else self.off)
                for (moment, is_on), (following, _) in pairwise(moments)
            ),
            Fraction(0),
        )


def _use(chance: random.Random, habit: str, begin: int, end: int, count: int) -> list[Span]:
    """When it is used, and how."""
    spans = [Span(begin, min(end, begin + chance.randrange(HOUR, 3 * HOUR)), SESSION, 0)]

    def add(start: int, length: int, how: str) -> None:
        if begin <= start < end:
            spans.append(Span(start, min(end, start + length), how, chance.randrange(count)))

    for day in range(begin // DAY, end // DAY + 1):
        morning = day * DAY + chance.randrange(8 * HOUR, 10 * HOUR)
        if habit == "office" and day % 7 < 5 and chance.random() < 0.8:
            add(morning, 3 * HOUR, SESSION)
            add(morning + 4 * HOUR, chance.randrange(HOUR, 5 * HOUR), chance.choice((SESSION, JOB)))
        elif habit == "jobs":
            for _ in range(chance.randrange(4)):
                add(
                    day * DAY + chance.randrange(DAY),
                    chance.randrange(HOUR // 3, 8 * HOUR),
                    chance.choice((JOB, WAITING)),
                )
        elif habit == "sessions" and chance.random() < 0.6:
            add(morning, chance.randrange(HOUR // 6, 6 * HOUR), SESSION)
        elif habit == "nightly":
            add(day * DAY + 2 * HOUR, 480, SCRIPT)
        elif habit == "gpu" and chance.random() < 0.7:
            add(morning, chance.randrange(HOUR, 12 * HOUR), ON_GPU)
        elif habit == "steady":
            add(day * DAY, DAY, chance.choice((JOB, SCRIPT)))
    if habit == "steady":
        add(begin, DAY, JOB)
    return sorted(spans, key=lambda span: span.begin)


def _spans(
    chance: random.Random, begin: int, end: int, *, every: int, shortest: int, longest: int
) -> list[tuple[int, int]]:
    found, moment = [], begin + chance.randrange(every)
    while moment < end:
        found.append((moment, moment + chance.randrange(shortest, longest + 1)))
        moment += chance.randrange(every // 2, every * 3 // 2)
    return found


def _covers(spans: Sequence[tuple[int, int]], now: int, *, reach: int = 0) -> bool:
    return any(begin <= now < end + reach for begin, end in spans)


def _at(seconds: int) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def _nodes(count: int, state: str) -> tuple[Node, ...]:
    return tuple(Node(f"i-{place}", f"node-{place}", "node", state, "", "somewhere", "some") for place in range(count))


def _ordered(
    number: int,
    provider: str,
    software: str | None,
    vcpus: int,
    count: int,
    hours: int,
    start: datetime,
    on: Fraction,
    off: Fraction,
) -> ReservationState:
    owner, id_ = f"person-{number % PEOPLE}", f"r-{number:08x}"
    order = ReservationOrder(
        reservation_id=id_,
        name=f"{software or 'vm'}-{number}",
        workspace_id="local",
        owner=owner,
        conversation=f"local:console:-:{owner}",
        kind="cluster" if software else "vm",
        software=software,
        provider=provider,
        vcpus=vcpus,
        memory_gb=16.0,
        credential_ref=f"people/local/{owner}/{provider}",
        nodes=NodeOrder(
            installation="bench",
            reservation_id=id_,
            owner=f"local/{owner}",
            region="somewhere",
            size="some",
            os="ubuntu-24.04",
            nodes=tuple(NodePlan(f"node-{place}") for place in range(count)),
            disk_gb=20.0,
            name=f"{software or 'vm'}-{number}",
        ),
        lease_seconds=hours * HOUR,
        max_lease_seconds=hours * HOUR,
        warning_seconds=(),
        hourly_price_usd=float(on),
        stopped_hourly_price_usd=float(off),
        created_at=start,
        is_simulated=True,
    )
    return ReservationState.of(order)
