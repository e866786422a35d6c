"""Machines on one's own Docker engine, in the conversation: from the wish over a login to the end, and nothing left."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from clouddesk.workflows.utilisation import UTILISATION_ID
from tests.docker_engine import Engine
from tests.integration.conftest import RunningStack, eventually
from tests.integration.nodes import containers, doors, kept_in_vault, logged_in, networks, own_key, run
from tests.integration.test_main_job import reservations, said, say

pytestmark = pytest.mark.integration


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

    with logged_in(key, found["node-2"]):
        seen = eventually(lambda: looked_at(stack, made, logins=1))
        assert (seen["in_use"], len(seen["nodes"])) == (True, 2)
        assert "is in use: 1 login" in said(say(stack, "ann", f"is {made['name']} idle?"))
    eventually(lambda: looked_at(stack, made, logins=0))

    say(stack, "ann", f"stop {made['name']}")
    eventually(lambda: reservations(stack, "ann")[0]["state"] == "stopped")
    assert {item["State"] for item in containers(engine, made)} == {"exited"}
    assert say(stack, "ann", f"start {made['name']}", wait=120)[-1]["notice"]["kind"] == "started"
    assert run(key, found["node-1"], "true") == ""

    say(stack, "ann", f"release {made['name']}")
    assert say(stack, "ann", "yes", wait=120)[-1]["notice"]["kind"] == "ended"
    assert containers(engine, made) == []
    assert networks(engine, made) == []
    eventually(lambda: kept_in_vault(stack, made) == set())


def test_ones_own_machine_is_not_taken_for_a_wish_that_does_not_name_it(here: tuple[RunningStack, Engine]) -> None:
    stack, _ = here
    quoted = said(say(stack, "ben", "a vm for an hour"))
    assert "docker" not in quoted.lower().replace("“2 machines on docker”", "").replace("a docker engine answers", "")
    assert "on docker" in said(say(stack, "ben", "make that on docker")).lower()


def looked_at(stack: RunningStack, made: dict[str, Any], *, logins: int) -> dict[str, Any] | None:
    """What is seen of all its machines, once there are so many logins; they are looked at now, not in some minutes."""

    async def look() -> None:
        client = await Client.connect(stack.settings.temporal_address)
        await client.get_schedule_handle(UTILISATION_ID).trigger()

    asyncio.run(look())
    (seen,) = stack.json("utilisation", made["name"], "--user", "ann")
    return seen if (seen["logins"], len(seen["nodes"])) == (logins, len(made["nodes"])) else None
