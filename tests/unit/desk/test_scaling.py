"""What another number of machines costs, what is refused, and that a yes goes by what was shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clouddesk.model.actor import Actor
from clouddesk.model.errors import LimitExceeded, OfferChanged, WrongState
from clouddesk.model.invalid import CannotScale, ClusterTooSmall, SameSize, TooFewMachines, UnknownMake
from clouddesk.model.node import GONE, STOPPED
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import SCALING, Reservation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")


async def a_cluster(world: MemoryDesk, software: str = "spark", **changes: Any) -> Reservation:
    """Four machines at $0.125 an hour for eight hours, two of which are over."""
    await world.accounts.welcome(ANN.person)
    request = ResourceRequest(kind="cluster", software=(software,), count=4, region="fra1")
    made = await world.desk.reserve(ANN, (await world.desk.quote(ANN, request)).id, conversation="local:console:-:ann")
    world.engine.finish_provisioning(made.id)
    world.clock.forward(hours=2)
    world.views.items[made.id] = item = replace(world.views.items[made.id], **changes)
    return item


async def test_further_machines_cost_todays_price_of_the_same_offer_until_the_end() -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    world.catalog.reprice("s-4vcpu-16gb-amd", 0.2)
    quote = await world.desk.scaling.quote(ANN, item.id, 6)
    assert (quote.scale.before, quote.scale.count, quote.scale.role) == (4, 6, "worker")
    assert quote.scale.hourly_price_usd == pytest.approx(0.2)
    assert quote.scale.stopped_hourly_price_usd == pytest.approx(0.2), "DigitalOcean bills what is off"
    assert quote.hourly_price_usd == pytest.approx(4 * 0.125 + 2 * 0.2)
    assert quote.difference_usd == pytest.approx(2 * 0.2 * 6)


async def test_machines_that_were_adopted_get_no_others_beside_them_and_none_is_let_go() -> None:
    world = MemoryDesk()
    item = await a_cluster(world, disk_gb=0.0)
    for count in (3, 5):
        with pytest.raises(UnknownMake):
            await world.desk.scaling.quote(ANN, item.id, count)


async def test_without_a_price_of_today_the_others_price_counts() -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    world.catalog.reprice("s-4vcpu-16gb-amd", None)
    assert (await world.desk.scaling.quote(ANN, item.id, 5)).scale.hourly_price_usd == pytest.approx(0.125)


async def test_fewer_machines_save_their_share() -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    quote = await world.desk.scaling.quote(ANN, item.id, 2)
    assert (quote.hourly_price_usd, quote.difference_usd) == (pytest.approx(0.25), pytest.approx(-2 * 0.125 * 6))


async def test_machines_that_are_gone_do_not_count() -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    nodes = (*item.nodes[:3], replace(item.nodes[3], state=GONE))
    world.views.items[item.id] = replace(item, nodes=nodes)
    quote = await world.desk.scaling.quote(ANN, item.id, 4)
    assert (quote.scale.before, quote.hourly_price_usd) == (3, pytest.approx(4 * 0.125))


@pytest.mark.parametrize(
    ("count", "error"), [(0, TooFewMachines), (1, ClusterTooSmall), (4, SameSize), (101, LimitExceeded)]
)
async def test_numbers_that_make_no_sense_are_refused(count: int, error: type[Exception]) -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    with pytest.raises(error):
        await world.desk.scaling.quote(ANN, item.id, count)


@pytest.mark.parametrize(("software", "count"), [("hadoop", 3), ("kafka", 5), ("kafka", 3)])
async def test_software_that_cannot_is_refused_and_bare_machines_are_not(software: str, count: int) -> None:
    world = MemoryDesk()
    item = await a_cluster(world, software, found=("it works",))
    with pytest.raises(CannotScale):
        await world.desk.scaling.quote(ANN, item.id, count)
    world.views.items[item.id] = replace(item, found=())
    assert (await world.desk.scaling.quote(ANN, item.id, count)).scale.count == count


async def test_a_cluster_whose_blueprint_is_gone_is_not_scaled() -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    del world.desk.blueprints_by_name["spark"]
    with pytest.raises(CannotScale):
        await world.desk.scaling.quote(ANN, item.id, 5)


async def test_a_region_that_no_price_list_knows_any_more_costs_what_the_others_cost() -> None:
    world = MemoryDesk()
    item = await a_cluster(world, region="atlantis")
    assert (await world.desk.scaling.quote(ANN, item.id, 5)).scale.hourly_price_usd == pytest.approx(0.125)


async def test_software_that_can_only_grow_grows() -> None:
    world = MemoryDesk()
    item = await a_cluster(world, "hadoop", found=("it works",))
    assert (await world.desk.scaling.quote(ANN, item.id, 5)).scale.count == 5


async def test_only_what_runs_as_a_whole_is_scaled() -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    mixed = (*item.nodes[:3], replace(item.nodes[3], state=STOPPED))
    for changes in ({"state": "stopped"}, {"state": SCALING}, {"nodes": mixed}):
        world.views.items[item.id] = replace(item, **changes)  # type: ignore[arg-type]
        with pytest.raises(WrongState):
            await world.desk.scaling.quote(ANN, item.id, 5)


async def test_a_yes_goes_by_the_price_and_the_number_that_were_shown() -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    agreed = (await world.desk.scaling.quote(ANN, item.id, 6)).scale
    world.catalog.reprice("s-4vcpu-16gb-amd", 0.2)
    with pytest.raises(OfferChanged):
        await world.desk.scaling.scale(ANN, item.id, agreed, request_id="one")
    world.catalog.reprice("s-4vcpu-16gb-amd", 0.1)
    with pytest.raises(OfferChanged):
        await world.desk.scaling.scale(ANN, item.id, replace(agreed, before=5), request_id="one")
    done = await world.desk.scaling.scale(ANN, item.id, agreed, request_id="one")
    assert (done.node_count, done.hourly_price_usd) == (6, pytest.approx(4 * 0.125 + 2 * 0.1)), "cheaper is as well"


@pytest.mark.parametrize("meanwhile", [{"state": SCALING, "scaling_to": 6}, {}], ids=["under way", "done"])
async def test_a_yes_whose_answer_was_lost_is_answered_once_more(meanwhile: dict[str, Any]) -> None:
    world = MemoryDesk()
    item = await a_cluster(world)
    agreed = (await world.desk.scaling.quote(ANN, item.id, 6)).scale
    await world.desk.scaling.scale(ANN, item.id, agreed, request_id="one")
    world.views.items[item.id] = replace(world.views.items[item.id], **meanwhile)
    again = await world.desk.scaling.scale(ANN, item.id, agreed, request_id="one")
    assert (again.id, again.node_count) == (item.id, 6)
    with pytest.raises((WrongState, SameSize)):
        await world.desk.scaling.scale(ANN, item.id, agreed, request_id="another")


async def test_machines_that_are_no_cluster_are_nodes() -> None:
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    made = await world.desk.reserve(
        ANN, (await world.desk.quote(ANN, ResourceRequest(kind="vm"))).id, conversation="local:console:-:ann"
    )
    world.engine.finish_provisioning(made.id)
    assert (await world.desk.scaling.quote(ANN, made.id, 2)).scale.role == "node"
