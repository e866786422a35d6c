"""What machines cost that are adopted: looked up anew, each by its size, and unknown is never nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import cards
from clouddesk import budget_words
from clouddesk.language.money import money
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.approval import DONE, OverBudget
from clouddesk.model.budget import HOUR, MACHINES, MONTH, Bound
from clouddesk.model.credentials import credential_ref
from clouddesk.model.node import RUNNING, Node
from clouddesk.model.notice import EXPIRING
from clouddesk.model.orphan import Orphan
from clouddesk.workflows.notices import make_notice
from connectors.slack.lists import as_csv
from tests.builders import a_reservation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")
ROOT = Actor("local", "root", roles=(ADMIN, MEMBER))
DISK = 20 * 0.08 / 730


@pytest.fixture
def world() -> MemoryDesk:
    return MemoryDesk()


async def lost(world: MemoryDesk, *sizes: str, region: str = "us-east-1") -> None:
    """Machines of Ann's on AWS that nothing looks after."""
    nodes = tuple(
        Node(f"i-{number}", f"node-{number}", "node", RUNNING, "aws", region, size, reservation_id="r-0bad0001")
        for number, size in enumerate(sizes, 1)
    )
    found = Orphan(
        id="o-1",
        provider="aws",
        credential_ref=credential_ref(ANN.person, "aws"),
        workspace_id="local",
        owner="ann",
        reservation_id="r-0bad0001",
        name="spark-1",
        nodes=nodes,
        belongings=(),
        found_at=world.clock(),
        account_id="1",
    )
    await world.orphans.note(found)


async def test_machines_of_several_sizes_are_priced_each_by_its_own(world: MemoryDesk) -> None:
    await lost(world, "t3.medium", "t3.medium", "m5.xlarge")
    adopted = await world.desk.orphans.adopt(ANN, "o-1")
    assert adopted.hourly_price_usd == pytest.approx(2 * 0.0416 + 0.192 + 3 * DISK)
    assert not adopted.is_unpriced


async def test_a_price_that_was_agreed_counts_for_the_size_that_it_was_agreed_for(world: MemoryDesk) -> None:
    before = a_reservation(
        id="r-0bad0001", provider="aws", region="us-east-1", size="t3.medium", node_count=2, hourly_price_usd=0.06
    )
    world.views.items[before.id] = replace(before, owner="ann")
    await lost(world, "t3.medium", "m5.xlarge")
    adopted = await world.desk.orphans.adopt(ANN, "o-1")
    assert adopted.hourly_price_usd == pytest.approx(0.03 + 0.192 + DISK)


async def test_prices_are_looked_up_anew_before(world: MemoryDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def refresh_offers(catalog: object) -> tuple[str, ...]:
        asked.append(world.catalog.reprice("t3.medium", 0.09))
        return ()

    monkeypatch.setattr(world.accounts, "refresh_offers", refresh_offers)
    await lost(world, "t3.medium")
    adopted = await world.desk.orphans.adopt(ANN, "o-1")
    assert (len(asked), adopted.hourly_price_usd) == (1, pytest.approx(0.09 + DISK))


@pytest.mark.parametrize(("size", "region"), [("x99.mystery", "us-east-1"), ("t3.medium", "atlantis-1")])
async def test_an_unknown_price_is_said_to_be_unknown(world: MemoryDesk, size: str, region: str) -> None:
    await lost(world, size, region=region)
    adopted = await world.desk.orphans.adopt(ANN, "o-1")
    assert adopted.is_unpriced
    line = cards.reservation_line(adopted, ANN, world.clock())
    assert "price unknown" in line
    assert "$0/h" not in line


@pytest.mark.parametrize("measure", [MONTH, HOUR, "lease"])
@pytest.mark.parametrize("whose", ["ann", "team"])
async def test_an_unknown_price_is_within_no_budget_and_takes_an_approval(
    world: MemoryDesk, whose: str, measure: str
) -> None:
    await world.desk.budgets.set(ROOT, whose, {measure: Bound(1000)})
    await lost(world, "t3.medium", "x99.mystery")
    with pytest.raises(OverBudget) as refused:
        await world.desk.orphans.adopt(ANN, "o-1")
    assert "what this costs is not known" in budget_words.reasons(refused.value.findings, "your")
    approval = await world.desk.approvals.ask(ANN, refused.value, conversation="c")
    (asked,) = (item for item in world.notices.sent if item.kind == "approval_asked")
    assert "price unknown" in asked.values["what"]
    assert "$" not in asked.values["what"]
    done, adopted = await world.desk.approvals.approve(ROOT, approval.id)
    assert (done.status, adopted and adopted.is_unpriced) == (DONE, True)


async def test_what_it_costs_longer_is_not_known_either(world: MemoryDesk) -> None:
    await lost(world, "x99.mystery")
    adopted = await world.desk.orphans.adopt(ANN, "o-1")
    assert money(await world.desk.leases.extension_price_usd(ANN, adopted.id, 3600)) == "an unknown price"
    warned = make_notice(adopted, EXPIRING, world.clock())
    assert {warned.values[name] for name in ("hourly", "up_hourly", "extension")} == {"an unknown price"}
    assert as_csv([adopted], world.clock()).splitlines()[1].split(",")[12] == ""


async def test_keeping_it_longer_takes_one_as_well(world: MemoryDesk) -> None:
    await lost(world, "x99.mystery")
    adopted = await world.desk.orphans.adopt(ANN, "o-1")
    await world.desk.budgets.set(ROOT, "ann", {MONTH: Bound(1000)})
    with pytest.raises(OverBudget):
        await world.desk.leases.extend(ANN, adopted.id, 3600, request_id="one")
    world.clock.forward(minutes=1)
    assert world.views.items[adopted.id].expires_at - adopted.expires_at < timedelta(seconds=1)


async def test_a_number_of_machines_is_known_whatever_they_cost(world: MemoryDesk) -> None:
    await world.desk.budgets.set(ROOT, "ann", {MACHINES: Bound(1), MONTH: Bound(warn=1)})
    await lost(world, "x99.mystery")
    assert (await world.desk.orphans.adopt(ANN, "o-1")).is_unpriced
