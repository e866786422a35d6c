"""What a survey means: what belongs together, whose it is, and whose credentials reach it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.model.node import RUNNING, Belonging, Node, Survey
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.model.reservation import ENDED, REASON_NOTHING_LEFT
from clouddesk.workflows.findings import Unit, ended, found_notice, grouped, is_of_account, one_of_each, orphan_of
from clouddesk.workflows.sweep import SweptAccount
from tests.builders import NOW, a_reservation

LATER = datetime(2026, 11, 23, tzinfo=timezone.utc)


def machine(id_: str, reservation_id: str, owner: str = "") -> Node:
    return Node(id_, "node-0", "node", RUNNING, "aws", "eu-1", "small", reservation_id=reservation_id, owner=owner)


def disk(id_: str, reservation_id: str, owner: str = "") -> Belonging:
    return Belonging(id_, "disk", "eu-1", reservation_id, owner)


def found(*holders: str, owner: str = "", reservation_id: str = "r-1") -> Orphan:
    """A machine in an account that these people ("workspace/user") have access to."""
    account = SweptAccount("aws", "1", tuple(f"people/{holder}/aws" for holder in holders))
    holdings = Survey((machine("i-1", reservation_id, owner),))
    return orphan_of(account, Unit(reservation_id), holdings, view=None, now=LATER)


def test_what_carries_a_reservations_tag_is_one_whoever_is_said_to_own_it() -> None:
    survey = Survey((machine("i-1", "r-1", "w/ann"), machine("i-2", "r-2", "w/ann")), (disk("v-1", "r-1"),))
    units = {unit: [thing.id for thing in (*all_.nodes, *all_.belongings)] for unit, all_ in grouped(survey).items()}
    assert units == {Unit("r-1"): ["i-1", "v-1"], Unit("r-2"): ["i-2"]}


def test_what_carries_no_reservations_tag_is_one_for_each_owner() -> None:
    survey = Survey(
        (machine("i-1", "", "w/ann"),), (disk("v-1", "", "w/ann"), disk("v-2", "", "w/zed"), disk("v-3", ""))
    )
    assert set(grouped(survey)) == {Unit("", "w/ann"), Unit("", "w/zed"), Unit("")}
    account = SweptAccount("aws", "1", ("people/w/ann/aws",))
    ids = {orphan_of(account, unit, all_, view=None, now=LATER).id for unit, all_ in grouped(survey).items()}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("holders", "owner", "credential_ref", "asked", "is_for_admins"),
    [
        (("w/bob", "w/ann"), "w/ann", "people/w/ann/aws", "w/ann", False),
        (("w/bob", "w/zoe"), "w/ann", "people/w/bob/aws", "w/ann", False),
        (("other/bob", "w/zoe"), "w/ann", "people/w/zoe/aws", "w/ann", False),
        (("other/bob",), "w/ann", "", "w/ann", True),
        (("w/bob",), "", "people/w/bob/aws", "w/bob", False),
        (("w/bob", "w/zoe"), "", "people/w/bob/aws", "w/", True),
        (("w/bob", "other/zoe"), "", "", "w/", True),
        (("w/bob",), "no person", "people/w/bob/aws", "w/bob", False),
    ],
)
def test_an_orphan_is_its_owners_and_no_other_workspaces_key_ever_touches_it(
    holders: tuple[str, ...], owner: str, credential_ref: str, asked: str, is_for_admins: bool
) -> None:
    orphan = found(*holders, owner=owner)
    assert (orphan.credential_ref, str(orphan.person), orphan.is_for_admins) == (credential_ref, asked, is_for_admins)


def test_the_same_things_found_with_two_keys_are_one_orphan_and_the_owners_own_key_is_taken() -> None:
    by_colleague, by_owner, other = (
        found("w/bob", owner="w/ann"),
        found("w/ann", owner="w/ann"),
        replace(found("w/ann", owner="w/ann"), provider="digitalocean"),
    )
    kept = one_of_each([by_colleague, by_owner, other])
    assert by_owner in kept
    assert other in kept
    assert by_colleague not in kept


def test_where_tags_tell_no_owner_or_two_the_reservation_does() -> None:
    account = SweptAccount("aws", "1", ("people/local/bob/aws", "people/local/ann/aws"))
    view = a_reservation()
    for holdings in (
        Survey((machine("i-1", view.id),)),
        Survey((machine("i", view.id, "w/x"), machine("j", view.id, "w/y"))),
    ):
        orphan = orphan_of(account, Unit(view.id), holdings, view=view, now=LATER)
        assert (orphan.person, orphan.credential_ref) == (view.person, "people/local/ann/aws")


def test_the_same_things_found_again_later_are_another_notice() -> None:
    orphan = found("w/ann", owner="w/ann")
    again = replace(orphan, found_at=LATER + timedelta(days=1))
    assert found_notice(orphan, LATER).id == found_notice(orphan, LATER + timedelta(minutes=10)).id
    assert found_notice(orphan, LATER).id != found_notice(again, LATER).id


def test_a_view_that_is_ended_without_its_workflow_costs_nothing_from_then_on() -> None:
    view = a_reservation(nodes=(replace(machine("i-1", "r-1"), address="192.0.2.1"),), node_count=1, revision=7)
    last = ended(view, REASON_NOTHING_LEFT, NOW + timedelta(hours=1))
    assert (last.state, last.reason, last.is_live, last.revision) == (ENDED, REASON_NOTHING_LEFT, False, 8)
    assert [(node.state, node.address) for node in last.nodes] == [("gone", None)]
    assert last.accrued_usd == pytest.approx(1.6)
    assert last.cost_so_far_usd(NOW + timedelta(days=9)) == pytest.approx(1.6)


def test_a_workspace_is_told_of_its_own_only() -> None:
    report = SweepReport(
        orphans=[found("w/ann", owner="w/ann"), found("other/zed", owner="other/zed")],
        drifted_by_workspace={"w": ["spark-1"], "other": ["secret-2"]},
        refused=["people/w/ann/aws", "people/other/zed/aws"],
        unreachable=["people/other/zed/digitalocean", "people/w/bob/digitalocean"],
    )
    own = report.of_workspace("w")
    assert [orphan.owner for orphan in own.orphans] == ["ann"]
    assert own.drifted == ["spark-1"]
    assert (own.refused, own.unreachable) == (["people/w/ann/aws"], ["people/w/bob/digitalocean"])
    assert report.drifted == ["secret-2", "spark-1"]


@pytest.mark.parametrize(
    ("provider", "workspace_id", "is_there"),
    [("docker", "local", True), ("docker", "T1", False), ("aws", "local", False)],
)
def test_ones_own_machine_is_the_account_of_everybody_at_its_terminal(
    provider: str, workspace_id: str, is_there: bool
) -> None:
    account = SweptAccount(provider, "1", (f"people/local/nobody/{provider}",))
    view = replace(a_reservation(), provider=provider, workspace_id=workspace_id, owner="ann")
    assert is_of_account(view, account) is is_there


def test_what_was_handed_over_stays_in_the_account_that_it_runs_with() -> None:
    view = replace(a_reservation(), provider="aws", workspace_id="T1", owner="ben", account_owner="ann")
    assert is_of_account(view, SweptAccount("aws", "1", ("people/T1/ann/aws",)))
    assert not is_of_account(view, SweptAccount("aws", "2", ("people/T1/ben/aws",)))
