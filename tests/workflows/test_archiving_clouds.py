"""The whole life of an archived reservation on the simulated clouds that keep images, through their real drivers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from clouddesk.model.errors import ImagesLost
from clouddesk.model.order import ReservationOrder
from clouddesk.providers import PROVIDERS, LibcloudProvider
from tests.contract.cases import CASES
from tests.contract.conftest import Sandbox, docker_engine, servers
from tests.contract.test_provider_contract import INSTALLATION, Case, wait_until
from tests.workflows.conftest import Bench

__all__ = ["docker_engine", "servers"]

KEEPERS = [name for name in CASES if PROVIDERS[name].image_usd_gb_month is not None]


@dataclass
class SandboxCloud:
    """Opens the provider on its simulated cloud, whoever asks."""

    case: Case

    async def open(self, _name: str, _credential_ref: str) -> LibcloudProvider:
        return self.case.open()


@pytest.fixture(params=KEEPERS)
def case(request: pytest.FixtureRequest, servers: Callable[[str], Sandbox], bench: Bench) -> Case:
    case = Case(request.param, servers(request.param), CASES[request.param])
    bench.other_clouds[case.name] = SandboxCloud(case)  # type: ignore[assignment]
    bench.use_timing(provision_seconds=60.0, power_seconds=60.0, trouble_after_seconds=60.0)
    return case


async def archived(bench: Bench, case: Case) -> ReservationOrder:
    order = bench.order(provider=case.name, reservation_id=f"{case.reservation_id}-{bench.queue[-8:]}")
    nodes = replace(case.order(*(plan.key for plan in order.nodes.nodes)), reservation_id=order.reservation_id)
    order = replace(order, nodes=replace(nodes, installation=INSTALLATION))
    await bench.engine.start(order)
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.archive(order.reservation_id, by="ann")
    await bench.until(order, lambda view: view.state == "archived", seconds=120)
    return order


def left(case: Case, order: ReservationOrder) -> set[str]:
    """Kinds of what the cloud has of the reservation."""
    survey = case.open().survey()
    found = {item.kind for item in survey.belongings if item.reservation_id == order.reservation_id}
    return found | {"node" for node in survey.nodes if node.reservation_id == order.reservation_id}


async def test_archived_it_has_only_images_and_started_it_has_machines_made_from_them(bench: Bench, case: Case) -> None:
    order = await archived(bench, case)
    assert "image" in left(case, order)
    # A survey of a whole account tells of what has just ended for a moment longer.
    wait_until(lambda: not left(case, order) & {"node", "disk", "address"}, seconds=10)
    view = await bench.engine.get(order.reservation_id)
    assert {image.id for image in view.images} == {
        image.id for image in case.open().get_images(order.reservation_id, case.region)
    }
    await bench.engine.start_nodes(order.reservation_id, by="ann")
    view = await bench.until(order, lambda view: view.state == "running" and not view.images, seconds=120)
    assert {node.key for node in view.nodes} == {"node-0", "node-1"}
    assert {node.key for node in case.open().get_nodes(order.reservation_id, case.region)} == {"node-0", "node-1"}
    # A node of one's own machine stands on its image, which is part of its disk then.
    wait_until(lambda: case.open().get_images(order.reservation_id, case.region) == [])
    await bench.engine.release(order.reservation_id, by="ann")
    await bench.ended(order)
    assert left(case, order) == set()


async def test_images_that_somebody_deletes_are_missing_in_the_survey_and_told_to_be_lost(
    bench: Bench, case: Case
) -> None:
    order = await archived(bench, case)
    kept = (await bench.engine.get(order.reservation_id)).images
    assert {image.id for image in kept} <= {item.id for item in case.open().survey().belongings}
    wait_until(lambda: not case.open().delete_images(order.reservation_id, case.region))
    assert not {image.id for image in kept} & {item.id for item in case.open().survey().belongings}
    await bench.handle(order).signal("look")
    await bench.until(order, lambda view: view.has_lost_images, seconds=60)
    with pytest.raises(ImagesLost):
        await bench.engine.start_nodes(order.reservation_id, by="ann")
    await bench.engine.release(order.reservation_id, by="ann")
    await bench.ended(order)
    assert left(case, order) == set()


async def test_a_release_of_what_is_archived_leaves_nothing(bench: Bench, case: Case) -> None:
    order = await archived(bench, case)
    await bench.engine.release(order.reservation_id, by="ann")
    await bench.ended(order)
    assert left(case, order) == set()


async def test_a_cloud_that_fails_while_images_are_asked_for_makes_none_twice(bench: Bench, case: Case) -> None:
    case.sandbox.fault("drop_after_accept", match={"operation": "keep"})
    order = await archived(bench, case)
    images = case.open().get_images(order.reservation_id, case.region)
    assert sorted(image.key for image in images) == ["node-0", "node-1"]
    await bench.engine.release(order.reservation_id, by="ann")
    await bench.ended(order)
    assert left(case, order) == set()
