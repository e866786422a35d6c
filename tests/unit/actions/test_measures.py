"""What is read beside the grammar's entities, and what is said to be unread."""

from __future__ import annotations

from typing import Any

import pytest

from actions import measures

QUOTED = {"vcpus": 4, "memory_gb": 16.0, "storage_gb": 50, "count": 4}


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
    assert measures.relative(text, QUOTED) == change


@pytest.mark.parametrize("text", ["double the memory", "one less"])
def test_nothing_is_relative_to_nothing(text: str) -> None:
    assert measures.relative(text, {}) == {}


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


@pytest.mark.parametrize(
    ("text", "said", "left"),
    [
        ("bump it to 64", {}, "bump it to 64"),
        ("two vms with 4 cores and one with 8 cores", {"count": 2, "vcpus": 4}, "one with 8 cores"),
        ("vm 8gb or 16gb", {"memory_gb": 8}, "or 16gb"),
        ("for to days", {}, "for to days"),
        ("vm for the next 3 working days", {}, "for the next 3 working days"),
        ("vm for 1 second", {}, "for 1 second"),
        ("vm as big as possible", {}, "as big as possible"),
        ("as many vms as i can get for 5 dollars", {}, "as many vms as i can get"),
        ("the most powerful machine", {}, "the most powerful"),
        ("a vm called x and then stop it after lunch", {}, "and then stop it after lunch"),
        ("3 vms for 2 days", {"count": 3, "duration_seconds": 172800}, None),
        ("a vm until 5pm", {"until": "until 5pm"}, None),
        ("a vm with debian 12", {"os": "debian-12"}, None),
        ("t3.large in us-east-1", {"size_names": ["t3.large"], "region": "us-east-1"}, None),
        ("a vm at most 50 cents an hour", {"max_hourly_price_usd": 0.5, "cents": 50}, None),
        ("a vm with 40 TB of disk", {"storage_gb": 40960}, None),
        ("two more, please", {}, None),
        ("one with debian", {}, None),
        ("a vm for training", {}, None),
        ("a cluster for day trading", {}, None),
        ("a vm for batch jobs", {}, None),
    ],
)
def test_only_what_nobody_took_is_said_to_be_unread(text: str, said: dict[str, Any], left: str | None) -> None:
    has_time = "until" in said or "duration_seconds" in said
    assert measures.unread(text, said, has_time=has_time) == left


@pytest.mark.parametrize(
    ("text", "is_cluster", "second"),
    [
        ("a debian vm and a redis vm", False, "a redis vm"),
        ("a vm and a spark cluster", True, "a vm"),
        ("a vm, also a server", False, "a server"),
        ("a vm as a web server", False, None),
        ("a spark cluster of 3 machines", True, None),
        ("a cluster with one master server and 3 worker machines", True, None),
        ("a vm, not a cluster", False, None),
        ("3 machines for a web server", False, None),
    ],
)
def test_a_second_wish_is_one_beside_the_first(text: str, is_cluster: bool, second: str | None) -> None:
    assert measures.second_wish(text, is_cluster=is_cluster) == second


@pytest.mark.parametrize(
    ("text", "is_budget"),
    [
        ("less than 1 dollar in total", True),
        ("budget 10 dollars, a week", True),
        ("at most 50 cents", False),
        ("a budget of 2 dollars per hour", False),
        ("10 dollars in all, not hourly", False),
        ("16 cores in total, at most 2 dollars", False),
        ("$5 altogether for 2 vms", True),
    ],
)
def test_a_sum_for_all_of_the_time_is_no_price_of_an_hour(text: str, is_budget: bool) -> None:
    assert measures.is_budget(text) == is_budget


@pytest.mark.parametrize(("text", "seconds"), [("3 months", 30 * 86400), ("two weeks", 604800), ("a vm", None)])
def test_the_unit_of_a_time_is_remembered(text: str, seconds: int | None) -> None:
    assert measures.time_unit(text) == seconds
