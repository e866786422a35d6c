"""Docker nodes on one's own machine: who has them, when they are taken, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from clouddesk.accounts import Accounts
from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.adapters.own_machine import OwnMachineCredentials
from clouddesk.catalog import MemoryCatalog, OfferTable, offers_from_json, offers_to_json
from clouddesk.limits import Limits, TeamDefaults
from clouddesk.local import docker
from clouddesk.model.actor import Actor, Person
from clouddesk.model.credentials import CredentialInfo, Secret, SecretFields, credential_ref
from clouddesk.model.errors import CredentialsMissing, ProviderDown
from clouddesk.model.invalid import NoOwnMachine, UnknownProvider
from clouddesk.model.offer import Offer, Requirements
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.providers import PROVIDERS
from clouddesk.quotations import Quotations
from clouddesk.settings import PROJECT, Settings
from clouddesk.workflows import worker
from tests.unit.desk.conftest import NOW, ListCatalog, offer

ANN, SLACK_ANN = Person("local", "ann"), Person("T0WORK", "U0ANN")
AWS = CredentialInfo("aws", "123", NOW, NOW, account_id="123")
SOCKET = "unix:///var/run/docker.sock"


def size(vcpus: int, memory_gb: int) -> Offer:
    free = offer("docker", f"{vcpus}cpu-{memory_gb}gb", vcpus, memory_gb, 0.0, disk_gb=60)
    return replace(free, region="local", source="this machine's Docker engine")


class Shelf:
    """What is stored: access to AWS, or to nothing."""

    def __init__(self, *infos: CredentialInfo) -> None:
        self.infos = list(infos)

    async def list(self, person: Person) -> list[CredentialInfo]:
        return list(self.infos)

    async def read(self, ref: str) -> SecretFields:
        return {"token": Secret(ref)}

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]:
        return [(person, info) for person in (ANN, SLACK_ANN) for info in self.infos]


class NoLists:
    """No cloud has told its prices; nobody has used anything."""

    async def versions(self, providers: Sequence[str]) -> dict[str, str]:
        return {}

    async def get(self, person: Person, keys: Sequence[str]) -> list[None]:
        return [None for _ in keys]


def desk(*infos: CredentialInfo, has_engine: bool = True) -> Quotations:
    stored = Shelf(*infos)
    specs = {name: spec for name, spec in PROVIDERS.items() if name in ("aws", *(["docker"] if has_engine else []))}
    accounts = Accounts(
        specs=specs,
        credentials=OwnMachineCredentials(stored) if has_engine else stored,  # type: ignore[arg-type]
        open_provider=None,  # type: ignore[arg-type]
        offers=NoLists(),  # type: ignore[arg-type]
        grants=None,
        simulated=frozenset({"aws"}),
        clock=lambda: NOW,
    )
    for name in specs:
        accounts.asked_for_offers(name)
    catalog = ListCatalog([offer("aws", "t3.medium", 2, 4, 0.0416), size(1, 1), size(2, 2), size(2, 16)])
    return Quotations(
        accounts=accounts,
        blueprints={},
        catalog=catalog,  # type: ignore[arg-type]
        clock=lambda: NOW,
        engine=None,  # type: ignore[arg-type]
        habits=NoLists(),  # type: ignore[arg-type]
        is_simulated=True,
        limits=Limits(),
        quotes=None,  # type: ignore[arg-type]
        team=TeamDefaults(),
    )


def actor(person: Person = ANN) -> Actor:
    return Actor(person.workspace_id, person.user_id)


async def test_ones_own_machine_never_wins_unasked_though_it_costs_nothing():
    made = await desk(AWS).make(actor(), ResourceRequest(), keep=False)
    assert made.offer.provider == "aws"
    assert made.is_simulated
    assert "docker" not in {other.offer.provider for other in made.elsewhere}


async def test_ones_own_machine_is_taken_when_it_is_asked_for():
    made = await desk(AWS).make(actor(), ResourceRequest(providers=("docker",), count=2), keep=False)
    assert (made.offer.provider, made.offer.size, made.os) == ("docker", "2cpu-2gb", "debian-12")
    assert (made.hourly_price_usd, made.total_price_usd) == (0.0, 0.0)
    assert not made.is_simulated, "these are real"


async def test_ones_own_machine_is_taken_when_there_is_nothing_else():
    made = await desk().make(actor(), ResourceRequest(), keep=False)
    assert made.offer.provider == "docker"


async def test_a_said_system_and_size_count_on_ones_own_machine_too():
    request = ResourceRequest(providers=("docker",), memory_gb=4, os="ubuntu")
    made = await desk(AWS).make(actor(), request, keep=False)
    assert (made.offer.size, made.os) == ("2cpu-16gb", "ubuntu-22.04")


async def test_a_clusters_nodes_are_small_enough_for_several_on_one_machine():
    quotations = desk(AWS)
    request = ResourceRequest(kind=CLUSTER, software=("spark",), providers=("docker",), count=3)
    made = await replace(quotations, blueprints=load_blueprints(PROJECT / "blueprints")).make(
        actor(), request, keep=False
    )
    assert (made.offer.size, len(made.nodes)) == ("2cpu-2gb", 3)


@pytest.mark.parametrize(
    ("person", "has_engine", "is_at_terminal"),
    [(SLACK_ANN, True, False), (ANN, False, True), (SLACK_ANN, False, False)],
)
async def test_who_has_no_engine_is_told_why(person: Person, has_engine: bool, is_at_terminal: bool):
    with pytest.raises(NoOwnMachine) as caught:
        await desk(AWS, has_engine=has_engine).make(actor(person), ResourceRequest(providers=("docker",)), keep=False)
    assert caught.value.is_at_terminal == is_at_terminal


async def test_access_to_the_engine_is_of_the_terminals_people_only_and_needs_no_secret():
    credentials = OwnMachineCredentials(Shelf(AWS))  # type: ignore[arg-type]
    assert [info.provider for info in await credentials.list(ANN)] == ["aws", "docker"]
    assert [info.provider for info in await credentials.list(SLACK_ANN)] == ["aws"]
    assert await credentials.read(credential_ref(ANN, "docker")) == {}
    for ref in (credential_ref(SLACK_ANN, "docker"), "people/local/docker", "people/x/local/docker"):
        with pytest.raises(CredentialsMissing):
            await credentials.read(ref)
    ref = credential_ref(ANN, "aws")
    assert (await credentials.read(ref))["token"].reveal() == ref


async def test_the_engine_is_swept_in_the_name_of_everybody_at_the_terminal():
    found = await OwnMachineCredentials(Shelf(AWS)).everybody()  # type: ignore[arg-type]
    engines = [person for person, info in found if info.provider == "docker"]
    assert ANN in engines
    assert SLACK_ANN not in engines
    assert [person for person, _ in await OwnMachineCredentials(Shelf()).everybody()], "also when nobody has a key"  # type: ignore[arg-type]


async def test_no_key_can_be_added_for_ones_own_machine():
    with pytest.raises(UnknownProvider):
        await desk(AWS).accounts.add(ANN, "docker", {})


def test_the_catalogue_leaves_ones_own_machine_out_unless_it_is_named():
    catalog = MemoryCatalog(["digitalocean"])
    catalog.replace("docker", offers_from_json(offers_to_json([size(2, 16), size(16, 16), size(2, 2)])))
    assert {found.provider for found in catalog.cheapest(Requirements(), limit=5)} == {"digitalocean"}
    assert {found.provider for found in catalog.nearest(Requirements(vcpus=500), limit=5)} == {"digitalocean"}
    found = catalog.cheapest(Requirements(providers=("docker",), storage_gb=50))
    assert [(item.size, item.hourly_price_usd) for item in found] == [
        ("2cpu-2gb", 0.0),
        ("2cpu-16gb", 0.0),
        ("16cpu-16gb", 0.0),
    ]
    assert catalog.cheapest(Requirements(providers=("docker",), region="localhost"))


def test_a_price_of_nothing_counts_on_ones_own_machine_only():
    clouds = OfferTable.of([offer("aws", "t3.micro", 2, 1, 0.0), size(1, 1)])
    assert [clouds.offer(at).hourly_price_usd for at in range(2)] == [None, 0.0]


@pytest.mark.parametrize(
    ("setting", "has_slack", "address"),
    [("auto", False, SOCKET), ("auto", True, ""), (False, False, ""), (SOCKET, True, SOCKET)],
)
def test_an_engine_is_offered_to_ones_own_terminal_and_to_a_teams_only_when_the_settings_say_so(
    tmp_path, monkeypatch, setting: str | bool, has_slack: bool, address: str
):
    monkeypatch.setattr(docker, "find_engine", lambda told: told or SOCKET)
    settings = Settings(home=tmp_path, docker=setting)
    if has_slack:
        settings.secrets_dir.mkdir()
        (settings.secrets_dir / "slack-bot-token").write_text("xoxb")
    assert docker.offered(settings, {}) == address


def test_an_engine_on_another_machine_is_not_ones_own(monkeypatch):
    monkeypatch.setattr(docker, "find_engine", lambda told: told or SOCKET)
    assert docker.offered(Settings(), {"DOCKER_HOST": "ssh://build.example.com"}) == ""


def test_docker_is_offered_beside_simulated_clouds_where_there_is_an_engine():
    settings = Settings(sandbox={"aws": "http://127.0.0.1:1"})
    assert not settings.is_offered("docker")
    there = replace(settings, docker=SOCKET)
    assert there.is_offered("docker")
    assert not there.is_offered("digitalocean")
    assert (there.endpoint("docker"), there.endpoint("aws")) == (SOCKET, "http://127.0.0.1:1")


async def test_an_engine_that_does_not_answer_is_not_swept():
    credentials = OwnMachineCredentials(Shelf(AWS), is_there=lambda: False)  # type: ignore[arg-type]
    assert {info.provider for _, info in await credentials.everybody()} == {"aws"}


async def test_nodes_are_reached_as_soon_as_an_engine_answers_though_none_did_at_the_start(monkeypatch):
    answers: list[str] = []
    monkeypatch.setattr(worker, "find_engine", lambda: next(iter(answers), ""))
    credentials = OwnMachineCredentials(Shelf())  # type: ignore[arg-type]
    settings = Settings(installation="inst-1", sandbox={"aws": "http://127.0.0.1:1"})
    open_account = worker.provider_factory(settings, credentials)
    with pytest.raises(ProviderDown) as caught:
        await open_account("docker", credential_ref(ANN, "docker"))
    assert caught.value.is_retryable
    answers.append(SOCKET)
    assert await open_account("docker", credential_ref(ANN, "docker"))
    switched_off = worker.provider_factory(replace(settings, docker=False), credentials)
    with pytest.raises(ProviderDown):
        await switched_off("docker", credential_ref(ANN, "docker"))
