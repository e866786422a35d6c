"""What is EC2's own: tags on machines and disks, keys that are written afterwards, disks that outlive machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from clouddesk.model.errors import CredentialsRejected, ProviderDown
from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.providers import LibcloudProvider, open_provider
from tests.contract.conftest import Sandbox
from tests.contract.test_provider_contract import secret, wait_until

REGION = "ap-south-1"  # one of those for which libcloud's default would sign with version 2


@pytest.fixture
def provider(sandbox_aws: Sandbox) -> LibcloudProvider:
    fields = secret(sandbox_aws.credentials("local/ann"))
    return open_provider("aws", fields, endpoint=sandbox_aws.url, installation="inst-aws")


@pytest.fixture
def ec2(sandbox_aws: Sandbox) -> Any:
    key = sandbox_aws.credentials("local/ann")
    return boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=sandbox_aws.url,
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
    )


@pytest.fixture
def reservation_id(provider: LibcloudProvider, request: pytest.FixtureRequest, sandbox_aws: Sandbox) -> Iterator[str]:
    made = f"r-{abs(hash(request.node.name)) % 16**8:08x}"
    yield made
    sandbox_aws.clear_faults()
    wait_until(lambda: provider.destroy_nodes(made, REGION).is_complete)


def order(reservation_id: str, *keys: str, **changed: Any) -> NodeOrder:
    facts: dict[str, Any] = {
        "installation": "inst-aws",
        "reservation_id": reservation_id,
        "owner": "local/ann",
        "region": REGION,
        "size": "t3.micro",
        "os": "debian-12",
        "nodes": tuple(NodePlan(key, key.partition("-")[0]) for key in keys),
        "disk_gb": 33,
        "name": "spark-1",
    }
    return NodeOrder(**{**facts, **changed})


def tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource["Tags"]}


def instances(ec2: Any, reservation_id: str) -> list[dict[str, Any]]:
    answer = ec2.describe_instances(Filters=[{"Name": "tag:clouddesk-reservation", "Values": [reservation_id]}])
    return [item for reservation in answer["Reservations"] for item in reservation["Instances"]]


def volumes(ec2: Any, reservation_id: str) -> list[dict[str, Any]]:
    found = ec2.describe_volumes(Filters=[{"Name": "tag:clouddesk-reservation", "Values": [reservation_id]}])
    return list(found["Volumes"])


@pytest.mark.parametrize("keys", [("node-1",), ("controller", "worker-1", "worker-2")])
def test_machines_and_disks_carry_all_tags(
    provider: LibcloudProvider, ec2: Any, reservation_id: str, keys: tuple[str, ...]
) -> None:
    provider.create_nodes(order(reservation_id, *keys))
    found = {tags(item)["clouddesk-node"]: item for item in instances(ec2, reservation_id)}
    assert set(found) == set(keys)
    for key, item in found.items():
        assert tags(item) == {
            "Name": f"spark-1-{key}",
            "clouddesk-installation": "inst-aws",
            "clouddesk-reservation": reservation_id,
            "clouddesk-owner": "local/ann",
            "clouddesk-node": key,
            "clouddesk-role": key.partition("-")[0],
            "clouddesk-os": "debian-12",
        }
    disks = volumes(ec2, reservation_id)
    assert len(disks) == len(keys)
    assert {disk["Size"] for disk in disks} == {33}
    assert all(tags(disk)["clouddesk-installation"] == "inst-aws" for disk in disks)


def test_identical_machines_are_made_in_one_call(provider: LibcloudProvider, ec2: Any, reservation_id: str) -> None:
    provider.create_nodes(order(reservation_id, *(f"node-{number}" for number in range(1, 13))))
    found = ec2.describe_instances(Filters=[{"Name": "tag:clouddesk-reservation", "Values": [reservation_id]}])
    assert len(found["Reservations"]) == 1
    assert len({tags(item)["clouddesk-node"] for item in instances(ec2, reservation_id)}) == 12


def test_keys_that_a_crash_left_unwritten_are_written_by_the_next_call(
    provider: LibcloudProvider, sandbox_aws: Sandbox, reservation_id: str
) -> None:
    wanted = order(reservation_id, "controller", "worker-1", "worker-2")
    sandbox_aws.fault("server_error", count=None, match={"operation": "CreateTags"})
    with pytest.raises(ProviderDown):
        provider.create_nodes(wanted)
    unwritten = provider.get_nodes(reservation_id, REGION)
    assert [node.key for node in unwritten] == ["", "", ""]
    sandbox_aws.clear_faults()
    healed = provider.create_nodes(wanted)
    assert {node.id for node in healed} == {node.id for node in unwritten}
    listed = provider.get_nodes(reservation_id, REGION)
    assert [(node.key, node.role) for node in listed] == [
        ("controller", "controller"),
        ("worker-1", "worker"),
        ("worker-2", "worker"),
    ]


def test_a_disk_that_outlived_its_machine_is_deleted_with_the_teardown(
    provider: LibcloudProvider, ec2: Any, reservation_id: str
) -> None:
    made = ec2.create_volume(
        AvailabilityZone=f"{REGION}a",
        Size=5,
        TagSpecifications=[
            {
                "ResourceType": "volume",
                "Tags": [
                    {"Key": "clouddesk-installation", "Value": "inst-aws"},
                    {"Key": "clouddesk-reservation", "Value": reservation_id},
                ],
            }
        ],
    )
    wait_until(lambda: provider.destroy_nodes(reservation_id, REGION).is_complete)
    assert made["VolumeId"] not in {disk["VolumeId"] for disk in volumes(ec2, reservation_id)}


def test_teardown_leaves_no_disk(provider: LibcloudProvider, ec2: Any, reservation_id: str) -> None:
    provider.create_nodes(order(reservation_id, "node-1", "node-2"))
    wait_until(lambda: provider.destroy_nodes(reservation_id, REGION).is_complete)
    assert volumes(ec2, reservation_id) == []


def test_a_wrong_secret_for_a_right_key_is_rejected(sandbox_aws: Sandbox) -> None:
    fields = secret({**sandbox_aws.credentials("local/ann"), "secret_access_key": "not-the-one"})
    provider = open_provider("aws", fields, endpoint=sandbox_aws.url, installation="inst-aws")
    with pytest.raises(CredentialsRejected):
        provider.check_credentials()
    with pytest.raises(CredentialsRejected):
        provider.get_nodes("r-1", REGION)


def test_user_data_of_full_length_arrives(provider: LibcloudProvider, ec2: Any, reservation_id: str) -> None:
    text = "#cloud-config\n# " + "x" * 15_000
    made = provider.create_nodes(order(reservation_id, "node-1", user_data=text))
    answer = ec2.describe_instance_attribute(InstanceId=made[0].id, Attribute="userData")
    assert len(answer["UserData"]["Value"]) > 15_000


@pytest.mark.parametrize("system", ["ubuntu-24.04", "debian-12", "rocky-9", "amazon-linux-2023"])
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_newest_image_is_found(
    provider: LibcloudProvider, ec2: Any, sandbox_aws: Sandbox, system: str, architecture: str
) -> None:
    image = provider.find_image(REGION, system, architecture)
    found = ec2.describe_images(ImageIds=[image.id])["Images"][0]
    assert found["Architecture"] == architecture
    assert image.root_device == found["RootDeviceName"]
    stem = found["Name"].rpartition("-20")[0][:24]
    same = [
        item
        for item in ec2.describe_images(Owners=[found["OwnerId"]])["Images"]
        if item["Name"].startswith(stem) and item["Architecture"] == architecture
    ]
    assert found["CreationDate"] == max(item["CreationDate"] for item in same)
