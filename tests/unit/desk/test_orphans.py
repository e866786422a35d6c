"""Who may settle an orphan how, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.model.actor import ADMIN, MEMBER, OPERATOR, Actor, Person
from clouddesk.model.credentials import CredentialInfo, credential_ref
from clouddesk.model.errors import CredentialsMissing, Denied, NotFound, Unavailable, Undecided, WrongState
from clouddesk.model.node import RUNNING, Node
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.model.reservation import Reservation
from tests.builders import NOW, a_reservation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")
ADMINISTRATOR = Actor("local", "boss", roles=(MEMBER, ADMIN))


def orphan(**changes: object) -> Orphan:
    """Two machines of Ann's, reached with her own key."""
    size, region = "t3.medium", "us-east-1"
    nodes = tuple(
        Node(f"i-{number}", f"node-{number}", "node", RUNNING, "aws", region, size, reservation_id="r-0bad0001")
        for number in (1, 2)
    )
    found = Orphan(
        id="o-00000001",
        provider="aws",
        credential_ref=credential_ref(ANN.person, "aws"),
        workspace_id="local",
        owner="ann",
        reservation_id="r-0bad0001",
        name="spark-1",
        nodes=nodes,
        belongings=(),
        found_at=NOW,
        account_id="1",
    )
    return replace(found, **changes)  # type: ignore[arg-type]


@pytest.fixture
def world() -> MemoryDesk:
    return MemoryDesk()


def give_access(world: MemoryDesk, person: Person, account_id: str) -> None:
    world.accounts.infos[person] = [CredentialInfo("aws", "team", NOW, NOW, account_id=account_id)]


async def test_a_reservation_never_hangs_on_somebody_elses_key(world: MemoryDesk) -> None:
    await world.orphans.note(orphan(credential_ref="people/local/bob/aws"))
    with pytest.raises(CredentialsMissing):
        await world.desk.orphans.adopt(ANN, "o-00000001")
    give_access(world, ANN.person, "another account")
    with pytest.raises(CredentialsMissing):
        await world.desk.orphans.adopt(ANN, "o-00000001")
    give_access(world, ANN.person, "1")
    assert (await world.desk.orphans.adopt(ANN, "o-00000001")).owner == "ann"
    assert await world.desk.orphans.all(ANN) == []


async def test_what_nobody_of_the_workspace_can_reach_is_not_said_to_be_deleted(world: MemoryDesk) -> None:
    await world.orphans.note(orphan(credential_ref=""))
    with pytest.raises(CredentialsMissing):
        await world.desk.orphans.delete(ANN, "o-00000001")
    give_access(world, ANN.person, "1")
    await world.desk.orphans.delete(ANN, "o-00000001")
    assert world.engine.cleared == ["o-00000001"]


async def test_what_carries_no_reservations_tag_is_only_told(world: MemoryDesk) -> None:
    await world.orphans.note(orphan(reservation_id=""))
    for settle in (world.desk.orphans.adopt, world.desk.orphans.delete):
        with pytest.raises(WrongState):
            await settle(ANN, "o-00000001")
    await world.desk.orphans.keep(ANN, "o-00000001")
    assert (await world.desk.orphans.get(ANN, "o-00000001")).is_kept
    assert world.engine.cleared == []


async def test_what_has_no_owner_is_for_admins_and_cannot_be_adopted(world: MemoryDesk) -> None:
    await world.orphans.note(orphan(owner=""))
    with pytest.raises(NotFound):
        await world.desk.orphans.keep(ANN, "o-00000001")
    with pytest.raises(WrongState):
        await world.desk.orphans.adopt(ADMINISTRATOR, "o-00000001")
    await world.desk.orphans.delete(ADMINISTRATOR, "o-00000001")


async def test_an_adopted_reservation_has_its_old_name_also_after_a_long_time(world: MemoryDesk) -> None:
    world.views.items["r-0bad0001"] = a_reservation(id="r-0bad0001", name="spark-1", node_count=2)
    await world.orphans.note(orphan())
    assert (await world.desk.orphans.adopt(ANN, "o-00000001")).name == "spark-1"


@pytest.mark.parametrize(
    ("provider", "region", "size", "running", "stopped"),
    [
        ("aws", "us-east-1", "t3.medium", 0.0416 + 20 * 0.08 / 730, 20 * 0.08 / 730),
        ("digitalocean", "nyc1", "s-2vcpu-4gb", 0.03571, 0.03571),
    ],
)
async def test_what_no_view_tells_the_price_of_is_priced_by_the_catalogue(
    world: MemoryDesk, provider: str, region: str, size: str, running: float, stopped: float
) -> None:
    found = orphan(provider=provider, credential_ref=credential_ref(ANN.person, provider))
    nodes = tuple(replace(node, provider=provider, region=region, size=size) for node in found.nodes)
    await world.orphans.note(replace(found, nodes=nodes))
    adopted = await world.desk.orphans.adopt(ANN, "o-00000001")
    assert adopted.hourly_price_usd == pytest.approx(2 * running)
    assert adopted.stopped_hourly_price_usd == pytest.approx(2 * stopped)


async def test_an_admin_is_told_of_the_own_workspace_and_the_operator_of_all(
    world: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sweep() -> SweepReport:
        return SweepReport(orphans=[orphan(), orphan(id="o-2", workspace_id="other")])

    monkeypatch.setattr(world.engine, "sweep", sweep)
    with pytest.raises(Denied):
        await world.desk.orphans.sweep(ANN)
    assert [item.id for item in (await world.desk.orphans.sweep(ADMINISTRATOR)).orphans] == ["o-00000001"]
    operator = Actor("local", "operator", roles=(MEMBER, ADMIN, OPERATOR))
    assert len((await world.desk.orphans.sweep(operator)).orphans) == 2


async def test_what_is_being_deleted_can_no_longer_be_kept(world: MemoryDesk) -> None:
    await world.orphans.note(orphan())
    await world.desk.orphans.delete(ADMINISTRATOR, "o-00000001")
    with pytest.raises(WrongState) as refusal:
        await world.desk.orphans.keep(ANN, "o-00000001")
    assert (refusal.value.state, refusal.value.wanted) == ("releasing", "keep")
    assert not (await world.desk.orphans.get(ANN, "o-00000001")).is_kept
    assert [entry async for entry in world.desk.audit(ADMINISTRATOR, since=NOW)] == []


async def test_a_deletion_that_is_refused_leaves_no_mark(world: MemoryDesk) -> None:
    await world.orphans.note(orphan())
    world.engine.fault = WrongState("spark-1", state="running", wanted="delete")
    with pytest.raises(WrongState):
        await world.desk.orphans.delete(ANN, "o-00000001")
    await world.desk.orphans.keep(ANN, "o-00000001")
    assert (await world.desk.orphans.get(ANN, "o-00000001")).is_kept


async def test_keeping_twice_is_one_fact(world: MemoryDesk) -> None:
    await world.orphans.note(orphan())
    for _ in range(2):
        world.clock.forward(hours=1)
        await world.desk.orphans.keep(ANN, "o-00000001")
    (entry,) = [entry async for entry in world.desk.audit(ANN, since=NOW)]
    assert (entry.action, entry.facts) == ("orphan_settled", {"provider": "aws", "what": "kept"})


async def test_an_adoption_that_was_made_is_told_though_nobody_answers_for_it_yet(
    world: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_reservation_id: str) -> Reservation:
        raise Unavailable("the worker")

    await world.orphans.note(orphan())
    monkeypatch.setattr(world.engine, "get", silent)
    adopted = await world.desk.orphans.adopt(ANN, "o-00000001")
    assert (adopted.id, adopted.state, len(adopted.nodes)) == ("r-0bad0001", "running", 2)


async def test_credentials_that_are_stored_are_said_to_be_and_written_down_though_temporal_is_silent(
    world: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = CredentialInfo("aws", "team", NOW, NOW, account_id="1")
    signalled = []

    async def add(*_: object, **__: object) -> CredentialInfo:
        return given

    async def silent(reservation_id: str) -> None:
        signalled.append(reservation_id)
        raise Undecided("Temporal")

    world.views.items["r-1"] = a_reservation(id="r-1")
    monkeypatch.setattr(world.accounts, "add", add)
    monkeypatch.setattr(world.engine, "credentials_renewed", silent)
    assert await world.desk.add_credentials(ANN, "aws", {}) == given
    assert signalled == ["r-1"]
    assert [entry.action async for entry in world.desk.audit(ANN, since=NOW)] == ["credentials_added"]


async def test_a_deletion_goes_on_at_once_with_anybodys_new_credentials_for_the_account(
    world: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    signalled = []

    async def add(person: Person, *_: object, **__: object) -> CredentialInfo:
        return CredentialInfo("aws", "team", NOW, NOW, account_id="1" if person.user_id == "bob" else "2")

    async def renewed(reservation_id: str) -> None:
        signalled.append(reservation_id)

    monkeypatch.setattr(world.accounts, "add", add)
    monkeypatch.setattr(world.engine, "credentials_renewed", renewed)
    await world.orphans.note(orphan(is_being_deleted=True))
    await world.orphans.note(orphan(id="o-2", reservation_id="r-0bad0002"))
    await world.desk.add_credentials(Actor("local", "cid"), "aws", {})
    await world.desk.add_credentials(Actor("other", "bob"), "aws", {})
    assert signalled == []
    await world.desk.add_credentials(Actor("local", "bob"), "aws", {})
    assert signalled == ["r-0bad0001"]
