"""Faults: which requests they hit, and how often."""

import pytest

from clouddesk.sandbox.faults import KINDS, BadFault, Faults


def test_fault_hits_as_often_as_it_was_told() -> None:
    faults = Faults()
    faults.add({"kind": "server_error", "count": 2})
    taken = [faults.take(("DescribeInstances",), "us-east-1") for _ in range(3)]
    assert [fault.kind if fault else None for fault in taken] == ["server_error", "server_error", None]


def test_fault_without_count_limit_stays_until_it_is_cleared() -> None:
    faults = Faults()
    faults.add({"kind": "down", "count": None})
    assert all(faults.take(("any",), "") for _ in range(5))
    assert faults.clear() == 1
    assert faults.take(("any",), "") is None


@pytest.mark.parametrize("operation", ["RunInstances", "runinstances", "Run*", "create"])
def test_operation_is_matched_by_name_pattern_and_common_name(operation: str) -> None:
    faults = Faults()
    faults.add({"kind": "slow", "match": {"operation": operation}})
    assert faults.take(("TerminateInstances", "destroy"), "us-east-1") is None
    assert faults.take(("RunInstances", "create"), "us-east-1")


def test_region_is_matched() -> None:
    faults = Faults()
    faults.add({"kind": "down", "match": {"region": "eu-*"}})
    assert faults.take(("any",), "us-east-1") is None
    assert faults.take(("any",), "eu-central-1")


@pytest.mark.parametrize("kind", ["quota", "no_capacity"])
def test_what_is_only_said_of_new_machines_hits_nothing_else(kind: str) -> None:
    faults = Faults()
    faults.add({"kind": kind})
    assert faults.take(("DescribeInstances", "list"), "us-east-1") is None
    assert faults.take(("RunInstances", "create"), "us-east-1")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_taken_up_with_its_facts(kind: str) -> None:
    fault = Faults().add({"kind": kind, "seconds": 2, "retry_after": 5})
    assert (fault.kind, fault.seconds, fault.retry_after_seconds, fault.remaining) == (kind, 2.0, 5.0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "slow", "count": 0},
        {"kind": "slow", "count": "many"},
        {"kind": "slow", "wait": 3},
        {"kind": "slow", "match": {"colour": "red"}},
        {"kind": "slow", "match": "RunInstances"},
    ],
)
def test_fault_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadFault):
        Faults().add(wrong)


def test_an_image_has_a_fate_only_when_it_was_told_so() -> None:
    faults = Faults()
    faults.add({"kind": "broken_node"})
    assert not faults.fate(("CreateImage", "keep"), "us-east-1").is_broken
    faults.add({"kind": "broken_node", "match": {"operation": "keep"}})
    assert faults.fate(("CreateImage", "keep"), "us-east-1").is_broken
    assert faults.fate(("RunInstances", "create"), "us-east-1").is_broken, "the first waits for a machine still"
