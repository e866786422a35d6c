"""What is OpenStack's own about images of machines' disks: images in Ceph, volumes, properties that are handed down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clouddesk.model.errors import RequestRejected
from clouddesk.model.invalid import CannotArchive
from clouddesk.model.node import RUNNING, STOPPED
from clouddesk.providers.openstack_driver import OpenStackDriver
from tests.contract.cases import CASES
from tests.contract.conftest import Sandbox
from tests.contract.openstack_api import Api, openstack
from tests.contract.test_provider_contract import Case, wait_until
from tests.contract.test_provider_images import end, images, keep, restored, stopped, turn

__all__ = ["openstack"]

FACTS = CASES["openstack"]
ON_A_VOLUME = "v1.medium"


def case_of(sandbox: Sandbox, **changed: str) -> Iterator[Case]:
    case = Case("openstack", sandbox, replace(FACTS, **changed))  # type: ignore[arg-type]
    yield case
    sandbox.clear_faults()
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)


@pytest.fixture
def case(openstack: Sandbox) -> Iterator[Case]:
    yield from case_of(openstack)


@pytest.fixture
def in_ceph(openstack: Sandbox) -> Iterator[Case]:
    """In the region whose images cannot be deleted while there are machines from them."""
    yield from case_of(openstack, region=FACTS.far)


@pytest.fixture
def on_a_volume(openstack: Sandbox) -> Iterator[Case]:
    yield from case_of(openstack, size=ON_A_VOLUME)


def again(case: Case) -> None:
    """Stop what runs."""
    case.open().stop_nodes(case.reservation_id, case.region)
    turn(case.open(), case, STOPPED)


def test_in_ceph_it_is_archived_again_and_ends_with_nothing_left(in_ceph: Case) -> None:
    case = in_ceph
    api = Api(case.sandbox)
    order = stopped(case, "node-1")
    for _ in range(2):
        kept = keep(case, order)
        end(case)
        case.open().create_nodes(restored(order, kept))
        turn(case.open(), case, RUNNING)
        assert case.open().delete_images(case.reservation_id, case.region) == (), "nobody waits for it"
        assert images(case) == []
        again(case)
    assert len(api.own_images(case.region)) == 2, "which is in use, or was"
    told = [item.id for item in case.open().survey().belongings if item.reservation_id == case.reservation_id]
    assert {item["id"] for item in api.own_images(case.region)} <= {*told}
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)
    assert api.own_images(case.region) == []


def test_a_disk_that_is_a_volume_is_not_archived(on_a_volume: Case) -> None:
    order = stopped(on_a_volume, "node-1")
    with pytest.raises(CannotArchive):
        on_a_volume.open().keep_images(order)
    assert images(on_a_volume) == []


def test_an_image_that_somebody_makes_of_a_restored_machine_is_theirs(case: Case) -> None:
    api = Api(case.sandbox)
    order = stopped(case, "node-1")
    kept = keep(case, order)
    end(case)
    (made,) = case.open().create_nodes(restored(order, kept))
    turn(case.open(), case, RUNNING)
    body = {"createImage": {"name": "before the upgrade", "metadata": {"purpose": "theirs"}}}
    theirs = api.ask("POST", f"compute/servers/{made.id}/action", body).json()["image_id"]
    wait_until(lambda: api.server(made.id)["OS-EXT-STS:task_state"] is None)
    assert images(case) == kept
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)
    assert [item["id"] for item in api.own_images()] == [theirs]
    assert api.ask("DELETE", f"image/images/{theirs}").status_code == 204


def test_while_somebody_makes_an_image_ours_is_asked_for_until_it_is_there(case: Case) -> None:
    api = Api(case.sandbox)
    order = stopped(case, "node-1")
    (node,) = case.open().get_nodes(case.reservation_id, case.region)
    api.ask("POST", f"compute/servers/{node.id}/action", {"createImage": {"name": "theirs"}})
    assert [image.node_id for image in keep(case, order)] == [node.id]
    (theirs,) = (item["id"] for item in api.own_images() if item["name"] == "theirs")
    assert api.ask("DELETE", f"image/images/{theirs}").status_code == 204


def test_no_machine_is_made_from_the_image_of_another_reservation(case: Case) -> None:
    order = stopped(case, "node-1")
    kept = keep(case, order)
    other = replace(restored(order, kept), reservation_id=f"{case.reservation_id}-other")
    with pytest.raises(RequestRejected, match="is not there"):
        case.open().create_nodes(other)
    wait_until(lambda: case.open().destroy_nodes(other.reservation_id, case.region).is_complete)


def test_a_region_without_glance_can_be_surveyed_and_cleared(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    address = OpenStackDriver._address
    monkeypatch.setattr(OpenStackDriver, "_address", lambda *ask: None if ask[1] == "image" else address(*ask))
    assert images(case) == []
    assert [item for item in case.open().survey().belongings if item.kind == "image"] == []
    assert case.open().destroy_nodes(case.reservation_id, case.region).is_complete
