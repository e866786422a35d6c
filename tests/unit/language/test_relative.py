"""What goes by what is quoted."""

from __future__ import annotations

from typing import Any

import pytest

from clouddesk.language import relative

QUOTED = {"vcpus": 4, "memory_gb": 16.0, "storage_gb": 50, "count": 4}


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("double the memory", {"memory_gb": 32.0}),
        ("the memory must be the double", {"memory_gb": 32.0}),
        ("i am wanting more memory, double", {"memory_gb": 32.0}),
        ("halve the disk", {"storage_gb": 25.0}),
        ("double the nodes and halve the memory", {"memory_gb": 8.0, "count": 8}),
        ("half of the machines", {"count": 2}),
        ("memory 16, double the nodes", {"count": 8}),
        ("one less, and 1 tb disk", {"count": 3}),
        ("debian and two more", {"count": 6}),
        ("add one, on aws", {"count": 5}),
        ("remove two machines and 8 gb", {"count": 2}),
        ("half an hour", {}),
        ("two more hours", {}),
        ("half the price", {}),
        ("make it 3", {}),
        ("3 nodes with 8 gb", {}),
        ("8 gb more", {}),
        ("twice a day", {}),
        ("no memory limit, half a day", {}),
        ("one machine less than two days", {}),
    ],
)
def test_what_is_relative_goes_by_what_is_quoted(text: str, change: dict[str, Any]) -> None:
    assert relative.changes(text, QUOTED) == change


@pytest.mark.parametrize("text", ["double the memory", "one less"])
def test_nothing_is_relative_to_nothing(text: str) -> None:
    assert relative.changes(text, {}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "don't double the memory",
        "no, do not double the memory",
        "no need to double the memory",
        "we never double the nodes",
        "i don't want twice the memory",
        "you needn't halve the disk",
        "not twice the ram please",
        "don't add 2",
        "is it twice the ram?",
        "why is it double the memory",
        "does that have half the disk?",
    ],
)
def test_what_is_denied_or_only_asked_changes_nothing(text: str) -> None:
    assert relative.changes(text, QUOTED) == {}


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("no, double the memory", {"memory_gb": 32.0}),
        ("why not double the memory?", {"memory_gb": 32.0}),
        ("don't forget to double the memory", {"memory_gb": 32.0}),
        ("can you double the memory?", {"memory_gb": 32.0}),
        ("would it be possible to double the memory?", {"memory_gb": 32.0}),
        ("that's not enough, double the memory", {"memory_gb": 32.0}),
        ("double the memory, not the disk", {"memory_gb": 32.0}),
        ("don't double the memory, halve the disk", {"storage_gb": 25.0}),
        ("double the number of nodes", {"count": 8}),
    ],
)
def test_a_no_beside_it_denies_no_change(text: str, change: dict[str, Any]) -> None:
    assert relative.changes(text, QUOTED) == change


@pytest.mark.parametrize(
    ("text", "count", "made"),
    [
        ("double it", 3, 6),
        ("ok, make it double please", 3, 6),
        ("half of that", 5, 2),
        ("halve them", 4, 2),
        ("half of that", 1, None),
        ("double the memory", 3, None),
    ],
)
def test_a_multiple_of_all_is_one_of_the_machines(text: str, count: int, made: int | None) -> None:
    assert relative.of_all(text, count) == made


@pytest.mark.parametrize(
    ("text", "is_step"), [("add two", True), ("ok, remove one node", True), ("two more", False), ("don't add 2", False)]
)
def test_a_step_says_that_it_adds_or_removes(text: str, is_step: bool) -> None:
    assert relative.is_step(text) is is_step
