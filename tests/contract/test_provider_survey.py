"""Lists of a whole account: what a sweep compares with, asked of each provider through its real driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from clouddesk.model.errors import CredentialsRejected, ProviderDown
from clouddesk.model.node import RUNNING, Node
from tests.contract.cases import CASES
from tests.contract.conftest import Sandbox
from tests.contract.test_provider_contract import Case, states, wait_until


@pytest.fixture(params=[name for name, facts in CASES.items() if facts.far])
def case(request: pytest.FixtureRequest, servers: Callable[[str], Sandbox]) -> Iterator[Case]:
    sandbox = servers(request.param)
    case = Case(request.param, sandbox, CASES[request.param])
    yield case
    sandbox.clear_faults()
    provider = case.open()
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)
    wait_until(lambda: provider.destroy_nodes(_far(case), case.facts.far).is_complete)


def test_a_survey_finds_machines_of_all_regions_with_their_tags(case: Case) -> None:
    provider = case.open()
    order = replace(case.order("controller", "worker-1"), owner="T0.1/ann_b")
    near = provider.create_nodes(order)
    far = provider.create_nodes(replace(order, reservation_id=_far(case), region=case.facts.far))
    wait_until(lambda: states(_of(case)) == {RUNNING})
    found = _of(case)
    assert {node.id for node in found} == {node.id for node in (*near, *far)}
    assert sorted((node.region, node.reservation_id, node.key, node.role) for node in found) == [
        (case.region, case.reservation_id, "controller", "controller"),
        (case.region, case.reservation_id, "worker-1", "worker"),
        (case.facts.far, _far(case), "controller", "controller"),
        (case.facts.far, _far(case), "worker-1", "worker"),
    ]
    assert {(node.size, node.owner, node.state) for node in found} == {(case.size, "T0.1/ann_b", RUNNING)}


def test_the_same_reservation_in_another_region_is_left_alone(case: Case) -> None:
    """As after a failure in one region, when the other is tried."""
    provider, order = case.open(), case.order("node-1")
    provider.create_nodes(order)
    (far,) = provider.create_nodes(replace(order, region=case.facts.far))
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)
    assert provider.get_nodes(case.reservation_id, case.region) == []
    assert [node.id for node in provider.get_nodes(case.reservation_id, case.facts.far)] == [far.id]
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.facts.far).is_complete)


def test_a_survey_leaves_out_what_another_installation_holds(case: Case) -> None:
    other = case.open(installation="inst-other")
    foreign = other.create_nodes(case.order("node-1", installation="inst-other"))
    assert _of(case) == []
    assert not [item for item in case.open().survey().belongings if item.reservation_id == case.reservation_id]
    assert foreign[0].id in {node.id for node in other.survey().nodes}
    wait_until(lambda: other.destroy_nodes(case.reservation_id, case.region).is_complete)


def test_a_survey_with_rejected_credentials_is_an_error_and_no_empty_account(case: Case) -> None:
    with pytest.raises(CredentialsRejected):
        case.open(**case.facts.wrong).survey()


def test_a_survey_that_cannot_list_all_is_an_error_for_what_is_missing_would_look_vanished(case: Case) -> None:
    one = "eu-west-3" if case.name == "aws" else "*"  # where lists are by region
    case.sandbox.fault("server_error", count=None, match={"operation": "list", "region": one})
    with pytest.raises(ProviderDown):
        case.open().survey()


def test_only_the_named_machines_are_ended(case: Case) -> None:
    provider = case.open()
    first, second, third = provider.create_nodes(case.order("node-1", "node-2", "node-3"))
    provider.end_nodes(case.reservation_id, case.region, [first.id, third.id])
    wait_until(lambda: len(provider.get_nodes(case.reservation_id, case.region)) == 1)
    assert provider.get_nodes(case.reservation_id, case.region)[0].id == second.id
    provider.end_nodes(case.reservation_id, case.region, [first.id, third.id])


def test_machines_of_another_reservation_are_not_ended_by_their_ids(case: Case) -> None:
    provider = case.open()
    (made,) = provider.create_nodes(case.order("node-1"))
    provider.end_nodes("r-of-another", case.region, [made.id])
    assert [node.id for node in provider.get_nodes(case.reservation_id, case.region)] == [made.id]


def _of(case: Case) -> list[Node]:
    return [node for node in case.open().survey().nodes if node.reservation_id.startswith(case.reservation_id)]


def _far(case: Case) -> str:
    return f"{case.reservation_id}-far"
