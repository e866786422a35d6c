"""Images that people make of disks at the simulated Compute Engine, as Google documents them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import Sandbox, wait_for
from tests.contract.gcp_api import IMAGE, ZONE, Api, api, order
from tests.contract.test_sandbox_gcp import ZONES, boot_disk, refused

__all__ = ["api"]

IMAGES = "/global/images"


@pytest.fixture(autouse=True)
def _no_images_are_left(api: Api) -> Any:
    yield
    for item in api.get(IMAGES).get("items", []):
        wait_for(lambda item=item: api.mine("DELETE", f"{IMAGES}/{item['name']}").status_code in (200, 404))  # type: ignore[misc]
        wait_for(lambda item=item: api.mine("GET", f"{IMAGES}/{item['name']}").status_code == 404)  # type: ignore[misc]


def off(api: Api, name: str, size_gb: int = 12) -> None:
    """A machine that ran and is off."""
    disks = boot_disk(sourceImage=IMAGE, diskSizeGb=str(size_gb))
    assert api.insert(name, disks=[{**disks[0], "autoDelete": True}]).ok
    wait_for(lambda: api.status(name) == "RUNNING")
    api.mine("POST", f"{ZONES}/instances/{name}/stop")
    wait_for(lambda: api.status(name) == "TERMINATED")


def keep(api: Api, name: str, disk: str, /, **changed: object) -> Any:
    body = {"name": name, "sourceDisk": f"zones/{ZONE}/disks/{disk}", **changed}
    return api.mine("POST", IMAGES, body)


def state(api: Api, name: str) -> str:
    return str(api.get(f"{IMAGES}/{name}")["status"])


def kept(api: Api, name: str, disk: str) -> None:
    assert keep(api, name, disk).ok
    wait_for(lambda: state(api, name) == "READY")


def from_image(api: Api, name: str, image: str, **asked: str) -> Any:
    source = f"projects/{api.project}{IMAGES}/{image}"
    return api.insert(name, disks=[{**boot_disk(sourceImage=source, **asked)[0], "autoDelete": True}])


def test_an_image_is_pending_first_and_carries_its_labels_from_the_beginning(api: Api) -> None:
    off(api, "pending")
    operation = keep(api, "first", "pending", labels={"team": "a"}, storageLocations=["europe-west3"])
    found = api.get(f"{IMAGES}/first")
    assert (found["status"], found["labels"], found["storageLocations"]) == ("PENDING", {"team": "a"}, ["europe-west3"])
    assert (found["diskSizeGb"], found["sourceDisk"].rpartition("projects/")[2]) == (
        "12",
        f"{api.project}/zones/{ZONE}/disks/pending",
    )
    assert "archiveSizeBytes" not in found
    assert [item["name"] for item in api.get(IMAGES, filter='(labels.team = "a")')["items"]] == ["first"]
    assert "items" not in api.get(IMAGES, filter='(labels.team = "b")')
    assert refused(from_image(api, "early", "first")) == (400, "resourceNotReady")
    assert refused(api.mine("DELETE", f"{IMAGES}/first")) == (400, "resourceNotReady")
    assert "error" not in api.done(operation)
    ready = api.get(f"{IMAGES}/first")
    assert (ready["status"], int(ready["archiveSizeBytes"]) < 12 * 2**30) == ("READY", True)


def test_machines_are_made_from_an_image_in_every_zone_until_it_is_gone(api: Api) -> None:
    off(api, "wide-source")
    kept(api, "wide", "wide-source")
    assert refused(from_image(api, "small", "wide", diskSizeGb="10")) == (400, "invalid")
    api.done(from_image(api, "here", "wide"))
    assert api.get(f"{ZONES}/disks/here")["sizeGb"] == "12"
    there = {
        **order("there"),
        "machineType": "zones/us-central1-a/machineTypes/e2-small",
        "disks": [{**boot_disk(sourceImage=f"projects/{api.project}{IMAGES}/wide")[0], "autoDelete": True}],
    }
    assert api.mine("POST", "/zones/us-central1-a/instances", there).ok
    arm = {**there, "name": "arm", "machineType": "zones/us-central1-a/machineTypes/t2a-standard-1"}
    assert refused(api.mine("POST", "/zones/us-central1-a/instances", arm)) == (400, "invalid")
    api.mine("DELETE", f"{IMAGES}/wide")
    assert state(api, "wide") == "DELETING"
    assert refused(from_image(api, "late", "wide")) == (400, "resourceNotReady")
    assert refused(api.mine("DELETE", f"{IMAGES}/wide")) == (400, "resourceNotReady")
    wait_for(lambda: api.mine("GET", f"{IMAGES}/wide").status_code == 404)
    assert refused(from_image(api, "late", "wide")) == (404, "notFound")
    assert refused(api.mine("DELETE", f"{IMAGES}/wide")) == (404, "notFound")


def test_no_image_is_made_of_a_disk_in_use_unless_that_is_forced(api: Api) -> None:
    api.insert("busy")
    wait_for(lambda: api.status("busy") == "RUNNING")
    assert refused(keep(api, "of-busy", "busy")) == (400, "resourceInUseByAnotherResource")
    body = {"name": "forced", "sourceDisk": f"zones/{ZONE}/disks/busy"}
    assert api.mine("POST", IMAGES, body, forceCreate="true").ok


def test_a_disk_stays_while_an_image_of_it_is_made(api: Api) -> None:
    api.done(api.mine("POST", f"{ZONES}/disks", {"name": "alone", "sizeGb": "10"}))
    keep(api, "of-alone", "alone")
    assert refused(api.mine("DELETE", f"{ZONES}/disks/alone")) == (400, "resourceInUseByAnotherResource")
    wait_for(lambda: state(api, "of-alone") == "READY")
    assert api.mine("DELETE", f"{ZONES}/disks/alone").ok


def test_a_name_is_taken_once_and_free_again_when_its_image_is_gone(api: Api) -> None:
    off(api, "taken")
    kept(api, "once", "taken")
    assert refused(keep(api, "once", "taken")) == (409, "alreadyExists")
    api.mine("DELETE", f"{IMAGES}/once")
    assert refused(keep(api, "once", "taken")) == (409, "alreadyExists")
    wait_for(lambda: api.mine("GET", f"{IMAGES}/once").status_code == 404)
    kept(api, "once", "taken")


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        ({"name": "With:colons"}, 400, "invalid"),
        ({"labels": {"Team": "x"}}, 400, "invalid"),
        ({"colour": "red"}, 400, "badRequest"),
        ({"sourceDisk": "bare"}, 400, "invalid"),
        ({"sourceDisk": f"zones/{ZONE}/disks/nobody"}, 404, "notFound"),
        ({"sourceDisk": ""}, 400, "invalidResourceUsage"),
        ({"sourceImage": "global/images/other"}, 400, "invalidResourceUsage"),
        ({"storageLocations": ["mars"]}, 400, "invalid"),
    ],
)
def test_what_makes_no_image_is_refused(api: Api, changed: dict[str, object], status: int, reason: str) -> None:
    api.done(api.mine("POST", f"{ZONES}/disks", {"name": "bare", "sizeGb": "10"}))
    assert refused(keep(api, "refused", "bare", **changed)) == (status, reason)
    assert "items" not in api.get(IMAGES)
    api.mine("DELETE", f"{ZONES}/disks/bare")


def test_an_image_that_is_to_fail_fails(api: Api, sandbox_gcp: Sandbox) -> None:
    off(api, "failing")
    sandbox_gcp.fault("broken_node", match={"operation": "images.insert"})
    operation = api.done(keep(api, "broken", "failing"))
    assert operation["error"]["errors"][0]["code"] == "INTERNAL_ERROR"
    assert state(api, "broken") == "FAILED"
    assert refused(from_image(api, "of-broken", "broken")) == (400, "resourceNotReady")


def test_a_reached_quota_is_told_at_once(api: Api, sandbox_gcp: Sandbox) -> None:
    off(api, "counted")
    sandbox_gcp.fault("quota", match={"operation": "keep"})
    answer = keep(api, "too-many", "counted")
    assert refused(answer) == (403, "quotaExceeded")
    assert "IMAGES" in answer.json()["error"]["message"]


def test_images_outlive_their_machines_and_the_server(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.gcp", tmp_path, boot_seconds=0.2)
    sandbox.start()
    api = Api(sandbox)
    off(api, "source")
    kept(api, "stays", "source")
    before = api.get(f"{IMAGES}/stays")
    api.done(api.mine("DELETE", f"{ZONES}/instances/source"))
    sandbox.kill()
    sandbox.start()
    assert api.get(f"{IMAGES}/stays") == before
    assert from_image(api, "again", "stays").ok
    sandbox.stop()
