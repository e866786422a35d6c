"""A cluster as somebody sets it up who has no CloudDesk: nodes that run, and the playbook started on them by hand."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from clouddesk.adapters.ansible import FORKS
from clouddesk.adapters.ansible_folder import run_folder
from clouddesk.adapters.blueprints import PLAYBOOK, ROLES, load_blueprints, make_secrets
from clouddesk.model.blueprint import Blueprint, Software
from clouddesk.model.configuration import ConfigurationOrder, ConfigurationSecrets, Target
from clouddesk.model.node import RUNNING, Node
from clouddesk.providers import LibcloudProvider
from clouddesk.settings import PROJECT
from tests.docker_engine import Engine, order

FOLDER = PROJECT / "blueprints"
OWN_FOLDER = PROJECT / "bench" / "blueprints"
"""Of the benchmarks' own, as teams have theirs."""
RUN_WITHIN_SECONDS = 180


@dataclass(frozen=True)
class Run:
    """One run of a playbook."""

    seconds: float
    changes: int
    """Steps that changed something, over all nodes."""


class Cluster:
    """Nodes that run."""

    def __init__(self, software: Software, nodes: list[Node], key: Path) -> None:
        self._key = key
        self._order = ConfigurationOrder(
            "by-hand",
            software.ansible_roles,
            tuple(_target(node) for node in nodes),
            versions=software.versions,
            downloads=software.downloads,
            variables=software.variables,
        )
        self._secrets = ConfigurationSecrets("", make_secrets(software.secrets))

    def configure(self) -> Run:
        """Start the playbook and wait for its end. One that fails ends all."""
        with run_folder() as folder:
            folder.write(self._order, self._secrets)
            began = time.perf_counter()
            done = subprocess.run(
                [
                    "ansible-playbook",
                    *("--inventory", folder.inventory, "--private-key", self._key, "--forks", str(FORKS)),
                    FOLDER / PLAYBOOK,
                ],
                env=folder.environment([OWN_FOLDER / ROLES, FOLDER / ROLES]),
                capture_output=True,
                text=True,
                check=False,
            )
            seconds = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(f"ansible-playbook failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
        return Run(seconds, sum(map(int, re.findall(r"\bchanged=(\d+)", done.stdout))))


@contextmanager
def cluster_by_hand(engine: Engine, name: str, count: int, *, size: str) -> Iterator[Cluster]:
    """So many new nodes for the blueprint of that name, which are gone afterwards."""
    blueprint = load_blueprints(FOLDER, OWN_FOLDER)[name]
    if blueprint.software is None:
        raise ValueError(f"nothing is put on {name}")
    provider, reservation_id = engine.open(), f"bench-{uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="clouddesk-bench-") as folder:
        key = Path(folder) / "id_ed25519"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        public = Path(f"{key}.pub").read_text()
        try:
            provider.create_nodes(order(reservation_id, *_keys(blueprint, count), public_keys=(public,), size=size))
            yield Cluster(blueprint.software, _running(provider, reservation_id, count), key)
        finally:
            while not provider.destroy_nodes(reservation_id, "local").is_complete:
                time.sleep(0.2)


def _keys(blueprint: Blueprint, count: int) -> Iterator[str]:
    left = count
    for role in blueprint.roles:
        if role.count == 1:
            left -= 1
            yield role.name
        else:
            yield from (f"{role.name}-{number}" for number in range(1, left + 1))


def _running(provider: LibcloudProvider, reservation_id: str, count: int) -> list[Node]:
    until = time.monotonic() + RUN_WITHIN_SECONDS
    while time.monotonic() < until:
        nodes = provider.get_nodes(reservation_id, "local")
        if len(nodes) == count and {node.state for node in nodes} == {RUNNING}:
            return sorted(nodes, key=lambda node: (int(node.key.partition("-")[2] or 0), node.key))
        time.sleep(0.2)
    raise SystemExit("the nodes did not come up")


def _target(node: Node) -> Target:
    address = node.address or ""
    return Target(node.key, node.role, address, node.private_address or address, node.ssh_port, node.login)
