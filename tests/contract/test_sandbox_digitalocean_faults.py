"""The simulated DigitalOcean when things go wrong: faults that are asked for, and kills."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from tests.contract.conftest import Sandbox, wait_for
from tests.contract.digitalocean_api import ORDER, Api, api

__all__ = ["api"]


# --- faults


@pytest.mark.parametrize(
    ("kind", "status", "id"),
    [
        ("unauthorized", 401, "unauthorized"),
        ("quota", 422, "unprocessable_entity"),
        ("no_capacity", 422, "unprocessable_entity"),
        ("rate_limit", 429, "too_many_requests"),
        ("server_error", 500, "server_error"),
    ],
)
def test_fault_is_answered_as_digitalocean_does_once(
    api: Api, sandbox_digitalocean: Sandbox, kind: str, status: int, id: str
) -> None:
    sandbox_digitalocean.fault(kind, match={"operation": "create", "region": "fra1"})
    api.get("/droplets")
    answer = api.ask("POST", "/droplets", {"name": "x", **ORDER})
    assert (answer.status_code, answer.json()["id"]) == (status, id)
    assert api.create()


def test_rate_limit_says_when_to_come_again(api: Api, sandbox_digitalocean: Sandbox) -> None:
    sandbox_digitalocean.fault("rate_limit", retry_after=3, count=2)
    for _ in range(2):
        answer = api.ask("GET", "/droplets")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
        assert answer.headers["ratelimit-remaining"] == "0"
    assert api.ask("GET", "/droplets").status_code == 200


def test_dropped_answer_leaves_the_droplet_made(api: Api, sandbox_digitalocean: Sandbox) -> None:
    sandbox_digitalocean.fault("drop_after_accept", match={"operation": "droplets.create"})
    with pytest.raises(requests.ConnectionError):
        api.create("dropped")
    assert [one["name"] for one in sandbox_digitalocean.machines()].count("dropped") == 1


def test_cloud_that_is_down_cuts_the_connection_and_does_nothing(api: Api, sandbox_digitalocean: Sandbox) -> None:
    sandbox_digitalocean.fault("down", count=None)
    for _ in range(3):
        with pytest.raises(requests.ConnectionError):
            api.create("down")
    assert "down" not in [one["name"] for one in sandbox_digitalocean.machines()]


def test_slow_answer_comes_late(api: Api, sandbox_digitalocean: Sandbox) -> None:
    sandbox_digitalocean.fault("slow", seconds=0.6, match={"operation": "account"})
    begun = time.monotonic()
    api.get("/account")
    assert time.monotonic() - begun >= 0.6


def test_fault_that_makes_no_sense_is_refused(sandbox_digitalocean: Sandbox) -> None:
    for wrong in ({"kind": "earthquake"}, {"kind": "slow", "count": 0}, {"kind": "slow", "wait": 1}, {}):
        answer = requests.post(f"{sandbox_digitalocean.url}/_sandbox/faults", json=wrong, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["error"]


# --- surviving


def test_everything_survives_being_killed(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.digitalocean", tmp_path, boot_seconds=0.5)
    sandbox.start()
    try:
        token = sandbox.credentials("local/ann")["token"]
        api = Api(sandbox, token)
        running, off, gone = (
            api.create(name, tags=["clouddesk-node:" + name])["id"] for name in ("run", "off", "gone")
        )
        for number in (running, off, gone):
            api.wait_until_free(number)
        api.act(off, "power_off")
        api.ask("DELETE", f"/droplets/{gone}")
        api.wait_until_free(off)
        wait_for(lambda: api.ask("GET", f"/droplets/{gone}").status_code == 404)
        before = api.get("/droplets")
        last = api.create("last")["id"]

        sandbox.kill()
        sandbox.start()

        after = api.get("/droplets")
        assert after["droplets"][:2] == before["droplets"]
        assert [one["id"] for one in after["droplets"]] == [running, off, last]
        wait_for(lambda: api.status(last) == "active")
        assert sandbox.stop() == 0
    finally:
        sandbox.stop()
