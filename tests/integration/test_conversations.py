"""The conversations of ``tests/conversation`` on the whole stack: what comes of them, in our list and in the clouds.

All are played before the first is looked at, some at the same time; each is a test of its own.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conversation.files import conversations, reason_for_memory_only
from tests.integration.conftest import RunningStack
from tests.integration.dialogue import Machine, Played, differences, disagreements, machines, open_theatre

pytestmark = pytest.mark.integration

PLAYABLE = {title: item for title, item in conversations() if reason_for_memory_only(item) is None}
AT_ONCE = 6


@pytest.fixture(scope="module")
def played(stack: RunningStack, request: pytest.FixtureRequest) -> dict[str, Played]:
    """How those that are to be tested went, by title."""
    wanted = {item.callspec.params.get("title") for item in request.session.items if hasattr(item, "callspec")}
    return asyncio.run(play(stack, {title: item for title, item in PLAYABLE.items() if title in wanted}))


@pytest.fixture(scope="module")
def listed(stack: RunningStack, played: dict[str, Played]) -> list[Machine]:
    """What the clouds have after all of them."""
    return machines(stack.settings)


@pytest.mark.parametrize("title", PLAYABLE)
def test_conversation_ends_as_expected(title: str, played: dict[str, Played], listed: list[Machine]) -> None:
    went = played[title]
    problems = [went.problem] if went.problem else differences(went, PLAYABLE[title].get("outcome"))
    problems += disagreements(went, listed)
    if problems:
        pytest.fail("\n".join([*problems, "", *went.transcript]), pytrace=False)


def test_what_is_given_back_after_all_of_them_leaves_nothing(
    stack: RunningStack, played: dict[str, Played], listed: list[Machine]
) -> None:
    asyncio.run(give_back(stack, list(played.values())))
    left = machines(stack.settings)
    assert not [problem for went in played.values() for problem in disagreements(went, left)]


async def play(stack: RunningStack, wanted: dict[str, dict[str, Any]]) -> dict[str, Played]:
    """Several at the same time; then, each alone, those in which Rasa is killed."""
    numbers = {title: number for number, title in enumerate(wanted)}
    restarting = [title for title, item in wanted.items() if any("restart" in turn for turn in item["turns"])]
    stage_door = asyncio.Semaphore(AT_ONCE)
    async with open_theatre(stack) as theatre:

        async def one(title: str) -> Played:
            async with stage_door:
                return await theatre.play(numbers[title], wanted[title])

        titles = [title for title in wanted if title not in restarting]
        went = dict(zip(titles, await asyncio.gather(*map(one, titles)), strict=True))
        for title in restarting:
            went[title] = await one(title)
    return went


async def give_back(stack: RunningStack, played: list[Played]) -> None:
    """All that these people have, which also leaves the stack as empty as the next tests find it."""
    stage_door = asyncio.Semaphore(AT_ONCE)
    async with open_theatre(stack) as theatre:

        async def one(went: Played) -> None:
            async with stage_door:
                await theatre.give_back(went)

        await asyncio.gather(*map(one, played))
        for went in played:
            went.reservations = await theatre.settled(went)
