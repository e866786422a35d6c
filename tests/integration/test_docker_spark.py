"""A Spark cluster on one's own Docker engine, in the conversation, with all that can happen to it in its life."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.docker_engine import Engine
from tests.integration.conftest import RunningStack, eventually
from tests.integration.nodes import (
    computed_in_notebook,
    containers,
    doors,
    end,
    kill,
    latest,
    notebook_status,
    own_key,
    run,
    tunnel,
    wait_for,
)
from tests.integration.test_main_job import said, say

ALIVE_WORKERS = (
    "python3 -c 'import json, urllib.request as r;"
    ' print(json.load(r.urlopen("http://controller:8080/json/"))["aliveworkers"])\''
)

pytestmark = pytest.mark.integration


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
