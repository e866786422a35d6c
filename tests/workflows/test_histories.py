"""Machines run for weeks, so today's code must be able to go on with the histories of every version before."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

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


async def replay(text: str) -> None:
    await Replayer(workflows=[ReservationWorkflow]).replay_workflow(WorkflowHistory.from_json("r-recorded", text))
