"""What every provider that keeps images of machines' disks keeps to, through its real driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from tenacity import wait_none

from clouddesk.model.errors import ProviderDown, RequestRejected
from clouddesk.model.invalid import CannotArchive
from clouddesk.model.node import AVAILABLE, ERROR, RUNNING, STOPPED, NodeImage, NodeOrder, NodePlan
from clouddesk.providers import PROVIDERS, LibcloudProvider, faults
from tests.contract.aws_api import client
from tests.contract.cases import CASES
from tests.contract.conftest import Sandbox
from tests.contract.digitalocean_api import Api
from tests.contract.test_provider_contract import INSTALLATION, Case, states, wait_until

KEEPERS = [name for name in CASES if PROVIDERS[name].image_usd_gb_month is not None]
OTHERS = [name for name in CASES if name not in KEEPERS]


@pytest.fixture(params=KEEPERS)
def case(request: pytest.FixtureRequest, servers: Callable[[str], Sandbox]) -> Iterator[Case]:
    sandbox = servers(request.param)
    case = Case(request.param, sandbox, CASES[request.param])
    yield case
    sandbox.clear_faults()
    provider = case.open()
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)


def stopped(case: Case, *keys: str, installation: str = INSTALLATION) -> NodeOrder:
    """The order of machines that were made by it, ran and are off."""
    provider = case.open(installation=installation)
    order = case.order(*keys, installation=installation)
    provider.create_nodes(order)
    turn(provider, case, RUNNING)
    provider.stop_nodes(case.reservation_id, case.region)
    turn(provider, case, STOPPED)
    return order


def turn(provider: LibcloudProvider, case: Case, state: str) -> None:
    wait_until(lambda: states(provider.get_nodes(case.reservation_id, case.region)) == {state})


def images(case: Case, installation: str = INSTALLATION) -> list[NodeImage]:
    return case.open(installation=installation).get_images(case.reservation_id, case.region)


def keep(case: Case, order: NodeOrder) -> list[NodeImage]:
    """Until all are available, asked for again and again as a workflow does."""
    provider = case.open(installation=order.installation)
    wait_until(lambda: {image.state for image in provider.keep_images(order)} == {AVAILABLE})
    return images(case, order.installation)


def end(case: Case) -> None:
    """The machines, and nothing else."""
    provider = case.open()
    ids = [node.id for node in provider.get_nodes(case.reservation_id, case.region)]
    provider.end_nodes(case.reservation_id, case.region, ids)
    wait_until(lambda: provider.get_nodes(case.reservation_id, case.region) == [])


def restored(order: NodeOrder, kept: list[NodeImage]) -> NodeOrder:
    by_key = {image.key: image.id for image in kept}
    return replace(order, nodes=tuple(replace(plan, image=by_key.get(plan.key, "")) for plan in order.nodes))


def test_each_machine_that_is_off_gets_one_image_however_often_it_is_asked_for(case: Case) -> None:
    order = stopped(case, "controller", "worker-1")
    nodes = case.open().get_nodes(case.reservation_id, case.region)
    asked = case.open().keep_images(order)
    assert [(image.key, image.node_id) for image in asked] == [(node.key, node.id) for node in nodes]
    case.open().keep_images(order)
    kept = keep(case, order)
    assert [(image.key, image.state) for image in kept] == [("controller", AVAILABLE), ("worker-1", AVAILABLE)]
    assert all(image.size_gb > 0 for image in kept)
    assert case.open().keep_images(order) == kept
    assert images(case) == kept


def test_an_image_that_somebody_else_has_asked_for_at_once_is_not_doubled(case: Case) -> None:
    order = stopped(case, "node-1")
    case.sandbox.fault("drop_after_accept", match={"operation": "keep"})
    assert [image.key for image in keep(case, order)] == ["node-1"]


def test_what_was_begun_is_completed(case: Case) -> None:
    order = stopped(case, "node-1", "node-2")
    first = case.open().keep_images(replace(order, nodes=order.nodes[:1]))
    assert [image.key for image in first] == ["node-1"]
    kept = keep(case, order)
    assert [image.key for image in kept] == ["node-1", "node-2"]
    assert [image.node_id for image in kept] == [
        node.id for node in case.open().get_nodes(case.reservation_id, case.region)
    ]


def test_machines_that_run_are_passed_over(case: Case) -> None:
    order = case.order("node-1")
    case.open().create_nodes(order)
    turn(case.open(), case, RUNNING)
    assert case.open().keep_images(order) == []
    assert images(case) == []


def test_an_image_that_failed_is_made_anew(case: Case) -> None:
    order = stopped(case, "node-1")
    case.sandbox.fault("broken_node", match={"operation": "keep"})
    provider = case.open()
    provider.keep_images(order)
    wait_until(lambda: {image.state for image in images(case)} <= {ERROR})
    kept = keep(case, order)
    assert [(image.key, image.state) for image in kept] == [("node-1", AVAILABLE)]


def test_machines_are_made_again_from_their_images(case: Case) -> None:
    order = stopped(case, "controller", "worker-1")
    before = case.open().get_nodes(case.reservation_id, case.region)
    kept = keep(case, order)
    end(case)
    assert images(case) == kept, "images outlive their machines"
    again = restored(order, kept)
    made = case.open().create_nodes(again)
    assert [node.id for node in case.open().create_nodes(again)] == [node.id for node in made]
    turn(case.open(), case, RUNNING)
    nodes = case.open().get_nodes(case.reservation_id, case.region)
    assert [(node.key, node.role, node.login) for node in nodes] == [
        ("controller", "controller", case.facts.login),
        ("worker-1", "worker", case.facts.login),
    ]
    assert not {node.id for node in nodes} & {node.id for node in before}


def test_a_machine_gets_its_own_image_also_when_another_could_not_be_made(case: Case) -> None:
    order = stopped(case, "node-1", "node-2", "node-3")
    kept = keep(case, order)
    end(case)
    # One of them has lost its image, and another began without one.
    again = restored(order, [image for image in kept if image.key == "node-2"])
    wrong = replace(again, nodes=(replace(again.nodes[0], image="0"), *again.nodes[1:]))
    with pytest.raises(RequestRejected):
        case.open().create_nodes(wrong)
    made = {node.key for node in case.open().get_nodes(case.reservation_id, case.region)}
    assert made <= {"node-2", "node-3"}, "none has taken the key, and so the place, of the one that is missing"
    assert [node.key for node in case.open().create_nodes(again)] == ["node-1", "node-2", "node-3"]


def test_an_image_that_is_gone_makes_no_machine(case: Case) -> None:
    order = stopped(case, "node-1")
    kept = keep(case, order)
    end(case)
    wait_until(lambda: case.open().delete_images(case.reservation_id, case.region) == ())
    with pytest.raises(RequestRejected):
        case.open().create_nodes(restored(order, kept))
    assert case.open().get_nodes(case.reservation_id, case.region) == []


def test_an_image_of_an_earlier_machine_is_never_taken_for_the_new_ones(case: Case) -> None:
    order = stopped(case, "node-1")
    kept = keep(case, order)
    end(case)
    provider = case.open()
    (made,) = provider.create_nodes(restored(order, kept))
    turn(provider, case, RUNNING)
    provider.stop_nodes(case.reservation_id, case.region)
    turn(provider, case, STOPPED)
    assert [(image.key, image.node_id) for image in keep(case, order)] == [("node-1", made.id)]
    assert kept[0].id not in {image.id for image in images(case)}


def test_images_are_deleted_while_their_machines_run(case: Case) -> None:
    order = stopped(case, "node-1")
    kept = keep(case, order)
    end(case)
    case.open().create_nodes(restored(order, kept))
    turn(case.open(), case, RUNNING)
    wait_until(lambda: case.open().delete_images(case.reservation_id, case.region) == ())
    assert images(case) == []
    assert states(case.open().get_nodes(case.reservation_id, case.region)) == {RUNNING}
    assert case.open().delete_images(case.reservation_id, case.region) == ()


def test_a_teardown_deletes_images_and_is_complete_only_then(case: Case) -> None:
    order = stopped(case, "node-1")
    keep(case, order)
    provider = case.open()
    wait_until(lambda: not provider.destroy_nodes(case.reservation_id, case.region).nodes)
    wait_until(lambda: provider.destroy_nodes(case.reservation_id, case.region).is_complete)
    assert images(case) == []
    assert case.reservation_id not in {item.reservation_id for item in provider.survey().belongings}


def test_a_survey_finds_images_that_are_left_over(case: Case) -> None:
    kept = keep(case, stopped(case, "node-1"))
    end(case)
    found = [item for item in case.open().survey().belongings if item.reservation_id == case.reservation_id]
    told = [item for item in found if item.kind == "image"]
    assert {image.id for image in kept} <= {item.id for item in told}
    assert {(item.owner, item.region) for item in told} == {("local/ann", case.region)}


def test_images_of_another_installation_are_neither_seen_nor_touched(case: Case) -> None:
    theirs = keep(case, stopped(case, "node-1", installation="inst-other"))
    other = case.open(installation="inst-other")
    provider = case.open()
    assert provider.get_images(case.reservation_id, case.region) == []
    assert provider.delete_images(case.reservation_id, case.region) == ()
    assert provider.destroy_nodes(case.reservation_id, case.region).is_complete
    assert case.reservation_id not in {item.reservation_id for item in provider.survey().belongings}
    assert other.get_images(case.reservation_id, case.region) == theirs
    wait_until(lambda: other.destroy_nodes(case.reservation_id, case.region).is_complete)


def test_a_cloud_that_stays_down_is_told_as_such(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_BACK_OFF", wait_none())
    order = stopped(case, "node-1")
    case.sandbox.fault("server_error", count=None, match={"operation": "keep"})
    with pytest.raises(ProviderDown):
        case.open().keep_images(order)
    case.sandbox.clear_faults()
    assert [image.key for image in keep(case, order)] == ["node-1"]


@pytest.mark.parametrize("case", ["aws"], indirect=True)
def test_a_snapshot_whose_image_is_gone_already_is_found_and_deleted(case: Case) -> None:
    order = stopped(case, "node-1")
    (kept,) = keep(case, order)
    ec2 = client(case.sandbox, region=case.region)
    # As when somebody is cut off between the two.
    ec2.deregister_image(ImageId=kept.id)
    (left,) = images(case)
    assert (left.state, left.key, left.node_id) == (ERROR, "node-1", kept.node_id)
    (again,) = keep(case, order)
    assert again.id not in (kept.id, left.id)
    ec2.deregister_image(ImageId=again.id)
    end(case)
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)
    filters = [{"Name": "tag:clouddesk-reservation", "Values": [case.reservation_id]}]
    assert ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"] == []


@pytest.mark.parametrize("case", ["aws"], indirect=True)
def test_an_image_that_is_listed_late_is_waited_for_and_not_doubled(case: Case) -> None:
    order = stopped(case, "node-1")
    case.sandbox.fault("late_listing", seconds=2, match={"operation": "keep"})
    assert [image.key for image in keep(case, order)] == ["node-1"]
    filters = [{"Name": "tag:clouddesk-reservation", "Values": [case.reservation_id]}]
    assert len(client(case.sandbox, region=case.region).describe_images(Filters=filters)["Images"]) == 1


@pytest.mark.parametrize("case", ["digitalocean"], indirect=True)
def test_of_two_images_of_one_machine_the_older_stays(case: Case) -> None:
    order = stopped(case, "node-1")
    (kept,) = keep(case, order)
    api = Api(case.sandbox)
    (name,) = [item["name"] for item in api.get("/images?private=true")["images"] if str(item["id"]) == kept.id]
    api.ask("POST", f"/droplets/{kept.node_id}/actions", {"type": "snapshot", "name": name})
    wait_until(lambda: len(images(case)) == 2)
    assert case.open().keep_images(order) == [kept]


@pytest.mark.parametrize("case", ["digitalocean"], indirect=True)
def test_snapshots_that_people_made_are_left_alone(case: Case) -> None:
    order = stopped(case, "node-1")
    (kept,) = keep(case, order)
    api = Api(case.sandbox)
    for name in ("before the upgrade", "clouddesk-image:inst-contract", f"clouddesk-image:{case.reservation_id}:a:b"):
        api.ask("POST", f"/droplets/{kept.node_id}/actions", {"type": "snapshot", "name": name})
        api.wait_until_free(int(kept.node_id))
    assert images(case) == [kept]
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)
    theirs = [item for item in api.get("/snapshots")["snapshots"] if item["resource_id"] == kept.node_id]
    assert len(theirs) == 3
    for item in theirs:
        api.ask("DELETE", f"/snapshots/{item['id']}")


@pytest.mark.parametrize("name", OTHERS)
def test_where_no_images_are_kept_that_is_said(name: str, servers: Callable[[str], Sandbox]) -> None:
    case = Case(name, servers(name), CASES[name])
    provider = case.open()
    with pytest.raises(CannotArchive):
        provider.keep_images(case.order("node-1"))
    with pytest.raises(CannotArchive):
        provider.create_nodes(replace(case.order(), nodes=(NodePlan("node-1", image="x"),)))
    assert provider.get_images(case.reservation_id, case.region) == []
    assert provider.delete_images(case.reservation_id, case.region) == ()
    assert case.existing() == []
