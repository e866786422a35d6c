"""`clouddesk doctor`: what is missing or wrong on this machine, and how to mend it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from clouddesk.local import failures, model, ports, run_file
from clouddesk.local.errors import StackError
from clouddesk.local.home import Home
from clouddesk.local.processes import PROCESSES
from clouddesk.local.stack import ProcessStatus, Stack
from clouddesk.settings import PROJECT

_REINSTALL = "Delete .venv and run `make chat` again: it is installed anew."
_LEAST_FREE_MB = 500
_LEAST_MEMORY_MB = 3000


@dataclass(frozen=True)
class Finding:
    """The result of one check; ``mend`` is empty when all is well."""

    subject: str
    is_well: bool
    detail: str
    mend: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def examine(home_folder: Path) -> Iterator[Finding]:
    """All checks, one after the other; none changes anything."""
    home = Home(home_folder)
    stack = Stack(home_folder)
    is_running = stack.is_running()
    yield _python()
    yield _disk(home)
    yield _memory(is_running)
    yield from _programs()
    yield from _state(home)
    yield from _secrets(home)
    yield _model()
    if is_running:
        yield _run_file(home)
        yield from (_server(status) for status in stack.statuses())
    else:
        yield from _ports(home)
        yield Finding("stack", True, "not running; `clouddesk up` starts it")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == (3, 10):
        return Finding("Python", True, f"{version} ({sys.executable})")
    return Finding("Python", False, f"{version}: Rasa runs on 3.10 only", "Run it with .venv/bin/python, as make does.")


def _disk(home: Home) -> Finding:
    free = failures.free_mb(home.root)
    is_well = free >= _LEAST_FREE_MB
    mend = "" if is_well else "Free some space there, or set CLOUDDESK_HOME to a folder on another disk."
    return Finding("disk", is_well, f"{free} MB free for {home.root}", mend)


def _memory(is_running: bool) -> Finding:
    free = psutil.virtual_memory().available // 1024 // 1024
    is_well = is_running or free >= _LEAST_MEMORY_MB
    mend = "" if is_well else f"Close other programs: the stack wants about {_LEAST_MEMORY_MB} MB."
    return Finding("memory", is_well, f"{free} MB available", mend)


def _programs() -> Iterator[Finding]:
    for process in PROCESSES:
        if process.program is None:
            continue
        try:
            problem = failures.program_problem(process)
            path = str(process.program())
        except StackError as error:
            yield Finding(f"program {process.name}", False, error.problem, error.mend)
        else:
            yield Finding(f"program {process.name}", problem is None, problem or path, _REINSTALL if problem else "")


def _state(home: Home) -> Iterator[Finding]:
    try:
        home.state()
    except StackError as error:
        yield Finding("state", False, error.problem, error.mend)


def _secrets(home: Home) -> Iterator[Finding]:
    if not home.secrets.is_dir():
        yield Finding("secrets", True, "none yet; the first start makes them")
        return
    open_ones = [path for path in (home.secrets, *home.secrets.iterdir()) if _is_readable_by_others(path)]
    foreign = [path for path in (home.secrets, *home.secrets.iterdir()) if path.stat().st_uid != os.getuid()]
    if open_ones:
        names = ", ".join(path.name for path in open_ones)
        mend = f"chmod -R u=rwX,go= {home.secrets}"
        yield Finding("secrets", False, f"others on this machine can read {names}", mend)
    elif foreign:
        yield Finding("secrets", False, f"{foreign[0]} belongs to another user", f"chown it to user {os.getuid()}.")
    else:
        yield Finding("secrets", True, f"readable by their owner only ({home.secrets})")


def _is_readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _model() -> Finding:
    path = PROJECT / "models" / f"{model.fingerprint()}.tar.gz"
    if not path.exists():
        return Finding("model", False, "not trained for the present training data", "Run `make model`, or `make chat`.")
    problem = model.defect(path)
    if problem:
        return Finding("model", False, f"{path} is damaged ({problem})", "Run `make model`: it trains it again.")
    return Finding("model", True, str(path))


def _run_file(home: Home) -> Finding:
    if run_file.read(home.run_file) is not None:
        return Finding("run.json", True, str(home.run_file))
    return Finding(
        "run.json", False, f"{home.run_file} is missing or damaged", "Run `clouddesk up`: it writes it again."
    )


def _server(status: ProcessStatus) -> Finding:
    if status.state == "ready":
        return Finding(status.name, True, f"answers on port {status.port}")
    mend = f"Look at the end of {status.log}; `clouddesk down` and `up` start it afresh."
    return Finding(status.name, False, status.state, mend)


def _ports(home: Home) -> Iterator[Finding]:
    try:
        remembered = home.state()["ports"]
    except StackError:
        return
    usual = {use: remembered.get(use, port) for process in PROCESSES for use, port in process.ports.items()}
    busy = [f"{port} ({use})" for use, port in usual.items() if not ports.is_free(port)]
    detail = f"in use: {', '.join(busy)}; other ones will be taken" if busy else "the usual ones are free"
    yield Finding("ports", True, detail)
