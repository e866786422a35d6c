"""libcloud's view of a Docker engine: nodes are containers that run systemd and answer to SSH on a loopback port."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import Node, NodeDriver, NodeImage, NodeLocation, NodeSize
from libcloud.compute.types import NodeState

from clouddesk.providers.docker_engine import connect, engine_errors

REGION = "local"
LOOPBACK = "127.0.0.1"
SSH_PORT_LABEL, ADDRESS_LABEL, SIZE_LABEL = "clouddesk-ssh-port", "clouddesk-address", "clouddesk-size"
GONE, CONFLICT = 404, 409
STOP_SECONDS = 20

_VCPUS = (1, 2, 4, 8, 16, 32, 64)
_MEMORY_GB = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_LEAST_GB_PER_VCPU, _MOST_GB_PER_VCPU = 0.5, 8
_GIB, _MIB = 1024**3, 1024**2
_DISK_STEP_GB = 50
_KEPT_MB = 512
"""Machines tell a little less memory than they were sold with: 15.6 GB count as 16."""


class DockerDriver(NodeDriver):  # type: ignore[misc]  # libcloud has no types
    """What is wanted of a node beyond libcloud's words is given as ``ex_…``, and told as its ``extra``."""

    name = "Docker"
    website = "https://docs.docker.com/engine/api/"
    type = "docker"
    features = {"create_node": ["ssh_key"]}  # noqa: RUF012 - libcloud's own attribute
    NODE_STATE_MAP = {"running": NodeState.RUNNING, "exited": NodeState.STOPPED}  # noqa: RUF012

    def __init__(self, address: str) -> None:
        # libcloud's own constructor opens an HTTP connection, which an engine's socket is not.
        self.key = address
        self.secret = None
        self.connection = connect(address)

    def facts(self) -> dict[str, Any]:
        """What the engine tells of itself and its machine."""
        with engine_errors():
            facts: dict[str, Any] = self.connection.info()
        return facts

    def memory_mb(self) -> int:
        """All that the machine has."""
        return _memory_mb(self.facts())

    def known(self, id_: str) -> Node:
        """A node of which the id is known, and no more is wanted."""
        return Node(id_, id_, NodeState.UNKNOWN, [], [], self)

    def list_locations(self) -> list[NodeLocation]:
        return [NodeLocation(REGION, REGION, "", self)]

    def list_sizes(self, location: NodeLocation | None = None) -> list[NodeSize]:
        """Those that fit the machine, each alone; the disk is the machine's own, and shared."""
        facts = self.facts()
        cores, memory_gb = int(facts["NCPU"]), _memory_mb(facts) / 1024
        disk_gb = _free_gb(facts["DockerRootDir"])
        return [
            self.size(size_name(vcpus, memory), disk_gb=disk_gb)
            for vcpus in _VCPUS
            for memory in _MEMORY_GB
            if vcpus <= cores and memory <= memory_gb and _LEAST_GB_PER_VCPU <= memory / vcpus <= _MOST_GB_PER_VCPU
        ]

    def size(self, name: str, *, disk_gb: int = 0) -> NodeSize:
        """The size of a name. Raises BaseHTTPError when there is none."""
        vcpus, _, memory = name.removesuffix("gb").partition("cpu-")
        if not (vcpus.isdigit() and memory.isdigit()) or name != size_name(int(vcpus), int(memory)):
            raise BaseHTTPError(400, f"There is no size {name}.")
        return NodeSize(name, name, int(memory) * 1024, disk_gb, None, 0.0, self, extra={"vcpus": int(vcpus)})

    def list_images(self, location: NodeLocation | None = None) -> list[NodeImage]:
        with engine_errors():
            found = self.connection.images()
        return [NodeImage(tag, tag, self) for item in found for tag in item.get("RepoTags") or ()]

    def list_nodes(self, ex_labels: Sequence[str] = ()) -> list[Node]:
        """Oldest first. ``ex_labels``: only those with all of these labels ("name" or "name=value")."""
        with engine_errors():
            found = self.connection.containers(all=True, filters={"label": list(ex_labels)})
        return [self._to_node(item) for item in sorted(found, key=lambda item: (item["Created"], item["Id"]))]

    def create_node(
        self,
        name: str,
        size: NodeSize,
        image: NodeImage,
        location: NodeLocation | None = None,
        *,
        ex_hostname: str,
        ex_network: str,
        ex_address: str,
        ex_ssh_port: int,
        ex_labels: Mapping[str, str],
        ex_files: Mapping[str, tuple[str, int, int]],
        ex_aliases: Sequence[str] = (),
    ) -> Node:
        """Made and started, or not there at all. Raises BaseHTTPError (CONFLICT when there is one of the name).

        ``ex_files``: what lies in it before it starts, by path: the text, its mode, and whose it is.
        """
        engine = self.connection
        labels = {
            **ex_labels,
            SSH_PORT_LABEL: str(ex_ssh_port),
            ADDRESS_LABEL: ex_address,
            SIZE_LABEL: size.id,
        }
        memory = size.ram * _MIB
        with engine_errors():
            made = engine.create_container(
                image.id,
                name=name,
                hostname=ex_hostname,
                labels=labels,
                ports=[22],
                stop_signal="SIGRTMIN+3",
                host_config=engine.create_host_config(
                    # What systemd needs: to mount, and control groups of its own. Never the host's /sys/fs/cgroup.
                    cap_add=["SYS_ADMIN"],
                    cgroupns="private",
                    security_opt=["apparmor=unconfined"],
                    tmpfs={"/run": "", "/run/lock": ""},
                    mem_limit=memory,
                    memswap_limit=memory,
                    shm_size=memory // 2,
                    nano_cpus=size.extra["vcpus"] * 10**9,
                    port_bindings={22: (LOOPBACK, ex_ssh_port)},
                    network_mode=ex_network,
                    # So that a node may reboot itself, and comes back with the machine.
                    restart_policy={"Name": "unless-stopped"},
                ),
                networking_config=engine.create_networking_config(
                    {
                        ex_network: engine.create_endpoint_config(
                            aliases=[*ex_aliases, ex_hostname], ipv4_address=ex_address
                        )
                    }
                ),
            )
        try:
            with engine_errors():
                engine.put_archive(made["Id"], "/", _archive(ex_files))
                engine.start(made["Id"])
        except Exception:
            self.remove(made["Id"])
            raise
        found = [node for node in self.list_nodes() if node.id == made["Id"]]
        if not found:
            raise BaseHTTPError(GONE, f"{name} ended as soon as it was made.")
        return found[0]

    def destroy_node(self, node: Node) -> bool:
        self.remove(node.id)
        return True

    def remove(self, id_: str) -> None:
        """With its disk; one that is gone, or on its way, is none."""
        with _unless(GONE, CONFLICT), engine_errors():
            self.connection.remove_container(id_, force=True, v=True)

    def start_node(self, node: Node) -> bool:
        with _unless(GONE), engine_errors():
            self.connection.start(node.id)
        return True

    def stop_node(self, node: Node) -> bool:
        with _unless(GONE), engine_errors():
            self.connection.stop(node.id, timeout=STOP_SECONDS)
        return True

    def reboot_node(self, node: Node) -> bool:
        with _unless(GONE), engine_errors():
            self.connection.restart(node.id, timeout=STOP_SECONDS)
        return True

    def _to_node(self, item: dict[str, Any]) -> Node:
        labels = item.get("Labels") or {}
        state = self.NODE_STATE_MAP.get(item["State"], NodeState.UNKNOWN)
        extra = {"state": item["State"], "status": item.get("Status", ""), "labels": labels, "created": item["Created"]}
        private = labels.get(ADDRESS_LABEL)
        public = [LOOPBACK] if SSH_PORT_LABEL in labels else []
        name = (item.get("Names") or ["/"])[0].lstrip("/")
        return Node(item["Id"], name, state, public, [private] if private else [], self, extra=extra)


def size_name(vcpus: int, memory_gb: int) -> str:
    """ "2cpu-4gb"."""
    return f"{vcpus}cpu-{memory_gb}gb"


@contextmanager
def _unless(*statuses: int) -> Any:
    """The engine's answer is no error when it has one of the statuses."""
    try:
        yield
    except BaseHTTPError as error:
        if error.code not in statuses:
            raise


def _memory_mb(facts: Mapping[str, Any]) -> int:
    return int(facts["MemTotal"] // _MIB) + _KEPT_MB


def _free_gb(folder: str) -> int:
    """What is free where the engine keeps its disks; of this machine's own, when that is inside a virtual one."""
    path = Path(folder) if Path(folder).is_dir() else Path.home()
    # In steps: what is quoted is asked for again with the yes, when a little less may be free.
    free = int(shutil.disk_usage(path).free // _GIB)
    return max(free // _DISK_STEP_GB * _DISK_STEP_GB, min(free, 10))


def _archive(files: Mapping[str, tuple[str, int, int]]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, (text, mode, owner) in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid = len(text.encode()), mode, owner, owner
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()
