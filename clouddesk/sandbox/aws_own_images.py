"""Images that people make of their machines at EC2, as it does and moto leaves out.

They take their time, consist of snapshots of the machine's own disks, which carry tags too, and may fail; no machine
can be made from one before it is done, nor after it is gone. Importing this module changes moto's EC2 in this process.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError, InvalidAMIIdError, UnvailableAMIIdError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.utils import random_ami_id

from clouddesk.sandbox.faults import Fate

_NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
_KINDS = ("image", "snapshot")
_STATES = ("running", "stopped")
_SECONDS = {"pending": 3.0}


class OwnImage(Ami):  # type: ignore[misc]  # moto's models have no types
    """Of a machine's disks. Pending until its time has come, and telling only then what it consists of."""

    ebs_snapshot: Any

    def __init__(self, backend: EC2Backend, id_: str, instance: Any, **facts: Any) -> None:
        self._goal, self._until = "available", time.time() + _SECONDS["pending"]
        self.listed_at = 0.0
        super().__init__(
            backend,
            id_,
            instance=instance,
            root_device_name=instance.root_device_name,
            root_device_type="ebs",
            hypervisor="xen",
            creation_date=utcnow(),
            **facts,
        )
        # moto's own, of a disk that there is not.
        del backend.snapshots[self.ebs_snapshot.id]
        self._disks = [
            (
                device,
                backend.create_snapshot(
                    block.volume_id, f"Created by CreateImage({instance.id}) for {id_}", from_ami=id_
                ),
            )
            for device, block in instance.get_block_device_mapping
        ]
        self.ebs_snapshot = self._disks[0][1]
        # A machine is forgotten some time after it has ended, and its image is not.
        del self.instance

    @property
    def state(self) -> str:
        return "pending" if time.time() < self._until else self._goal

    @state.setter
    def state(self, goal: str) -> None:
        self._goal = goal

    @property
    def snapshots(self) -> list[Any]:
        return [snapshot for _, snapshot in self._disks]

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        if self.state == "pending":
            return []
        return [
            {
                "DeviceName": device,
                "Ebs": {
                    "SnapshotId": snapshot.id,
                    "VolumeSize": snapshot.volume_size,
                    "DeleteOnTermination": True,
                    "VolumeType": "gp3",
                },
            }
            for device, snapshot in self._disks
        ]

    def suffer(self, fate: Fate) -> None:
        self.listed_at = time.time() + fate.listed_after_seconds
        if fate.is_broken:
            self._goal = "failed"
        if fate.is_stuck:
            self._until = math.inf


class _Refused(EC2ClientError):  # type: ignore[misc]
    """By a code of Amazon's."""


def imaging_takes(seconds: float) -> None:
    """Set how long images stay ``pending``."""
    _SECONDS["pending"] = seconds


def suffer(fate: Fate, account: str, region: str, image_id: str) -> None:
    """Let the image that was just asked for have this fate."""
    ec2_backends[account][region].amis[image_id].suffer(fate)


def of_available_image(run: Callable[..., Any]) -> Callable[..., Any]:
    """RunInstances only with an image that is there and done, and with a root disk that is large enough for it."""

    def run_instances(backend: EC2Backend, image_id: str, *arguments: Any, **more: Any) -> Any:
        image = backend.amis.get(image_id)
        if image is None and image_id in backend.deleted_amis:
            raise UnvailableAMIIdError(image_id)
        if isinstance(image, OwnImage):
            if image.state != "available":
                raise _Refused("InvalidAMIID.Unavailable", f"The AMI ID '{image_id}' is currently {image.state}")
            _check_sizes(image, more.get("block_device_mappings") or [])
        return run(backend, image_id, *arguments, **more)

    return run_instances


def _check_sizes(image: OwnImage, wanted: list[dict[str, Any]]) -> None:
    least = {disk["DeviceName"]: disk["Ebs"]["VolumeSize"] for disk in image.block_device_mappings}
    for disk in wanted:
        size, needed = (disk.get("Ebs") or {}).get("VolumeSize"), least.get(disk["DeviceName"], 0)
        if size is not None and int(size) < needed:
            said = f"Volume of size {size}GB is smaller than snapshot, expect size >= {needed}GB"
            raise _Refused("InvalidBlockDeviceMapping", said)


def _create_image(
    backend: EC2Backend, instance_id: str, name: str, description: str, tag_specifications: list[dict[str, Any]]
) -> OwnImage:
    instance = backend.get_instance(instance_id)
    if instance.state not in _STATES:
        raise _Refused("IncorrectInstanceState", f"Instance '{instance_id}' is not in state 'running' or 'stopped'.")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _Refused("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long")
    for image in backend.amis.values():
        if image.owner_id == backend.account_id and image.name == name:
            raise _Refused("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image.id}")
    tags: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}
    for item in tag_specifications:
        if item["ResourceType"] not in tags:
            raise _Refused("InvalidParameterValue", f"'{item['ResourceType']}' is not a taggable resource type")
        tags[item["ResourceType"]].update({tag["Key"]: tag["Value"] for tag in item["Tags"]})
    made = OwnImage(backend, random_ami_id(), instance, name=name, description=description)
    made.add_tags(tags["image"])
    for snapshot in made.snapshots:
        snapshot.add_tags(tags["snapshot"])
    backend.amis[made.id] = made
    return made


def _listed(describe: Callable[..., Any]) -> Callable[..., Any]:
    """A list without images that are too new for it; one that is gone is not there, where moto knows it still."""

    def describe_images(backend: EC2Backend, ami_ids: Any = None, *arguments: Any, **more: Any) -> list[Any]:
        if ami_ids and not set(ami_ids) & set(backend.amis):
            raise InvalidAMIIdError(ami_ids)
        now = time.time()
        return [
            image for image in describe(backend, ami_ids, *arguments, **more) if getattr(image, "listed_at", 0.0) <= now
        ]

    return describe_images


def _adapt() -> None:
    AmiBackend.create_image = _create_image
    AmiBackend.describe_images = _listed(AmiBackend.describe_images)


_adapt()
