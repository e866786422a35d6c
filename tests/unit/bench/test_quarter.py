"""A piece of the simulated quarter."""

from __future__ import annotations

from bench.quarter import BEGIN, quarter
from clouddesk.model.costs import report
from clouddesk.model.idle_steps import STOP

FEW = 12


def test_nothing_in_use_is_stopped_and_costs_are_right_to_the_cent() -> None:
    tally = quarter(FEW)
    assert tally.steps[STOP] == tally.stopped > 0
    assert tally.stopped_in_use == 0
    assert tally.found / tally.idle_rounds > 0.9
    end = BEGIN.replace(year=BEGIN.year + 1)
    assert round(report(tally.accounts, BEGIN, end, end).total_usd, 2) == round(float(tally.cost), 2)
    assert 0 < tally.cost < tally.always_on
