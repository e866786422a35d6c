"""What is Google Cloud's own of images: global, of the boot disk, in their region, found by labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clouddesk.model.errors import QuotaExceeded, RequestRejected
from clouddesk.model.node import AVAILABLE, RUNNING, STOPPED, NodeImage, NodeOrder, NodePlan
from clouddesk.providers import LibcloudProvider, gcp_labels
from tests.contract.conftest import Sandbox
from tests.contract.gcp_api import Api, api
from tests.contract.test_provider_contract import states, wait_until
from tests.contract.test_provider_gcp import REGION, RESERVATION, order, plans, provider

__all__ = ["api", "provider"]


def stopped(provider: LibcloudProvider, **changed: object) -> NodeOrder:
    wanted = order(**changed)
    provider.create_nodes(wanted)
    turn(provider, RUNNING, wanted.region)
    provider.stop_nodes(RESERVATION, wanted.region)
    turn(provider, STOPPED, wanted.region)
    return wanted


def turn(provider: LibcloudProvider, state: str, region: str = REGION) -> None:
    wait_until(lambda: states(provider.get_nodes(RESERVATION, region)) == {state})


def keep(provider: LibcloudProvider, order: NodeOrder) -> list[NodeImage]:
    wait_until(lambda: {image.state for image in provider.keep_images(order)} == {AVAILABLE})
    return provider.get_images(RESERVATION, order.region)


def end(provider: LibcloudProvider) -> None:
    provider.end_nodes(RESERVATION, REGION, [node.id for node in provider.get_nodes(RESERVATION, REGION)])
    wait_until(lambda: provider.get_nodes(RESERVATION, REGION) == [])


def restored(order: NodeOrder, kept: list[NodeImage]) -> NodeOrder:
    by_key = {image.key: image.id for image in kept}
    return replace(order, nodes=tuple(replace(plan, image=by_key[plan.key]) for plan in order.nodes))


def raw(api: Api, image: NodeImage) -> Any:
    return api.get(f"/global/images/{image.id}")


def test_an_image_tells_whose_disk_it_holds_and_stays_in_its_region(provider: LibcloudProvider, api: Api) -> None:
    wanted = stopped(provider, disk_gb=30)
    (node,) = provider.get_nodes(RESERVATION, REGION)
    (kept,) = keep(provider, wanted)
    found = raw(api, kept)
    assert found["name"].startswith("etl-spark-1-worker-1-")
    assert found["storageLocations"] == [REGION]
    assert found["labels"] == {
        "clouddesk-installation": "inst-gcp",
        "clouddesk-reservation": RESERVATION,
        "clouddesk-owner": "_-t1_2fu1",
        "clouddesk-node": "worker-1",
        "clouddesk-role": "worker",
        "clouddesk-os": "ubuntu-22_2e04",
        "clouddesk-machine": node.id.replace("/", "_2f"),
    }
    assert (kept.size_gb, kept.node_id) == (30, node.id)


def test_a_machine_made_from_its_image_has_a_disk_as_large(provider: LibcloudProvider, api: Api) -> None:
    wanted = stopped(provider, disk_gb=30)
    kept = keep(provider, wanted)
    end(provider)
    # As when the disk has been made larger since.
    (made,) = provider.create_nodes(restored(replace(wanted, disk_gb=20), kept))
    zone, _, number = made.id.partition("/")
    found = api.get(f"/zones/{zone}/instances/{number}")
    disk = api.get(f"/zones/{zone}/disks/{found['disks'][0]['source'].rpartition('/')[2]}")
    assert (disk["sizeGb"], disk["labels"]) == ("30", found["labels"])


def test_a_zone_without_room_leaves_machines_to_the_next_with_their_images(
    provider: LibcloudProvider, sandbox_gcp: Sandbox
) -> None:
    wanted = stopped(provider, nodes=plans(2))
    kept = keep(provider, wanted)
    end(provider)
    wait_until(lambda: sandbox_gcp.machines() == [])
    sandbox_gcp.fault("no_capacity")
    made = provider.create_nodes(restored(wanted, kept))
    assert len({node.id.partition("/")[0] for node in made}) == 2
    images = {str(item["name"]).rpartition("-")[0]: item["image"] for item in sandbox_gcp.machines()}
    assert images == {f"etl-spark-1-{image.key}": image.id for image in kept}


def test_images_of_another_region_are_not_this_ones(provider: LibcloudProvider) -> None:
    there = stopped(provider, region="europe-west4")
    (kept,) = keep(provider, there)
    assert provider.get_images(RESERVATION, REGION) == []
    assert provider.delete_images(RESERVATION, REGION) == ()
    assert provider.destroy_nodes(RESERVATION, REGION).is_complete
    assert provider.get_images(RESERVATION, "europe-west4") == [kept]


def test_images_that_people_made_are_left_alone(provider: LibcloudProvider, api: Api) -> None:
    wanted = stopped(provider)
    (kept,) = keep(provider, wanted)
    body = {"name": "before-the-upgrade", "sourceDisk": raw(api, kept)["sourceDisk"], "labels": {"team": "etl"}}
    api.done(api.mine("POST", "/global/images", body))
    assert provider.get_images(RESERVATION, REGION) == [kept]
    with pytest.raises(RequestRejected, match="is not there"):
        provider.create_nodes(order(nodes=(NodePlan("other", image="before-the-upgrade"),)))
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert [item["name"] for item in api.get("/global/images")["items"]] == ["before-the-upgrade"]
    api.mine("DELETE", "/global/images/before-the-upgrade")


def test_an_image_that_is_listed_late_is_waited_for_and_not_doubled(
    provider: LibcloudProvider, sandbox_gcp: Sandbox
) -> None:
    wanted = stopped(provider)
    sandbox_gcp.fault("late_listing", seconds=2, match={"operation": "keep"})
    assert [image.key for image in keep(provider, wanted)] == ["worker-1"]


def test_a_teardown_while_images_are_made_leaves_nothing(provider: LibcloudProvider, sandbox_gcp: Sandbox) -> None:
    wanted = stopped(provider)
    provider.keep_images(wanted)
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert provider.get_images(RESERVATION, REGION) == []


def test_a_disk_of_which_an_image_is_made_is_deleted_afterwards(provider: LibcloudProvider, api: Api) -> None:
    wanted = order()
    labels = gcp_labels.labels(wanted, wanted.nodes[0], "ubuntu-22.04")
    disk = {"name": "left-over", "sizeGb": "10", "labels": labels}
    api.done(api.mine("POST", "/zones/europe-west3-a/disks", disk))
    body = {"name": "of-left-over", "sourceDisk": "zones/europe-west3-a/disks/left-over"}
    assert api.mine("POST", "/global/images", body).ok
    assert provider.destroy_nodes(RESERVATION, REGION).disks == ("europe-west3-a/left-over",)
    assert api.mine("GET", "/zones/europe-west3-a/disks/left-over").ok
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert api.mine("GET", "/zones/europe-west3-a/disks/left-over").status_code == 404
    api.mine("DELETE", "/global/images/of-left-over")


def test_a_reached_quota_is_told_as_such(provider: LibcloudProvider, sandbox_gcp: Sandbox) -> None:
    wanted = stopped(provider)
    sandbox_gcp.fault("quota", match={"operation": "keep"})
    with pytest.raises(QuotaExceeded):
        provider.keep_images(wanted)
