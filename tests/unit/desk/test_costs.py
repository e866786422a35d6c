"""Reports of costs at the Desk: who sees whose, and what is left out of them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from clouddesk.costs import OWN, TEAM, CostWish, as_csv, rows
from clouddesk.model.actor import ADMIN, MEMBER, VIEWER, Actor
from clouddesk.model.costs import PERSON, PROVIDER, REGION, RESERVATION, SOFTWARE, WAYS, CostReport
from clouddesk.model.errors import Denied, NotFound
from clouddesk.model.meter import Reading
from clouddesk.model.reservation import ENDED, RELEASING, RUNNING, Reservation
from tests.builders import NOW, a_reservation
from tests.conversation.memory import MemoryDesk

SINCE = NOW - timedelta(days=2)


def spent(id_: str, owner: str, usd: float, **fields: object) -> Reservation:
    """Over the last ten hours, and ended now."""
    return a_reservation(
        id=id_,
        name=f"name-of-{id_}",
        owner=owner,
        state=ENDED,
        created_at=NOW - timedelta(hours=10),
        ended_at=NOW,
        accrued_usd=usd,
        accrued_at=NOW,
        readings=(Reading(NOW - timedelta(hours=10), 0.0), Reading(NOW, usd)),
        **fields,
    )


@pytest.fixture
def world() -> MemoryDesk:
    world = MemoryDesk()
    world.clock.now = NOW
    for view in (
        spent("r-1", "ann", 4.0),
        spent("r-2", "ann", 1.0, software=None, kind="vm", provider="gcp", region="europe-west1"),
        spent("r-3", "ben", 20.0),
        spent("r-4", "ann", 300.0, workspace_id="other"),
    ):
        world.views.items[view.id] = view
    return world


def wish(*, since: datetime = SINCE, **fields: object) -> CostWish:
    return replace(CostWish(since, NOW), **fields)


async def told(world: MemoryDesk, actor: Actor, **fields: object) -> CostReport:
    return await world.desk.costs.report(actor, wish(**fields))


ANN, BOSS, LOOKER = (
    Actor("local", "ann"),
    Actor("local", "root", roles=(MEMBER, ADMIN)),
    Actor("local", "eve", roles=(VIEWER,)),
)
OTHER_BOSS = Actor("other", "root", roles=(MEMBER, ADMIN))


@pytest.mark.parametrize(
    ("actor", "whose", "total", "owners"),
    [
        (ANN, OWN, 5.0, {"ann"}),
        (ANN, TEAM, 25.0, {""}),
        (LOOKER, OWN, 0.0, set()),
        (LOOKER, TEAM, 25.0, {""}),
        (BOSS, OWN, 0.0, set()),
        (BOSS, TEAM, 25.0, {"ann", "ben"}),
        (OTHER_BOSS, TEAM, 300.0, {"ann"}),
    ],
)
async def test_everybody_sees_their_own_and_the_teams_sum_and_admins_who_spent_it(
    world: MemoryDesk, actor: Actor, whose: str, total: float, owners: set[str]
) -> None:
    report = await told(world, actor, whose=whose)
    assert report.total_usd == pytest.approx(total)
    assert {line.account.owner for line in report.lines} == owners
    if owners == {""}:
        assert "name-of" not in as_csv(report)
        assert "r-" not in as_csv(report)


@pytest.mark.parametrize("whose", [OWN, TEAM])
async def test_what_somebody_else_spent_is_for_admins(world: MemoryDesk, whose: str) -> None:
    assert (await told(world, BOSS, whose=whose, people=("ben",))).total_usd == pytest.approx(20)
    assert (await told(world, ANN, whose=whose, people=("ann",))).total_usd == pytest.approx(5)
    for people in (("ben",), ("ann", "ben")):
        with pytest.raises(Denied):
            await told(world, ANN, whose=whose, people=people)


async def test_a_name_of_somebody_elses_is_not_found(world: MemoryDesk) -> None:
    assert (await told(world, ANN, names=("name-of-r-1",))).total_usd == pytest.approx(4)
    assert (await told(world, BOSS, whose=TEAM, names=("r-3",))).total_usd == pytest.approx(20)
    for name in ("name-of-r-3", "r-3", "nothing"):
        with pytest.raises(NotFound):
            await told(world, ANN, names=(name,))


async def test_a_name_does_not_single_out_somebodys_costs_of_the_teams_sum(world: MemoryDesk) -> None:
    with pytest.raises(NotFound):
        await told(world, ANN, whose=TEAM, names=("name-of-r-3",))


@pytest.mark.parametrize(
    ("field", "value", "total"),
    [
        ("software", "spark", 24.0),
        ("providers", "gcp", 1.0),
        ("regions", "europe-west1", 1.0),
        ("regions", "frankfurt", 24.0),
    ],
)
async def test_what_is_asked_for_is_counted_and_the_rest_is_not(
    world: MemoryDesk, field: str, value: str, total: float
) -> None:
    assert (await told(world, BOSS, whose=TEAM, **{field: (value,)})).total_usd == pytest.approx(total)


async def test_sums_by_whatever_way_come_to_the_same(world: MemoryDesk) -> None:
    report = await told(world, BOSS, whose=TEAM)
    for way in WAYS:
        assert sum(item.cost_usd for item in report.by(way)) == pytest.approx(report.total_usd)
        assert sum(float(row["cost_usd"]) for row in rows(report, way)) == pytest.approx(report.total_usd)
    assert [item.label for item in report.by(PERSON)] == ["ben", "ann"]
    assert [item.label for item in report.by(PROVIDER)] == ["aws", "gcp"]
    assert [item.label for item in report.by(SOFTWARE)] == ["spark", "vm"]
    assert [item.count for item in report.by(REGION)] == [2, 1]
    assert len(report.by(RESERVATION)) == 3


async def test_nothing_more_is_to_come_of_what_is_being_given_back(world: MemoryDesk) -> None:
    fields = {"accrued_at": NOW, "created_at": NOW - timedelta(hours=1), "expires_at": NOW + timedelta(days=10)}
    readings = (Reading(NOW - timedelta(hours=1), 0.0), Reading(NOW, 0.5))
    running = a_reservation(id="r-9", owner="zoe", state=RUNNING, readings=readings, **fields)
    world.views.items["r-9"] = running
    zoe, until = Actor("local", "zoe"), NOW + timedelta(days=20)
    before = await world.desk.costs.report(zoe, wish(until=until))
    assert before.committed_usd > 0
    world.views.items["r-9"] = replace(running, state=RELEASING)
    after = await world.desk.costs.report(zoe, wish(until=until))
    assert (after.committed_usd, after.to_come_usd) == (0, 0)
    assert after.total_usd == before.total_usd


async def test_half_of_the_time_is_half_of_the_cost(world: MemoryDesk) -> None:
    report = await told(world, ANN, since=NOW - timedelta(hours=5))
    assert report.total_usd == pytest.approx(2.5)


async def test_a_file_has_a_line_for_each_reservation_under_names_for_scripts(world: MemoryDesk) -> None:
    report = await told(world, ANN)
    lines = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert [(line["id"], line["cost_usd"], line["owner"]) for line in lines] == [
        ("r-1", "4.0", "ann"),
        ("r-2", "1.0", "ann"),
    ]
    assert as_csv(await told(world, LOOKER)) == ""


def test_a_wish_that_was_kept_is_the_same() -> None:
    kept = wish(whose=TEAM, people=("ann",), software=("spark",), earlier_since=SINCE - timedelta(days=2))
    assert CostWish.read(kept.as_json()) == kept
