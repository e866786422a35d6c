"""What is said to be unread."""

from __future__ import annotations

from typing import Any

import pytest

from clouddesk.language import unread


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
    assert unread.unread(text, said, has_time=has_time) == left


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
    assert unread.second_wish(text, is_cluster=is_cluster) == second
