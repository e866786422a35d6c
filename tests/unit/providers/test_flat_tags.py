"""Facts are read back from tags that are one word each, whatever they hold."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.providers import flat_tags

VALUES = st.text(max_size=120)


@given(VALUES, VALUES)
def test_what_was_written_is_read_back(owner: str, key: str) -> None:
    facts = {"clouddesk-owner": owner, "clouddesk-node": key}
    tags = flat_tags.written(facts)
    assert all(re.fullmatch(r"[A-Za-z0-9._:-]{3,50}", tag) for tag in tags), "Linode takes no longer ones"
    assert flat_tags.read([*reversed(tags), "team:data", "clouddesk", "clouddesk-owner"]) == facts


@given(VALUES, VALUES)
def test_values_that_differ_have_different_tags(one: str, other: str) -> None:
    written = [flat_tags.written({"clouddesk-owner": value}) for value in (one, other)]
    assert (written[0] == written[1]) == (one == other)


@given(VALUES)
def test_the_tag_to_look_for_is_among_those_written(value: str) -> None:
    assert flat_tags.first("clouddesk-reservation", value) in flat_tags.written({"clouddesk-reservation": value})


def test_what_somebody_else_wrote_tells_nothing() -> None:
    assert flat_tags.read(["clouddesk-owner:T1_U1", "clouddesk-node:a b"]) == {"clouddesk-owner": ""}


def test_a_short_owner_stays_readable() -> None:
    order = NodeOrder(
        installation="cd-1",
        reservation_id="r-1",
        owner="T1/U1",
        region="",
        size="",
        os="",
        nodes=(),
        disk_gb=0,
        name="",
    )
    assert flat_tags.of_order(order, NodePlan("worker-2", "worker")) == [
        "clouddesk-installation:cd-1",
        "clouddesk-reservation:r-1",
        "clouddesk-owner:T1:U1",
        "clouddesk-node:worker-2",
        "clouddesk-role:worker",
    ]
