"""Words that answer the question what becomes of machines whose software could not be set up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from actions import decisions
from actions.turn import Turn
from clouddesk.model.actor import Actor
from clouddesk.model.reservation import CONFIGURING, GIVE_BACK, KEEP_BARE, RETRY, RUNNING
from tests.builders import NOW, a_reservation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")


async def decided(text: str, *, is_asked: bool = True) -> decisions.Decision | None:
    world = MemoryDesk()
    item = a_reservation(state=CONFIGURING if is_asked else RUNNING)
    world.views.items[item.id] = replace(item, choose_by=NOW + timedelta(minutes=30)) if is_asked else item
    turn = SimpleNamespace(
        is_button=False, form=None, question=None, entities={}, text=text, desk=world.desk, actor=ANN
    )
    return await decisions.find(cast("Turn", turn))


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


async def test_without_the_question_the_same_words_decide_nothing() -> None:
    assert await decided("keep the bare machines", is_asked=False) is None
