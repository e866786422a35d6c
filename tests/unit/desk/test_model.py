"""Plain data that has rules of its own."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import timedelta

import pytest

from clouddesk.model.credentials import Secret
from clouddesk.model.reservation import ENDED, STOPPED
from tests.unit.desk.conftest import NOW, offer


def test_a_running_reservation_costs_by_the_hour(reservation):
    assert reservation.cost_so_far_usd(NOW + timedelta(hours=2)) == pytest.approx(1.0 + 2 * 0.60)


def test_a_stopped_one_costs_its_disks_only(reservation):
    stopped = replace(reservation, state=STOPPED)
    assert stopped.cost_so_far_usd(NOW + timedelta(hours=2)) == pytest.approx(1.0 + 2 * 0.02)


def test_an_ended_one_costs_nothing_more(reservation):
    assert replace(reservation, state=ENDED).cost_so_far_usd(NOW + timedelta(days=9)) == pytest.approx(1.0)


def test_the_disk_that_is_included_costs_nothing_more():
    assert offer("digitalocean", "s", 1, 1, 0.01, disk_gb=80).machine_hourly_price_usd(50) == pytest.approx(0.01)


def test_a_machine_whose_disk_price_is_unknown_has_no_price():
    assert offer("digitalocean", "s", 1, 1, 0.01, disk_gb=80).machine_hourly_price_usd(81) is None


def test_a_secret_never_shows_itself():
    secret = Secret("hunter2-hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {{'token': secret}}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
