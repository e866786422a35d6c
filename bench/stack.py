"""A stack of its own for a benchmark, in a temporary folder and on free ports."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clouddesk import settings
from clouddesk.settings import PROJECT, Settings


def clouddesk(home: Path, *arguments: str, rasa_servers: int = 1, docker: str = "false") -> str:
    """Run a command of the stack in ``home``; returns what it printed. A failure shows its error and ends all."""
    environment = {
        **os.environ,
        "CLOUDDESK_HOME": str(home),
        "CLOUDDESK_RASA_SERVERS": str(rasa_servers),
        "CLOUDDESK_DOCKER": docker,
    }
    done = subprocess.run(
        [sys.executable, "-m", "clouddesk", *arguments],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"clouddesk {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder for a stack; whatever runs in it at the end is stopped."""
    with tempfile.TemporaryDirectory(prefix="clouddesk-bench-") as folder:
        home = Path(folder)
        try:
            yield home
        finally:
            clouddesk(home, "down")


@contextmanager
def running_stack(*, boot_seconds: float = 0.0, rasa_servers: int = 1, docker: str = "false") -> Iterator[Settings]:
    """The settings of a stack that runs while the context lasts. ``docker``: the engine that it offers."""
    with temporary_home() as home:
        options = ("--detach", "--free-ports", "--boot-seconds", f"{boot_seconds:g}")
        clouddesk(home, "up", *options, rasa_servers=rasa_servers, docker=docker)
        yield settings.load({"CLOUDDESK_HOME": str(home)})
