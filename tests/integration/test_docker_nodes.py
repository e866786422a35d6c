"""Machines on one's own Docker engine, in the conversation: from the wish over a login to the end, and nothing left."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest
from hvac.exceptions import InvalidPath

from clouddesk.local import leftovers
from clouddesk.local.home import Home
from connectors.conversation import open_conversation
from tests.docker_engine import Engine, docker_engine
from tests.integration.conftest import RunningStack, eventually
from tests.integration.nodes import (
    computed_in_notebook,
    containers,
    doors,
    is_refused,
    kill,
    mounts,
    networks,
    notebook_status,
    own_key,
    run,
    tunnel,
)
from tests.integration.test_main_job import reservations, said, say

__all__ = ["docker_engine"]

ALIVE_WORKERS = (
    "python3 -c 'import json, urllib.request as r;"
    ' print(json.load(r.urlopen("http://controller:8080/json/"))["aliveworkers"])\''
)

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
    key = own_key(stack, "ann", tmp_path)

    quoted = said(say(stack, "ann", "2 machines on docker with 1 core and 1 GB each for an hour"))
    assert "$0.00, on your own machine" in quoted
    assert "simulated" not in quoted.partition("2 ×")[2], "these are real"

    answers = say(stack, "ann", "yes", wait=120)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    (made,) = reservations(stack, "ann")
    assert (made["provider"], made["simulated"], len(containers(engine, made))) == ("docker", False, 2)

    told = said(say(stack, "ann", f"how do I log in to {made['name']}?"))
    found = doors(told)
    assert set(found) == {"node-1", "node-2"}
    assert {node: run(key, door, "hostname") for node, door in found.items()} == {
        node: f"{made['name']}-{node}" for node in found
    }
    assert run(key, found["node-1"], "getent hosts node-2 node-1 | wc -l") == "2"

    say(stack, "ann", f"stop {made['name']}")
    eventually(lambda: reservations(stack, "ann")[0]["state"] == "stopped")
    assert {item["State"] for item in containers(engine, made)} == {"exited"}
    assert say(stack, "ann", f"start {made['name']}", wait=120)[-1]["notice"]["kind"] == "started"
    assert run(key, found["node-1"], "true") == ""

    say(stack, "ann", f"release {made['name']}")
    assert say(stack, "ann", "yes", wait=120)[-1]["notice"]["kind"] == "ended"
    assert containers(engine, made) == []
    assert networks(engine, made) == []


def test_a_redis_cluster_on_docker_works_when_it_is_called_ready_and_leaves_nothing(
    here: tuple[RunningStack, Engine], tmp_path: Path
) -> None:
    stack, engine = here
    key = own_key(stack, "cleo", tmp_path)

    quoted = said(say(stack, "cleo", "3-node redis cluster on docker with 1 core and 1 GB each for an hour"))
    assert "Redis is set up and tried before I call it ready" in quoted
    made, told = wait_for(stack, "cleo")
    assert "values written through each of 3 machines were read through another" in told
    assert kept_in_vault(stack, made) == {"bot", "software"}

    told = said(say(stack, "cleo", f"how do I log in to {made['name']}?"))
    door = doors(told)["node-2"]
    (redis,) = re.findall(r"REDISCLI_AUTH=\w{32} redis-cli -c -h [\d.]+", told)
    assert run(key, door, f"{redis} set greeting hello") == "OK"
    assert run(key, door, f"{redis} get greeting") == "hello"
    assert "NOAUTH" in run(key, door, re.sub(r"=\w{32}", "=", redis) + " get greeting 2>&1")

    # A colleague's own key is on the machines for as long as it is shared with them, and nobody else's is touched.
    theirs = own_key(stack, "ed", tmp_path)
    assert is_refused(theirs, door)
    assert "put their SSH keys on its machines" in said(say(stack, "cleo", f"share {made['name']} with ed"))
    (let_in,) = eventually(lambda: [text for text in latest(stack, "ed") if "You can log in" in text])
    assert doors(let_in) == doors(told)
    assert run(theirs, door, f"{redis} get greeting") == "hello"
    say(stack, "cleo", f"stop sharing {made['name']}")
    eventually(lambda: all(is_refused(theirs, each) for each in doors(told).values()))
    assert run(key, door, "grep -c clouddesk-share ~/.ssh/authorized_keys || true") == "0"

    end(stack, engine, "cleo", made)


def test_a_row_written_by_its_owner_on_the_postgres_primary_is_on_the_replica(
    here: tuple[RunningStack, Engine], tmp_path: Path
) -> None:
    stack, engine = here
    key = own_key(stack, "dan", tmp_path)
    say(stack, "dan", "a 2-node postgres cluster on docker with 1 core and 1 GB each for an hour")
    made, told = wait_for(stack, "dan")
    assert "a row written on the primary was read on" in told

    told = said(say(stack, "dan", f"how do I log in to {made['name']}?"))
    (psql,) = re.findall(r'psql "[^"]+"', told)
    run(key, doors(told)["primary"], f"{psql} -qc 'create table greetings as values (42)'")
    read = re.sub(r"@[\d.]+/", "@replica-1/", psql) + " -tAc 'table greetings'"
    eventually(lambda: run(key, doors(told)["replica-1"], f"{read} || true") == "42")
    end(stack, engine, "dan", made)


def test_a_spark_cluster_works_for_its_owner_grows_survives_a_lost_worker_and_a_stop_and_leaves_nothing(
    here: tuple[RunningStack, Engine], tmp_path: Path
) -> None:
    stack, engine = here
    key = own_key(stack, "dora", tmp_path)
    quoted = said(say(stack, "dora", "spin up a 3-node spark cluster on docker"))
    assert "Spark is set up and tried before I call it ready" in quoted
    made, told = wait_for(stack, "dora")
    assert "on 2 workers" in told
    assert "JupyterLab runs code for who has its token" in told
    assert "JupyterLab: http://127.0.0.1:8888/lab\n" in told, "the token is in the private answer only"

    # A job from outside, with nothing but what the owner is told.
    told = said(say(stack, "dora", f"how do I log in to {made['name']}?"))
    (token,) = re.findall(r"http://127\.0\.0\.1:8888/lab\?token=(\w{32})", told)
    (example,) = re.findall(r"```\n(.*?)\n```", told, re.DOTALL)
    with tunnel(key, told) as here_is:
        assert asyncio.run(notebook_status(here_is["8888"], "wrong")) == 403
        assert "499999500000" in asyncio.run(computed_in_notebook(here_is["8888"], token, example))

    say(stack, "dora", f"add one worker to {made['name']}")
    answers = stack.json("say", "--user", "dora", "--wait=600", "yes", timeout_seconds=660)
    assert answers[-1]["notice"]["kind"] == "scaled", said(answers)
    assert "4 × 2cpu-2gb now instead of 3" in said(answers)
    assert "on 3 workers" in said(answers)

    kill(engine, made, "worker-2")
    stack.run("sweep")
    lost = eventually(lambda: [text for text in latest(stack, "dora") if "worker-2" in text])
    assert "powered off on Docker, and not by me: worker-2" in lost[0]

    assert say(stack, "dora", f"stop {made['name']}", wait=120)[-1]["notice"]["kind"] == "stopped"
    assert {item["State"] for item in containers(engine, made)} == {"exited"}
    answers = stack.json("say", "--user", "dora", "--wait=600", f"start {made['name']}", timeout_seconds=660)
    assert answers[-1]["notice"]["kind"] == "started", said(answers)
    assert run(key, doors(told)["controller"], ALIVE_WORKERS) == "3"
    with tunnel(key, told) as here_is:
        assert asyncio.run(notebook_status(here_is["8888"], token)) == 200
    end(stack, engine, "dora", made)


def test_ones_own_machine_is_not_taken_for_a_wish_that_does_not_name_it(here: tuple[RunningStack, Engine]) -> None:
    stack, _ = here
    quoted = said(say(stack, "ben", "a vm for an hour"))
    assert "docker" not in quoted.lower().replace("“2 machines on docker”", "").replace("a docker engine answers", "")
    assert "on docker" in said(say(stack, "ben", "make that on docker")).lower()


def wait_for(stack: RunningStack, user: str) -> tuple[dict[str, Any], str]:
    """Say yes and wait until it is ready: the reservation, and what was told."""
    answers = stack.json("say", "--user", user, "--wait=900", "yes", timeout_seconds=960)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    (made,) = reservations(stack, user)
    return made, said(answers)


def end(stack: RunningStack, engine: Engine, user: str, made: dict[str, Any]) -> None:
    """Release it, and look whether anything is left."""
    assert mounts(engine, made) == [], "without volumes none can be left"
    say(stack, user, f"release {made['name']}")
    assert say(stack, user, "yes", wait=120)[-1]["notice"]["kind"] == "ended"
    assert containers(engine, made) == []
    assert networks(engine, made) == []
    eventually(lambda: kept_in_vault(stack, made) == set())


def latest(stack: RunningStack, user: str) -> list[str]:
    """What was told last, as it is read, newest first."""

    async def read() -> list[str]:
        async with open_conversation(stack.settings, user) as conversation:
            notices = await conversation.notices.latest(conversation.person, limit=3)
            return [(await conversation.show(notice)).reply.text for notice in notices]

    return asyncio.run(read())


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
