"""The simulated AWS, asked as AWS is asked: with boto3 and with libcloud's EC2 driver."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError
from libcloud.common.types import InvalidCredsError
from libcloud.compute.drivers.ec2 import VALID_EC2_REGIONS, EC2NodeDriver

from tests.contract.conftest import PROJECT, Sandbox, free_port

OPERATOR = {"access_key_id": "AKIASANDBOXOPERATOR0", "secret_access_key": "sandbox-operator-secret-key"}
UBUNTU, DEBIAN, AMAZON, ROCKY = "099720109477", "136693071363", "137112412989", "792107900819"


def client(sandbox: Sandbox, service: str = "ec2", region: str = "us-east-1", **changed: str) -> Any:
    key = {**OPERATOR, **changed}
    return boto3.client(
        service,
        endpoint_url=sandbox.url,
        region_name=region,
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}, read_timeout=20, max_pool_connections=50),
    )


def libcloud(sandbox: Sandbox, region: str = "us-east-1", **changed: str) -> EC2NodeDriver:
    key = {**OPERATOR, **changed}
    return EC2NodeDriver(
        key["access_key_id"],
        key["secret_access_key"],
        region=region,
        host="127.0.0.1",
        port=sandbox.port,
        secure=False,
        signature_version="4",
    )


def newest_image(ec2: Any, owner: str = DEBIAN, architecture: str = "x86_64") -> str:
    found = ec2.describe_images(Owners=[owner], Filters=[{"Name": "architecture", "Values": [architecture]}])["Images"]
    return str(max(found, key=lambda image: image["CreationDate"])["ImageId"])


def run(ec2: Any, count: int = 1, *, name: str = "n", **more: Any) -> list[dict[str, Any]]:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    order = {"ImageId": newest_image(ec2), "InstanceType": "t3.micro", "TagSpecifications": tags, **more}
    return list(ec2.run_instances(MinCount=count, MaxCount=count, **order)["Instances"])


def described(ec2: Any, *ids: str) -> list[dict[str, Any]]:
    pages = ec2.get_paginator("describe_instances").paginate(Filters=[{"Name": "instance-id", "Values": list(ids)}])
    return [machine for page in pages for one in page["Reservations"] for machine in one["Instances"]]


def state(ec2: Any, instance_id: str) -> str:
    return str(described(ec2, instance_id)[0]["State"]["Name"])


def wait_for(reached: Callable[[], bool], *, within_seconds: float = 5) -> None:
    deadline = time.monotonic() + within_seconds
    while not reached():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


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


def test_a_machine_boots_stops_starts_and_ends_in_its_time(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    machine = run(ec2)[0]
    number = machine["InstanceId"]
    assert machine["State"]["Name"] == "pending"
    assert "PublicIpAddress" not in described(ec2, number)[0]
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        ec2.stop_instances(InstanceIds=[number])
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


def test_fifty_machines_by_fifty_calls_at_once_are_quick_and_all_listed(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws, region="us-west-2")
    run(ec2)
    begun = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        made = list(pool.map(lambda number: run(ec2, name=f"many-{number}")[0]["InstanceId"], range(50)))
    assert time.monotonic() - begun < 10
    assert len(set(made)) == 50
    wait_for(lambda: all(one["State"]["Name"] == "running" for one in described(ec2, *made)), within_seconds=15)
    assert len({one["PublicIpAddress"] for one in described(ec2, *made)}) == 50


def test_more_than_a_hundred_machines_come_in_one_answer_as_from_amazon(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws, region="ap-southeast-2")
    for _ in range(3):
        run(ec2, 40)
    assert len(libcloud(sandbox_aws, "ap-southeast-2").list_nodes()) == 120


# --- faults


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("unauthorized", "AuthFailure"),
        ("quota", "VcpuLimitExceeded"),
        ("no_capacity", "InsufficientInstanceCapacity"),
        ("rate_limit", "RequestLimitExceeded"),
        ("server_error", "InternalError"),
    ],
)
def test_fault_is_answered_with_amazons_own_code_once(sandbox_aws: Sandbox, kind: str, code: str) -> None:
    ec2 = client(sandbox_aws)
    image = newest_image(ec2)
    sandbox_aws.fault(kind, match={"operation": "RunInstances"})
    ec2.describe_instances()
    with pytest.raises(ClientError) as refused:
        run(ec2, ImageId=image)
    assert refused.value.response["Error"]["Code"] == code
    assert run(ec2, ImageId=image)


def test_rate_limit_says_when_to_come_again(sandbox_aws: Sandbox) -> None:
    sandbox_aws.fault("rate_limit", retry_after=7)
    with pytest.raises(ClientError) as refused:
        client(sandbox_aws).describe_instances()
    assert refused.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "7"


def test_fault_for_one_region_leaves_the_others_alone(sandbox_aws: Sandbox) -> None:
    sandbox_aws.fault("no_capacity", count=None, match={"region": "us-east-1"})
    assert run(client(sandbox_aws, region="us-east-2"))
    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        run(client(sandbox_aws))


def test_dropped_answer_leaves_the_machine_made(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    image = newest_image(ec2)
    sandbox_aws.fault("drop_after_accept", match={"operation": "create"})
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        run(ec2, name="dropped", ImageId=image, ClientToken="drop-1")
    made = [one["id"] for one in sandbox_aws.machines() if one["name"] == "dropped"]
    assert len(made) == 1
    assert [one["InstanceId"] for one in run(ec2, name="dropped", ImageId=image, ClientToken="drop-1")] == made


def test_cloud_that_is_down_cuts_the_connection_and_does_nothing(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    image = newest_image(ec2)
    sandbox_aws.fault("down", count=None)
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        run(ec2, name="down", ImageId=image)
    assert [one for one in sandbox_aws.machines() if one["name"] == "down"] == []


def test_slow_answer_comes_late(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    ec2.describe_key_pairs()
    sandbox_aws.fault("slow", seconds=0.7)
    begun = time.monotonic()
    ec2.describe_key_pairs()
    assert time.monotonic() - begun >= 0.7


# --- surviving


def test_everything_survives_being_killed(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.aws", tmp_path, boot_seconds=0.5)
    sandbox.start()
    try:
        key = sandbox.credentials("local/ann")
        east, west = client(sandbox, **key), client(sandbox, region="eu-west-1", **key)
        network = west.describe_subnets()["Subnets"][0]["SubnetId"]
        kept = run(east, 3, name="kept", ClientToken="kept")
        stopped, ended = run(west, 2, name="other")
        wait_for(lambda: state(west, stopped["InstanceId"]) == "running")
        west.stop_instances(InstanceIds=[stopped["InstanceId"]])
        west.terminate_instances(InstanceIds=[ended["InstanceId"]])
        wait_for(lambda: all(one["State"]["Name"] == "running" for one in described(east)))
        wait_for(lambda: state(west, stopped["InstanceId"]) == "stopped")
        before = (described(east), described(west), east.describe_volumes()["Volumes"])

        sandbox.kill()
        sandbox.start()

        assert (described(east), described(west), east.describe_volumes()["Volumes"]) == before
        assert west.describe_subnets()["Subnets"][0]["SubnetId"] == network
        again = run(east, 3, name="kept", ClientToken="kept")
        assert [one["InstanceId"] for one in again] == [one["InstanceId"] for one in kept]
        assert sandbox.credentials("local/ann") == key
    finally:
        sandbox.stop()


def test_machine_that_was_told_of_is_there_after_an_immediate_kill(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.aws", tmp_path)
    sandbox.start()
    try:
        number = run(client(sandbox))[0]["InstanceId"]
        sandbox.kill()
        sandbox.start()
        assert [one["id"] for one in sandbox.machines()] == [number]
        assert sandbox.stop() == 0
    finally:
        sandbox.stop()


def test_machine_that_ended_is_forgotten_after_a_while_with_all_that_was_its_own(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.aws", tmp_path, boot_seconds=0, more=("--forget-seconds", "1.5"))
    sandbox.start()
    try:
        ec2 = client(sandbox)
        kept = run(ec2, name="kept")[0]["InstanceId"]
        disks = [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "old"}]} for kind in ("instance", "volume")]
        ended = [one["InstanceId"] for one in run(ec2, 3, TagSpecifications=disks, ClientToken="once")]
        half = [one["InstanceId"] for one in run(ec2, 2, name="half")]
        ec2.terminate_instances(InstanceIds=[*ended, half[0]])
        assert {one["State"]["Name"] for one in described(ec2, *ended)} == {"terminated"}

        wait_for(lambda: described(ec2, *ended) == [])
        assert {one["id"] for one in sandbox.machines()} == {kept, *half}  # the rest of an order keeps its memory
        assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 3
        assert len(ec2.describe_volumes()["Volumes"]) == 2
        assert {tag["ResourceId"] for tag in ec2.describe_tags()["Tags"]} == {kept, *half}
        with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
            ec2.terminate_instances(InstanceIds=ended)
        assert run(ec2, 3, name="anew", ClientToken="once")[0]["InstanceId"] not in ended
    finally:
        sandbox.stop()


def test_machine_that_ended_long_ago_does_not_come_back_with_a_restart(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.aws", tmp_path, boot_seconds=0, more=("--forget-seconds", "1"))
    sandbox.start()
    try:
        ec2 = client(sandbox)
        ec2.terminate_instances(InstanceIds=[run(ec2)[0]["InstanceId"]])
        assert [one["state"] for one in sandbox.machines()] == ["terminated"]
        sandbox.kill()
        time.sleep(1)
        sandbox.start()
        assert sandbox.machines() == []
    finally:
        sandbox.stop()


def test_moto_that_is_told_to_begin_anew_stays_empty_after_a_restart(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.aws", tmp_path)
    sandbox.start()
    try:
        run(client(sandbox))
        assert requests.post(f"{sandbox.url}/moto-api/reset", timeout=10).ok
        assert sandbox.machines() == []
        sandbox.kill()
        sandbox.start()
        assert sandbox.machines() == []
        assert run(client(sandbox))
    finally:
        sandbox.stop()


def test_port_that_is_taken_is_said_in_one_sentence(sandbox_aws: Sandbox, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "clouddesk.sandbox.aws", "--port", str(sandbox_aws.port), "--data", str(tmp_path)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"cannot start on port {sandbox_aws.port}" in ended.stderr


def test_state_that_cannot_be_read_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "ec2-us-east-1.pickle").write_bytes(b"half a file")
    command = [sys.executable, "-m", "clouddesk.sandbox.aws", "--port", str(free_port()), "--data", str(tmp_path)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "ec2-us-east-1.pickle cannot be read" in ended.stderr
