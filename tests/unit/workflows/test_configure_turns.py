"""Waiting for a turn among other configurations is part of the time that one may take."""

from __future__ import annotations

import asyncio
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from clouddesk.model.configuration import TIMED_OUT
from clouddesk.model.stores import ReservationViews
from clouddesk.workflows.configure_activities import AT_A_TIME, ITS_TURN, ConfigureActivities
from clouddesk.workflows.contracts import Configuring, Outcome
from tests.workflows.machines import FOUND, SOFTWARE, FakeConfiguration, FakeMachineSecrets


class NoViews(ReservationViews):
    """Shows nobody anything."""

    async def put_step(self, reservation_id: str, step: str) -> None:
        """Forgotten."""


async def test_nothing_is_tried_when_the_turn_comes_after_the_time(tmp_path: Path) -> None:
    configuration = FakeConfiguration()
    activities = ConfigureActivities(
        configuration=configuration, machine_secrets=FakeMachineSecrets(), views=NoViews(), mirrors={}, logs=tmp_path
    )

    async def configure(number: int, limit_seconds: float) -> Outcome:
        work = Configuring(f"r-{number}", SOFTWARE, (), limit_seconds=limit_seconds, pause_seconds=0.0, host_keys={})
        done: Outcome = await ActivityEnvironment().run(activities.configure, work)
        return done

    configuration.may_go_on.clear()
    others = [asyncio.create_task(configure(number, 600)) for number in range(AT_A_TIME)]
    await asyncio.sleep(0.1)
    assert len(configuration.orders) == AT_A_TIME
    late = asyncio.create_task(configure(5, 0.1))
    patient = asyncio.create_task(configure(6, 600))
    await asyncio.sleep(0.2)
    configuration.may_go_on.set()
    outcome = await late
    assert (outcome.cause, outcome.step) == (TIMED_OUT, ITS_TURN)
    assert [done.found for done in await asyncio.gather(*others, patient)] == [FOUND] * (AT_A_TIME + 1)
    assert "r-5" not in [order.reservation_id for order in configuration.orders]
