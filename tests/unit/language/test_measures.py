"""What is read beside the grammar's entities."""

from __future__ import annotations

from typing import Any

import pytest

from clouddesk.language import measures


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bump the ram to 64", {"memory_gb": 64.0}),
        ("memory should be 32 gb", {"memory_gb": 32.0}),
        ("disk to 1 TB", {"storage_gb": 1024.0}),
        ("disk 200, cores 8", {"storage_gb": 200.0, "vcpus": 8}),
        ("swap debian in", {"os": "debian"}),
        ("a vm with arch", {"os": "arch"}),
        ("4c32g lon", {"vcpus": 4, "memory_gb": 32.0}),
        ("4c/32gb x3", {"vcpus": 4, "memory_gb": 32.0}),
        ("os debian and 36 hours", {"os": "debian", "duration_seconds": 36 * 3600}),
        ("the memory, and for two weeks please", {"duration_seconds": 14 * 86400}),
        ("fine, an hour", {"duration_seconds": 3600}),
        ("disk 200 is enough", {"storage_gb": 200.0}),
        ("not ram 64, disk 100", {"storage_gb": 100.0}),
        ("can the disk be 200?", {"storage_gb": 200.0}),
    ],
)
def test_a_number_beside_the_word_of_its_measure_is_read(text: str, found: dict[str, Any]) -> None:
    assert measures.beside_words(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "3 vms for 2 days",
        "until 5pm",
        "t3.large",
        "c5.4xlarge",
        "us-east-1",
        "at most 50 cents",
        "disk at 50 cents",
        "memory 12 days",
        "more memory 3 machines",
        "16 gb ram 4 cores",
        "8 gb memory, 2 vms",
        "cores 16 gb",
        "a gpu a couple of days",
        "with a gpu 2 vms",
        "ram for 2 people",
        "debian-1",
        "not debian",
        "the architecture",
        "memory 50% up",
        "disk till 25/11 14:30",
        "i have 3 cores too many",
        "from 9 to 5",
        "disk 2 is full",
        "my disk 2 died",
        "disk 2 of my laptop",
        "with arch arm64",
        "don't bump the ram to 64",
        "the ram needn't be 64",
        "is the disk 200?",
    ],
)
def test_a_number_of_something_else_is_no_measure(text: str) -> None:
    assert measures.beside_words(text) == {}


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("make it 5 and 16 gb and debian", 16.0),
        ("i need 3, 32gb", 32.0),
        ("make it 5 and 200 gb disk", None),
        ("make it 16 gb", None),
        ("one with 8 and one with 16 gb", None),
    ],
)
def test_a_count_and_a_size_are_two_things(text: str, memory: float | None) -> None:
    assert measures.size_after_count(text) == memory


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("the memory", "memory_gb"),
        ("and the place", "region"),
        ("i want to change the disk, please", "storage_gb"),
        ("no, the system", "os"),
        ("the duration", "duration_seconds"),
        ("the number of machines", "count"),
        ("the memory?", None),
        ("16 gb memory", None),
        ("more memory", None),
        ("the price", None),
        ("end", None),
        ("the first", None),
    ],
)
def test_a_field_that_is_only_named_is_known(text: str, field: str | None) -> None:
    assert measures.field_named(text) == field


@pytest.mark.parametrize(("text", "seconds"), [("3 months", 30 * 86400), ("two weeks", 604800), ("a vm", None)])
def test_the_unit_of_a_time_is_remembered(text: str, seconds: int | None) -> None:
    assert measures.time_unit(text) == seconds


def test_a_question_about_the_price_describes_what_it_asks_about() -> None:
    assert measures.beside_words("is it more with disk 200?") == {}
    assert measures.beside_words("is it more with disk 200?", is_priced=True) == {"storage_gb": 200.0}
