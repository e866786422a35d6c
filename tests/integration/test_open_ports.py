"""A single machine with software of two blueprints on Docker: it works, and nobody but its owner reaches it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from clouddesk.model.node import RUNNING
from clouddesk.providers import docker_network
from clouddesk.providers.docker_engine import connect
from tests.docker_engine import Engine, order
from tests.integration.conftest import RunningStack, eventually
from tests.integration.nodes import containers, kept_in_vault
from tests.integration.test_main_job import reservations, said, say

pytestmark = pytest.mark.integration

SCAN = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def answers(port):
    try:
        socket.create_connection((sys.argv[1], port), timeout=2).close()
        return port
    except OSError:
        return None
with ThreadPoolExecutor(50) as pool:
    print(json.dumps([port for port in pool.map(answers, map(int, sys.argv[2:])) if port]))
"""


def test_a_machine_with_redis_and_postgres_on_docker_works_and_lets_in_nothing_but_ssh(
    here: tuple[RunningStack, Engine], tmp_path: Path
) -> None:
    stack, engine = here
    key = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    stack.run("keys", "add", "--user", "dora", f"{key}.pub")

    quoted = said(say(stack, "dora", "a vm with redis and postgres on docker with 1 core and 1 GB for an hour"))
    assert "Redis and PostgreSQL are set up and tried before I call it ready" in quoted
    answers = stack.json("say", "--user", "dora", "--wait=600", "yes", timeout_seconds=660)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    assert "Redis: a value that was written was read again" in said(answers)
    assert "PostgreSQL: a row written on the primary was read there" in said(answers)
    (made,) = reservations(stack, "dora")
    assert (made["kind"], made["state"], len(made["nodes"])) == ("vm", "running", 1)

    def ssh(*command: str) -> str:
        done = stack.run("ssh", "--user", "dora", "-i", str(key), made["name"], "--", *command, timeout_seconds=60)
        return done.stdout.strip()

    told = said(say(stack, "dora", f"how do I log in to {made['name']}?"))
    (redis,) = re.findall(r"REDISCLI_AUTH=\w{32} redis-cli -c -h [\d.]+", told)
    (psql,) = re.findall(r'psql "postgresql://\S+"', told)
    assert ssh(f"{redis} set greeting hello && {redis} get greeting") == "OK\nhello"
    assert ssh(f"{psql} --no-align --tuples-only --command 'SELECT 6 * 7'") == "42"
    _keys_are_pinned(stack, made["name"], key)

    listening = {int(port) for port in re.findall(r":(\d+) ", ssh("ss --no-header --listening --tcp --numeric"))}
    assert {22, 5432, 6379} <= listening
    (container,) = containers(engine, made)
    (published,) = (port for port in container["Ports"] if port.get("PublicPort"))
    assert (published["IP"], published["PrivatePort"]) == ("127.0.0.1", 22)
    (network,) = container["NetworkSettings"]["Networks"].values()
    ports = [str(port) for port in sorted(listening)]
    inside = _exec(engine, container["Id"], network["IPAddress"], *ports)
    assert {22, 5432, 6379} <= set(inside), "a scan sees what answers"
    with a_stranger(engine) as stranger, docker_network.alone():
        assert _exec(engine, stranger, network["IPAddress"], *ports) == [], "not from another reservation's machines"

    say(stack, "dora", f"release {made['name']}")
    assert say(stack, "dora", "yes", wait=120)[-1]["notice"]["kind"] == "ended"
    assert containers(engine, made) == []
    eventually(lambda: kept_in_vault(stack, made) == set())


def _keys_are_pinned(stack: RunningStack, name: str, key: Path) -> None:
    """What the configuration met is what the commands demand: another machine there would be found out."""
    config = stack.run("ssh-config", "--user", "dora", name).stdout
    assert "StrictHostKeyChecking yes" in config
    path = key.with_name("config")
    path.write_text(config)
    login = ["ssh", "-F", str(path), "-i", str(key), "-o", "BatchMode=yes", name, "hostname"]
    done = subprocess.run(login, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip().startswith(name), done.stderr
    known_hosts = stack.home / "known_hosts"
    other = subprocess.run(["ssh-keygen", "-y", "-f", str(key)], capture_output=True, text=True, check=True).stdout
    (line,) = known_hosts.read_text().splitlines()
    known_hosts.write_text(f"{line.partition(' ')[0]} {other}")
    refused = subprocess.run(login, capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode != 0
    assert "Host key verification failed" in refused.stderr


@contextmanager
def a_stranger(engine: Engine) -> Iterator[str]:
    """A machine of another reservation, by its container's id."""
    name, provider = f"stranger-{uuid4().hex[:8]}", engine.open()
    try:
        provider.create_nodes(order(name, "node-1"))
        end = time.monotonic() + 60
        while [node.state for node in provider.get_nodes(name, "local")] != [RUNNING]:
            assert time.monotonic() < end
            time.sleep(0.2)
        (found,) = connect(engine.address).containers(filters={"label": f"clouddesk-reservation={name}"})
        yield found["Id"]
    finally:
        while not provider.destroy_nodes(name, "local").is_complete:
            time.sleep(0.2)


def _exec(engine: Engine, container: str, *arguments: str) -> list[int]:
    """The ports that answer, seen from that machine."""
    client = connect(engine.address)
    begun = client.exec_create(container, ["python3", "-c", SCAN, *arguments])
    found: list[int] = json.loads(client.exec_start(begun["Id"]))
    return found
