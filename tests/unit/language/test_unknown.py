"""Places and software that no list knows: recognised where they are said, and not invented elsewhere."""

from typing import Any

import pytest

from clouddesk.language.frame import understand
from clouddesk.language.prepare import prepare


def said(text: str, intent: str, entity: str) -> list[Any]:
    return [found.value for found in understand(prepare(text).text, intent) if found.entity == entity]


@pytest.mark.parametrize(
    ("intent", "text", "region"),
    [
        ("create_vm", "a vm in atlantis for 2 hours", "atlantis"),
        ("create_vm", "a vm in Atlantis please", "atlantis"),
        ("create_vm", "2 boxes in middle earth with 8gb", "middle earth"),
        ("create_vm", "a box in mars-east-1", "mars-east-1"),
        ("create_vm", "a box in region mordor", "mordor"),
        ("create_vm", "a box in mordor, no, frankfurt", "frankfurt"),
        ("create_vm", "a box in northeastern germany", "northeastern germany"),
        ("create_cluster", "spark cluster in narnia", "narnia"),
        ("quote_price", "what would a spark cluster cost in narnia per hour", "narnia"),
        ("inform", "in gotham", "gotham"),
        ("correct", "in gotham instead", "gotham"),
    ],
)
def test_unknown_place_is_told_in_the_words_said(intent: str, text: str, region: str) -> None:
    assert said(text, intent, "region") == [region]


@pytest.mark.parametrize(
    "phrase",
    [
        "in an hour", "in total", "in the morning", "in slack", "in production", "in parallel", "in my account",
        "in docker", "in general", "in python", "in advance", "in 5 minutes", "in order to test", "in acme account",
        "in haste", "in no time", "in vitro", "in it", "in euros", "in case of need", "in german", "in december",
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["I need a vm {}", "{}, a box with 8 gb please", "3 nodes {} for a day"])
@pytest.mark.parametrize("intent", ["create_vm", "create_cluster", "quote_price", "inform", "correct"])
def test_when_and_how_is_no_place(intent: str, text: str, phrase: str) -> None:
    assert said(text.format(phrase), intent, "region") == []


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("create_vm", "a vm, but not in mordor"),
        ("create_vm", "my data is in snowflake, I need a box"),
        ("create_vm", "our files live in boxcryptor and I want a vm"),
        ("terminate_resource", "kill the vm in atlantis"),
        ("out_of_scope", "a hotel in atlantis"),
    ],
)
def test_refused_places_other_peoples_and_other_intents_have_none(intent: str, text: str) -> None:
    assert said(text, intent, "region") == []


@pytest.mark.parametrize(
    ("text", "software"),
    [
        ("minecraft cluster", "minecraft"),
        ("create Aerospike cluster with 3 nodes", "aerospike"),
        ("a 3 node foobar cluster", "foobar"),
        ("a cluster of zookeepers", "zookeeper"),
        ("a cluster of foobars", "foobars"),
        ("a cluster running clickhouse", "clickhouse"),
        ("a cluster running foobar on aws", "foobar"),
    ],
)
@pytest.mark.parametrize("intent", ["create_cluster", "quote_price", "inform"])
def test_unknown_software_of_a_cluster_is_told_in_the_word_said(intent: str, text: str, software: str) -> None:
    assert said(text, intent, "software") == [software]


@pytest.mark.parametrize(
    "words",
    [
        "big", "test", "new", "cheap", "compute", "3-node", "gpu", "my", "data", "hpc", "three node", "4 worker",
        "beefy", "streaming", "shared", "low-cost", "managed", "create", "spin me up a", "anna's", "marta", "ubuntu",
        "frankfurt", "lisbon", "t3.large", "not a minecraft", "einen",
    ],
)  # fmt: skip
def test_what_kind_of_cluster_and_whose_is_no_software(words: str) -> None:
    assert said(f"{words} cluster", "create_cluster", "software") == []


@pytest.mark.parametrize(
    "text",
    [
        "a cluster of machines", "a cluster of 5 nodes", "a cluster of virtual machines", "a cluster running on aws",
        "a cluster running simulations", "a cluster running tonight", "a cluster running my scripts", "cluster",
    ],
)  # fmt: skip
def test_what_a_cluster_consists_of_or_works_at_is_no_software(text: str) -> None:
    assert said(text, "create_cluster", "software") == []


def test_known_software_is_enough() -> None:
    assert said("a spark and foobarium cluster", "create_cluster", "software") == ["spark"]
    assert said("stop the foobarium cluster", "stop_resource", "software") == []
