"""What EC2 does and moto leaves out: machines take time to start, tokens make creation idempotent, and the like.

Importing this module changes moto's EC2 in this process. moto is pinned, and the contract tests hold these changes.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.core.parse import default_timestamp_parser
from moto.ec2 import utils
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, ec2_backends, elastic_network_interfaces, instances
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix
from moto.moto_api._internal import mock_random

from clouddesk.sandbox.aws_own_images import imaging_takes, of_available_image
from clouddesk.sandbox.faults import Fate

DATA = Path(__file__).parent
IMAGES: list[dict[str, Any]] = json.loads((DATA / "aws_images.json").read_text())["images"]
MORE_SIZES: dict[str, list[str]] = json.loads((DATA / "aws_more_sizes.json").read_text())["regions"]

# What moto puts in the place of a token that was not given.
_TOKEN_NOT_GIVEN = "ABCDE"  # noqa: S105 - no secret

_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
_ON_THE_WAY_TO = {"running": "pending", "stopped": "stopping", "terminated": "shutting-down"}
_SECONDS = {"pending": 3.0, "stopping": 1.0, "shutting-down": 1.0}


class TimedState:
    """moto's InstanceState, but a change takes its time: reading the name looks at the clock.

    moto assigns the state that a machine ends in; until that time has come, the name on the way is given.
    Since everything in moto reads ``name`` and ``code``, filters by state are right as well.
    """

    _meanwhile = ""
    """What it is called until then, where the goal does not tell. Of the class, for states that were saved without."""

    def __init__(self, name: str = "running", code: int = 16) -> None:
        self._goal = ""
        self._until = 0.0
        self.name = name

    @property
    def name(self) -> str:
        return (self._meanwhile or _ON_THE_WAY_TO[self._goal]) if time.time() < self._until else self._goal

    @name.setter
    def name(self, goal: str) -> None:
        if goal != self._goal or (self._meanwhile and time.time() < self._until):
            self._meanwhile = ""
            self._until = time.time() + _SECONDS[_ON_THE_WAY_TO[goal]]
            self._goal = goal

    @property
    def code(self) -> int:
        return _CODES[self.name]

    @code.setter
    def code(self, code: int) -> None:
        """moto sets it beside the name; it follows from the name."""

    @property
    def goal_since(self) -> tuple[str, float]:
        """What it is or becomes, and from when on."""
        return self._goal, self._until

    def starts_until(self, until: float) -> None:
        """Let it be pending until then, whatever comes after."""
        self._meanwhile, self._until = "pending", until

    @property
    def ended_seconds_ago(self) -> float | None:
        """For a terminated machine: since when."""
        return time.time() - self._until if self.name == "terminated" else None


class WrongState(EC2ClientError):  # type: ignore[misc]
    """The machine cannot do that in its state."""

    def __init__(self, text: str) -> None:
        super().__init__("IncorrectInstanceState", text)


class IdempotentParameterMismatch(EC2ClientError):  # type: ignore[misc]
    """The same token for another order."""

    def __init__(self) -> None:
        super().__init__(
            "IdempotentParameterMismatch",
            "The request uses the same client token as a previous, but non-identical request.",
        )


def boot_takes(seconds: float) -> None:
    """Set how long machines and images stay ``pending``; ending and stopping take at most a second."""
    imaging_takes(seconds)
    _SECONDS.update({"pending": seconds, "stopping": min(1.0, seconds), "shutting-down": min(1.0, seconds)})


def suffer(fate: Fate, account: str, region: str, order_id: str) -> None:
    """Let what was just ordered have this fate."""
    for instance in ec2_backends[account][region].reservations[order_id].instances:
        instance.listed_at = time.time() + fate.listed_after_seconds
        if fate.is_broken:
            # Amazon ends it by itself.
            instance.terminate()
            instance._reason = "Server.InternalError"
            instance.state_reason = instances.StateReason(
                "Server.InternalError: Internal error on launch", "Server.InternalError"
            )
            instance._state.starts_until(time.time() + _SECONDS["pending"])
        if fate.is_stuck:
            instance._state.starts_until(math.inf)


def forget_terminated(backend: EC2Backend, *, after_seconds: float) -> None:
    """Drop orders whose machines all ended that long ago, with what they leave in moto: interfaces and tags.

    moto looks through everything that it has at each request, and all of it is saved at each change.
    """
    for order_id, order in list(backend.reservations.items()):
        ages = [instance._state.ended_seconds_ago for instance in order.instances]
        if all(age is not None and age > after_seconds for age in ages):
            del backend.reservations[order_id]
            for instance in order.instances:
                _forget_belongings(backend, instance)


def _forget_belongings(backend: EC2Backend, instance: Any) -> None:
    backend.tags.pop(instance.id, None)
    for interface in instance.nics.values():
        if interface.id in backend.enis:
            interface.delete()
        backend.tags.pop(interface.id, None)
    # moto deletes a machine's disks with the machine, but not what was written on them; it no longer knows whose.
    for disk_id in [tagged for tagged in backend.tags if tagged.startswith("vol-") and tagged not in backend.volumes]:
        del backend.tags[disk_id]


def machines(account: str) -> list[dict[str, Any]]:
    """All machines of all regions, for ``/_sandbox/machines``."""
    return [
        _machine(instance, region)
        for region, backend in list(ec2_backends[account].items())
        for instance in backend.all_instances()
    ]


def _machine(instance: Any, region: str) -> dict[str, Any]:
    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    return {
        "id": instance.id,
        "name": tags.get("Name", ""),
        "region": region,
        "size": instance.instance_type,
        "image": instance.image_id,
        "state": instance.state,
        "address": instance.public_ip,
        "private_address": instance.private_ip,
        "created_at": instance.launch_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tags": tags,
    }


def _load_images(backend: AmiBackend) -> None:
    """The same systems everywhere, each region with image ids of its own."""
    for image in IMAGES:
        region = backend.region_name
        digest = hashlib.sha256(f"{region}/{image['name']}".encode()).hexdigest()
        image_id = f"ami-0{digest[:16]}"
        backend.amis[image_id] = Ami(
            backend,
            image_id,
            public=True,
            virtualization_type="hvm",
            hypervisor="xen",
            root_device_type="ebs",
            **{**image, "creation_date": default_timestamp_parser(image["creation_date"])},
        )


def _run_once(run: Callable[..., Any]) -> Callable[..., Any]:
    """RunInstances with a token that was used already gives what it gave then."""

    def run_instances(backend: EC2Backend, image_id: str, count: int, *arguments: Any, **more: Any) -> Any:
        token = more.get("client_token")
        # As text: moto's type for user data knows no equality.
        facts = (more.get(name) for name in ("instance_type", "tags", "key_name", "security_group_ids"))
        order = repr((image_id, count, *facts, arguments))
        if token == _TOKEN_NOT_GIVEN:
            return run(backend, image_id, count, *arguments, **more)
        for reservation in backend.reservations.values():
            if getattr(reservation, "client_token", None) == token:
                if reservation.order != order:
                    raise IdempotentParameterMismatch
                return reservation
        reservation = run(backend, image_id, count, *arguments, **more)
        reservation.client_token = token
        reservation.order = order
        return reservation

    return run_instances


def _only_in_state(change: Callable[..., Any], refusal: Callable[[Any], str | None]) -> Callable[..., Any]:
    """Refuse a change, for all machines of the request, when one of them is in no state for it."""

    def changed(backend: EC2Backend, instance_ids: list[str]) -> Any:
        for instance in backend.get_multi_instances_by_id(instance_ids):
            problem = refusal(instance)
            if problem:
                raise WrongState(problem)
        return change(backend, instance_ids)

    return changed


def _cannot_start(instance: Any) -> str | None:
    if instance.state in ("pending", "running", "stopped"):
        return None
    return f"The instance '{instance.id}' is not in a state from which it can be started."


def _cannot_stop(instance: Any) -> str | None:
    if instance.state == "pending":
        return f"Instance '{instance.id}' cannot be stopped as it has never reached the 'running' state."
    if instance.state in ("shutting-down", "terminated"):
        return f"This instance '{instance.id}' is not in a state from which it can be stopped."
    return None


def _cannot_reboot(instance: Any) -> str | None:
    if instance.state in ("shutting-down", "terminated", "stopping", "stopped"):
        return f"This instance '{instance.id}' is not in a state from which it can be rebooted."
    return None


def _only_listed(describe: Callable[..., Any]) -> Callable[..., Any]:
    """A list without the orders that are too new for it."""

    def describe_instances(backend: EC2Backend, filters: Any = None) -> list[Any]:
        now = time.time()
        return [
            order
            for order in describe(backend, filters)
            if all(getattr(instance, "listed_at", 0.0) <= now for instance in order.instances)
        ]

    return describe_instances


def _by_tags_first(filter_orders: Callable[..., Any]) -> Callable[..., Any]:
    """moto's filter, which compiles patterns for each machine's tags, gets what carries the tags that are asked for."""

    def filter_reservations(orders: list[Any], filters: dict[str, list[str]]) -> list[Any]:
        tags = {
            name.partition(":")[2]: values
            for name, values in filters.items()
            if name.startswith("tag:") and not any(set("*?") & set(value) for value in values)
        }
        return filter_orders([order for order in orders if _carries(order, tags)], filters)  # type: ignore[no-any-return]

    return filter_reservations


def _carries(order: Any, tags: dict[str, list[str]]) -> bool:
    """Whether one of its machines has a value of these in each of the tags."""
    return any(
        all(own.get(key) in values for key, values in tags.items())
        for own in (instance.ec2_backend.tags.get(instance.id, {}) for instance in order.instances)
    )


def _public_ip(instance: Any) -> str | None:
    """Amazon tells a machine's address some time after it has accepted the order."""
    address: str | None = None if instance.state == "pending" else instance.nics[0].public_ip
    return address


def _free_public_address() -> str:
    """moto takes addresses of Amazon's own; 198.18.0.0/15 is set aside for tests: nobody's machine answers there."""
    taken = {
        interface.public_ip for _, _, backend in ec2_backends.iter_backends() for interface in backend.enis.values()
    }
    while True:
        address = f"198.18.{mock_random.randint(0, 255)}.{mock_random.randint(2, 254)}"
        if address not in taken:
            return address


def _own_tags(resource: Any) -> list[dict[str, str]]:
    """moto looks through the tags of everything for those of one thing, which makes a list of machines quadratic."""
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource.id), "") if resource.id else ""
    tags = resource.ec2_backend.tags.get(resource.id, {})
    return [
        {"resource_id": resource.id, "key": key, "value": value, "resource_type": kind} for key, value in tags.items()
    ]


def _adapt() -> None:
    elastic_network_interfaces.random_public_ip = _free_public_address
    instances.InstanceState = TimedState
    instances.Instance.public_ip = property(_public_ip)
    instances.Instance.public_ip_address = property(_public_ip)
    backend = instances.InstanceBackend
    backend.run_instances = _run_once(of_available_image(backend.run_instances))
    backend.describe_instances = _only_listed(backend.describe_instances)
    backend.start_instances = _only_in_state(backend.start_instances, _cannot_start)
    backend.stop_instances = _only_in_state(backend.stop_instances, _cannot_stop)
    backend.reboot_instances = _only_in_state(backend.reboot_instances, _cannot_reboot)
    instances.filter_reservations = _by_tags_first(instances.filter_reservations)
    AmiBackend._load_amis = _load_images
    TaggedEC2Resource.get_tags = _own_tags
    # moto answers 500 to these filters.
    utils.filter_dict_attribute_mapping["client-token"] = "client_token"
    utils.filter_dict_attribute_mapping["instance-lifecycle"] = "lifecycle"
    # Twenty MB, for a question that nobody asks: sizes by the zones' internal numbers.
    INSTANCE_TYPE_OFFERINGS["availability-zone-id"] = {}
    for region, sizes in MORE_SIZES.items():
        known = INSTANCE_TYPE_OFFERINGS["region"].get(region)
        if known is not None:
            known.extend({"InstanceType": size, "LocationType": "region", "Location": region} for size in sizes)


_adapt()
