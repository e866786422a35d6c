"""Lanes keep room for every account, and leave nothing behind."""

from __future__ import annotations

import asyncio

import pytest

from clouddesk.workflows.fairness import Lanes


async def test_an_account_never_has_more_than_its_share_inside() -> None:
    lanes, inside, most = Lanes(3), 0, 0

    async def job() -> None:
        nonlocal inside, most
        async with lanes.lane("ann"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(job() for _ in range(20)))
    assert most == 3


async def test_another_account_does_not_wait() -> None:
    lanes, busy = Lanes(1), asyncio.Event()

    async def hold() -> None:
        async with lanes.lane("ann"):
            await busy.wait()

    holding = [asyncio.create_task(hold()) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.wait_for(_pass_through(lanes, "bob"), 1)
    busy.set()
    await asyncio.gather(*holding)
    assert len(lanes) == 0


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    lanes = Lanes(1)
    async with lanes.lane("ann"):
        waiting = asyncio.create_task(_pass_through(lanes, "ann"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await asyncio.wait_for(_pass_through(lanes, "ann"), 1)
    assert len(lanes) == 0


async def _pass_through(lanes: Lanes, account: str) -> None:
    async with lanes.lane(account):
        pass
