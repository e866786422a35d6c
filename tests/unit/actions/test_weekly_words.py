"""Where the team's weekly costs are told: what is said of that, and what is a question about costs."""

from __future__ import annotations

import pytest

from actions.turn import Turn
from actions.weekly_words import HERE, NOWHERE, WHERE, find, names_people
from clouddesk.model.actor import Actor
from tests.conversation.memory import MemoryDesk


def turn(text: str) -> Turn:
    return Turn(
        desk=MemoryDesk().desk,
        actor=Actor("T1", "ann"),
        conversation="T1:C1:-:ann",
        text=text,
        intent="cost_report",
        entities={},
        message_id="m",
    )


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("send the weekly costs here", HERE),
        ("Please post the team's weekly costs in this channel every monday", HERE),
        ("can you send the weekly digest here, with each person's costs", HERE),
        ("stop sending the weekly costs", NOWHERE),
        ("don't post the weekly digest here any more", NOWHERE),
        ("no more weekly costs here", NOWHERE),
        ("where do the weekly costs go?", WHERE),
    ],
)
def test_it_is_about_the_channel(text: str, wish: str) -> None:
    assert find(turn(text)) == wish


@pytest.mark.parametrize(
    "text",
    [
        "what did we spend this week",
        "weekly costs",
        "show me the weekly costs",
        "send the costs here",
        "send me the weekly costs",
        "stop etl and send the weekly costs here",
    ],
)
def test_it_is_a_question_about_costs(text: str) -> None:
    assert find(turn(text)) is None


def test_people_are_named_only_when_that_is_said() -> None:
    assert names_people(turn("send the weekly costs here, with each person's"))
    assert not names_people(turn("send the weekly costs here"))
