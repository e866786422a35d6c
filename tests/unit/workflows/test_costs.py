"""What periods cost, against a second calculation that knows nothing of meters: machine by machine, hour by hour."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.adapters import cost_lines
from clouddesk.model.costs import CostAccount, report
from clouddesk.model.meter import MOST_READINGS
from clouddesk.model.node import AVAILABLE, Node, NodeImage
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import REASON_EXPIRED, REASON_RELEASED, Reservation
from clouddesk.workflows.findings import ended
from clouddesk.workflows.state import ReservationState
from tests.orders import make_order

START = datetime(2026, 10, 20, 9, 0, tzinfo=timezone.utc)
CENT = 0.005


def order(
    nodes: int, *, hourly_cents: int = 60, stopped_cents: int = 2, archived_cents: int = 1, lease_hours: int = 720
) -> ReservationOrder:
    return make_order(
        START,
        keys=[f"node-{number}" for number in range(nodes)],
        lease_seconds=lease_hours * 3600,
        max_lease_seconds=lease_hours * 3600,
        hourly_price_usd=hourly_cents / 100 * nodes,
        stopped_hourly_price_usd=stopped_cents / 100 * nodes,
        archived_hourly_price_usd=archived_cents / 100 * nodes,
    )


def machines(states: list[str]) -> tuple[Node, ...]:
    return tuple(
        Node(f"i-{number}", f"node-{number}", "node", state, "aws", "eu-1", "small")
        for number, state in enumerate(states)
    )


def kept(count: int) -> tuple[NodeImage, ...]:
    return tuple(NodeImage(f"image-{number}", f"node-{number}", AVAILABLE, 10.0) for number in range(count))


@dataclass
class Ledger:
    """Each machine's hours and their price, written down as they pass."""

    hourly: Fraction
    stopped: Fraction
    archived: Fraction
    hours: list[tuple[datetime, datetime, Fraction, Fraction]] = field(default_factory=list)

    def pass_time(self, begin: datetime, end: datetime, states: list[str], images: int, *, is_starting: bool) -> None:
        saving = Fraction(0) if states else self.hourly - self.archived
        self.hours += [(begin, end, self.archived, saving)] * images
        for state in states:
            if state == "stopped" and not is_starting:
                self.hours.append((begin, end, self.stopped, self.hourly - self.stopped))
            elif state != "gone":
                self.hours.append((begin, end, self.hourly, Fraction(0)))

    def between(self, since: datetime, until: datetime) -> tuple[float, float]:
        cost = saved = Fraction(0)
        for begin, end, price, saving in self.hours:
            span = Fraction(max(0, int((min(end, until) - max(begin, since)).total_seconds())), 3600)
            cost, saved = cost + span * price, saved + span * saving
        return float(cost), float(saved)


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 400_000),
        st.sampled_from(
            ["stop", "start", "starting", "vanish", "return", "stop_one", "rename", "renode", *["archive", "clean"] * 2]
        ),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(
    nodes=st.integers(1, 5),
    hourly=st.integers(1, 3000),
    stopped=st.integers(0, 100),
    archived=st.integers(0, 100),
    events=EVENTS,
    ends=st.sampled_from([None, REASON_RELEASED, REASON_EXPIRED, "swept"]),
    cuts=st.lists(st.integers(0, 8_000_000), min_size=2, max_size=5),
)
def test_every_period_costs_what_its_machines_hours_cost(
    nodes: int,
    hourly: int,
    stopped: int,
    archived: int,
    events: list[tuple[int, str]],
    ends: str | None,
    cuts: list[int],
) -> None:
    stopped = min(stopped, hourly)
    archived = min(archived, hourly)
    made = order(nodes, hourly_cents=hourly, stopped_cents=stopped, archived_cents=archived)
    state = ReservationState.of(made)
    ledger = Ledger(*(Fraction(cents, 100) for cents in (hourly, stopped, archived)))
    images = 0
    now = START + timedelta(seconds=77)
    states = ["running"] * nodes
    power = "running"
    state.begin_lease(now, machines(states))
    for gap, event in events:
        ledger.pass_time(now, now + timedelta(seconds=gap), states, images, is_starting=power == "starting")
        now += timedelta(seconds=gap)
        if event == "archive" and power in ("running", "stopped") and not images and {*states} != {"gone"}:
            images = sum(item != "gone" for item in states)
            states, power = [], "archived"
        elif event == "start" and not states:
            # Made again; the images go a moment later.
            states, power = ["running"] * images, "running"
        elif event == "clean" and states:
            images = 0
        elif not states:
            power = "starting" if event == "starting" else power
        elif event == "stop":
            states, power = ["stopped" if item != "gone" else item for item in states], "stopped"
        elif event == "start":
            states, power = ["running" if item != "gone" else item for item in states], "running"
        elif event == "starting":
            power = "starting"
        elif event == "vanish":
            states = ["gone", *states[1:]]
        elif event == "return":
            states = ["running", *states[1:]]
        elif event == "stop_one":
            states = [*states[:-1], "stopped"]
        if event == "rename":
            state.change(now, step="installing")
        else:
            state.change(now, state=power, nodes=machines(states), images=kept(images))
    ledger.pass_time(now, now + timedelta(seconds=5000), states, images, is_starting=power == "starting")
    now += timedelta(seconds=5000)
    view = finished(state, now, ends)
    (account,) = cost_lines.accounts(f"[{cost_lines.entry(view).text}]")
    assert account == CostAccount.of(view), "what is kept is what there is"
    moments = sorted(START + timedelta(seconds=cut) for cut in cuts)
    for since, until in itertools.pairwise(moments):
        told = report([account], since, until, now)
        cost, saved = ledger.between(since, min(until, now))
        assert told.total_usd == pytest.approx(cost, abs=CENT / 100)
        assert told.saved_usd == pytest.approx(saved, abs=CENT / 100)
    cut = report([account], moments[0], moments[-1], now, steps=moments[:-1])
    assert sum(cost for _, cost in cut.steps) == pytest.approx(cut.total_usd, abs=CENT / 100)
    whole = report([account], START, now + timedelta(days=1), now)
    assert whole.total_usd == pytest.approx(view.cost_so_far_usd(now), abs=CENT / 100)


def finished(state: ReservationState, now: datetime, ends: str | None) -> Reservation:
    if ends == "swept":
        return ended(state.view, REASON_RELEASED, now)
    if ends is not None:
        state.end(now, ends)
        state.finish(now)
    return state.view


def running(nodes: int = 1, *, at: datetime = START, **prices: int) -> ReservationState:
    state = ReservationState.of(order(nodes, **prices))
    state.begin_lease(at, machines(["running"] * nodes))
    return state


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


def test_a_forecast_is_what_was_spent_and_what_runs_to_the_end_of_its_lease_or_of_the_period() -> None:
    account = CostAccount.of(running(hourly_cents=100, lease_hours=48).view)
    told = report([account], START, hours(24), hours(6))
    assert (told.total_usd, told.to_come_usd) == (pytest.approx(6), pytest.approx(18))
    assert told.committed_usd == pytest.approx(42), "the whole lease, also beyond the period"
    assert told.forecast_usd == pytest.approx(24)
    assert told.hourly_usd == pytest.approx(1)
    past = report([account], START, hours(3), hours(6))
    assert (past.total_usd, past.to_come_usd, past.is_running) == (pytest.approx(3), 0, False)


def test_what_is_being_made_is_committed_before_it_costs() -> None:
    told = report(
        [CostAccount.of(ReservationState.of(order(1, hourly_cents=100, lease_hours=8)).view)], START, hours(24), START
    )
    assert (told.total_usd, told.hourly_usd) == (0, 0)
    assert told.committed_usd == pytest.approx(8)


def test_giving_back_early_saves_the_rest_of_the_lease_and_its_end_saves_nothing() -> None:
    early, late = (running(hourly_cents=100, lease_hours=10) for _ in range(2))
    early.end(hours(4), REASON_RELEASED)
    early.finish(hours(4))
    late.end(hours(10), REASON_EXPIRED)
    late.finish(hours(10))
    accounts = [CostAccount.of(early.view), CostAccount.of(late.view)]
    told = report(accounts, START, hours(24), hours(24))
    assert [line.unused_usd for line in told.lines] == [0, pytest.approx(6)]
    assert report(accounts, hours(5), hours(24), hours(24)).unused_usd == 0, "counted when it was given back"


def test_a_stopped_machine_that_is_given_back_saves_only_what_it_still_cost() -> None:
    state = running(hourly_cents=100, stopped_cents=10, lease_hours=10)
    state.change(hours(2), state="stopped", nodes=machines(["stopped"]))
    state.end(hours(5), REASON_RELEASED)
    state.finish(hours(5))
    told = report([CostAccount.of(state.view)], START, hours(24), hours(24))
    assert told.total_usd == pytest.approx(2 + 0.3)
    assert told.saved_usd == pytest.approx(2.7)
    assert told.unused_usd == pytest.approx(0.5)


def test_the_period_before_is_compared_with() -> None:
    account = CostAccount.of(running(hourly_cents=100, lease_hours=48).view)
    told = report([account], hours(10), hours(20), hours(30), earlier_since=START)
    assert (told.total_usd, told.earlier_usd) == (pytest.approx(10), pytest.approx(10))


def test_many_changes_lose_no_money_and_keep_the_meter_short() -> None:
    state = running(hourly_cents=100, stopped_cents=10)
    for night in range(MOST_READINGS):
        state.change(hours(night * 2 + 1), state="stopped", nodes=machines(["stopped"]))
        state.change(hours(night * 2 + 2), state="running", nodes=machines(["running"]))
    assert len(state.view.readings) == MOST_READINGS
    account = CostAccount.of(state.view)
    told = report([account], START, hours(2000), hours(2 * MOST_READINGS))
    assert told.total_usd == pytest.approx(MOST_READINGS * 1.1)
    assert told.saved_usd == pytest.approx(MOST_READINGS * 0.9)


def test_what_an_older_version_kept_is_spread_evenly_and_goes_on_exactly() -> None:
    old = replace(running(hourly_cents=100).view, readings=(), accrued_usd=10.0, accrued_at=hours(10))
    assert report([CostAccount.of(old)], hours(5), hours(12), hours(12)).total_usd == pytest.approx(5 + 2)
    state = running(hourly_cents=100)
    state.view = old
    state.change(hours(12), state="stopped", nodes=machines(["stopped"]))
    account = CostAccount.of(state.view)
    assert report([account], START, hours(12), hours(12)).total_usd == pytest.approx(12)
    assert report([account], hours(12), hours(22), hours(22)).total_usd == pytest.approx(0.2)


def test_what_is_archived_commits_to_its_images_and_what_is_started_from_them_to_its_machines() -> None:
    state = ReservationState.of(order(3))
    state.begin_lease(START, machines(["running"] * 3))
    state.change(START, state="archiving")
    before = CostAccount.of(state.view)
    assert (before.committed_hourly_usd, before.machines) == (pytest.approx(1.8), 3), "until they are given back"
    state.change(START, state="archived", nodes=(), images=kept(3))
    rested = CostAccount.of(state.view)
    assert (rested.committed_hourly_usd, rested.hourly_usd, rested.machines) == (pytest.approx(0.03),) * 2 + (0,)
    state.change(START, state="starting")
    starting = CostAccount.of(state.view)
    assert (starting.committed_hourly_usd, starting.machines) == (pytest.approx(1.8), 3)
