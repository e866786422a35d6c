"""A reservation's own network on a Docker engine: its nodes reach each other there, and no others reach them."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import islice
from pathlib import Path
from typing import Any

from docker import APIClient
from docker.types import IPAMConfig, IPAMPool
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.providers.docker_engine import engine_errors

_GONE, _IN_USE = 404, 403


@dataclass(frozen=True)
class Network:
    """A network that there is."""

    id: str
    subnet: IPv4Network


def ensure(engine: APIClient, name: str, labels: Mapping[str, str]) -> Network:
    """The network of that name, which is made when there is none."""
    # Engines make a second network of the same name, and start nothing in either. Whoever asks is on this machine.
    with alone():
        found = [item for item in listed(engine, labels) if item["Name"] == name]
        if not found:
            _make(engine, name, labels)
            found = [item for item in listed(engine, labels) if item["Name"] == name]
    return Network(found[0]["Id"], _subnet(found[0]))


def listed(engine: APIClient, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """The networks that carry the labels."""
    with engine_errors():
        found: list[dict[str, Any]] = engine.networks(
            filters={"label": [f"{key}={value}" for key, value in labels.items()]}
        )
    return sorted(found, key=lambda item: str(item["Created"]))


def remove(engine: APIClient, id_: str) -> None:
    """One that is gone is none; one that a node still uses stays."""
    try:
        with engine_errors():
            engine.remove_network(id_)
    except BaseHTTPError as error:
        if error.code not in (_GONE, _IN_USE):
            raise


def free_addresses(subnet: IPv4Network, used: Collection[str]) -> Iterator[str]:
    """Those that no node has; the first is the gateway's."""
    return (str(host) for host in islice(subnet.hosts(), 1, None) if str(host) not in used)


def _make(engine: APIClient, name: str, labels: Mapping[str, str]) -> None:
    """With addresses that the engine finds free: it is asked for some first, since nodes keep theirs only in a network
    that was told which it has."""
    with engine_errors():
        trial = engine.create_network(f"{name}-trial", driver="bridge", labels=dict(labels))["Id"]
        try:
            subnet = _subnet(engine.inspect_network(trial))
        finally:
            engine.remove_network(trial)
    pool = IPAMPool(subnet=str(subnet), gateway=str(next(subnet.hosts())))
    with engine_errors():
        engine.create_network(name, driver="bridge", labels=dict(labels), ipam=IPAMConfig(pool_configs=[pool]))


@contextmanager
def alone() -> Iterator[None]:
    """One at a time, of all of this user's threads and processes on this machine.

    An engine (20.10) takes the rule that keeps networks apart out and in again, for some 5 ms, whenever one is made.
    """
    path = Path(tempfile.gettempdir()) / f"clouddesk-docker-network-{os.getuid()}.lock"
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _subnet(network: Mapping[str, Any]) -> IPv4Network:
    pools = [pool["Subnet"] for pool in network["IPAM"]["Config"] or () if re.match(r"[\d.]+/", pool.get("Subnet", ""))]
    if not pools:
        raise BaseHTTPError(500, f"The network {network['Name']} has no addresses.")
    return IPv4Network(pools[0])
