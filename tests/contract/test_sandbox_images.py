"""Images that people make of their machines at the simulated AWS and DigitalOcean, as the vendors document them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws_api import client, newest_image, run, state
from tests.contract.conftest import Sandbox, wait_for
from tests.contract.digitalocean_api import ORDER, Api, api

__all__ = ["api"]

REGION = "ap-northeast-3"
TAGS = [{"Key": "purpose", "Value": "test"}]
BOTH = [{"ResourceType": kind, "Tags": TAGS} for kind in ("image", "snapshot")]


@pytest.fixture
def ec2(sandbox_aws: Sandbox) -> Any:
    return client(sandbox_aws, region=REGION)


def machine(ec2: Any, *, size_gb: int = 12) -> str:
    """One that runs."""
    disks = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": size_gb, "VolumeType": "gp3"}}]
    id_ = str(run(ec2, BlockDeviceMappings=disks)[0]["InstanceId"])
    wait_for(lambda: state(ec2, id_) == "running")
    return id_


def image(ec2: Any, id_: str) -> dict[str, Any]:
    (found,) = ec2.describe_images(ImageIds=[id_])["Images"]
    return dict(found)


def done(ec2: Any, name: str, instance: str) -> str:
    """An image that is available."""
    id_ = str(ec2.create_image(InstanceId=instance, Name=name, TagSpecifications=BOTH)["ImageId"])
    wait_for(lambda: image(ec2, id_)["State"] == "available")
    return id_


def snapshots(ec2: Any) -> list[str]:
    found = ec2.describe_snapshots(OwnerIds=["self"], Filters=[{"Name": "tag:purpose", "Values": ["test"]}])
    return [item["SnapshotId"] for item in found["Snapshots"]]


def tagged(ec2: Any) -> set[str]:
    found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["purpose"]}])["Tags"]
    return {str(tag["ResourceType"]) for tag in found}


def refusal(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_image_is_pending_first_and_then_tells_what_it_consists_of(ec2: Any) -> None:
    instance = machine(ec2)
    id_ = ec2.create_image(InstanceId=instance, Name="consists-of", TagSpecifications=BOTH)["ImageId"]
    first = image(ec2, id_)
    assert (first["State"], first["Tags"], first["BlockDeviceMappings"]) == ("pending", TAGS, [])
    assert tagged(ec2) == {"image", "snapshot"}, "both carry their tags from the beginning"
    with pytest.raises(ClientError) as early:
        run(ec2, ImageId=id_)
    assert refusal(early) == "InvalidAMIID.Unavailable"
    wait_for(lambda: image(ec2, id_)["State"] == "available")
    (disk,) = image(ec2, id_)["BlockDeviceMappings"]
    assert (disk["DeviceName"], disk["Ebs"]["VolumeSize"]) == ("/dev/xvda", 12)
    assert [disk["Ebs"]["SnapshotId"]] == snapshots(ec2)
    clear(ec2, id_)


def clear(ec2: Any, id_: str) -> None:
    ec2.deregister_image(ImageId=id_)
    for snapshot in snapshots(ec2):
        ec2.delete_snapshot(SnapshotId=snapshot)
    assert tagged(ec2) == set()


def test_machines_are_made_from_an_image_until_it_is_gone(ec2: Any) -> None:
    id_ = done(ec2, "until-gone", machine(ec2))
    small = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}}]
    with pytest.raises(ClientError) as smaller:
        run(ec2, ImageId=id_, BlockDeviceMappings=small)
    assert refusal(smaller) == "InvalidBlockDeviceMapping"
    assert run(ec2, ImageId=id_)[0]["ImageId"] == id_
    (snapshot,) = snapshots(ec2)
    with pytest.raises(ClientError) as used:
        ec2.delete_snapshot(SnapshotId=snapshot)
    assert refusal(used) == "InvalidSnapshot.InUse"
    clear(ec2, id_)
    with pytest.raises(ClientError, match="InvalidAMIID"):
        run(ec2, ImageId=id_)
    with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
        ec2.describe_images(ImageIds=[id_])
    with pytest.raises(ClientError, match="InvalidAMIID"):
        ec2.deregister_image(ImageId=id_)
    with pytest.raises(ClientError, match=r"InvalidSnapshot\.NotFound"):
        ec2.delete_snapshot(SnapshotId=snapshot)


def test_a_name_is_taken_once_and_free_again_when_its_image_is_gone(ec2: Any) -> None:
    instance = machine(ec2)
    id_ = done(ec2, "taken-once", instance)
    with pytest.raises(ClientError) as twice:
        ec2.create_image(InstanceId=instance, Name="taken-once")
    assert refusal(twice) == "InvalidAMIName.Duplicate"
    clear(ec2, id_)
    clear(ec2, done(ec2, "taken-once", instance))


def test_a_name_that_no_image_can_have_is_refused(ec2: Any) -> None:
    with pytest.raises(ClientError) as refused:
        ec2.create_image(InstanceId=machine(ec2), Name="with:colons")
    assert refusal(refused) == "InvalidAMIName.Malformed"


def test_no_image_is_made_of_what_has_ended(ec2: Any) -> None:
    instance = machine(ec2)
    ec2.terminate_instances(InstanceIds=[instance])
    with pytest.raises(ClientError) as refused:
        ec2.create_image(InstanceId=instance, Name="of-nothing")
    assert refusal(refused) == "IncorrectInstanceState"


def test_an_image_that_is_to_fail_fails(ec2: Any, sandbox_aws: Sandbox) -> None:
    instance = machine(ec2)
    sandbox_aws.fault("broken_node", match={"operation": "CreateImage"})
    id_ = ec2.create_image(InstanceId=instance, Name="broken", TagSpecifications=BOTH)["ImageId"]
    wait_for(lambda: image(ec2, id_)["State"] == "failed")
    with pytest.raises(ClientError, match=r"InvalidAMIID\.Unavailable"):
        run(ec2, ImageId=id_)
    clear(ec2, id_)


def test_images_of_machines_outlive_their_machines_and_the_server(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.aws", tmp_path, boot_seconds=0.2, more=("--forget-seconds", "0"))
    sandbox.start()
    ec2 = client(sandbox)
    instance = machine(ec2)
    id_ = done(ec2, "outlives", instance)
    ec2.terminate_instances(InstanceIds=[instance])
    wait_for(lambda: instance not in {str(item["id"]) for item in sandbox.machines()})
    before = image(ec2, id_)
    sandbox.kill()
    sandbox.start()
    assert image(ec2, id_) == before
    assert run(ec2, ImageId=id_)
    assert newest_image(ec2) != id_
    sandbox.stop()


def snapshot(api: Api, droplet: int, name: str) -> None:
    answer = api.ask("POST", f"/droplets/{droplet}/actions", {"type": "snapshot", "name": name})
    assert answer.status_code == 201, answer.text


def listed(api: Api) -> list[dict[str, Any]]:
    return list(api.get("/snapshots?resource_type=droplet")["snapshots"])


def droplet(api: Api) -> int:
    number = int(api.create()["id"])
    wait_for(lambda: api.status(number) == "active")
    api.wait_until_free(number)
    return number


def test_a_snapshot_is_listed_when_its_action_is_done_and_nothing_else_can_be_done_meanwhile(api: Api) -> None:
    number = droplet(api)
    snapshot(api, number, "one: of a droplet")
    assert listed(api) == []
    assert api.act(number, "power_off").status_code == 422
    assert api.get(f"/droplets/{number}/actions")["actions"][0]["status"] == "in-progress"
    api.wait_until_free(number)
    assert api.get(f"/droplets/{number}/actions")["actions"][0]["status"] == "completed"
    assert api.status(number) == "active", "it is as it was"
    (made,) = listed(api)
    assert (made["name"], made["resource_id"], made["regions"]) == ("one: of a droplet", str(number), ["fra1"])
    assert made["min_disk_size"] == 25
    assert api.get(f"/snapshots/{made['id']}")["snapshot"] == made
    own = api.get("/images?private=true")["images"]
    assert [(item["id"], item["type"], item["status"]) for item in own] == [(int(made["id"]), "snapshot", "available")]
    assert api.get(f"/images/{made['id']}")["image"] == own[0]
    assert own[0] in api.get("/images?per_page=200")["images"]
    assert own[0] not in api.get("/images?type=distribution&per_page=200")["images"]
    assert api.ask("DELETE", f"/snapshots/{made['id']}").status_code == 204
    assert api.ask("DELETE", f"/snapshots/{made['id']}").status_code == 404


def test_droplets_are_made_from_a_snapshot_where_it_is_and_until_it_is_gone(api: Api) -> None:
    number = droplet(api)
    snapshot(api, number, "source")
    api.wait_until_free(number)
    (made,) = listed(api)
    id_ = int(made["id"])
    assert api.create("from-it", image=id_)["image"]["id"] == id_
    larger = api.ask("POST", "/droplets", {**ORDER, "name": "small", "image": id_, "size": "s-1vcpu-512mb-10gb"})
    assert larger.status_code == 422
    elsewhere = api.ask("POST", "/droplets", {**ORDER, "name": "far", "image": id_, "region": "nyc3"})
    assert elsewhere.status_code == 422
    assert api.ask("DELETE", f"/images/{id_}").status_code == 204
    assert api.ask("POST", "/droplets", {**ORDER, "name": "late", "image": id_}).status_code == 422
    assert [item["image"]["id"] for item in api.get("/droplets")["droplets"] if item["name"] == "from-it"] == [id_]


def test_a_snapshot_that_is_to_fail_is_told_by_its_action_only(api: Api, sandbox_digitalocean: Sandbox) -> None:
    number = droplet(api)
    sandbox_digitalocean.fault("broken_node", match={"operation": "snapshot"})
    snapshot(api, number, "broken")
    api.wait_until_free(number)
    assert api.get(f"/droplets/{number}/actions")["actions"][0]["status"] == "errored"
    assert listed(api) == []


@pytest.mark.parametrize("name", [None, "", "x" * 256])
def test_a_snapshot_needs_a_name(api: Api, name: str | None) -> None:
    number = droplet(api)
    answer = api.ask("POST", f"/droplets/{number}/actions", {"type": "snapshot", "name": name})
    assert answer.status_code == 422


def test_snapshots_outlive_their_droplets_and_the_server(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.digitalocean", tmp_path, boot_seconds=0.2)
    sandbox.start()
    api = Api(sandbox)
    number = droplet(api)
    snapshot(api, number, "stays")
    api.wait_until_free(number)
    made = listed(api)
    assert len(made) == 1
    api.ask("DELETE", f"/droplets/{number}")
    sandbox.kill()
    sandbox.start()
    assert listed(api) == made
    sandbox.stop()
