"""From "yes" to all machines running, beside the same calls made directly with boto3 on the same simulated cloud.

Directly means what a careful script does: find the newest official image, one RunInstances for all machines, a tag with
each machine's own key, DescribeInstances until all run. ``bare`` leaves the keys out: machines that cannot be
told apart. All are seen by the same observer, which asks the cloud itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from bench.figures import Figure, against
from bench.stack import running_stack
from clouddesk.model.actor import Person
from clouddesk.settings import Settings
from connectors.conversation import open_conversation

OPERATOR = {"aws_access_key_id": "AKIASANDBOXOPERATOR0", "aws_secret_access_key": "sandbox-operator-secret-key"}
NODES = (1, 10, 100)
BOOT_SECONDS = (0.0, 3.0)
REPEATS = 3
POLL_SECONDS = 0.1
UBUNTU = {"Name": "name", "Values": ["ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*"]}
CANONICAL = "099720109477"


def figures() -> Iterator[Figure]:
    """Medians of a few trials each, for instant and for three-second boots."""
    for boot_seconds in BOOT_SECONDS:
        with running_stack(boot_seconds=boot_seconds) as settings:
            for count in NODES:
                times: dict[str, list[float]] = {"direct": [], "bare": [], "ours": []}
                # By turns: the machines that earlier trials ended slow the simulated cloud for a while.
                for trial in range(REPEATS):
                    times["direct"].append(_directly(settings, count, with_keys=True))
                    times["bare"].append(_directly(settings, count, with_keys=False))
                    times["ours"].append(asyncio.run(_by_conversation(settings, count, trial)))
                direct, bare, ours = (_median(times[kind]) for kind in ("direct", "bare", "ours"))
                name = f"yes_to_running.{count}_nodes.boot_{boot_seconds:g}s"
                yield against(name, ours, "s", direct)
                yield against(f"{name}.over_bare", ours, "s", bare)


def _directly(settings: Settings, count: int, *, with_keys: bool) -> float:
    ec2 = _ec2(settings)
    began = time.perf_counter()
    images = ec2.describe_images(Owners=[CANONICAL], Filters=[UBUNTU])["Images"]
    newest = max(images, key=lambda image: image["CreationDate"])
    made = ec2.run_instances(
        ImageId=newest["ImageId"],
        InstanceType="t3.medium",
        MinCount=count,
        MaxCount=count,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "bench", "Value": "direct"}]}],
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}],
    )
    ids = [instance["InstanceId"] for instance in made["Instances"]]
    if with_keys:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda each: ec2.create_tags(Resources=[each], Tags=[{"Key": "key", "Value": each}]), ids))
    _wait_until_running(ec2, [{"Name": "instance-id", "Values": ids}], count)
    seconds = time.perf_counter() - began
    ec2.terminate_instances(InstanceIds=ids)
    return seconds


async def _by_conversation(settings: Settings, count: int, trial: int) -> float:
    ec2 = _ec2(settings)
    user = f"bench{count}x{trial}"
    async with open_conversation(settings, user) as conversation:
        await conversation.say(f"{count} vms with 2 cores and 4 gb on aws in us-east-1 for 1 hour")
        began = time.perf_counter()
        reply = await conversation.say("yes")
        owner = [{"Name": "tag:clouddesk-owner", "Values": [str(Person("local", user))]}]
        try:
            await asyncio.to_thread(_wait_until_running, ec2, owner, count)
        except TimeoutError:
            raise SystemExit(f"not all of {count} machines ran; the answer was: {reply.answers}") from None
        seconds = time.perf_counter() - began
    _terminate(ec2, owner)
    return seconds


def _wait_until_running(ec2: Any, filters: list[dict[str, Any]], count: int) -> None:
    until = time.monotonic() + 60
    wanted = [*filters, {"Name": "instance-state-name", "Values": ["running"]}]
    while time.monotonic() < until:
        pages = ec2.get_paginator("describe_instances").paginate(Filters=wanted)
        found = sum(len(reservation["Instances"]) for page in pages for reservation in page["Reservations"])
        if found >= count:
            return
        time.sleep(POLL_SECONDS)
    raise TimeoutError


def _terminate(ec2: Any, filters: list[dict[str, Any]]) -> None:
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters)
    found = [item["InstanceId"] for page in pages for made in page["Reservations"] for item in made["Instances"]]
    ec2.terminate_instances(InstanceIds=found)


def _ec2(settings: Settings) -> Any:
    return boto3.client("ec2", region_name="us-east-1", endpoint_url=settings.sandbox["aws"], **OPERATOR)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
