"""Telling of steps beside the work: it ends with the work, whatever it is doing just then."""

import asyncio

import pytest

from clouddesk.model.stores import ReservationViews
from clouddesk.workflows.configure_activities import _Steps


class Views(ReservationViews):
    """Keeps the steps that were put; each takes so many turns of the loop."""

    def __init__(self, turns: int) -> None:
        self.steps: list[str] = []
        self._turns = turns

    async def put_step(self, reservation_id: str, step: str) -> None:
        for _ in range(self._turns):
            await asyncio.sleep(0)
        self.steps.append(step)


@pytest.mark.parametrize("turns", range(3))
@pytest.mark.parametrize("turns_of_work", range(12))
async def test_telling_ends_with_the_work_wherever_it_is(turns: int, turns_of_work: int) -> None:
    # Python 3.10's wait_for swallows a cancellation that comes in the turn in which it ends.
    views = Views(turns)

    async def work() -> None:
        async with _Steps(views, "r-1") as steps:
            steps.tell("one")
            steps.tell("two")
            for _ in range(turns_of_work):
                await asyncio.sleep(0)

    await asyncio.wait_for(work(), 5)
    assert views.steps[-1] == ""


async def test_of_steps_that_come_together_the_latest_is_told() -> None:
    views = Views(turns=1)
    async with _Steps(views, "r-1") as steps:
        for step in ("one", "two", "three"):
            steps.tell(step)
        await asyncio.sleep(0.1)
    assert views.steps == ["three", ""]
