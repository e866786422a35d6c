"""Which messages ask for prices, and which line of a table they take."""

from __future__ import annotations

from typing import Any

import pytest

from actions import price_words
from actions.turn import Turn

LINES = [
    {"provider": "vultr", "title": "Vultr", "size": "vc2-2c-4gb", "take": {"providers": ["vultr"]}, "is_open": False},
    {"provider": "aws", "title": "AWS", "size": "t3a.medium", "take": {"providers": ["aws"]}, "is_open": True},
    {
        "provider": "digitalocean",
        "title": "DigitalOcean",
        "size": "s-2vcpu-4gb",
        "take": {"providers": ["digitalocean"]},
        "is_open": True,
    },
]


def turn(text: str, intent: str = "quote_price", question: dict[str, Any] | None = None, **entities: Any) -> Turn:
    return Turn(
        desk=None,  # type: ignore[arg-type]  # words alone
        actor=None,  # type: ignore[arg-type]
        conversation="c",
        text=text,
        intent=intent,
        entities=entities,
        message_id="m",
        question=question,
        request={"kind": "vm", "memory_gb": 16} if question else None,
    )


@pytest.mark.parametrize(
    ("text", "intent", "entities"),
    [
        ("cheapest 8 cores 32 gigs", "create_vm", {"vcpus": 8, "memory_gb": 32}),
        ("cheapest spot 16 gb?", "inform", {"spot": True, "memory_gb": 16}),
        ("aws vs azure vs gcp for 16 gb", "correct", {"provider": ["aws", "azure", "gcp"], "memory_gb": 16}),
        ("vultr preemptible", "inform", {"provider": "vultr", "spot": True}),
        ("prices of 4 cores", "create_vm", {"vcpus": 4}),
        ("compare that with azure", "correct", {"provider": "azure"}),
    ],
)
def test_prices_are_asked_for_without_a_verb(text: str, intent: str, entities: dict[str, Any]) -> None:
    assert price_words.asks(turn(text, intent, **entities))


@pytest.mark.parametrize(
    ("text", "intent", "entities"),
    [
        ("get me the cheapest 8 core box", "create_vm", {"vcpus": 8}),
        ("8 cores 32 gigs on spot", "create_vm", {"vcpus": 8, "memory_gb": 32, "spot": True}),
        ("cheapest region", "inform", {"region": "europe"}),
        ("aws spot machine with debian", "create_vm", {"provider": "aws", "spot": True, "os": "debian"}),
        ("stop the cheapest", "stop_resource", {}),
    ],
)
def test_an_order_a_change_and_a_task_ask_for_no_prices(text: str, intent: str, entities: dict[str, Any]) -> None:
    assert not price_words.asks(turn(text, intent, **entities))


def test_other_machines_after_a_price_are_no_change_of_it() -> None:
    question = {"kind": "confirm_price", "id": "1"}
    for text, entities in (
        ("cheapest 8 cores 32 gigs", {"vcpus": 8, "memory_gb": 32}),
        ("what would an a100 cost", {"gpu_type": "a100", "gpu_count": 1}),
        ("vultr preemptible", {"provider": "vultr", "spot": True}),
        ("compare aws and gcp for 3 nodes", {"provider": ["aws", "gcp"], "node_count": 3}),
    ):
        assert price_words.is_new(turn(text, question=question, **entities)), text
    for text, entities in (
        ("and with 32?", {"memory_gb": 32}),
        ("what would that be with 32 gigs", {"memory_gb": 32}),
        ("and the cheapest with 8 cores", {"vcpus": 8}),
        ("compare with azure", {"provider": "azure"}),
    ):
        assert not price_words.is_new(turn(text, question=question, **entities)), text


def test_how_many_offers_is_neither_how_many_machines_nor_gpus() -> None:
    asked = turn("give me the three cheapest a100 offers", gpu_count=3, gpu_type="a100")
    assert price_words.most(asked) == 3
    assert price_words.without_number_of_offers({"gpu_count": 3, "gpu_types": ["a100"]}, 3) == {"gpu_types": ["a100"]}
    assert price_words.most(turn("top 5 for 8 gb")) == 5
    assert price_words.most(turn("cheapest 8 cores")) is None
    assert price_words.most(turn("3 machines, cheapest please")) is None


@pytest.mark.parametrize(
    ("text", "entities", "provider"),
    [
        ("get the first", {}, "vultr"),
        ("the second one please", {}, "aws"),
        ("ok take the last", {}, "digitalocean"),
        ("the cheapest", {}, "aws"),
        ("the digitalocean one", {"provider": "digitalocean"}, "digitalocean"),
        ("digital ocean", {"provider": "digitalocean"}, "digitalocean"),
        ("i'll take t3a.medium", {"size_name": "t3a.medium"}, "aws"),
        ("the one on aws", {"provider": "aws"}, "aws"),
        ("book the first one for 3 days", {"duration_minutes": 4320}, "vultr"),
        ("take aws for a week", {"provider": "aws", "duration_minutes": 10080}, "aws"),
        ("gimme the cheapest", {}, "aws"),
    ],
)
def test_a_line_of_the_table_is_taken_by_its_place_its_cloud_or_its_size(
    text: str, entities: dict[str, Any], provider: str
) -> None:
    question = {"kind": "confirm_price", "id": "1", "lines": LINES}
    line = price_words.picked(turn(text, "inform", question, **entities))
    assert line is not None
    assert line["provider"] == provider


@pytest.mark.parametrize("text", ["yes", "2", "the fifth one", "5 machines", "the first of may", "in frankfurt", "no"])
def test_everything_else_takes_no_line(text: str) -> None:
    question = {"kind": "confirm_price", "id": "1", "lines": LINES}
    assert price_words.picked(turn(text, "inform", question)) is None


@pytest.mark.parametrize("text", ["vultr?", "is vultr ok?", "the first?"])
def test_a_question_takes_no_line(text: str) -> None:
    question = {"kind": "confirm_price", "id": "1", "lines": LINES}
    assert price_words.picked(turn(text, "inform", question, provider="vultr")) is None


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("compare my aws machines", {"provider": "aws"}),
        ("spark-1 vs kafka-1", {"resource_name": ["spark-1", "kafka-1"]}),
    ],
)
def test_comparing_what_one_has_asks_for_no_prices(text: str, entities: dict[str, Any]) -> None:
    assert price_words.compares_own(turn(text, "list_resources", **entities))
    assert not price_words.asks(turn(text, "list_resources", **entities))


def test_comparing_ones_options_asks_for_prices() -> None:
    assert not price_words.compares_own(turn("compare my options on aws and gcp", provider=["aws", "gcp"]))


def test_without_a_table_nothing_is_taken() -> None:
    assert price_words.picked(turn("the first", "inform", {"kind": "confirm_quote", "id": "1", "lines": LINES})) is None
    assert price_words.picked(turn("the first", "inform", {"kind": "confirm_price", "id": "1"})) is None


def test_comparing_with_another_cloud_keeps_the_one_that_is_open() -> None:
    question = {"kind": "confirm_quote", "id": "1", "provider": "aws"}
    assert price_words.compared_with(turn("compare that with azure", "correct", question, provider="azure")) == ["aws"]
    assert price_words.compared_with(turn("compare azure and gcp", "correct", question, provider="azure")) == []
