"""Matching of what exists with what was ordered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clouddesk.model.node import AVAILABLE, ERROR, PENDING, RUNNING, Node, NodeImage, NodePlan
from clouddesk.providers.settling import settle, settle_images


def machine(number: int, key: str = "") -> Node:
    return Node(id=f"i-{number}", key=key, role="", state=RUNNING, provider="aws", region="us-east-1", size="t3.micro")


def plans(*keys: str) -> tuple[NodePlan, ...]:
    return tuple(NodePlan(key, "worker") for key in keys)


def test_what_exists_is_kept_in_the_order_of_the_plans() -> None:
    found = settle([machine(1, "b"), machine(2, "a")], plans("a", "b", "c"))
    assert [node.id for node in found.kept] == ["i-2", "i-1"]
    assert [plan.key for plan in found.missing] == ["c"]
    assert not found.surplus
    assert not found.unlabelled


def test_machines_without_a_key_take_the_free_keys_in_order() -> None:
    found = settle([machine(1), machine(2, "b"), machine(3)], plans("a", "b", "c"))
    assert [(node.id, node.key, node.role) for node, _ in found.unlabelled] == [
        ("i-1", "a", "worker"),
        ("i-3", "c", "worker"),
    ]
    assert [node.key for node in found.kept] == ["a", "b", "c"]


def test_of_two_with_one_key_the_older_stays() -> None:
    assert [node.id for node in settle([machine(1, "a"), machine(2, "a")], plans("a")).surplus] == ["i-2"]


def test_a_machine_without_a_key_that_no_plan_needs_is_surplus() -> None:
    assert [node.id for node in settle([machine(1, "a"), machine(2)], plans("a")).surplus] == ["i-2"]


def test_machines_of_another_order_of_the_reservation_are_left_alone() -> None:
    found = settle([machine(1, "worker-7")], plans("worker-8"))
    assert not found.surplus
    assert not found.kept
    assert [plan.key for plan in found.missing] == ["worker-8"]


@given(st.lists(st.sampled_from(["", "a", "b", "c", "x"]), max_size=8), st.sets(st.sampled_from("abc"), min_size=1))
def test_every_plan_has_one_machine_or_is_missing_and_no_machine_counts_twice(
    keys: list[str], wanted: set[str]
) -> None:
    ordered = plans(*sorted(wanted))
    found = settle([machine(number, key) for number, key in enumerate(keys)], ordered)
    assert sorted([node.key for node in found.kept] + [plan.key for plan in found.missing]) == sorted(wanted)
    ids = [node.id for node in (*found.kept, *found.surplus)]
    assert len(ids) == len(set(ids))


def image(id_: str, node_id: str, state: str = AVAILABLE, key: str = "a") -> NodeImage:
    return NodeImage(id_, key, state, 8.0, node_id)


def test_a_machine_with_a_good_image_needs_none() -> None:
    for state in (PENDING, AVAILABLE):
        found = settle_images([image("ami-1", "i-1", state)], [machine(1, "a")])
        assert (found.missing, found.unwanted) == ((), ())


def test_an_image_that_failed_or_is_of_an_earlier_machine_is_unwanted_and_another_is_missing() -> None:
    for wrong in (image("ami-1", "i-1", ERROR), image("ami-1", "i-0")):
        found = settle_images([wrong], [machine(1, "a")])
        assert ([node.id for node in found.missing], found.unwanted) == (["i-1"], ("ami-1",))


def test_of_several_good_images_the_oldest_that_is_available_stays() -> None:
    listed = [image("ami-1", "i-1", PENDING), image("ami-2", "i-1"), image("ami-3", "i-1")]
    assert settle_images(listed, [machine(1, "a")]).unwanted == ("ami-1", "ami-3")


def test_images_of_machines_that_are_not_there_are_left_alone() -> None:
    listed = [image("ami-1", "i-1"), image("ami-2", "i-0"), image("ami-3", "i-9", key="b")]
    found = settle_images(listed, [])
    assert (found.missing, found.unwanted) == ((), ())
