"""Dask and Ray on one's own Docker engine: a job from outside, a machine that leaves meanwhile, nothing left."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
import requests

from tests.docker_engine import Engine
from tests.integration.conftest import RunningStack, eventually
from tests.integration.nodes import computed_in_notebook, end, notebook_status, own_key, tunnel, wait_for
from tests.integration.test_main_job import said, say

pytestmark = pytest.mark.integration

LONG_JOB = """
import ray, time
ray.init()
@ray.remote
def square(number):
    time.sleep(0.5)
    return number * number
running = [square.remote(number) for number in range(200)]
ray.get(running[0])
print('under way', flush=True)
print('squares', sum(ray.get(running)))
"""


def test_a_dask_cluster_on_docker_computes_for_its_owner_and_leaves_nothing(
    here: tuple[RunningStack, Engine], tmp_path: Path
) -> None:
    stack, engine = here
    key = own_key(stack, "dag", tmp_path)
    quoted = said(say(stack, "dag", "a 2-node dask cluster on docker with 1 core and 2 GB each for an hour"))
    assert "Dask is set up and tried before I call it ready" in quoted
    made, told = wait_for(stack, "dag")
    assert "numbers on 1 worker" in told
    assert "JupyterLab runs code for who has its token" in told

    told = said(say(stack, "dag", f"how do I log in to {made['name']}?"))
    (token,) = re.findall(r"http://127\.0\.0\.1:8888/lab\?token=(\w{32})", told)
    (example,) = re.findall(r"```\n(.*?)\n```", told, re.DOTALL)
    *lines, last = example.splitlines()
    with tunnel(key, told) as here_is:
        assert asyncio.run(notebook_status(here_is["8888"], "wrong")) == 403
        code = "\n".join([*lines, f"print('mean', round({last}, 2))"])
        assert "mean 0.5" in asyncio.run(computed_in_notebook(here_is["8888"], token, code))
    end(stack, engine, "dag", made)


def test_a_job_on_a_ray_cluster_goes_on_while_a_machine_leaves_and_nothing_is_left(
    here: tuple[RunningStack, Engine], tmp_path: Path
) -> None:
    stack, engine = here
    key = own_key(stack, "rae", tmp_path)
    quoted = said(say(stack, "rae", "a 3-node ray cluster on docker with 1 core and 2 GB each for an hour"))
    assert "Ray is set up and tried before I call it ready" in quoted
    made, told = wait_for(stack, "rae")
    assert "on each of 3 machines" in told

    told = said(say(stack, "rae", f"how do I log in to {made['name']}?"))
    (program,) = re.findall(r"(/\S+)/ray job submit", told)
    with tunnel(key, told) as here_is:
        jobs = f"http://{here_is['8265']}/api/jobs/"
        begun = requests.post(jobs, json={"entrypoint": f'{program}/python -c "{LONG_JOB}"'}, timeout=30)
        job = jobs + begun.json()["submission_id"]
        eventually(lambda: "under way" in requests.get(f"{job}/logs", timeout=30).json()["logs"])

        say(stack, "rae", "drop one worker")
        answers = stack.json("say", "--user", "rae", "--wait=600", "yes", timeout_seconds=660)
        assert answers[-1]["notice"]["kind"] == "scaled", said(answers)
        assert "on each of 2 machines" in said(answers)

        eventually(lambda: requests.get(job, timeout=30).json()["status"] in ("SUCCEEDED", "FAILED"))
        assert "squares 2646700" in requests.get(f"{job}/logs", timeout=30).json()["logs"]
    end(stack, engine, "rae", made)
