"""The simulated AWS when things go wrong: faults that are asked for, kills, damaged state."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from tests.contract.aws_api import client, described, newest_image, run, state
from tests.contract.conftest import PROJECT, Sandbox, free_port, wait_for

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
