"""The simulated clouds as the stack starts them: real processes on free ports, each test session its own state."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from clouddesk.providers.docker_engine import connect
from tests.docker_engine import Engine, docker_engine

__all__ = ["docker_engine"]

PROJECT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_SECONDS = 60.0


@dataclass
class Sandbox:
    """A simulated cloud in its own process."""

    module: str
    data: Path
    boot_seconds: float = 1.0
    more: tuple[str, ...] = ()
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        command = [sys.executable, "-m", self.module, "--port", str(self.port), "--data", str(self.data)]
        command += ["--boot-seconds", str(self.boot_seconds), *self.more]
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "server.log").open("ab") as output:
            self.process = subprocess.Popen(command, cwd=PROJECT, stdout=output, stderr=output, env=dict(os.environ))
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.is_healthy():
                return
            time.sleep(0.05)
        self.stop()
        raise AssertionError(f"{self.module} did not start:\n{(self.data / 'server.log').read_text()}")

    def is_healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/_sandbox/health", timeout=2).ok
        except requests.ConnectionError:
            return False

    def kill(self) -> None:
        """As a power cut would: no chance to save anything."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def credentials(self, owner: str = "local/ann") -> dict[str, str]:
        answer = requests.post(f"{self.url}/_sandbox/credentials", json={"owner": owner}, timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def fault(self, kind: str, **more: object) -> None:
        answer = requests.post(f"{self.url}/_sandbox/faults", json={"kind": kind, **more}, timeout=10)
        assert answer.status_code == 201, answer.text

    def clear_faults(self) -> None:
        requests.delete(f"{self.url}/_sandbox/faults", timeout=10).raise_for_status()

    def machines(self) -> list[dict[str, object]]:
        return list(requests.get(f"{self.url}/_sandbox/machines", timeout=10).json()["machines"])


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(reached: Callable[[], bool], *, within_seconds: float = 5) -> None:
    """Look again and again until it is so; fails when that takes too long."""
    deadline = time.monotonic() + within_seconds
    while not reached():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


class EngineSandbox:
    """A Docker engine in the place of a simulated cloud: a real one, which has no faults to order."""

    def __init__(self, engine: Engine) -> None:
        self.url = engine.address

    def credentials(self, owner: str = "local/ann") -> dict[str, str]:
        return {}

    def fault(self, kind: str, **more: object) -> None:
        pytest.skip("a real engine")

    def clear_faults(self) -> None:
        """There are none."""

    def machines(self) -> list[dict[str, object]]:
        return list(connect(self.url).containers(all=True))

    def stop(self) -> int:
        """It is the session's."""
        return 0


SERVERS = {
    "aws": "clouddesk.sandbox.aws",
    "azure": "clouddesk.sandbox.azure",
    "digitalocean": "clouddesk.sandbox.digitalocean",
    "gcp": "clouddesk.sandbox.gcp",
    "linode": "clouddesk.sandbox.linode",
    "openstack": "clouddesk.sandbox.openstack",
    "vultr": "clouddesk.sandbox.vultr",
}
"""The simulated clouds' modules, by provider."""


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """One simulated cloud of each provider for the whole session, started when it is first asked for."""
    started: dict[str, Sandbox | EngineSandbox] = {}

    def server(provider: str) -> Sandbox | EngineSandbox:
        if provider == "docker" and provider not in started:
            started[provider] = EngineSandbox(request.getfixturevalue("docker_engine"))
        if provider not in started:
            sandbox = Sandbox(SERVERS[provider], tmp_path_factory.mktemp(f"sandbox-{provider}"))
            sandbox.start()
            started[provider] = sandbox
        started[provider].clear_faults()
        return started[provider]

    yield server
    for sandbox in started.values():
        sandbox.stop()


@pytest.fixture
def sandbox_aws(servers: Callable[[str], Sandbox]) -> Iterator[Sandbox]:
    """The simulated AWS, with no faults left over from another test."""
    yield servers("aws")
    servers("aws").clear_faults()


@pytest.fixture
def sandbox_digitalocean(servers: Callable[[str], Sandbox]) -> Iterator[Sandbox]:
    """The simulated DigitalOcean, with no faults left over from another test."""
    yield servers("digitalocean")
    servers("digitalocean").clear_faults()


@pytest.fixture
def sandbox_gcp(servers: Callable[[str], Sandbox]) -> Iterator[Sandbox]:
    """The simulated Google Cloud, with no faults left over from another test."""
    yield servers("gcp")
    servers("gcp").clear_faults()
