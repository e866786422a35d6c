"""The whole stack, once for all integration tests: its own folder, free ports, gone without a trace at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clouddesk import settings
from clouddesk.local import leftovers
from clouddesk.local.home import Home
from clouddesk.local.model import ensure_model
from clouddesk.local.progress import Steps
from clouddesk.settings import PROJECT, Settings
from tests.docker_engine import Engine, docker_engine

__all__ = ["docker_engine"]

BOOT_SECONDS = 0.5


@dataclass(frozen=True)
class RunningStack:
    """A stack that runs, and the command line pointed at it."""

    home: Path
    model: Path
    docker: str = "false"
    """The address of the engine that it may use."""

    @property
    def settings(self) -> Settings:
        """As every process of the stack reads them."""
        return settings.load({"CLOUDDESK_HOME": str(self.home)})

    def run(
        self, *arguments: str, input: str | None = None, timeout_seconds: float = 120, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """`clouddesk ARGUMENTS…`; fails the test when its exit code is not 0, unless check=False."""
        done = subprocess.run(
            [sys.executable, "-m", "clouddesk", *arguments],
            cwd=PROJECT,
            env=environment(self.home, CLOUDDESK_DOCKER=self.docker),
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"clouddesk {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *arguments: str, **options: Any) -> list[dict[str, Any]]:
        """The objects that a command prints, one a line; ``--json`` is added."""
        lines = self.run(*arguments, "--json", **options).stdout.splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    def up(self, *, timeout_seconds: float = 300) -> subprocess.CompletedProcess[str]:
        options = ("--detach", "--free-ports", "--boot-seconds", f"{BOOT_SECONDS:g}", "--model", str(self.model))
        return self.run("up", *options, timeout_seconds=timeout_seconds)

    def down(self) -> subprocess.CompletedProcess[str]:
        return self.run("down")

    def status(self) -> dict[str, dict[str, Any]]:
        """By process name."""
        return {one["name"]: one for one in self.json("status", check=False)}

    def wait_until_ready(self, *, timeout_seconds: float = 120) -> dict[str, dict[str, Any]]:
        """After something was broken on purpose."""
        return eventually(
            lambda: (lambda found: found if all(one["state"] == "ready" for one in found.values()) else None)(
                self.status()
            ),
            timeout_seconds=timeout_seconds,
        )


def environment(home: Path, **more: str) -> dict[str, str]:
    """The caller's, without what would point at another stack, or at an engine that happens to run here."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("CLOUDDESK_")}
    return {**own, "CLOUDDESK_HOME": str(home), "CLOUDDESK_DOCKER": "false", **more}


def eventually(look: Callable[[], Any], *, timeout_seconds: float = 60, pause_seconds: float = 0.3) -> Any:
    """The first true value of ``look``; fails the test when none comes in time."""
    until = time.monotonic() + timeout_seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(pause_seconds)
    pytest.fail(f"Nothing came within {timeout_seconds:g} seconds.")


@pytest.fixture(scope="session")
def rasa_model() -> Path:
    """The model of the present training data (trained first when it is missing)."""
    return ensure_model(Steps())


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, rasa_model: Path) -> Iterator[RunningStack]:
    """A running stack; at the end it is stopped, and no process of it may be left."""
    running = RunningStack(home=tmp_path_factory.mktemp("stack") / ".clouddesk", model=rasa_model)
    try:
        running.up()
        yield running
    finally:
        running.down()
        left = leftovers.find(Home(running.home))
        leftovers.end(Home(running.home))
        assert not left, f"left over: {left}"


@pytest.fixture(scope="session")
def here(
    tmp_path_factory: pytest.TempPathFactory, rasa_model: Path, docker_engine: Engine
) -> Iterator[tuple[RunningStack, Engine]]:
    """A stack that offers Docker nodes, with their engine."""
    home = tmp_path_factory.mktemp("docker") / ".clouddesk"
    stack = RunningStack(home=home, model=rasa_model, docker=docker_engine.address)
    try:
        assert "Docker answers on this machine" in stack.up().stderr
        yield stack, docker_engine
    finally:
        stack.down()
        leftovers.end(Home(home))
