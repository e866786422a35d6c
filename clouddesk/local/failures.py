"""Why the stack does not start, in one sentence with its mend; checked before, and read from a log afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from clouddesk.local.errors import ProcessFailed, StackError
from clouddesk.local.home import Home
from clouddesk.local.processes import Process
from clouddesk.local.supervision import Watched

_TAIL_LINES = 8
_TAIL_BYTES = 16_000
_FULL_BELOW_MB = 20


def check_room(folder: Path, least_mb: int) -> None:
    """Raises StackError when the disk is too full to start on."""
    free = free_mb(folder)
    if free < least_mb:
        raise StackError(
            f"The disk that holds {folder} is full: {free} MB free, and the stack needs {least_mb} MB.",
            "Free some space there, or set CLOUDDESK_HOME to a folder on another disk.",
        )


def check_programs(processes: Iterable[Process]) -> None:
    """Raises StackError naming the first program that is missing or cannot be run."""
    for process in processes:
        problem = program_problem(process)
        if problem:
            raise StackError(problem, "Delete .venv and run `make chat` again: it is installed anew.")


def program_problem(process: Process) -> str | None:
    if process.program is None:
        return None
    path = process.program()
    if not path.is_file():
        return f"The program of {process.name}, {path}, is missing."
    if not os.access(path, os.X_OK):
        return f"The program of {process.name}, {path}, may not be executed."
    return None


def died(process: Process, home: Home, seen: Watched, log_start: int) -> ProcessFailed:
    """The process ended before it was ready."""
    log = home.log(process.name)
    tail = last_lines(log, log_start)
    reason, mend = _reason(process, home, tail)
    problem = f"{process.name} {reason or f'ended while it was starting{_how(seen)}'}."
    return ProcessFailed(process.name, problem, mend, log, tail)


def silent(process: Process, home: Home, log_start: int) -> ProcessFailed:
    """The process lives and does not answer."""
    log = home.log(process.name)
    tail = last_lines(log, log_start)
    reason, mend = _reason(process, home, tail)
    problem = f"{process.name} {reason or f'was not ready after {process.ready_within_seconds} seconds'}."
    return ProcessFailed(process.name, problem, mend, log, tail)


def free_mb(folder: Path) -> int:
    """Free space on the disk of the folder, or of its nearest parent that exists."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free // 1024 // 1024


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def last_lines(log: Path, start: int = 0) -> str:
    """What was written last, after ``start`` bytes (from the beginning when the log was rotated since)."""
    if not log.exists():
        return ""
    end = size(log)
    with log.open("rb") as file:
        file.seek(max(start if start <= end else 0, end - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in [line for line in lines if line.strip()][-_TAIL_LINES:])


def _how(seen: Watched) -> str:
    """supervisord's own words, unless they only say that it was quick."""
    return "" if not seen.description or "too quickly" in seen.description else f" ({seen.description})"


def _reason(process: Process, home: Home, tail: str) -> tuple[str, str]:
    said = tail.lower()
    if "no space left" in said or free_mb(home.root) < _FULL_BELOW_MB:
        return (
            f"cannot write: the disk that holds {home.root} is full",
            "Free some space there, then start again.",
        )
    if "address already in use" in said or "failed listening on port" in said:
        return (
            "found its port taken by another program that came between",
            "Start again: another port is chosen.",
        )
    if "no module named" in said:
        return ("", "The installation is incomplete: delete .venv and run `make chat` again.")
    return ("", "`clouddesk doctor` checks the usual causes.")
