"""How long the logs of configurations are kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from clouddesk.workflows.configure_activities import LOG_DAYS, ConfigureActivities
from tests.workflows.machines import FakeConfiguration, FakeMachineSecrets


@pytest.mark.parametrize("folder", ["configure", "not-there"])
async def test_when_machines_are_gone_the_logs_that_nobody_wrote_to_for_long_go_too(tmp_path: Path, folder: str):
    ages = {"r-old.log": LOG_DAYS + 1, "r-new.log": LOG_DAYS - 1, "r-1.log": 0}
    (tmp_path / "configure").mkdir()
    for name, days in ages.items():
        (tmp_path / "configure" / name).write_text("TASK")
        os.utime(tmp_path / "configure" / name, times=(time.time() - days * 86400,) * 2)
    secrets = FakeMachineSecrets()
    activities = ConfigureActivities(
        configuration=FakeConfiguration(), machine_secrets=secrets, views=None, mirrors={}, logs=tmp_path / folder
    )
    await ActivityEnvironment().run(activities.forget, "r-1")
    assert secrets.forgotten == ["r-1"]
    assert {path.name for path in (tmp_path / folder).glob("*")} == (
        {"r-new.log", "r-1.log"} if folder == "configure" else set()
    )
