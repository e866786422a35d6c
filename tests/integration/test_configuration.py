"""Ansible on real nodes: containers of a Docker engine that run systemd and answer to SSH."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote
from uuid import uuid4

import psutil
import pytest

from clouddesk.adapters import ansible_folder
from clouddesk.adapters.ansible import AnsibleConfiguration
from clouddesk.adapters.blueprints import load_blueprints, make_secrets
from clouddesk.model.configuration import (
    DISK_FULL,
    MIRROR_DOWN,
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
from tests.docker_engine import Engine, order

OURS = PROJECT / "blueprints"
BLUEPRINTS = load_blueprints(OURS)
NAME = f"configured-{uuid4().hex[:8]}"
"""Of its own, because an engine that was there already may have nodes of another session."""
UP_WITHIN_SECONDS = 120
FAST = "probe"
"""An Ansible role of a team's own that does next to nothing."""
NOWHERE = "http://127.0.0.1:9"
NO_PROXY = "/etc/apt/apt.conf.d/zz-no-proxy"
OUTDATED = "outdated"
"""One that wants a Python package in a version that is nowhere."""

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def private_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def targets(docker_engine: Engine, private_key: Path) -> Iterator[tuple[Target, ...]]:
    """Five nodes that run."""
    provider = docker_engine.open()
    keys = tuple(f"node-{number}" for number in range(1, 6))
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
    (tasks / "leave.yml").write_text(
        "- name: Stop the probe\n"
        "  ansible.builtin.shell: echo {{ inventory_hostname }} leaves {{ common_prefix }}\n"
        "  changed_when: true\n"
        "  when: inventory_hostname in clouddesk_leaving\n"
    )
    (tasks / "check.yml").write_text(
        "- name: Tell what was found\n"
        "  ansible.builtin.set_stats: {data: {clouddesk_found: [the probe is there]}, aggregate: true}\n"
        "  run_once: true\n"
    )
    outdated = folder / "roles" / OUTDATED
    (outdated / "tasks").mkdir(parents=True)
    (outdated / "tasks" / "main.yml").write_text(
        "- name: Install what is outdated\n"
        "  ansible.builtin.include_role: {name: common, tasks_from: python}\n"
        "  vars: {common_environment: outdated, common_title: what is outdated, common_lock: outdated.txt}\n"
    )
    (outdated / "files").mkdir()
    (outdated / "files" / "outdated.txt").write_text(f"certifi==1999.1.1 --hash=sha256:{'0' * 64}\n")
    return folder


class Desk:
    """Configures two nodes, or those of ``targets``, and keeps what was told meanwhile."""

    def __init__(self, targets: tuple[Target, ...], private_key: Path, team: Path, folder: Path) -> None:
        self.targets = targets[:2]
        self.steps: list[str] = []
        self.log = folder / "configure.log"
        self.reach_seconds = 60.0
        self._key = private_key.read_text()
        self._ansible = AnsibleConfiguration([OURS, team])

    async def configure(
        self,
        *roles: str,
        secrets: dict[str, str] | None = None,
        mirrors: dict[str, str] | None = None,
        limit_seconds: float = 600,
        leaving: tuple[str, ...] = (),
        **variables: object,
    ) -> Configured:
        wanted = ConfigurationOrder(
            NAME,
            roles,
            self.targets,
            variables={"common_retries": 1, **variables},
            mirrors=mirrors or {},
            limit_seconds=limit_seconds,
            reach_seconds=self.reach_seconds,
            leaving=leaving,
        )
        known = ConfigurationSecrets(self._key, secrets or {"password": "correct-horse-battery"})
        return await self._ansible.configure(wanted, known, log_path=self.log, on_step=self.steps.append)


@pytest.fixture
def on_node_5(desk: Desk, targets: tuple[Target, ...], private_key: Path) -> Callable[[str], None]:
    """Nothing but the last node is configured; runs a command as root there. It is broken on purpose."""
    desk.targets = targets[4:]

    def run(command: str) -> None:
        target = targets[4]
        place = ["-p", str(target.port), f"{target.login}@{target.address}"]
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        subprocess.run(["ssh", "-q", *options, "-i", private_key, *place, f"sudo sh -c {quote(command)}"], check=True)

    return run


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where runs have their folders, for this test alone. Its path is short: sockets lie there."""
    with tempfile.TemporaryDirectory(prefix="cd-", dir=ansible_folder._MEMORY) as folder:
        monkeypatch.setattr(ansible_folder, "_MEMORY", Path(folder))
        yield Path(folder)


@pytest.fixture(scope="module")
def archive(targets: tuple[Target, ...], private_key: Path) -> None:
    """Debian's packages can be fetched from within a node."""
    first, ssh = (
        targets[0],
        ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"),
    )
    update = "sudo timeout 60 apt-get -qq -o APT::Update::Error-Mode=any -o Acquire::Retries=1 update"
    done = subprocess.run(
        ["ssh", *ssh, "-i", str(private_key), "-p", str(first.port), f"{first.login}@{first.address}", update],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"nodes do not reach Debian's archive: {done.stderr.strip()[-300:]}")


@pytest.fixture
def desk(targets: tuple[Target, ...], private_key: Path, team: Path, tmp_path: Path) -> Desk:
    return Desk(targets, private_key, team, tmp_path)


def _target(node: Node) -> Target:
    assert node.address
    assert node.private_address
    return Target(node.key, node.role, node.address, node.private_address, node.ssh_port, node.login)


@pytest.mark.usefixtures("archive")
async def test_redis_is_put_on_three_nodes_proves_itself_and_the_second_run_changes_nothing(desk, targets):
    desk.targets = targets[:3]
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
    assert done.found == ("2 machines reach each other", "the probe is there")
    assert "correct-horse" not in desk.log.read_text()
    assert "TASK [probe : Set up the probe]" in desk.log.read_text()


async def test_nodes_that_leave_are_taken_out_by_the_roles_that_know_how_and_nothing_else_is_done(desk):
    done = await desk.configure("redis", FAST, leaving=("node-2",))
    log = desk.log.read_text()
    assert done.changes == 1, "on the one that leaves"
    assert "TASK [probe : Stop the probe]" in log
    assert "changed: [node-2]" in log
    assert "Set up the probe" not in log
    assert "Redis" not in log


async def test_a_step_that_fails_on_one_of_five_nodes_names_it_and_its_last_lines(desk, targets):
    desk.targets = targets
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST, broken="node-2")
    assert (caught.value.cause, caught.value.nodes) == (STEP_FAILED, ("node-2",))
    assert (caught.value.step, caught.value.lines) == ("starting the probe", ("the probe is broken",))


async def test_a_package_that_does_not_exist_is_told_as_such(desk):
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST, package="no-such-package-anywhere")
    assert caught.value.cause == NO_SUCH_VERSION
    assert "no-such-package-anywhere" in caught.value.lines[-1]


async def test_an_archive_of_packages_that_does_not_answer_is_told_as_such(desk, on_node_5):
    on_node_5("rm -rf /var/lib/apt/lists/*")
    on_node_5(f'echo \'Acquire {{ http::Proxy "{NOWHERE}"; https::Proxy "{NOWHERE}"; }};\' > {NO_PROXY}')
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure()
    on_node_5(f"rm {NO_PROXY}")
    assert (caught.value.cause, caught.value.nodes) == (MIRROR_DOWN, ("node-5",))
    assert caught.value.may_help_to_retry
    assert "refused" in "\n".join(caught.value.lines)


async def test_an_index_of_python_packages_that_does_not_answer_is_told_as_such(desk, on_node_5):
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(OUTDATED, mirrors={"pip": f"{NOWHERE}/simple"})
    assert (caught.value.cause, caught.value.nodes) == (MIRROR_DOWN, ("node-5",))


async def test_a_version_that_does_not_exist_is_told_as_such(desk, on_node_5):
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(OUTDATED)
    assert (caught.value.cause, caught.value.nodes) == (NO_SUCH_VERSION, ("node-5",))
    assert "certifi==1999.1.1" in "\n".join(caught.value.lines)


async def test_a_full_disk_is_told_as_such(desk, on_node_5):
    on_node_5("mount -t tmpfs -o size=1m tmpfs /var/cache/apt/archives && mkdir /var/cache/apt/archives/partial")
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST, package="git")
    on_node_5("umount /var/cache/apt/archives")
    assert (caught.value.cause, caught.value.nodes) == (DISK_FULL, ("node-5",))


async def test_a_node_that_does_not_answer_is_told_as_such(desk):
    desk.targets = (desk.targets[0], replace(desk.targets[1], port=1))
    desk.reach_seconds = 10.0
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST)
    assert (caught.value.cause, caught.value.nodes) == (UNREACHABLE, ("node-2",))


async def test_the_keys_of_first_contact_are_told_and_a_node_with_another_key_is_refused(desk, private_key):
    done = await desk.configure(FAST)
    assert set(done.host_keys) == {"node-1", "node-2"}
    known = tuple(replace(target, host_keys=done.host_keys[target.key]) for target in desk.targets)
    desk.targets = known
    assert (await desk.configure(FAST)).host_keys == done.host_keys
    desk.targets = (replace(known[0], host_keys=(_public(private_key),)), *known[1:])
    desk.reach_seconds = 10.0
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST)
    assert (caught.value.cause, caught.value.nodes) == (UNREACHABLE, ("node-1",))


async def test_a_run_that_takes_too_long_is_ended(desk, memory):
    with pytest.raises(ConfigureFailed) as caught:
        await desk.configure(FAST, nap=300, limit_seconds=25)
    assert caught.value.cause == TIMED_OUT
    assert _left(memory) == []


async def test_cancelling_ends_ansible_its_connections_and_its_folder(desk, memory):
    running = asyncio.create_task(desk.configure(FAST, nap=300))
    while "setting up the probe on 2 nodes" not in desk.steps:
        assert not running.done()
        await asyncio.sleep(0.2)
    assert _left(memory)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert _left(memory) == []
    assert list(memory.iterdir()) == []


def _public(private_key: Path) -> str:
    return Path(f"{private_key}.pub").read_text().strip()


def _left(memory: Path) -> list[str]:
    """What runs of Ansible's and ssh's that has to do with this test: all name the private folder."""
    commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [command for command in commands if f"{memory}/" in command and ("ansible" in command or "ssh" in command)]
