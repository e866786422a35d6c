"""What a worker does for each workflow that begins."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from temporalio import workflow

from clouddesk.workflows.registration import WORKFLOW_RUNNER
from clouddesk.workflows.reservation import ReservationWorkflow


async def test_a_workflow_begins_without_importing_our_modules_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    real = importlib.__import__

    def counting(name: str, *rest: Any) -> Any:
        imported.append(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "__import__", counting)
    WORKFLOW_RUNNER.prepare_workflow(workflow._Definition.must_from_class(ReservationWorkflow))
    assert imported, "the sandbox imports by this function"
    assert [name for name in imported if name.startswith("clouddesk.")] == ["clouddesk.workflows.reservation"]
