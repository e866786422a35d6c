"""Which messages are about colleagues' machines, and which only look like it."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from actions import peer_words
from actions.peer_words import ASK, CLOSE, FIND, NOT_NOW, OPEN, About


def found(text: str, *, asked_for: Sequence[object] = (), **entities: str) -> About | None:
    turn = SimpleNamespace(
        text=text,
        is_button=False,
        question=None,
        asked_for=asked_for,
        all_of=lambda name: (entities[name],) if name in entities else (),
    )
    return peer_words.find(turn)


@pytest.mark.parametrize(
    "text",
    [
        "is there a spark cluster I could use?",
        "is there already a dask cluster we can use",
        "Does anyone have a GPU box?",
        "does anybody else here have a spark cluster running?",
        "has anyone got a gpu machine i can borrow?",
        "who has a spark cluster?",
        "who else is running a kafka cluster right now",
        "anyone got a spark cluster?",
        "can I use someone's spark cluster?",
        "is there a free machine i could use?",
        "are there any gpu boxes to borrow?",
        "which clusters are open to the team?",
    ],
)
def test_who_looks_for_a_colleagues_machine_is_understood(text: str) -> None:
    assert found(text) == About(FIND)


@pytest.mark.parametrize(
    "text",
    [
        "who has access to etl?",
        "is there a cheaper machine I could use?",
        "is there a machine I could use for 3 hours in frankfurt with 16 gb?",
        "does anyone know what this costs?",
        "i want a spark cluster i can use tomorrow",
        "spin up a spark cluster anyone can use",
        "share etl with ben",
        "what can i share?",
        "is there anything running?",
        "do i have a spark cluster?",
        "share template etl with the team",
        "stop sharing etl",
        "ask me tomorrow",
        "let me use spark",
        "open port 8080 for everyone",
        "open etl to 203.0.113.7",
        "open it to everyone",
        "who spent what last week",
    ],
)
def test_what_is_about_something_else_is_left_alone(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("ask ann for spark-1", About(ASK, "spark-1", "ann")),
        ("ask @ann for a spark cluster please", About(ASK, "spark", "ann")),
        ("can you ask ben if I can use etl?", About(ASK, "etl", "ben")),
        ("ask <@U0ANN> for spark-1", About(ASK, "spark-1", "U0ANN")),
        ("let the team use spark-1", About(OPEN, "spark-1")),
        ("anyone may ask for etl", About(OPEN, "etl")),
        ("Let everyone borrow it", About(OPEN, "it")),
        ("share my spark cluster with the team", About(OPEN, "my spark cluster")),
        ("open etl to the team", About(OPEN, "etl")),
        ("make etl available to everyone", About(OPEN, "etl")),
        ("stop letting the team use spark-1", About(CLOSE, "spark-1")),
        ("don't let others use etl any more", About(CLOSE, "etl")),
        ("etl is no longer open to the team", About(CLOSE, "etl")),
        ("stop sharing etl with everyone", About(CLOSE, "etl")),
    ],
)
def test_what_is_asked_for_or_opened_is_read(text: str, about: About) -> None:
    assert found(text) == about


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("not now", ""),
        ("Sorry, not now", ""),
        ("not now, please", ""),
        ("not right now, @ben", "ben"),
        ("not today <@U0BEN>", "U0BEN"),
        ("tell ben not now", "ben"),
        ("tell ben that i need it myself", "ben"),
    ],
)
def test_not_now_answers_a_request_and_nothing_else(text: str, who: str) -> None:
    assert found(text, asked_for=["a request"]) == About(NOT_NOW, who=who)
    assert found(text) is None
