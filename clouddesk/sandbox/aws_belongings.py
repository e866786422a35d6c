"""What EC2 does with disks, addresses, keys and groups, and moto leaves out.

What is gone has no tags, and what is used stays. Importing this module changes moto's EC2 in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, tags
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses.key_pairs import KeyPairs
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE


class GroupInUse(EC2ClientError):  # type: ignore[misc]
    """A machine that still exists is in the group."""

    def __init__(self, group_id: str) -> None:
        super().__init__("DependencyViolation", f"resource {group_id} has a dependent object")


class NoDefaultNetwork(EC2ClientError):  # type: ignore[misc]
    """No network is named, and the account has none by default."""

    def __init__(self) -> None:
        super().__init__("VPCIdNotSpecified", "No default VPC for this user.")


def _tags_of_what_exists(describe: Callable[..., Any]) -> Callable[..., Any]:
    """DescribeTags without those that moto keeps when a thing is deleted."""

    def describe_tags(backend: EC2Backend, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        existing = {
            "vol": set(backend.volumes),
            "eipalloc": {address.allocation_id for address in backend.addresses},
            "key": {pair.id for pair in backend.key_pairs.values()},
            "ami": set(backend.amis),
            "snap": set(backend.snapshots),
            "sg": {id_ for groups in backend.groups.values() for id_ in groups},
        }
        return [
            tag
            for tag in describe(backend, filters)
            if (known := existing.get(tag["resource_id"].partition("-")[0])) is None or tag["resource_id"] in known
        ]

    return describe_tags


def _delete_unused_group(delete: Callable[..., Any]) -> Callable[..., Any]:
    def delete_security_group(backend: EC2Backend, name: str | None = None, group_id: str | None = None) -> Any:
        for instance in backend.all_instances():
            groups = {group.id for group in instance.security_groups} | {
                group.name for group in instance.security_groups
            }
            if instance.state != "terminated" and groups & {name, group_id}:
                raise GroupInUse(group_id or name or "")
        return delete(backend, name, group_id)

    return delete_security_group


def _create_group_in_network(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_security_group(
        backend: EC2Backend, name: str, description: str, vpc_id: str | None = None, **more: Any
    ) -> Any:
        if vpc_id is None and backend.get_default_vpc() is None:
            raise NoDefaultNetwork
        return create(backend, name, description, vpc_id, **more)

    return create_security_group


def _delete_key_pair(request: Any) -> ActionResult:
    """By name or by id, which moto overlooks. That there is none is as good."""
    backend, wanted = request.ec2_backend, request._get_param("KeyPairId")
    named = (pair.key_name for pair in backend.key_pairs.values() if pair.id == wanted)
    deleted = backend.delete_key_pair(request._get_param("KeyName") or next(named, None))
    return ActionResult({"Return": True, "KeyPairId": deleted.id if deleted else None})


def _adapt() -> None:
    # As EC2 names them, which moto does only for those outside of a network.
    EC2_PREFIX_TO_RESOURCE["eipalloc"] = "elastic-ip"
    # moto asks for each tag of each thing, and searches long.
    tags.get_prefix = lru_cache(maxsize=100_000)(tags.get_prefix)
    TagBackend.describe_tags = _tags_of_what_exists(TagBackend.describe_tags)
    SecurityGroupBackend.delete_security_group = _delete_unused_group(SecurityGroupBackend.delete_security_group)
    SecurityGroupBackend.create_security_group = _create_group_in_network(SecurityGroupBackend.create_security_group)
    KeyPairs.delete_key_pair = _delete_key_pair


_adapt()
