"""The simulated AWS, asked as AWS is asked."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError
from libcloud.common.types import InvalidCredsError
from libcloud.compute.drivers.ec2 import VALID_EC2_REGIONS

from tests.contract.aws_api import AMAZON, DEBIAN, ROCKY, UBUNTU, client, described, libcloud, newest_image, run, state
from tests.contract.conftest import Sandbox, wait_for

# --- who may ask


def test_caller_identity_tells_account_and_owner(sandbox_aws: Sandbox) -> None:
    key = sandbox_aws.credentials("local/ann")
    identity = client(sandbox_aws, "sts", **key).get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/local/ann"


def test_same_owner_gets_the_same_key_and_others_another(sandbox_aws: Sandbox) -> None:
    assert sandbox_aws.credentials("local/ann") == sandbox_aws.credentials("local/ann")
    assert sandbox_aws.credentials("local/ann") != sandbox_aws.credentials("local/bob")


@pytest.mark.parametrize("wrong", [{"access_key_id": "AKIAAAAAAAAAAAAAAAAA"}, {"secret_access_key": "wrong"}])
def test_ec2_refuses_wrong_credentials_as_amazon_does(sandbox_aws: Sandbox, wrong: dict[str, str]) -> None:
    with pytest.raises(ClientError) as refused:
        client(sandbox_aws, **wrong).describe_instances()
    assert refused.value.response["Error"]["Code"] == "AuthFailure"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 401
    with pytest.raises(InvalidCredsError):
        libcloud(sandbox_aws, **wrong).list_nodes()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"access_key_id": "AKIAAAAAAAAAAAAAAAAA"}, "InvalidClientTokenId"),
        ({"secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
    ],
)
def test_sts_refuses_wrong_credentials_as_amazon_does(sandbox_aws: Sandbox, wrong: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        client(sandbox_aws, "sts", **wrong).get_caller_identity()
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_unsigned_request_is_refused(sandbox_aws: Sandbox) -> None:
    answer = requests.get(f"{sandbox_aws.url}/?Action=DescribeInstances&Version=2016-11-15", timeout=10)
    assert answer.status_code == 403
    assert "MissingAuthenticationToken" in answer.text


# --- what there is


@pytest.mark.parametrize("region", VALID_EC2_REGIONS)
def test_every_region_has_images_of_every_publisher(sandbox_aws: Sandbox, region: str) -> None:
    images = libcloud(sandbox_aws, region).list_images(ex_owner=None)
    found = {(image.extra["owner_id"], image.extra["architecture"]) for image in images}
    assert found == {(owner, arch) for owner in (UBUNTU, DEBIAN, AMAZON, ROCKY) for arch in ("x86_64", "arm64")}


def test_image_ids_differ_by_region(sandbox_aws: Sandbox) -> None:
    here, there = newest_image(client(sandbox_aws)), newest_image(client(sandbox_aws, region="eu-central-1"))
    assert here != there
    with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
        run(client(sandbox_aws), ImageId=there)


def test_images_are_found_by_name_as_published(sandbox_aws: Sandbox) -> None:
    names = ["ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-amd64-server-*"]
    found = client(sandbox_aws).describe_images(Owners=[UBUNTU], Filters=[{"Name": "name", "Values": names}])["Images"]
    assert len(found) == 2
    assert len({image["CreationDate"] for image in found}) == 2


def test_sizes_that_do_not_exist_are_refused_and_those_that_libcloud_prices_are_not(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    with pytest.raises(ClientError, match="InvalidInstanceType"):
        run(ec2, InstanceType="t9.mega")
    assert run(ec2, InstanceType="g4ad.xlarge")[0]["InstanceType"] == "g4ad.xlarge"


def test_unknown_key_pair_is_refused(sandbox_aws: Sandbox) -> None:
    with pytest.raises(ClientError, match=r"InvalidKeyPair\.NotFound"):
        run(client(sandbox_aws), KeyName="nobodys")


def test_what_moto_cannot_do_is_an_error_of_amazons_shape(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    run(ec2)
    with pytest.raises(ClientError, match="UnsupportedOperation"):
        ec2.describe_instances(Filters=[{"Name": "nonsense", "Values": ["x"]}])


def test_cloudwatch_takes_metrics(sandbox_aws: Sandbox) -> None:
    cloudwatch = client(sandbox_aws, "cloudwatch")
    cloudwatch.put_metric_data(Namespace="clouddesk", MetricData=[{"MetricName": "idle", "Value": 1.0}])
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="clouddesk")["Metrics"]] == ["idle"]


# --- a machine's life


def refused_while_it_boots(ec2: Any, boot_seconds: float) -> str:
    """A machine that would not stop before it ran. When we are so slow that it ran already, another one is tried."""
    for _ in range(10):
        began = time.monotonic()
        machine = run(ec2)[0]
        number = str(machine["InstanceId"])
        assert machine["State"]["Name"] == "pending"
        try:
            ec2.stop_instances(InstanceIds=[number])
        except ClientError as error:
            if "IncorrectInstanceState" not in str(error):
                raise
            return number
        assert time.monotonic() - began >= boot_seconds, "it could be stopped while it booted"
    pytest.fail(f"Nothing could be asked within {boot_seconds} seconds.")


def test_a_machine_boots_stops_starts_and_ends_in_its_time(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    number = refused_while_it_boots(ec2, sandbox_aws.boot_seconds)
    wait_for(lambda: state(ec2, number) == "running")
    assert described(ec2, number)[0]["PublicIpAddress"].startswith("198.18.")

    ec2.stop_instances(InstanceIds=[number])
    assert state(ec2, number) == "stopping"
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        ec2.start_instances(InstanceIds=[number])
    wait_for(lambda: state(ec2, number) == "stopped")

    ec2.start_instances(InstanceIds=[number])
    assert state(ec2, number) == "pending"
    wait_for(lambda: state(ec2, number) == "running")
    ec2.reboot_instances(InstanceIds=[number])
    assert state(ec2, number) == "running"

    ec2.terminate_instances(InstanceIds=[number])
    assert state(ec2, number) == "shutting-down"
    wait_for(lambda: state(ec2, number) == "terminated")


def test_filters_by_state_follow_the_clock(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws, region="eu-west-1")
    number = run(ec2)[0]["InstanceId"]

    def in_state(*states: str) -> list[str]:
        found = ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": list(states)}])
        return [machine["InstanceId"] for one in found["Reservations"] for machine in one["Instances"]]

    assert number in in_state("pending")
    assert number not in in_state("running")
    wait_for(lambda: number in in_state("running"))
    assert number not in in_state("pending", "stopped")


def test_libcloud_makes_lists_and_ends_a_tagged_machine(sandbox_aws: Sandbox) -> None:
    driver = libcloud(sandbox_aws, "eu-central-1")
    image = driver.list_images(ex_owner=DEBIAN)[0]
    size = next(size for size in driver.list_sizes() if size.id == "t3.small")
    node = driver.create_node(name="lib-1", size=size, image=image, ex_metadata={"clouddesk-node": "worker-1"})
    wait_for(lambda: driver.list_nodes(ex_node_ids=[node.id])[0].state == "running")
    listed = driver.list_nodes(ex_filters={"tag:clouddesk-node": "worker-1"})
    assert [one.id for one in listed] == [node.id]
    assert listed[0].extra["tags"]["clouddesk-node"] == "worker-1"
    assert listed[0].public_ips
    assert driver.list_volumes()
    assert driver.destroy_node(node)
    wait_for(lambda: driver.list_nodes(ex_node_ids=[node.id])[0].state == "terminated")
    assert [volume.id for volume in driver.list_volumes() if volume.extra["instance_id"] == node.id] == []


def test_root_disk_of_a_wished_size_goes_with_its_machine(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws, region="eu-west-2")
    disks = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 123, "VolumeType": "gp3"}}]
    number = run(ec2, BlockDeviceMappings=disks)[0]["InstanceId"]
    attached = [{"Name": "attachment.instance-id", "Values": [number]}]
    assert [disk["Size"] for disk in ec2.describe_volumes(Filters=attached)["Volumes"]] == [123]
    ec2.terminate_instances(InstanceIds=[number])
    assert [disk for disk in ec2.describe_volumes()["Volumes"] if disk["Size"] == 123] == []


# --- creating once, and many


def test_same_token_makes_machines_once(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    first, second = (run(ec2, 2, ClientToken="order-1", UserData="#!/bin/sh") for _ in range(2))
    assert [one["InstanceId"] for one in first] == [one["InstanceId"] for one in second]
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        run(ec2, 3, ClientToken="order-1", UserData="#!/bin/sh")
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        run(ec2, 2, ClientToken="order-1", UserData="#!/bin/bash")
    by_token = ec2.describe_instances(Filters=[{"Name": "client-token", "Values": ["order-1"]}])["Reservations"]
    assert len(by_token[0]["Instances"]) == 2


def test_as_many_machines_as_wanted_at_most_are_made(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    made = ec2.run_instances(ImageId=newest_image(ec2), InstanceType="t3.micro", MinCount=1, MaxCount=3)
    assert len(made["Instances"]) == 3


def test_fifty_machines_by_fifty_calls_at_once_hold_each_other_up_little_and_all_are_listed(
    sandbox_aws: Sandbox,
) -> None:
    ec2 = client(sandbox_aws, region="us-west-2")
    run(ec2)
    begun = time.monotonic()
    for _ in range(10):
        run(ec2)
    one_takes, begun = (time.monotonic() - begun) / 10, time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        made = list(pool.map(lambda number: run(ec2, name=f"many-{number}")[0]["InstanceId"], range(50)))
    assert time.monotonic() - begun < 2 * 50 * one_takes
    assert len(set(made)) == 50
    wait_for(lambda: all(one["State"]["Name"] == "running" for one in described(ec2, *made)), within_seconds=15)
    assert len({one["PublicIpAddress"] for one in described(ec2, *made)}) == 50


def test_more_than_a_hundred_machines_come_in_one_answer_as_from_amazon(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws, region="ap-southeast-2")
    for _ in range(3):
        run(ec2, 40)
    assert len(libcloud(sandbox_aws, "ap-southeast-2").list_nodes()) == 120
