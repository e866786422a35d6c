"""The conversations of ``tests/conversation`` on the whole stack: what comes of them, in our list and in the clouds.

All are played before the first test is done, some at the same time; each is a test of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import pytest

from tests.conversation.files import conversations, reason_for_memory_only
from tests.integration.conftest import RunningStack
from tests.integration.dialogue import Played, differences, disagreements, machines, open_theatre

T = TypeVar("T")
pytestmark = pytest.mark.integration

PLAYABLE = {title: item for title, item in conversations() if reason_for_memory_only(item) is None}
AT_ONCE = 6
WAVE = 60
"""So many are played before all is given back: everything is slower with thousands of machines."""


@pytest.fixture(scope="module")
def played(stack: RunningStack, request: pytest.FixtureRequest) -> dict[str, Played]:
    """How those that are to be tested went, by title; all that they made is given back."""
    wanted = {item.callspec.params.get("title") for item in request.session.items if hasattr(item, "callspec")}
    return asyncio.run(play(stack, {title: item for title, item in PLAYABLE.items() if title in wanted}))


@pytest.mark.parametrize("title", PLAYABLE)
def test_conversation_ends_as_expected(title: str, played: dict[str, Played]) -> None:
    went = played[title]
    if went.problems:
        pytest.fail("\n".join([*went.problems, "", *went.transcript]), pytrace=False)


def test_what_is_given_back_after_all_of_them_leaves_nothing(stack: RunningStack, played: dict[str, Played]) -> None:
    left = machines(stack.settings)
    assert not [problem for went in played.values() for problem in disagreements(went, left)]


async def play(stack: RunningStack, wanted: dict[str, dict[str, Any]]) -> dict[str, Played]:
    """Several at the same time; then, each alone, those in which Rasa is killed."""
    numbers = {title: number for number, title in enumerate(wanted)}
    restarting = [title for title, item in wanted.items() if any("restart" in turn for turn in item["turns"])]
    others = [title for title in wanted if title not in restarting]
    waves = [others[begin : begin + WAVE] for begin in range(0, len(others), WAVE)]
    went: dict[str, Played] = {}
    async with open_theatre(stack) as theatre:

        async def one(title: str) -> None:
            went[title] = await theatre.play(numbers[title], wanted[title])

        for wave in [*waves, *([title] for title in restarting)]:
            await _several_at_once(one, wave)
            listed = await asyncio.to_thread(machines, stack.settings)
            for title in wave:
                went[title].problems += differences(went[title], wanted[title].get("outcome"))
                went[title].problems += disagreements(went[title], listed)
            await _several_at_once(theatre.give_back, [went[title] for title in wave])
    return went


async def _several_at_once(do: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    stage_door = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> None:
        async with stage_door:
            await do(item)

    await asyncio.gather(*map(one, items))
