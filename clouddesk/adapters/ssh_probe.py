"""What machines do, asked over SSH: CloudDesk's own key of the reservation, and one connection to each machine.

A machine's public key is known from its configuration, else from the first time it was asked. The private key goes to
an agent of its own and into no file. What a machine answers is somebody else's word: only numbers are taken from it.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import shlex
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog

from clouddesk.adapters.ansible_folder import run_folder
from clouddesk.model.configuration import BotKey
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import Node
from clouddesk.model.ports import Clock
from clouddesk.model.reservation import Reservation
from clouddesk.model.utilisation import Sample

log = structlog.get_logger()

AT_ONCE = 24
"""Machines that one worker asks at a time."""
CONNECT_SECONDS = 15
LIMIT_SECONDS = 40.0
_PUBLIC_KEY = "bot.pub"
_MOST_BYTES = 64 * 1024
_SCRIPT = Path(__file__).with_name("node_probe.py")
_JOBS = {
    "notebooks": ("a notebook that computes", "notebooks that compute"),
    "spark": ("a Spark job", "Spark jobs"),
    "yarn": ("a YARN application", "YARN applications"),
    "dask": ("a Dask task", "Dask tasks"),
    "ray": ("a Ray job", "Ray jobs"),
    "flink": ("a Flink job", "Flink jobs"),
    "slurm": ("a Slurm job", "Slurm jobs"),
}
_CLIENTS = ("etcd", "MariaDB", "NATS", "PostgreSQL", "RabbitMQ", "Redis", "Cassandra", "Kafka", "search", "MongoDB")
_MOST = 1_000_000
_MOST_AGE = timedelta(days=3650)


class BotKeys(Protocol):
    """CloudDesk's own keys."""

    async def known_bot_key(self, reservation_id: str) -> BotKey | None:
        """None when there is none: the machines do not know us."""
        ...


class HostKeys(Protocol):
    """The public keys with which machines answered the first time, by the machine's id: keys of nodes come again."""

    async def read(self, reservation_id: str) -> Mapping[str, tuple[str, ...]]: ...

    async def put(self, reservation_id: str, keys: Mapping[str, tuple[str, ...]]) -> None: ...


class SshProbe:
    """Implements ``Probe`` for machines that can be logged in to."""

    def __init__(self, keys: BotKeys, host_keys: HostKeys, clock: Clock, *, at_once: int = AT_ONCE) -> None:
        self._keys = keys
        self._host_keys = host_keys
        self._clock = clock
        self._room = asyncio.Semaphore(at_once)
        self._agents = asyncio.Semaphore(at_once)

    async def look(self, reservation: Reservation) -> list[Sample]:
        """One of each machine that answered in time. Raises Unavailable when there is no way to the keys."""
        nodes = [node for node in reservation.living_nodes if node.address and node.state == NODE_RUNNING]
        key = await self._keys.known_bot_key(reservation.id) if nodes else None
        if key is None:
            return []
        met = await self._host_keys.read(reservation.id)
        known = {node.key: reservation.host_keys.get(node.key) or met.get(node.id, ()) for node in nodes}
        async with self._agents:
            return await self._look(reservation.id, nodes, key, known)

    async def _look(
        self, reservation_id: str, nodes: Sequence[Node], key: BotKey, known: Mapping[str, Sequence[str]]
    ) -> list[Sample]:
        with run_folder() as folder:
            (folder.path / _PUBLIC_KEY).write_text(key.public_key + "\n")
            async with _agent(folder.path, key.private_key) as socket:
                looks = [self._ask(node, nodes, folder.path, socket, known[node.key]) for node in nodes]
                samples = await asyncio.gather(*looks)
            first = {node.id: found for node in nodes if not known[node.key] and (found := _met(folder.path, node))}
        if first:
            await self._host_keys.put(reservation_id, first)
        if silent := [node.key for node, sample in zip(nodes, samples, strict=True) if sample is None]:
            log.info("utilisation.silent", reservation_id=reservation_id, nodes=silent)
        return [sample for sample in samples if sample]

    async def _ask(
        self, node: Node, nodes: Sequence[Node], folder: Path, socket: Path, known: Sequence[str]
    ) -> Sample | None:
        file = _known_hosts(folder, node)
        file.write_text("".join(f"{node.key} {line}\n" for line in known))
        others = [address for peer in nodes if peer is not node for address in (peer.private_address, peer.address)]
        # Containers of one engine share its address: there it says nothing about who a connection is from.
        peers = [address for address in others if address and address != node.address]
        async with self._room:
            told = await _run(_command(node, folder, socket, file, peers, is_known=bool(known)))
        if told is None:
            return None
        return sample_of(told, node.key, self._clock())


def sample_of(told: Mapping[str, Any], node: str, at: datetime) -> Sample:
    """What the probe told, as far as it makes sense."""
    jobs = _counts(told.get("jobs"), _JOBS)
    clients = _counts(told.get("clients"), _CLIENTS)
    age = _number(told.get("input_age_seconds"), _MOST_AGE.total_seconds())
    words = [f"{count} {_JOBS[name][1]}" if count > 1 else _JOBS[name][0] for name, count in jobs.items()]
    words += [f"{count} {name} connections" if count > 1 else f"a {name} connection" for name, count in clients.items()]
    logins = _number(told.get("logins"), _MOST)
    count = sum(jobs.values()) + sum(clients.values())
    return Sample(
        node=node,
        at=at,
        cpu_percent=_number(told.get("cpu_percent"), 100),
        memory_percent=_number(told.get("memory_percent"), 100),
        gpu_percent=_number(told.get("gpu_percent"), 100),
        logins=None if logins is None else int(logins),
        # Where something does not say whether it has jobs, none that was seen says nothing.
        jobs=None if told.get("silent") and not count else count,
        last_input_at=None if age is None else at - timedelta(seconds=int(age)),
        what=tuple(words),
    )


def _command(
    node: Node, folder: Path, socket: Path, known_hosts: Path, peers: Sequence[str], *, is_known: bool
) -> list[str]:
    options = {
        "BatchMode": "yes",
        "CheckHostIP": "no",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "ForwardAgent": "no",
        "GlobalKnownHostsFile": "/dev/null",
        "HashKnownHosts": "no",
        # Known under its key, a machine may come back with another address and still be known.
        "HostKeyAlias": node.key,
        "IdentitiesOnly": "yes",
        "IdentityAgent": str(socket),
        "IdentityFile": str(folder / _PUBLIC_KEY),
        "LogLevel": "ERROR",
        "StrictHostKeyChecking": "yes" if is_known else "accept-new",
        "UpdateHostKeys": "no",
        "UserKnownHostsFile": str(known_hosts),
    }
    arguments = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    remote = "exec nice " + shlex.join(["python3", "-", node.key, *peers])
    return ["ssh", "-F", "none", "-T", *arguments, "-p", str(node.ssh_port), f"{node.login}@{node.address}", remote]


async def _run(command: Sequence[str]) -> Mapping[str, Any] | None:
    """What the probe told; None when the machine does not answer in time, or not as it should."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_environment(), start_new_session=True
    )
    try:
        text = await asyncio.wait_for(_talk(process, _SCRIPT.read_bytes()), LIMIT_SECONDS)
        told = json.loads(text)
    except (asyncio.TimeoutError, OSError, ValueError):
        return None
    finally:
        await _end(process)
    return told if isinstance(told, dict) else None


async def _talk(process: Process, script: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both were asked for")
    with suppress(ConnectionError):  # it has ended already, and says why with what it prints
        process.stdin.write(script)
        await process.stdin.drain()
    process.stdin.close()
    text = b""
    while len(text) < _MOST_BYTES and (more := await process.stdout.read(_MOST_BYTES)):
        text += more
    if len(text) < _MOST_BYTES:
        await process.wait()
    return text


@asynccontextmanager
async def _agent(folder: Path, private_key: str) -> AsyncIterator[Path]:
    """An agent that knows this key alone; the address of its socket."""
    socket = folder / "agent"
    process = await asyncio.create_subprocess_exec(
        "ssh-agent", "-D", "-a", str(socket), stdout=PIPE, stderr=DEVNULL, env=_environment(), start_new_session=True
    )
    try:
        if process.stdout is not None:
            await asyncio.wait_for(process.stdout.readline(), LIMIT_SECONDS)
        adding = await asyncio.create_subprocess_exec(
            *("ssh-add", "-q", "-"),
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
            env={**_environment(), "SSH_AUTH_SOCK": str(socket)},
        )
        await adding.communicate(private_key.encode())
        yield socket
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    """Nothing else of ours reaches it."""
    return {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}


def _known_hosts(folder: Path, node: Node) -> Path:
    return folder / f"known_hosts-{node.key}"


def _met(folder: Path, node: Node) -> tuple[str, ...]:
    """The keys with which it answered."""
    lines = _known_hosts(folder, node).read_text().splitlines()
    return tuple(line.partition(" ")[2] for line in lines if " " in line)


def _counts(told: Any, known: Sequence[str] | Mapping[str, Any]) -> dict[str, int]:
    if not isinstance(told, Mapping):
        return {}
    found = {name: _number(told.get(name), _MOST) for name in known}
    return {name: int(count) for name, count in found.items() if count}


def _number(told: Any, most: float) -> float | None:
    """Not negative, and no more than that."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told):
        return None
    return min(max(0.0, float(told)), most)
