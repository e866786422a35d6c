"""What the card says of software before the yes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.setup_words import lines, simulated
from clouddesk.model.actor import Actor
from clouddesk.model.request import CLUSTER, ResourceRequest
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")


async def said(**fields: Any) -> str:
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    desk = replace(world.desk, is_simulated=False)
    made = await desk.quote(ANN, ResourceRequest(**fields))
    return lines(desk.setup(made), made)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"software": ("docker", "postgres")}, "Docker and PostgreSQL are set up and tried before I call it ready."),
        ({"software": ("jupyter",)}, "JupyterLab is set up and tried before I call it ready."),
        ({"software": ("docker",), "count": 2}, "Docker is set up on each of them by itself and tried"),
        ({"software": ("redis",), "kind": CLUSTER}, "Redis is set up and tried before I call it ready."),
        ({"software": ("nginx",)}, "nginx itself is not installed: I have not learned that yet."),
        ({"software": ("spark", "dask")}, "Dask is not installed: it wants port 8888, which Spark has"),
        ({"software": ("redis",), "os": "ubuntu-20.04"}, "not on ubuntu-20.04"),
    ],
)
async def test_what_is_set_up_and_what_is_not_is_said(fields: dict[str, Any], words: str) -> None:
    assert words in await said(**fields)


async def test_on_simulated_machines_nothing_is_promised():
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    made = await world.desk.quote(ANN, ResourceRequest(software=("docker", "postgres")))
    assert (
        simulated(world.desk.setup(made))
        == "_Docker and PostgreSQL are not installed yet: simulated machines stay bare._\n"
    )


async def test_a_bare_machine_is_not_spoken_of():
    assert await said() == ""
