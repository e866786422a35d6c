"""Blueprints: declared cluster shapes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RolePlan:
    """A node's part in a cluster: ``count`` None takes all machines that the other roles leave."""

    name: str
    count: int | None = None


@dataclass(frozen=True)
class Blueprint:
    """A cluster's shape and the defaults that a request for it takes when the person does not say."""

    name: str
    title: str
    roles: tuple[RolePlan, ...]
    default_nodes: int
    least_nodes: int
    vcpus: int
    memory_gb: float
    storage_gb: float
    os: str
    aliases: tuple[str, ...] = ()
