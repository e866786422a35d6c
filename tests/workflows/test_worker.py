"""The worker as its own process: it waits for its servers, tells when it polls, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.servers import Vault, free_port, redis_server, running_vault

__all__ = ["running_vault"]

PROJECT = Path(__file__).resolve().parents[2]


def health(port: int) -> int | None:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code
    except (requests.ConnectionError, requests.Timeout):
        return None


def wait_for_health(port: int, status: int) -> None:
    deadline = time.monotonic() + 40
    while health(port) != status:
        assert time.monotonic() < deadline, f"/health is {health(port)}, not {status}"
        time.sleep(0.1)


@pytest.fixture
def redis_port() -> int:
    return free_port()


@pytest.fixture
def worker(
    running_vault: Vault, temporal_address: str, redis_port: int, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    port, log = free_port(), tmp_path / "worker.log"
    environment = {
        **os.environ,
        "CLOUDDESK_HOME": str(running_vault.home.root),
        "CLOUDDESK_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "CLOUDDESK_VAULT_ADDR": running_vault.address,
        "CLOUDDESK_TEMPORAL_ADDRESS": temporal_address,
    }
    command = [sys.executable, "-m", "clouddesk.workflows.worker", "--health-port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
    yield process, port, log
    if process.poll() is None:
        process.kill()
        process.wait()


def test_it_waits_for_its_servers_and_ends_on_sigterm(worker, redis_port: int, tmp_path: Path):
    process, port, log = worker
    wait_for_health(port, 503)
    redis = redis_server(tmp_path, port=redis_port)
    redis.start(redis.listens)
    try:
        wait_for_health(port, 200)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    finally:
        redis.stop()
    text = log.read_text()
    assert '"event": "worker.waiting"' in text
    assert "Traceback" not in text


def test_it_can_be_ended_while_it_waits(worker):
    process, port, _log = worker
    wait_for_health(port, 503)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
