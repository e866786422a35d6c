"""A process of its own for one run of Ansible: `python -m clouddesk.adapters.ansible_process`, fed on standard input.

The first line is the run; each line on standard output is an event. When standard input ends, because the run is not
wanted any more or whoever wanted it has died, everything that was started is killed. A process and not a thread: it is
forked from and waited for, both of which go ill with the worker's many threads.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import ansible_runner
import psutil

from clouddesk.adapters.ansible_folder import CONNECTIONS

_KEPT = ("task", "task_action", "host", "ignore_errors", "artifact_data", "status")
_RESULT_KEPT = ("changed", "failed", "unreachable", "msg", "stdout", "stderr", "results")
MOST_CHARACTERS = 20_000
"""Of one text in an event; the log has all of it."""


def main() -> None:
    """Exit code 0 when Ansible ran to its end, whatever its outcome: the last line tells that."""
    # Events have their own way out: whatever else is printed must not come between them.
    events = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    run: dict[str, Any] = json.loads(sys.stdin.readline())
    is_over = threading.Event()

    def watch() -> None:
        sys.stdin.read()
        is_over.set()
        _kill_children()

    threading.Thread(target=watch, daemon=True).start()

    def tell(event: dict[str, Any]) -> bool:
        told = {
            "kind": event.get("event"),
            "data": _slim(event.get("event_data") or {}),
            "log": event.get("stdout", ""),
        }
        # Nobody may be listening any more; then the end of standard input ends the run.
        with suppress(BrokenPipeError):
            os.write(events, json.dumps(told).encode() + b"\n")
        return False

    def is_cancelled() -> bool:
        if is_over.is_set():
            _kill_children()
        return is_over.is_set()

    folder = Path(run["folder"])
    is_wanted = False
    try:
        outcome = ansible_runner.run(
            private_data_dir=run["folder"],
            playbook=run["playbook"],
            inventory=run["inventory"],
            ssh_key=run["private_key"],
            forks=run["forks"],
            event_handler=tell,
            cancel_callback=is_cancelled,
            # Otherwise the key and all the rest would be written to files.
            suppress_env_files=True,
            quiet=True,
        )
        is_wanted = not is_over.is_set()
        tell({"event": "end", "event_data": {"status": outcome.status}})
    finally:
        _kill_children()
        _close_connections(folder)
        if not is_wanted:
            # Nobody else may be left to do so.
            shutil.rmtree(folder, ignore_errors=True)


def _kill_children() -> None:
    """Ansible's own workers, their connections and the agent with the key: none may outlive the run."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _close_connections(folder: Path) -> None:
    """Those that ssh keeps for the next task have left the family; each has a socket to be told by."""
    for socket in (folder / CONNECTIONS).iterdir():
        command = ["ssh", "-O", "exit", "-S", str(socket), "none"]
        subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603 - our own


def _slim(data: dict[str, Any]) -> dict[str, Any]:
    kept = {key: data[key] for key in _KEPT if key in data}
    if isinstance(data.get("res"), dict):
        kept["res"] = _slim_result(data["res"])
    return kept


def _slim_result(result: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key in _RESULT_KEPT:
        value = result.get(key)
        if key == "results" and isinstance(value, list):
            kept[key] = [_slim_result(item) for item in value if isinstance(item, dict)]
        elif isinstance(value, str):
            kept[key] = value[-MOST_CHARACTERS:]
        elif isinstance(value, bool):
            kept[key] = value
        elif value is not None and key != "results":
            kept[key] = json.dumps(value, default=str)[-MOST_CHARACTERS:]
    return kept


if __name__ == "__main__":
    main()
