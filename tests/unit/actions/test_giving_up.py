"""Never mind, in any words."""

from __future__ import annotations

from typing import Any

import pytest

from actions.giving_up import gives_up
from actions.turn import Turn
from clouddesk.model.actor import Actor

QUOTE = {"kind": "confirm_quote", "id": "q-1"}
RELEASE = {"kind": "confirm_release", "ids": ["r-1"]}


def turn(text: str, question: dict[str, Any] | None = None, intent: str = "nlu_fallback") -> Turn:
    return Turn(
        desk=None,  # type: ignore[arg-type]  # not asked here
        actor=Actor("local", "ann"),
        conversation="local:console:-:ann",
        text=text,
        intent=intent,
        entities={},
        message_id="m-1",
        question=question,
    )


@pytest.mark.parametrize(
    "text",
    [
        "nvm",
        "ah, forget about it",
        "Let’s not",
        "I changed my mind",
        "i don't need it anymore",
        "not now, thanks",
        "leave it",
    ],
)
def test_it_is_given_up_in_many_words(text: str) -> None:
    assert gives_up(turn(text, QUOTE))


@pytest.mark.parametrize(
    "text", ["forget the limit", "not on aws", "leave it in frankfurt", "i don't need a gpu", "no"]
)
def test_a_change_or_a_plain_no_is_not_giving_up(text: str) -> None:
    assert not gives_up(turn(text, QUOTE))


def test_what_means_the_machine_at_its_end_means_the_request_at_a_price() -> None:
    assert gives_up(turn("scrap it", QUOTE, intent="terminate_resource"))
    assert not gives_up(turn("scrap it", RELEASE, intent="terminate_resource"))


def test_what_was_understood_as_a_task_is_one() -> None:
    assert not gives_up(turn("cancel it", QUOTE, intent="stop_resource"))
