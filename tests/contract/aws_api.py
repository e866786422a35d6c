"""How the simulated AWS is asked: with boto3 and with libcloud's EC2 driver."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from libcloud.compute.drivers.ec2 import EC2NodeDriver

from tests.contract.conftest import Sandbox

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
