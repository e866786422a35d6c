"""A message is worked on to its end, also without a memory of answers."""

from __future__ import annotations

import asyncio

import pytest

from connectors import light_rasa

light_rasa.install()  # before the first import of Rasa, for the speed of the tests

from connectors.channel import Incoming, Uninterrupted  # noqa: E402

MESSAGE = Incoming("local:console:-:ann", "hello", "local", "ann", "Europe/Berlin", "m1")


async def test_a_message_is_worked_on_to_its_end_when_the_caller_goes_away():
    may_end, ended = asyncio.Event(), asyncio.Event()

    async def handle() -> list[dict[str, object]]:
        await may_end.wait()
        ended.set()
        return []

    caller = asyncio.create_task(Uninterrupted().once(MESSAGE, handle))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    may_end.set()
    await asyncio.wait_for(ended.wait(), 1)
