"""Machines on one's own Docker engine, in the conversation: from the wish over a login to the end, and nothing left."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest
from hvac.exceptions import InvalidPath

from clouddesk.local import leftovers
from clouddesk.local.home import Home
from clouddesk.providers.docker_engine import connect
from tests.docker_engine import Engine, docker_engine
from tests.integration.conftest import RunningStack, eventually
from tests.integration.test_main_job import reservations, said, say

__all__ = ["docker_engine"]

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def here(
    tmp_path_factory: pytest.TempPathFactory, rasa_model: Path, docker_engine: Engine
) -> Iterator[tuple[RunningStack, Engine]]:
    """A stack that offers the engine."""
    home = tmp_path_factory.mktemp("docker") / ".clouddesk"
    stack = RunningStack(home=home, model=rasa_model, docker=docker_engine.address)
    try:
        assert "Docker answers on this machine" in stack.up().stderr
        yield stack, docker_engine
    finally:
        stack.down()
        leftovers.end(Home(home))


def test_two_machines_on_docker_from_the_wish_to_their_end(here: tuple[RunningStack, Engine], tmp_path: Path) -> None:
    stack, engine = here
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    stack.run("keys", "add", "--user", "ann", f"{key}.pub")

    quoted = said(say(stack, "ann", "2 machines on docker with 1 core and 1 GB each for an hour"))
    assert "$0.00, on your own machine" in quoted
    assert "simulated" not in quoted.partition("2 ×")[2], "these are real"

    answers = say(stack, "ann", "yes", wait=120)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    (made,) = reservations(stack, "ann")
    assert (made["provider"], made["simulated"], len(containers(engine, made))) == ("docker", False, 2)

    told = said(say(stack, "ann", f"how do I log in to {made['name']}?"))
    doors = re.findall(r"ssh (\w+)@(127\.0\.0\.1) -p (\d+)", told)
    assert len(doors) == 2
    assert {run(key, door, "hostname") for door in doors} == {f"{made['name']}-node-{number}" for number in (1, 2)}
    assert run(key, doors[0], "getent hosts node-2 node-1 | wc -l") == "2"

    say(stack, "ann", f"stop {made['name']}")
    eventually(lambda: reservations(stack, "ann")[0]["state"] == "stopped")
    assert {item["State"] for item in containers(engine, made)} == {"exited"}
    assert say(stack, "ann", f"start {made['name']}", wait=120)[-1]["notice"]["kind"] == "started"
    assert run(key, doors[0], "true") == ""

    say(stack, "ann", f"release {made['name']}")
    assert say(stack, "ann", "yes", wait=120)[-1]["notice"]["kind"] == "ended"
    assert containers(engine, made) == []
    assert networks(engine, made) == []


def test_a_redis_cluster_on_docker_works_when_it_is_called_ready_and_leaves_nothing(
    here: tuple[RunningStack, Engine], tmp_path: Path
) -> None:
    stack, engine = here
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    stack.run("keys", "add", "--user", "cleo", f"{key}.pub")

    quoted = said(say(stack, "cleo", "3-node redis cluster on docker with 1 core and 1 GB each for an hour"))
    assert "Redis is set up and tried before I call it ready" in quoted
    answers = stack.json("say", "--user", "cleo", "--wait=600", "yes", timeout_seconds=660)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    assert "values written through each of 3 machines were read through another" in said(answers)
    (made,) = reservations(stack, "cleo")
    assert kept_in_vault(stack, made) == {"bot", "software"}

    told = said(say(stack, "cleo", f"how do I log in to {made['name']}?"))
    door = re.findall(r"ssh (\w+)@(127\.0\.0\.1) -p (\d+)", told)[1]
    (redis,) = re.findall(r"REDISCLI_AUTH=\w{32} redis-cli -c -h [\d.]+", told)
    assert run(key, door, f"{redis} set greeting hello") == "OK"
    assert run(key, door, f"{redis} get greeting") == "hello"
    assert "NOAUTH" in run(key, door, re.sub(r"=\w{32}", "=", redis) + " get greeting 2>&1")

    say(stack, "cleo", f"release {made['name']}")
    assert say(stack, "cleo", "yes", wait=120)[-1]["notice"]["kind"] == "ended"
    assert containers(engine, made) == []
    eventually(lambda: kept_in_vault(stack, made) == set())


def test_ones_own_machine_is_not_taken_for_a_wish_that_does_not_name_it(here: tuple[RunningStack, Engine]) -> None:
    stack, _ = here
    quoted = said(say(stack, "ben", "a vm for an hour"))
    assert "docker" not in quoted.lower().replace("“2 machines on docker”", "").replace("a docker engine answers", "")
    assert "on docker" in said(say(stack, "ben", "make that on docker")).lower()


def containers(engine: Engine, made: dict[str, Any]) -> list[dict[str, Any]]:
    return list(connect(engine.address).containers(all=True, filters=_of(made)))


def kept_in_vault(stack: RunningStack, made: dict[str, Any]) -> set[str]:
    """What is kept of the reservation, in any version."""
    login = json.loads((stack.home / "secrets" / "vault-worker.json").read_text())
    client = hvac.Client(url=stack.settings.vault_addr)
    client.auth.approle.login(role_id=login["role_id"], secret_id=login["secret_id"])
    try:
        found = client.secrets.kv.v2.list_secrets(path=f"reservations/{made['id']}", mount_point="clouddesk")
    except InvalidPath:
        return set()
    return set(found["data"]["keys"])


def networks(engine: Engine, made: dict[str, Any]) -> list[dict[str, Any]]:
    return list(connect(engine.address).networks(filters=_of(made)))


def _of(made: dict[str, Any]) -> dict[str, str]:
    return {"label": f"clouddesk-reservation={made['id']}"}


def run(key: Path, door: tuple[str, str, str], command: str) -> str:
    login, address, port = door
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes")
    flags = [part for option in options for part in ("-o", option)]
    done = subprocess.run(
        ["ssh", *flags, "-i", str(key), "-p", port, f"{login}@{address}", command],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
