"""Ansible on real nodes: containers of a Docker engine that run systemd and answer to SSH."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from clouddesk.adapters.ansible import AnsibleConfiguration
from clouddesk.adapters.blueprints import load_blueprints, make_secrets
from clouddesk.model.configuration import (
    NO_SUCH_VERSION,
    STEP_FAILED,
    TIMED_OUT,
    UNREACHABLE,
    ConfigurationOrder,
    ConfigurationSecrets,
    Configured,
    ConfigureFailed,
    Target,
)
from clouddesk.model.node import RUNNING, Node
from clouddesk.settings import PROJECT
from tests.docker_engine import Engine, docker_engine, order

__all__ = ["docker_engine"]

OURS = PROJECT / "blueprints"
BLUEPRINTS = load_blueprints(OURS)
NAME = f"configured-{uuid4().hex[:8]}"
"""Of its own, because an engine that was there already may have nodes of another session."""
UP_WITHIN_SECONDS = 120
FAST = "probe"
"""An Ansible role of a team's own that does next to nothing."""

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def private_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def targets(docker_engine: Engine, private_key: Path) -> Iterator[tuple[Target, ...]]:
    """Three nodes that run."""
    provider = docker_engine.open()
    keys = ("node-1", "node-2", "node-3")
    public = Path(f"{private_key}.pub").read_text()
    provider.create_nodes(order(NAME, *keys, public_keys=(public,), size="1cpu-1gb"))
    nodes: list[Node] = []
    end = time.monotonic() + UP_WITHIN_SECONDS
    while len(nodes) < len(keys) or {node.state for node in nodes} != {RUNNING}:
        assert time.monotonic() < end, nodes
        time.sleep(0.2)
        nodes = provider.get_nodes(NAME, "local")
    yield tuple(_target(node) for node in sorted(nodes, key=lambda node: node.key))
    while not provider.destroy_nodes(NAME, "local").is_complete:
        time.sleep(0.2)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team's folder with a role that does what its variables say."""
    folder = tmp_path_factory.mktemp("team")
    tasks = folder / "roles" / FAST / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text(
        "- name: Set up the probe\n"
        "  ansible.builtin.shell: echo {{ clouddesk_secrets['password'] }}; sleep {{ nap | default(0) }}\n"
        "  changed_when: false\n"
        "- name: Install the probe\n"
        "  ansible.builtin.package: {name: \"{{ package | default('ca-certificates') }}\"}\n"
        "- name: Start the probe\n"
        "  ansible.builtin.shell: echo the probe is broken; exit 3\n"
        "  changed_when: false\n"
        "  when: inventory_hostname == (broken | default(''))\n"
    )
    (tasks / "check.yml").write_text(
        "- name: Tell what was found\n"
        "  ansible.builtin.set_stats: {data: {clouddesk_found: [the probe is there]}, aggregate: true}\n"
        "  run_once: true\n"
    )
    return folder


class Desk:
    """Configures the three nodes, and keeps what was told meanwhile."""

    def __init__(self, targets: tuple[Target, ...], private_key: Path, team: Path, folder: Path) -> None:
        self.targets = targets
        self.steps: list[str] = []
        self.log = folder / "configure.log"
        self.reach_seconds = 60.0
        self._key = private_key.read_text()
        self._ansible = AnsibleConfiguration([OURS, team])

    async def configure(
        self, *roles: str, secrets: dict[str, str] | None = None, limit_seconds: float = 600, **variables: object
    ) -> Configured:
        wanted = ConfigurationOrder(
            NAME,
            roles,
            self.targets,
            variables=variables,
            limit_seconds=limit_seconds,
            reach_seconds=self.reach_seconds,
        )
        known = ConfigurationSecrets(self._key, secrets or {"password": "correct-horse-battery"})
        return await self._ansible.configure(wanted, known, log_path=self.log, on_step=self.steps.append)


@pytest.fixture
def desk(targets: tuple[Target, ...], private_key: Path, team: Path, tmp_path: Path) -> Desk:
    return Desk(targets, private_key, team, tmp_path)


def _target(node: Node) -> Target:
    assert node.address
    assert node.private_address
    return Target(node.key, node.role, node.address, node.private_address, node.ssh_port, node.login)


async def test_redis_is_put_on_three_nodes_proves_itself_and_the_second_run_changes_nothing(desk):
    software = BLUEPRINTS["redis"].software
    assert software is not None
    secrets = make_secrets(software.secrets)
    first = await desk.configure(*software.ansible_roles, secrets=secrets)
    second = await desk.configure(*software.ansible_roles, secrets=secrets)
    assert "Redis: values written through each of 3 machines were read through another" in first.found
    assert (second.changes, second.found) == (0, first.found)
    assert "installing Redis on 3 nodes" in desk.steps
    assert not any(secret in desk.log.read_text() for secret in secrets.values())


async def test_a_teams_role_runs_and_no_secret_reaches_the_log(desk):
    done = await desk.configure(FAST)
    assert done.found == ("3 machines reach each other", "the probe is there")
    assert "correct-horse" not in desk.log.read_text()
    assert "TASK [probe : Set up the probe]" in desk.log.read_text()


async def test_a_step_that_fails_on_one_of_three_nodes_names_it_and_its_last_lines(desk):
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST, broken="node-2")
    assert (caught.value.cause, caught.value.nodes) == (STEP_FAILED, ("node-2",))
    assert (caught.value.step, caught.value.lines) == ("starting the probe", ("the probe is broken",))


async def test_a_package_that_does_not_exist_is_told_as_such(desk):
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST, package="no-such-package-anywhere")
    assert caught.value.cause == NO_SUCH_VERSION
    assert "no-such-package-anywhere" in caught.value.lines[-1]


async def test_a_node_that_does_not_answer_is_told_as_such(desk):
    desk.targets = (*desk.targets[:2], replace(desk.targets[2], port=1))
    desk.reach_seconds = 10.0
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST)
    assert (caught.value.cause, caught.value.nodes) == (UNREACHABLE, ("node-3",))


async def test_the_keys_of_first_contact_are_told_and_a_node_with_another_key_is_refused(desk, private_key):
    done = await desk.configure(FAST)
    assert set(done.host_keys) == {"node-1", "node-2", "node-3"}
    known = tuple(replace(target, host_keys=done.host_keys[target.key]) for target in desk.targets)
    desk.targets = known
    assert (await desk.configure(FAST)).host_keys == done.host_keys
    desk.targets = (replace(known[0], host_keys=(_public(private_key),)), *known[1:])
    desk.reach_seconds = 10.0
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST)
    assert (caught.value.cause, caught.value.nodes) == (UNREACHABLE, ("node-1",))


async def test_a_run_that_takes_too_long_is_ended(desk):
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST, nap=300, limit_seconds=40)
    assert caught.value.cause == TIMED_OUT
    assert _left() == []


async def test_cancelling_ends_ansible_its_connections_and_its_folder(desk):
    before = _folders()
    running = asyncio.create_task(desk.configure(FAST, nap=300))
    while "setting up the probe on 3 nodes" not in desk.steps:
        assert not running.done()
        await asyncio.sleep(0.2)
    assert _left()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert _left() == []
    assert _folders() <= before


def _public(private_key: Path) -> str:
    return Path(f"{private_key}.pub").read_text().strip()


def _left() -> list[str]:
    """What runs of Ansible's and ssh's that has to do with these nodes: all name the private folder."""
    commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [command for command in commands if "/clouddesk-" in command and ("ansible" in command or "ssh" in command)]


def _folders() -> set[Path]:
    return set(Path("/dev/shm").glob("clouddesk-*"))
