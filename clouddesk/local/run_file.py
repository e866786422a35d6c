"""``run.json``: what runs where, for people, scripts and the other processes; no secret in it.

Also a plugin of supervisord (``supervisor.rpcinterface_factory``), which is told of every change of a process and
keeps the pids and the number of restarts in the file true. Imports nothing of ours: it is loaded into supervisord.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from supervisor import events


def read(path: Path) -> dict[str, Any] | None:
    """The run file; None when there is none or when it is damaged (a power cut), which means the same: start anew."""
    try:
        run = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return run if isinstance(run, dict) and isinstance(run.get("processes"), dict) else None


def write(path: Path, run: dict[str, Any]) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(run, indent=1))
    os.replace(temporary, path)


def note_pids(path: Path, pids: Mapping[str, int | None]) -> None:
    """Write the pids that differ; nothing when there is no run file."""
    run = read(path)
    if run is None:
        return
    processes = run["processes"]
    changed = {name: pid for name, pid in pids.items() if name in processes and processes[name].get("pid") != pid}
    for name, pid in changed.items():
        processes[name]["pid"] = pid
    if changed:
        write(path, run)


class _Watcher:
    """Lives in supervisord."""

    def __init__(self, supervisord: Any, path: Path) -> None:
        self._supervisord = supervisord
        self._path = path
        events.subscribe(events.SupervisorRunningEvent, self._running)
        events.subscribe(events.ProcessStateStartingEvent, self._starting)
        events.subscribe(events.ProcessStateEvent, self._look)
        # A process has no pid yet when it is said to be starting, so one looks again every five seconds.
        events.subscribe(events.Tick5Event, self._look)

    def _running(self, _event: object) -> None:
        def note(run: dict[str, Any]) -> None:
            run["supervisor"] = {"pid": os.getpid()}

        self._update(note)

    def _starting(self, event: Any) -> None:
        def note(run: dict[str, Any]) -> None:
            process = run["processes"].get(event.process.config.name)
            if process is not None:
                process["starts"] = process.get("starts", 0) + 1

        self._update(note)

    def _look(self, _event: object) -> None:
        groups = self._supervisord.process_groups.values()
        pids = {name: process.pid or None for group in groups for name, process in group.processes.items()}
        with self._surviving():
            note_pids(self._path, pids)

    def _update(self, change: Callable[[dict[str, Any]], None]) -> None:
        with self._surviving():
            run = read(self._path)
            if run is not None:
                change(run)
                write(self._path, run)

    @contextlib.contextmanager
    def _surviving(self) -> Iterator[None]:
        """A full disk must not take the supervisor with it."""
        try:
            yield
        except OSError as error:
            self._supervisord.options.logger.warn(f"{self._path} not updated: {error}")


def watcher(supervisord: Any, run_file: str) -> _Watcher:
    """The factory that supervisord calls."""
    return _Watcher(supervisord, Path(run_file))
