"""The rules of lease, warnings and cost, without any clock but the test's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.model.errors import LimitExceeded
from clouddesk.model.node import Node
from clouddesk.model.order import ReservationOrder
from clouddesk.workflows.state import ReservationState
from tests.orders import make_order

START = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def order() -> ReservationOrder:
    return make_order(START, warning_seconds=(7200, 1800, 600), hourly_price_usd=3.6, stopped_hourly_price_usd=0.36)


@pytest.fixture
def state(order: ReservationOrder) -> ReservationState:
    return ReservationState.of(order)


@pytest.fixture
def running(state: ReservationState) -> ReservationState:
    state.begin_lease(START, [Node("i-1", "node-1", "node", "running", "aws", "eu-1", "small", address="192.0.2.1")])
    return state


def test_nothing_is_billed_before_the_nodes_run(state: ReservationState):
    state.change(after(3600), state="releasing")
    state.finish(after(7200))
    assert state.view.accrued_usd == 0.0


def test_the_lease_begins_when_the_nodes_run(state: ReservationState):
    state.begin_lease(after(120), [])
    assert state.view.expires_at == after(3720)


def test_cost_follows_the_states(running: ReservationState):
    on = running.view.nodes
    off = tuple(replace(node, state="stopped") for node in on)
    running.change(after(1000), state="stopping")
    running.change(after(1100), state="stopped", nodes=off)
    running.change(after(2100), state="starting")
    running.change(after(2200), state="running", nodes=on)
    running.change(after(3200), state="releasing")
    running.finish(after(3300))
    assert running.view.accrued_usd == pytest.approx(2300 * 0.001 + 1000 * 0.0001)
    assert running.view.cost_so_far_usd(after(9999)) == running.view.accrued_usd


def test_every_change_has_a_higher_revision(running: ReservationState):
    before = running.view.revision
    running.change(after(1), state="stopping")
    assert running.view.revision == before + 1
    assert running.has_news


def test_only_warnings_that_lie_ahead_are_given_each_once(running: ReservationState):
    assert running.seconds_to_next(START) == 1800
    assert running.take_due_warning(after(1799)) is None
    assert running.take_due_warning(after(1800)) == 1800
    assert running.take_due_warning(after(1801)) is None
    assert running.seconds_to_next(after(1801)) == 3600 - 600 - 1801
    assert running.take_due_warning(after(3000)) == 600
    assert running.seconds_to_next(after(3100)) == 500


def test_of_warnings_that_come_due_together_the_latest_is_given(running: ReservationState):
    assert running.take_due_warning(after(3500)) == 600
    assert running.pending_warnings == []


@pytest.mark.parametrize(("lease_seconds", "warnings"), [(1801, [1800, 600]), (600, [150]), (120, [60]), (60, [])])
def test_a_short_lease_is_warned_of_at_its_last_quarter(
    state: ReservationState, lease_seconds: int, warnings: list[int]
):
    state.lease_seconds = lease_seconds
    state.begin_lease(START, [])
    assert state.pending_warnings == warnings


def test_an_extension_that_leaves_little_time_is_warned_of_too(running: ReservationState):
    running.take_due_warning(after(3500))
    running.extend(after(3500), 300, "request-1")
    assert running.pending_warnings == [100]


def test_an_end_that_was_agreed_as_a_time_is_kept_however_long_the_nodes_took(order: ReservationOrder):
    state = ReservationState.of(replace(order, ends_at=after(1800)))
    assert state.view.expires_at == after(1800)
    state.begin_lease(after(300), [])
    assert (state.view.expires_at, state.lease_seconds) == (after(1800), 1500)
    state.check_extension(5700, "request-1")
    with pytest.raises(LimitExceeded):
        state.check_extension(5701, "request-1")


def test_an_end_that_has_passed_when_the_nodes_run_gives_way_to_the_length(order: ReservationOrder):
    state = ReservationState.of(replace(order, ends_at=after(300)))
    state.begin_lease(after(300), [])
    assert state.view.expires_at == after(3900)


def test_an_extension_before_the_nodes_run_moves_an_agreed_end(order: ReservationOrder):
    state = ReservationState.of(replace(order, ends_at=after(1800)))
    end = state.extend(after(60), 600, "request-1")
    state.begin_lease(after(300), [])
    assert state.view.expires_at == end == after(2400)


def test_an_extension_arms_the_warnings_again(running: ReservationState):
    running.take_due_warning(after(1800))
    running.extend(after(1900), 3600, "request-1")
    assert running.pending_warnings == [1800, 600]
    assert running.view.expires_at == after(7200)


def test_the_same_request_extends_once_even_at_the_limit(running: ReservationState):
    end = running.extend(START, 3600, "request-1")
    running.check_extension(3600, "request-1")
    assert running.extend(after(5), 3600, "request-1") == end
    with pytest.raises(LimitExceeded):
        running.check_extension(1, "request-2")


def test_the_first_reason_for_an_end_stays(running: ReservationState):
    running.end(after(1), "released")
    running.end(after(2), "expired")
    assert (running.view.state, running.view.reason) == ("releasing", "released")


def test_a_notice_carries_every_value_the_wordings_use(running: ReservationState):
    running.notify("expiring", after(1800), key="1800")
    (notice,) = running.outbox
    assert notice.id == "r-1:expiring:1800"
    assert notice.values == {
        "name": "vm-1",
        "reservation_id": "r-1",
        "nodes": "1",
        "provider": "aws",
        "region": "eu-1",
        "size": "small",
        "addresses": "192.0.2.1",
        "hourly": "$3.60",
        "extension": "$7.20",
        "cost": "$1.80",
        "ends": "2026-11-22T13:00:00+00:00",
        "minutes_left": "30",
        "reason": "",
        "action": "",
        "simulated": "no",
        "up": "1",
        "missing": "0",
        "up_hourly": "$3.60",
        "choose_by": "",
        "can_go_on": "no",
        "owner": "ann",
    }


@pytest.mark.parametrize(("hours", "is_told"), [(0.1, False), (5, True)])
def test_a_stop_that_failed_explains_what_is_stopped_soon_after_it_only(
    running: ReservationState, hours: float, is_told: bool
):
    running.tried, running.tried_at = "stopped", after(0)
    stopped = [replace(node, state="stopped") for node in running.view.nodes]
    assert bool(running.observe(after(hours * 3600), stopped)) is is_told


def test_the_longest_end_is_that_up_to_which_an_extension_is_granted(running: ReservationState):
    longest = running.view.longest_end
    assert longest is not None
    left = int((longest - running.view.expires_at).total_seconds())
    running.check_extension(left, "request-1")
    with pytest.raises(LimitExceeded):
        running.check_extension(left + 1, "request-2")
    assert running.extend(after(10), left, "request-1") == longest
    assert running.view.longest_end == longest
