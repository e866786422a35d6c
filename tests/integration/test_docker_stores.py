"""Redis and PostgreSQL on one's own Docker engine, in the conversation: what is written is read, nothing is left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docker_engine import Engine
from tests.integration.conftest import RunningStack, eventually
from tests.integration.nodes import doors, end, is_refused, kept_in_vault, latest, own_key, run, wait_for
from tests.integration.test_main_job import said, say

pytestmark = pytest.mark.integration


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
    theirs = own_key(stack, "ben", tmp_path)
    assert is_refused(theirs, door)
    assert "put their SSH keys on its machines" in said(say(stack, "cleo", f"share {made['name']} with ben"))
    (let_in,) = eventually(lambda: [text for text in latest(stack, "ben") if "You can log in" in text])
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
