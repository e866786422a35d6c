"""Which texts ask what there is, leave the choice to the bot, or turn one kind of request into the other."""

from __future__ import annotations

from typing import Any

import pytest

from actions import kinds, knowledge, usual
from actions.differences import words
from actions.turn import Turn
from clouddesk.model.actor import Actor


def turn(text: str, intent: str = "help", **entities: Any) -> Turn:
    return Turn(
        desk=None,  # type: ignore[arg-type]  # not asked here
        actor=Actor("local", "ann"),
        conversation="local:console:-:ann",
        text=text,
        intent=intent,
        entities=entities,
        message_id="m-1",
    )


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("what regions are there?", "regions"),
        ("where can I run it?", "regions"),
        ("which regions does aws have", "regions"),
        ("which clouds do you support", "clouds"),
        ("what operating systems can i pick?", "systems"),
        ("what sizes are available", "sizes"),
        ("what machine types do you offer?", "sizes"),
        ("and what software can you set up", "software"),
        ("is there a limit?", "limits"),
        ("what is a blueprint?", "word"),
        ("btw, what does a lease mean", "word"),
    ],
)
def test_a_question_about_what_there_is_is_known_by_its_words(text: str, topic: str) -> None:
    assert knowledge.asked_about(turn(text)) == topic


@pytest.mark.parametrize(
    "text",
    [
        "what have I got running?",
        "what clusters do I have",
        "which region is cheapest",
        "what would a vm cost in frankfurt",
        "what region is it in",
        "what can you do",
        "a vm in frankfurt",
    ],
)
def test_a_question_about_ones_own_or_a_price_is_another(text: str) -> None:
    assert knowledge.asked_about(turn(text)) is None


def test_a_question_is_not_looked_for_where_something_is_to_be_done() -> None:
    assert knowledge.asked_about(turn("which regions are there", intent="terminate_resource")) is None


@pytest.mark.parametrize(
    "text",
    [
        "whatever you think",
        "i don't care",
        "you choose",
        "doesn’t matter",
        "up to you",
        "no idea",
        "any",
        "dunno",
        "as you like",
    ],
)
def test_the_choice_is_left_to_the_bot(text: str) -> None:
    assert usual.leaves_it_to_me(turn(text))


@pytest.mark.parametrize("text", ["aws", "5", "whatever you do don't stop it", "any region", "yes", "never mind"])
def test_the_choice_is_not_left_to_the_bot(text: str) -> None:
    assert not usual.leaves_it_to_me(turn(text))


@pytest.mark.parametrize(
    "text", ["the usual", "my usual please", "same as last time", "give me the same as before", "like last time"]
)
def test_the_usual_is_known_in_several_words(text: str) -> None:
    assert usual.is_usual(turn(text))
    assert usual.says_usual(turn(f"a vm, {text}"))


def test_the_usual_is_not_heard_where_it_is_not_said() -> None:
    assert not usual.says_usual(turn("a vm that lasts until friday"))
    assert not usual.is_usual(turn("stop the usual suspects"))


@pytest.mark.parametrize(
    ("text", "before", "said", "kind"),
    [
        ("make it a cluster", "vm", {}, "cluster"),
        ("actually spark", "vm", {"software": ["spark"]}, "cluster"),
        ("with spark installed", "vm", {"software": ["spark"]}, None),
        ("just a single vm", "cluster", {}, "vm"),
        ("a vm instead of a cluster", "cluster", {}, "vm"),
        ("make it 5 machines", "cluster", {}, None),
        ("dask instead", "cluster", {"software": ["dask"]}, None),
    ],
)
def test_the_other_kind_is_heard(text: str, before: str, said: dict[str, Any], kind: str | None) -> None:
    heard = kinds.kind_said(turn(text), {"kind": before}, said, has_blueprint=bool(said))
    assert heard == kind


def test_a_new_wish_neither_revises_nor_comes_beside() -> None:
    assert kinds.revises(turn("actually a spark cluster"))
    assert not kinds.revises(turn("spin up a spark cluster"))
    assert not kinds.revises(turn("wait, I also need a vm"))
    assert kinds.is_besides(turn("wait, I also need a vm"))


def test_a_difference_names_only_what_changed() -> None:
    before = {"count": "3 machines", "os": "ubuntu-22.04", "hourly": "$0.62/h", "total": "$4.96 in all"}
    after = {**before, "count": "5 machines", "hourly": "$1.04/h", "total": "$8.32 in all"}

    assert words(before, after).strip() == (
        "Before → now: 3 machines → 5 machines, $0.62/h → $1.04/h, $4.96 in all → $8.32 in all."
    )
    assert words(before, before).strip() == "The price stays: $0.62/h, $4.96 in all."
