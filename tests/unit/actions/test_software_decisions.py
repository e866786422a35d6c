"""Words that answer the question what becomes of machines whose software could not be set up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import decisions
from actions.turn import Turn
from clouddesk.model.actor import Actor
from clouddesk.model.reservation import CONFIGURING, GIVE_BACK, GO_ON, KEEP_BARE, PARTIAL, RETRY, RUNNING
from tests.builders import NOW, a_reservation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")


async def decided(
    text: str, *, is_asked: bool = True, state: str = CONFIGURING, last: str | None = None
) -> decisions.Decision | None:
    """Beside what is asked about, "ubuntu-1" runs."""
    world = MemoryDesk()
    item = a_reservation(state=state if is_asked else RUNNING)
    other = replace(a_reservation(state=RUNNING), id="r-00000002", name="ubuntu-1")
    world.views.items[other.id] = other
    world.views.items[item.id] = replace(item, choose_by=NOW + timedelta(minutes=30)) if is_asked else item
    turn = Turn(world.desk, ANN, "c", text, "", {}, "m-1", last_reservation=last)
    return await decisions.find(turn)


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("try again", RETRY),
        ("please retry", RETRY),
        ("keep the bare machines", KEEP_BARE),
        ("keep them without the software", KEEP_BARE),
        ("go on without it", KEEP_BARE),
        ("Keep it", KEEP_BARE),
        ("give it all back", GIVE_BACK),
        ("release spark-1", GIVE_BACK),
    ],
)
async def test_each_answer_is_understood(text: str, option: str) -> None:
    assert await decided(text) == (option, "r-665b0fd5", None)


@pytest.mark.parametrize("text", ["what have I got?", "retry or give back?", "how long does it take"])
async def test_what_is_no_answer_is_none(text: str) -> None:
    assert await decided(text) is None


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("try again", RETRY),
        ("have another try for the rest", RETRY),
        ("retry the missing one please", RETRY),
        ("go on with 2", GO_ON),
        ("ok, two are enough", GO_ON),
        ("carry on without it", GO_ON),
        ("use the ones that came up", GO_ON),
        ("nah give it all back", GIVE_BACK),
        ("drop spark-1", GIVE_BACK),
        ("kill them all", GIVE_BACK),
    ],
)
async def test_each_answer_about_machines_that_came_up_in_part(text: str, option: str) -> None:
    assert await decided(text, state=PARTIAL) == (option, "r-665b0fd5", None)


@pytest.mark.parametrize("state", [PARTIAL, CONFIGURING])
@pytest.mark.parametrize(
    "text",
    [
        *("release ubuntu-1", "kill ubuntu-1", "drop ubuntu-1 please", "give ubuntu-1 back", "retry ubuntu-1"),
        *("don't release it", "please don't drop it, i need it", "do not give it back", "never drop it"),
        *("forget what i said", "never mind, forget it", "forget the reminder", "forget it"),
        *("how do i release a machine?", "go on, what does ubuntu-1 cost?", "retry the download of etl"),
        *("drop the database", "kill the process on it", "keep it running until friday", "release the hold"),
    ],
)
async def test_words_about_something_else_decide_nothing(text: str, state: str) -> None:
    assert await decided(text, state=state) is None


async def test_it_is_what_was_spoken_of_last() -> None:
    assert await decided("drop it", state=PARTIAL, last="r-00000002") is None
    assert await decided("drop it", state=PARTIAL, last="r-665b0fd5") == (GIVE_BACK, "r-665b0fd5", None)
    assert await decided("give all back", state=PARTIAL, last="r-00000002") == (GIVE_BACK, "r-665b0fd5", None)


async def test_without_the_question_the_same_words_decide_nothing() -> None:
    assert await decided("keep the bare machines", is_asked=False) is None
