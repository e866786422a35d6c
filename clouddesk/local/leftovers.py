"""Processes of this stack that nobody watches any more: found by the mark in their environment, and ended."""

from __future__ import annotations

import contextlib
import os

import psutil

from clouddesk.local.home import Home
from clouddesk.local.supervision import MARKER

_GRACE_SECONDS = 8


def find(home: Home) -> list[psutil.Process]:
    """Every living process that carries this home's mark, ourselves excepted."""
    mark = str(home.root)
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARKER) == mark:
                found.append(process)
    return found


def end(home: Home, *, grace_seconds: float = _GRACE_SECONDS) -> int:
    """End them all, politely and then not; returns how many there were. Raises nothing when they are gone already."""
    found = find(home)
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=grace_seconds if found else 0)
    # Looked for again: what was ended may have had children meanwhile.
    for process in {*alive, *find(home)}:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=grace_seconds)
    return len(found)
