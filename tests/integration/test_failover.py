"""A cloud has none of the machines left, on the whole stack: what is said, and what exists then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration import clouds
from tests.integration.conftest import RunningStack
from tests.integration.test_main_job import reservations, said, say

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _healthy_clouds(stack: RunningStack) -> Iterator[None]:
    yield
    clouds.heal(stack.settings)


def none_left(stack: RunningStack, region: str, *, kind: str = "no_capacity") -> None:
    """No machine can be made in that place of DigitalOcean's any more."""
    match = {"operation": "create", "region": region}
    clouds.fault(stack.settings, "digitalocean", kind=kind, count=None, match=match)


def told(answers: list[dict[str, Any]]) -> list[str]:
    return [item["notice"]["kind"] for item in answers if "notice" in item]


def test_the_next_offer_is_got_and_both_are_named(stack: RunningStack) -> None:
    user = "nora"
    say(stack, user, "2 vms on digitalocean for 2 hours")
    none_left(stack, "nyc1")
    answers = say(stack, user, "yes", wait=90)
    assert told(answers) == ["moved", "ready"], said(answers)
    assert "DigitalOcean could not give me s-2vcpu-4gb in nyc1" in said(answers)
    (made,) = reservations(stack, user)
    assert (made["state"], made["region"] == "nyc1", len(made["nodes"])) == ("running", False, 2)
    assert f"on DigitalOcean in {made['region']} instead, " in said(answers)
    assert set(clouds.machines(stack.settings, made["id"])) == {node["id"] for node in made["nodes"]}


def test_a_limit_of_the_account_that_is_reached_is_not_tried_in_another_region(stack: RunningStack) -> None:
    say(stack, "rosa", "2 vms on digitalocean for 2 hours")
    none_left(stack, "nyc1", kind="quota")
    answers = say(stack, "rosa", "yes", wait=90)
    assert told(answers) == ["failed"], said(answers)
    assert "your account's limit at the cloud is reached" in said(answers)
    assert reservations(stack, "rosa") == []


def asked(stack: RunningStack, user: str) -> str:
    """Somebody is asked about a dearer machine; the reservation's id."""
    say(stack, user, "a vm with 4 GB on digitalocean in frankfurt for 2 hours")
    none_left(stack, "fra1")
    answers = say(stack, user, "yes", wait=90)
    assert told(answers) == ["dearer"], said(answers)
    (waiting,) = reservations(stack, user)
    assert waiting["state"] == "provisioning"
    assert clouds.machines(stack.settings, waiting["id"]) == {}, "nothing is made before the yes"
    return str(waiting["id"])


def test_what_is_dearer_is_got_after_a_typed_yes(stack: RunningStack) -> None:
    id_ = asked(stack, "otto")
    clouds.heal(stack.settings)
    answers = say(stack, "otto", "yes, take it", wait=90)
    assert told(answers) == ["ready"], said(answers)
    (made,) = reservations(stack, "otto")
    assert (made["id"], made["region"], made["size"] == "s-2vcpu-4gb") == (id_, "fra1", False)
    assert len(clouds.machines(stack.settings, id_)) == 1


def test_what_is_dearer_is_not_got_after_a_typed_no(stack: RunningStack) -> None:
    id_ = asked(stack, "pia")
    answers = say(stack, "pia", "no thanks", wait=90)
    assert told(answers) == ["failed"], said(answers)
    assert "you did not want the dearer one" in said(answers)
    assert reservations(stack, "pia") == []
    assert clouds.machines(stack.settings, id_) == {}


def test_when_all_of_them_fail_what_was_tried_is_named(stack: RunningStack) -> None:
    say(stack, "quinn", "2 vms on digitalocean for 2 hours")
    none_left(stack, "*")
    answers = say(stack, "quinn", "yes", wait=120)
    assert told(answers) == ["moved", "moved", "moved", "failed"], said(answers)
    assert "I tried s-2vcpu-4gb on DigitalOcean in nyc1, then s-2vcpu-4gb on DigitalOcean in" in said(answers)
    assert reservations(stack, "quinn") == []
