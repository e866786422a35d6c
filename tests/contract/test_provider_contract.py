"""What every provider keeps to, asked of each through its real driver on the simulated cloud."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest
from tenacity import wait_none

from clouddesk.model.credentials import Secret, SecretFields
from clouddesk.model.errors import (
    CredentialsRejected,
    Invalid,
    NoCapacity,
    ProviderDown,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
)
from clouddesk.model.node import ERROR, PENDING, RUNNING, STOPPED, Node, NodeOrder, NodePlan
from clouddesk.providers import PROVIDERS, LibcloudProvider, faults, open_provider
from tests.contract.cases import CASES, Facts
from tests.contract.conftest import Sandbox
from tests.contract.rest_api import PUBLIC_KEY

INSTALLATION = "inst-contract"
_numbers = itertools.count(1)


@dataclass
class Case:
    """A provider on its sandbox, with a reservation of its own."""

    name: str
    sandbox: Sandbox
    facts: Facts
    reservation_id: str = field(default_factory=lambda: f"r-{next(_numbers):08x}")

    @property
    def region(self) -> str:
        return self.facts.region

    @property
    def size(self) -> str:
        return self.facts.size

    def open(self, installation: str = INSTALLATION, **changed: str) -> LibcloudProvider:
        fields = {**self.sandbox.credentials("local/ann"), **changed}
        return open_provider(self.name, secret(fields), endpoint=self.sandbox.url, installation=installation)

    def order(self, *keys: str, installation: str = INSTALLATION) -> NodeOrder:
        return NodeOrder(
            installation=installation,
            reservation_id=self.reservation_id,
            owner="local/ann",
            region=self.region,
            size=self.size,
            os=self.facts.os,
            nodes=tuple(NodePlan(key, key.partition("-")[0]) for key in keys),
            disk_gb=20,
            name="spark-1",
            user_data="#cloud-config\n",
            public_keys=(PUBLIC_KEY,),
        )

    def existing(self) -> list[dict[str, object]]:
        """The machines of this reservation as the cloud itself counts them."""
        return [item for item in self.sandbox.machines() if self.reservation_id in repr(item)]


def secret(fields: dict[str, str]) -> SecretFields:
    return {key: Secret(value) for key, value in fields.items()}


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def states(nodes: list[Node]) -> set[str]:
    return {node.state for node in nodes}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, servers: Callable[[str], Sandbox]) -> Iterator[Case]:
    sandbox = servers(request.param)
    case = Case(request.param, sandbox, CASES[request.param])
    yield case
    sandbox.clear_faults()
    provider = case.open()
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)


def test_good_credentials_name_their_account(case: Case) -> None:
    account = case.open().check_credentials()
    assert account.provider == case.name
    assert account.id


def test_wrong_credentials_are_rejected_and_never_look_like_no_capacity(case: Case) -> None:
    if case.facts.costs_nothing:
        pytest.skip("asks for none")
    provider = case.open(**case.facts.wrong)
    with pytest.raises(CredentialsRejected):
        provider.check_credentials()
    with pytest.raises(CredentialsRejected):
        provider.get_nodes(case.reservation_id, case.region)
    with pytest.raises(CredentialsRejected):
        provider.create_nodes(case.order("node-1"))


def test_a_missing_field_is_named(case: Case) -> None:
    if case.facts.costs_nothing:
        pytest.skip("asks for none")
    with pytest.raises(Invalid, match=PROVIDERS[case.name].credential_fields[-1].label):
        open_provider(case.name, {}, endpoint=case.sandbox.url, installation=INSTALLATION)


def test_created_nodes_carry_their_keys_and_come_up(case: Case) -> None:
    provider = case.open()
    made = provider.create_nodes(case.order("controller", "worker-1", "worker-2"))
    assert [(node.key, node.role) for node in made] == [
        ("controller", "controller"),
        ("worker-1", "worker"),
        ("worker-2", "worker"),
    ]
    wait_until(lambda: states(provider.get_nodes(case.reservation_id, case.region)) == {RUNNING})
    nodes = provider.get_nodes(case.reservation_id, case.region)
    assert [(node.id, node.key, node.role) for node in nodes] == [(node.id, node.key, node.role) for node in made]
    assert all(node.address and node.size == case.size and node.region == case.region for node in nodes)
    assert {node.login for node in nodes} == {case.facts.login}


def test_the_same_order_twice_makes_nothing_new(case: Case) -> None:
    order = case.order("node-1", "node-2", "node-3")
    first = case.open().create_nodes(order)
    again = case.open().create_nodes(order)
    assert [node.id for node in again] == [node.id for node in first]
    assert len(case.existing()) == 3


def test_a_partial_creation_is_completed(case: Case) -> None:
    first = case.open().create_nodes(case.order("node-1", "node-2"))
    whole = case.open().create_nodes(case.order("node-1", "node-2", "node-3", "node-4"))
    assert [node.id for node in whole[:2]] == [node.id for node in first]
    assert [node.key for node in whole] == ["node-1", "node-2", "node-3", "node-4"]
    assert len(case.existing()) == 4


def test_a_machine_that_vanished_is_made_again_even_when_the_order_is_the_same(case: Case) -> None:
    provider = case.open()
    order = case.order("node-1")
    first = provider.create_nodes(order)
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)
    second = provider.create_nodes(order)
    assert second[0].key == "node-1"
    assert second[0].id != first[0].id


def test_two_creations_at_once_end_with_the_ordered_number(case: Case) -> None:
    order = case.order("node-1", "node-2", "node-3")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: case.open().create_nodes(order), range(2)))
    settled = case.open().create_nodes(order)
    wait_until(lambda: len(case.open().get_nodes(case.reservation_id, case.region)) == 3)
    assert {node.key for node in settled} == {"node-1", "node-2", "node-3"}


def test_an_answer_that_is_lost_after_the_cloud_accepted_makes_no_double(case: Case) -> None:
    case.sandbox.fault("drop_after_accept", match={"operation": "create"})
    made = case.open().create_nodes(case.order("node-1", "node-2", "node-3"))
    assert {node.key for node in made} == {"node-1", "node-2", "node-3"}
    assert len(case.existing()) == 3


def test_machines_that_are_listed_late_are_made_once(case: Case) -> None:
    case.sandbox.fault("late_listing", count=None)
    provider, order = case.open(), case.order("node-1", "node-2", "node-3")
    made = provider.create_nodes(order)
    assert [node.key for node in made] == ["node-1", "node-2", "node-3"]
    assert provider.get_nodes(case.reservation_id, case.region) == [], "the fault must be there"
    wait_until(lambda: len(provider.get_nodes(case.reservation_id, case.region)) == 3)
    assert [node.id for node in provider.create_nodes(order)] == [node.id for node in made]
    assert len(case.existing()) == 3


@pytest.mark.parametrize("kind", ["drop_after_accept", "server_error"])
def test_a_machine_that_nobody_was_told_of_and_that_is_listed_late_is_made_once(case: Case, kind: str) -> None:
    case.sandbox.fault("late_listing", count=None)
    case.sandbox.fault(kind, match={"operation": "create"})
    made = case.open().create_nodes(case.order("node-1", "node-2", "node-3"))
    assert {node.key for node in made} == {"node-1", "node-2", "node-3"}
    assert len(case.existing()) == 3


def test_what_was_made_beside_a_refused_machine_is_listed_when_the_refusal_is_told(case: Case) -> None:
    if PROVIDERS[case.name].creates_once:
        pytest.skip("all machines are one request")
    case.sandbox.fault("late_listing", count=None)
    case.sandbox.fault("quota")
    with pytest.raises(QuotaExceeded):
        case.open().create_nodes(case.order("node-1", "node-2", "node-3"))
    assert len(case.open().get_nodes(case.reservation_id, case.region)) == 2


def test_a_machine_that_breaks_while_it_starts_is_told_and_can_be_cleared(case: Case) -> None:
    case.sandbox.fault("broken_node")
    provider = case.open()
    provider.create_nodes(case.order("node-1"))
    wait_until(lambda: states(provider.get_nodes(case.reservation_id, case.region)) != {PENDING})
    listed = provider.get_nodes(case.reservation_id, case.region)
    assert [node.state for node in listed] == ([ERROR] if case.facts.lists_broken else [])
    assert case.existing()
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)
    assert provider.get_nodes(case.reservation_id, case.region) == []


def test_a_machine_that_never_leaves_pending_can_be_cleared(case: Case) -> None:
    case.sandbox.fault("stuck_node")
    provider = case.open()
    provider.create_nodes(case.order("node-1"))
    provider.create_nodes(case.order("node-1", "node-2"))

    def now() -> dict[str, str]:
        return {node.key: node.state for node in provider.get_nodes(case.reservation_id, case.region)}

    wait_until(lambda: now().get("node-2") == RUNNING)
    assert now() == {"node-1": PENDING, "node-2": RUNNING}
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)
    assert provider.get_nodes(case.reservation_id, case.region) == []


def test_stopping_and_starting_are_idempotent(case: Case) -> None:
    provider = case.open()
    provider.create_nodes(case.order("node-1", "node-2"))

    def now() -> set[str]:
        return states(provider.get_nodes(case.reservation_id, case.region))

    wait_until(lambda: now() == {RUNNING})
    provider.stop_nodes(case.reservation_id, case.region)
    provider.stop_nodes(case.reservation_id, case.region)
    wait_until(lambda: now() == {STOPPED})
    provider.stop_nodes(case.reservation_id, case.region)
    provider.start_nodes(case.reservation_id, case.region)
    wait_until(lambda: now() == {RUNNING})
    provider.start_nodes(case.reservation_id, case.region)
    provider.reboot_nodes(case.reservation_id, case.region)
    wait_until(lambda: now() == {RUNNING})


def test_changing_what_does_not_exist_succeeds(case: Case) -> None:
    provider = case.open()
    provider.stop_nodes(case.reservation_id, case.region)
    provider.start_nodes(case.reservation_id, case.region)
    provider.reboot_nodes(case.reservation_id, case.region)
    assert provider.destroy_nodes(case.reservation_id, case.region).is_complete
    assert provider.get_nodes(case.reservation_id, case.region) == []


def test_teardown_ends_when_the_cloud_lists_nothing(case: Case) -> None:
    provider = case.open()
    provider.create_nodes(case.order("node-1", "node-2"))
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)
    assert provider.get_nodes(case.reservation_id, case.region) == []


def test_a_teardown_leaves_nothing_that_a_survey_finds(case: Case) -> None:
    provider = case.open()
    provider.create_nodes(case.order("node-1"))
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)
    found = provider.survey()
    assert [item for item in (*found.nodes, *found.belongings) if item.reservation_id == case.reservation_id] == []


def test_another_installations_machines_are_neither_seen_nor_touched(case: Case) -> None:
    other = case.open(installation="inst-other")
    foreign = other.create_nodes(case.order("node-1", installation="inst-other"))
    mine = case.open()
    assert mine.get_nodes(case.reservation_id, case.region) == []
    own = mine.create_nodes(case.order("node-1"))
    assert own[0].id != foreign[0].id
    mine.stop_nodes(case.reservation_id, case.region)
    wait_until(lambda: mine.destroy_nodes(case.reservation_id, case.region).is_complete)
    assert [node.id for node in other.get_nodes(case.reservation_id, case.region)] == [foreign[0].id]
    wait_until(lambda: other.destroy_nodes(case.reservation_id, case.region).is_complete)


def test_an_order_of_another_installation_is_refused(case: Case) -> None:
    with pytest.raises(Invalid):
        case.open().create_nodes(case.order("node-1", installation="inst-other"))


def test_a_reached_quota_is_told_as_such(case: Case) -> None:
    case.sandbox.fault("quota")
    with pytest.raises(QuotaExceeded):
        case.open().create_nodes(case.order("node-1"))
    assert case.existing() == []


def test_missing_capacity_is_told_as_such(case: Case) -> None:
    case.sandbox.fault("no_capacity", count=None)
    with pytest.raises(NoCapacity):
        case.open().create_nodes(case.order("node-1"))
    assert case.existing() == []


@pytest.mark.parametrize("kind", ["rate_limit", "server_error"])
@pytest.mark.parametrize("operation", ["create", "list", "*"])
def test_a_passing_fault_is_not_noticed(case: Case, kind: str, operation: str) -> None:
    case.sandbox.fault(kind, match={"operation": operation})
    assert len(case.open().create_nodes(case.order("node-1", "node-2"))) == 2
    assert len(case.existing()) == 2


def test_a_lasting_rate_limit_is_told_with_the_pause_that_was_asked_for(case: Case) -> None:
    case.sandbox.fault("rate_limit", count=None, retry_after=90)
    began = time.monotonic()
    with pytest.raises(RateLimited) as caught:
        case.open().get_nodes(case.reservation_id, case.region)
    assert time.monotonic() - began < 60, "a long pause is the workflow's to wait for"
    assert caught.value.retry_after_seconds == 90
    assert caught.value.is_retryable


@pytest.mark.parametrize("kind", ["server_error", "down"])
def test_a_cloud_that_stays_down_is_told_as_such(case: Case, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_BACK_OFF", wait_none())
    case.sandbox.fault(kind, count=None)
    with pytest.raises(ProviderDown):
        case.open().get_nodes(case.reservation_id, case.region)
    with pytest.raises(ProviderDown):
        case.open().check_credentials()


def test_an_address_where_nobody_listens_is_a_provider_that_is_down(case: Case) -> None:
    fields = secret(case.sandbox.credentials())
    provider = open_provider(case.name, fields, endpoint="http://127.0.0.1:9", installation=INSTALLATION)
    with pytest.raises(ProviderDown):
        provider.check_credentials()


def test_an_unknown_system_is_refused_with_the_list_of_what_there_is(case: Case) -> None:
    with pytest.raises(Invalid, match=r"ubuntu-22\.04, "):
        case.open().create_nodes(replace(case.order("node-1"), os="templeos"))


def test_every_system_of_the_table_that_the_cloud_lists_can_be_found_by_family(case: Case) -> None:
    provider = case.open()
    for family in ("ubuntu", "debian", "rocky") if not case.facts.costs_nothing else (case.facts.os,):
        assert provider.find_image(case.region, family, "x86_64").id


def test_an_unknown_size_is_rejected(case: Case) -> None:
    with pytest.raises(RequestRejected):
        case.open().create_nodes(replace(case.order("node-1"), size="x9.huge"))
    assert case.existing() == []


def test_offers_have_prices_or_none(case: Case) -> None:
    offers = case.open().list_offers()
    assert bool(offers) == case.facts.has_prices, "prices that the API does not tell come with the catalogue"
    least = -1.0 if case.facts.costs_nothing else 0.001
    assert all(offer.hourly_price_usd is None or offer.hourly_price_usd > least for offer in offers)
    assert all(offer.vcpus >= 1 and offer.memory_gb > 0 for offer in offers)
    assert case.facts.needs_volumes or all(offer.disk_gb > 0 for offer in offers)
