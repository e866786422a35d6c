"""Machines run for weeks, so today's code must be able to go on with the histories of every version before."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from clouddesk.workflows.registration import WORKFLOW_RUNNER
from clouddesk.workflows.reservation import ReservationWorkflow
from tests.workflows.record_histories import FOLDER, SCENES

HISTORIES = sorted(FOLDER.glob("*.json"))


def test_there_is_a_history_of_every_scene() -> None:
    for scene in SCENES:
        assert any(path.stem.endswith(f"-{scene.__name__}") for path in HISTORIES), scene.__name__


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_is_replayed_without_a_difference(path: Path) -> None:
    await replay(path.read_text())  # noqa: ASYNC240 - a small file


async def test_a_history_that_does_not_fit_the_code_is_noticed() -> None:
    text = HISTORIES[0].read_text().replace('"name": "tear_down"', '"name": "another"')
    assert "another" in text
    with pytest.raises(NondeterminismError):
        await replay(text)


async def test_a_teardown_of_before_that_has_become_long_goes_on_under_its_history() -> None:
    recorded = json.loads((FOLDER / "0.2-credentials.json").read_text())
    (payload,) = recorded["events"][0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"]
    start = json.loads(base64.b64decode(payload["data"]))
    start["timing"]["history_events"] = 50
    assert len(recorded["events"]) > 50
    payload["data"] = base64.b64encode(json.dumps(start).encode()).decode()
    await replay(json.dumps(recorded))


async def replay(text: str) -> None:
    await Replayer(workflows=[ReservationWorkflow], workflow_runner=WORKFLOW_RUNNER).replay_workflow(
        WorkflowHistory.from_json("r-recorded", text)
    )
