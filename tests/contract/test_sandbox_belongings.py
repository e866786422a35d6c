"""Volumes of the simulated DigitalOcean, and what goes with EC2's machines, as the vendors document them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.contract.aws_api import client, run
from tests.contract.conftest import Sandbox
from tests.contract.digitalocean_api import Api

REGION = "sa-east-1"


@pytest.fixture
def api(sandbox_digitalocean: Sandbox) -> Api:
    return Api(sandbox_digitalocean)


@pytest.fixture
def ec2(sandbox_aws: Sandbox) -> Any:
    return client(sandbox_aws, region=REGION)


def order(api: Api, name: str, **changed: Any) -> requests.Response:
    return api.ask("POST", "/volumes", {"name": name, "region": "fra1", "size_gigabytes": 10, **changed})


def test_a_volume_is_made_listed_by_region_and_name_and_deleted(api: Api) -> None:
    made = order(api, "data-1", tags=["team:blue"])
    assert made.status_code == 201
    volume = made.json()["volume"]
    assert (volume["region"]["slug"], volume["size_gigabytes"], volume["droplet_ids"]) == ("fra1", 10, [])
    assert volume["tags"] == ["team:blue"]
    assert api.ask("GET", "/volumes?region=fra1&name=data-1").json()["volumes"] == [volume]
    assert api.ask("GET", "/volumes?region=nyc3&name=data-1").json()["volumes"] == []
    assert api.ask("GET", f"/volumes/{volume['id']}").json()["volume"] == volume
    assert api.ask("DELETE", f"/volumes/{volume['id']}").status_code == 204
    assert api.ask("GET", f"/volumes/{volume['id']}").status_code == 404


@pytest.mark.parametrize("wrong", [{"name": "Data"}, {"region": "mars1"}, {"size_gigabytes": 0}, {"tags": ["a b"]}])
def test_an_order_that_makes_no_sense_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    name = wrong.pop("name", "data-2")
    assert order(api, name, **wrong).status_code == 422
    assert api.ask("GET", "/volumes?name=data-2").json()["volumes"] == []


def test_a_name_is_taken_once_in_a_region(api: Api) -> None:
    first = order(api, "data-3").json()["volume"]["id"]
    assert order(api, "data-3").status_code == 409
    other = order(api, "data-3", region="nyc3")
    assert other.status_code == 201
    for id_ in (first, other.json()["volume"]["id"]):
        api.ask("DELETE", f"/volumes/{id_}")


def test_an_attached_volume_cannot_be_deleted_until_it_is_detached(api: Api) -> None:
    droplet = api.create()["id"]
    volume = order(api, "data-4").json()["volume"]["id"]
    actions = f"/volumes/{volume}/actions"
    assert api.ask("POST", actions, {"type": "attach", "droplet_id": droplet}).status_code == 202
    assert api.ask("GET", f"/volumes/{volume}").json()["volume"]["droplet_ids"] == [droplet]
    assert api.ask("POST", actions, {"type": "attach", "droplet_id": droplet}).status_code == 422
    assert api.ask("DELETE", f"/volumes/{volume}").status_code == 409
    assert api.ask("POST", actions, {"type": "detach", "droplet_id": droplet}).status_code == 202
    assert api.ask("DELETE", f"/volumes/{volume}").status_code == 204
    api.ask("DELETE", f"/droplets/{droplet}")


def test_volumes_outlive_the_server(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.digitalocean", tmp_path)
    sandbox.start()
    made = order(Api(sandbox), "data-5").json()["volume"]
    sandbox.kill()
    sandbox.start()
    assert Api(sandbox).ask("GET", "/volumes").json()["volumes"] == [made]
    sandbox.stop()


def test_a_group_with_a_machine_in_it_cannot_be_deleted(ec2: Any) -> None:
    group = ec2.create_security_group(GroupName="with-machine", Description="-")["GroupId"]
    made = run(ec2, SecurityGroupIds=[group])[0]["InstanceId"]
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    ec2.terminate_instances(InstanceIds=[made])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[made], WaiterConfig={"Delay": 1, "MaxAttempts": 15})
    ec2.delete_security_group(GroupId=group)
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        ec2.describe_security_groups(GroupIds=[group])


def test_a_key_pair_is_deleted_by_its_id_and_one_that_is_gone_as_well(ec2: Any) -> None:
    made = ec2.create_key_pair(KeyName="by-id")["KeyPairId"]
    ec2.delete_key_pair(KeyPairId=made)
    ec2.delete_key_pair(KeyPairId=made)
    assert made not in {pair["KeyPairId"] for pair in ec2.describe_key_pairs()["KeyPairs"]}


def test_tags_of_what_is_gone_are_not_listed(ec2: Any) -> None:
    def listed() -> dict[str, str]:
        found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["purpose"]}])["Tags"]
        return {tag["ResourceId"]: tag["ResourceType"] for tag in found}

    tags = {"Tags": [{"Key": "purpose", "Value": "test"}]}
    disk = ec2.create_volume(
        AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=[{"ResourceType": "volume", **tags}]
    )["VolumeId"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", **tags}])
    assert listed() == {disk: "volume", address["AllocationId"]: "elastic-ip"}
    ec2.delete_volume(VolumeId=disk)
    ec2.release_address(AllocationId=address["AllocationId"])
    assert listed() == {}
