"""Which texts ask about what is open or about one's own machines, and which only look like it."""

from __future__ import annotations

from typing import Any

import pytest

from actions import asking, bargaining, usual
from actions.turn import Turn
from clouddesk.model.actor import Actor

QUOTE = {"kind": "confirm_quote", "id": "q-1", "what": "the vm", "count": 1, "provider": "aws"}


class NoClouds:
    """What the texts are compared with."""

    def providers(self) -> tuple[str, ...]:
        return ("aws", "digitalocean")

    clouds = providers

    def blueprints(self) -> list[Any]:
        return []


def turn(text: str, *, intent: str = "inform", is_open: bool = True, **entities: Any) -> Turn:
    return Turn(
        desk=NoClouds(),  # type: ignore[arg-type]  # only its names are asked for
        actor=Actor("local", "ann"),
        conversation="local:console:-:ann",
        text=text,
        intent=intent,
        entities=entities,
        message_id="m-1",
        question=dict(QUOTE) if is_open else None,
        request={"kind": "vm"} if is_open else None,
    )


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("how long would it run exactly?", "lease"),
        ("and for how long", "lease"),
        ("how long does it take to be ready?", "ready"),
        ("when would it be ready", "ready"),
        ("how long can i keep it?", "keep"),
        ("how big", "size"),
        ("how many cores does it have?", "size"),
        ("what happens when the time is over?", "end"),
        ("and what happens then?", "end"),
        ("is my data safe", "data"),
        ("is there a backup?", "backup"),
        ("can you install spark on it?", "install"),
        ("is spot possible", "spot"),
        ("can I change it later", "change_later"),
        ("who pays for this?", "who_pays"),
        ("which would you recommend?", "recommend"),
        ("why is it in india?", "why"),
        ("is that gdpr ok?", "place"),
    ],
)
def test_a_question_about_the_open_request_is_one_only_while_it_is_open(text: str, topic: str) -> None:
    assert asking.topic(turn(text)) == topic
    assert asking.topic(turn(text, is_open=False)) is None


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("what's open?", "open"),
        ("how much would the extension cost?", "extension"),
        ("what does it cost to extend it by a day?", "extension"),
        ("what do my machines cost me?", "own_cost"),
    ],
)
def test_what_is_open_and_what_ones_machines_cost_can_always_be_asked(text: str, topic: str) -> None:
    assert asking.topic(turn(text)) == asking.topic(turn(text, is_open=False)) == topic


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("and with 3?", {}),
        ("and on aws only?", {"provider": "aws"}),
        ("what about 16 gb?", {"memory_gb": 16}),
        ("is frankfurt more expensive?", {"region": "frankfurt"}),
        ("is digital ocean chepaer", {}),
    ],
)
def test_a_change_with_the_mark_of_a_question_asks_for_a_price(text: str, entities: dict[str, Any]) -> None:
    assert asking.topic(turn(text, **entities)) == "what_if"


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("and with 3", {}),
        ("on aws only", {"provider": "aws"}),
        ("for 2 weeks", {"duration_minutes": 20160}),
        ("extend it by 2 hours", {"duration_minutes": 120}),
        ("how long does etl still run?", {"resource_name": "etl"}),
        ("what would happen if i say yes", {}),
        ("which operating systems can I pick?", {}),
        ("use spot", {"spot": True}),
        ("yes", {}),
    ],
)
def test_a_change_an_order_or_a_yes_is_no_question(text: str, entities: dict[str, Any]) -> None:
    assert asking.topic(turn(text, **entities)) is None


@pytest.mark.parametrize(("text", "takes"), [("i take", True), ("ok i'll take it", True), ("yes, get it", False)])
def test_after_a_price_that_varies_the_request_taking_means_the_newest(text: str, takes: bool) -> None:
    asked = turn(text, intent="affirm")
    asked.question = {**QUOTE, "variation": {"count": 3}}
    assert bargaining.takes_variation(asked) is takes


@pytest.mark.parametrize("text", ["can u make it cheapr", "chaeper region pls", "sounds expensive"])
def test_a_wish_for_a_lower_price_is_known_in_its_misspellings(text: str) -> None:
    assert bargaining.asks_cheaper(turn(text))


def test_thanks_are_no_wish_for_a_lower_price() -> None:
    assert not bargaining.asks_cheaper(turn("thank you very much"))


@pytest.mark.parametrize("text", ["just a machine. dunno which. you decide", "i need a vm, whatever"])
def test_a_machine_without_any_wish_is_left_to_me(text: str) -> None:
    assert usual.leaves_a_machine_to_me(turn(text, is_open=False))
    assert not usual.leaves_a_machine_to_me(turn("a machine with 8 gb", is_open=False))
