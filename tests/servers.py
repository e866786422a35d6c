"""Real servers for tests, from the packages' binaries, on free ports and in temporary folders."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hvac
import pytest
import requests

from clouddesk.local import processes, vault
from clouddesk.local.home import Home
from clouddesk.model.credentials import Secret

STARTS_WITHIN_SECONDS = 60.0


@dataclass
class Server:
    """One server process that can be stopped and started again with its data."""

    command: list[str]
    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self, is_ready: Callable[[], bool]) -> None:
        with (self.folder / "server.log").open("ab") as output:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=output, stderr=output)
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if is_ready():
                return
            time.sleep(0.05)
        self.stop()
        raise AssertionError(f"{self.command[0]} did not start:\n{(self.folder / 'server.log').read_text()}")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def listens(self) -> bool:
        with contextlib.closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass(frozen=True)
class Vault:
    """A running OpenBao, set up as the stack sets it up."""

    address: str
    home: Home

    def login(self, role: str) -> str:
        return (self.home.secrets / f"vault-{role}.json").read_text()

    def client(self, role: str) -> hvac.Client:
        login = json.loads(self.login(role))
        client = hvac.Client(url=self.address)
        client.auth.approle.login(role_id=login["role_id"], secret_id=Secret(login["secret_id"]).reveal())
        return client


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def redis_server(folder: Path, *, port: int | None = None) -> Server:
    """A Redis that is not started yet."""
    port = port or free_port()
    command = [str(processes.redis_server()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    return Server([*command, "--appendonly", "yes"], port, folder)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis that the session shares; tests keep apart by their persons and ids."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@contextlib.contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """The address of a Redis of one's own."""
    server = redis_server(folder)
    server.start(server.listens)
    yield f"redis://127.0.0.1:{server.port}/0"
    server.stop()


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Temporal dev server that the session shares."""
    with running_temporal(tmp_path_factory.mktemp("temporal")) as address:
        yield address


@contextlib.contextmanager
def running_temporal(folder: Path) -> Iterator[str]:
    """The address of a Temporal dev server of one's own."""
    port = free_port()
    command = [str(processes.temporal_cli()), "server", "start-dev", "--headless", "--ip", "127.0.0.1"]
    command += ["--log-level", "warn", "--port", str(port), "--http-port", str(free_port())]
    command += ["--metrics-port", str(free_port()), "--db-filename", str(folder / "temporal.db")]
    server = Server(command, port, folder)
    server.start(server.listens)
    yield f"127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="session")
def running_vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """An OpenBao with the stack's own mount, policies and roles."""
    home = Home(tmp_path_factory.mktemp("vault") / "home")
    home.prepare()
    port = free_port()
    vault.write_config(home, port=port, cluster_port=free_port())
    server = Server([str(processes.bao()), "server", "-config", str(vault.config_file(home))], port, home.data)
    address = f"http://127.0.0.1:{port}"
    server.start(server.listens)
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while requests.get(f"{address}/v1/sys/health", timeout=5).status_code not in (200, 501):
        assert time.monotonic() < deadline, "the vault does not come up"
        time.sleep(0.05)
    vault.set_up(address, home.secrets, storage=home.data / "vault")
    yield Vault(address, home)
    server.stop()
