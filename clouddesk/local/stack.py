"""The embedded stack: start all of it and return when it is ready, tell how it is, stop it without a trace."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

import psutil

from clouddesk.local import failures, leftovers, ports, run_file, supervision, vault
from clouddesk.local.errors import StackError
from clouddesk.local.home import Home, cannot_write, lock, write_atomically
from clouddesk.local.processes import PROCESSES, Plan, Process, addresses
from clouddesk.local.progress import Steps
from clouddesk.local.supervision import Supervisor, Watched
from clouddesk.settings import PROJECT

_POLL_SECONDS = 0.15
_SHUTDOWN_SECONDS = 30
_LEAST_FREE_MB = 500


@dataclass(frozen=True)
class ProcessStatus:
    """One process as ``status`` shows it."""

    name: str
    state: str
    """ready, in trouble (see there), starting, not answering, restarting (it dies again and again), stopped."""
    pid: int | None
    port: int | None
    uptime_seconds: int | None
    memory_mb: float | None
    restarts: int
    log: str
    trouble: str = ""
    """What is the matter though it runs as it should, in a sentence: Slack cannot be reached."""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class Stack:
    """The stack of one home. ``processes`` is all of it, or a part for a test of that part."""

    def __init__(self, home: Path, *, processes: Sequence[Process] = PROCESSES) -> None:
        self.home = Home(home.resolve())
        self._processes = processes
        self._supervisor = Supervisor(self.home)
        self._launched: subprocess.Popen[bytes] | None = None

    def is_running(self) -> bool:
        return self._supervisor.is_running()

    def up(
        self,
        steps: Steps,
        *,
        model: Path,
        boot_seconds: float = 3.0,
        any_free_ports: bool = False,
        docker_host: str = "",
    ) -> bool:
        """Return when everything is ready. False when the stack ran already.

        ``docker_host``: the address of a Docker engine that people at this terminal may use.

        What this call has started is stopped again when it fails or is interrupted.
        """
        with self._lock(steps):
            if self._supervisor.is_running():
                try:
                    self._join(steps, docker_host)
                except OSError as error:
                    raise cannot_write(self.home.root, error) from error
                return False
            ended = leftovers.end(self.home)
            if ended:
                steps.done(
                    "left over", detail=f"{ended} processes of an earlier start, which had lost their supervisor, ended"
                )
            try:
                plan = self._prepare(model, boot_seconds, any_free_ports, docker_host)
                self._launched = supervision.launch(
                    self.home, supervision.environment(self.home, os.environ), folder=PROJECT
                )
                self._await_ready(plan, steps)
            except OSError as error:
                self._stop()
                raise cannot_write(self.home.root, error) from error
            except BaseException:
                self._stop()
                raise
            return True

    def down(self, steps: Steps) -> bool:
        """Stop everything; returns when no process is left. False when nothing ran."""
        if not self.home.root.is_dir():
            return False
        with self._lock(steps):
            return self._stop()

    def wait(self) -> bool:
        """Until the stack ends. True when it was stopped in order, False when the supervisor was killed."""
        while self._supervisor.is_running():
            if self._launched is not None and self._launched.poll() is not None:
                break
            time.sleep(1)
        # Whoever stops it in order holds the lock until nothing is left.
        with self._lock(None):
            return not leftovers.end(self.home)

    def statuses(self) -> list[ProcessStatus]:
        """All processes, also when none runs."""
        watched = self._watched()
        run = run_file.read(self.home.run_file) or {"processes": {}}
        known = self.home.state()["ports"]
        plan = Plan(home=self.home, ports=known, model=Path(), boot_seconds=0)
        return [
            self._status(process, watched.get(process.name), run["processes"].get(process.name, {}), plan)
            for process in self._processes
        ]

    def _lock(self, steps: Steps | None) -> contextlib.AbstractContextManager[None]:
        def waiting() -> None:
            if steps is not None:
                steps.say("Another clouddesk command is starting or stopping this stack; waiting for it.")

        try:
            self.home.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.home.root, error) from error
        return lock(self.home.root / "lock", waiting=waiting)

    def _prepare(self, model: Path, boot_seconds: float, any_free_ports: bool, docker_host: str) -> Plan:
        """Everything that must lie there before the first process starts."""
        failures.check_room(self.home.root, _LEAST_FREE_MB)
        failures.check_programs(self._processes)
        self.home.prepare()
        state = self.home.state()
        every = (*PROCESSES, *self._processes)
        well_known = {use: port for process in every for use, port in process.ports.items()}
        chosen = ports.choose(well_known, state["ports"], any_free=any_free_ports)
        plan = Plan(self.home, chosen, model, boot_seconds, docker_host)
        state["ports"] = chosen
        write_atomically(self.home.state_file, json.dumps(state, indent=1))
        for process in self._processes:
            plan.data(process.name).mkdir(exist_ok=True)
        vault.write_config(self.home, port=chosen["vault"], cluster_port=chosen["vault-cluster"])
        supervision.write_config(plan, self._processes)
        self._write_run_file(plan, state["installation"])
        return plan

    def _write_run_file(self, plan: Plan, installation: str) -> None:
        run_file.write(
            self.home.run_file,
            {
                "processes": {
                    process.name: {
                        "pid": None,
                        "port": plan.ports[next(iter(process.ports))],
                        "log": str(self.home.log(process.name)),
                        "starts": 0,
                    }
                    for process in self._processes
                },
                "installation": installation,
                **addresses(plan),
            },
        )

    def _join(self, steps: Steps, docker_host: str) -> None:
        """A supervisor runs: from an earlier ``up``, or from one that was killed half way. Wait until all is ready."""
        state = self.home.state()
        plan = Plan(home=self.home, ports=state["ports"], model=Path(), boot_seconds=0, docker_host=docker_host)
        if run_file.read(self.home.run_file) is None:
            self._write_run_file(plan, state["installation"])
        self._await_ready(plan, steps, is_joining=True)

    def _await_ready(self, plan: Plan, steps: Steps, *, is_joining: bool = False) -> None:
        began = time.monotonic()
        waiting = {process.name: process for process in self._processes}
        log_starts = {name: 0 if is_joining else failures.size(self.home.log(name)) for name in waiting}
        first_started: dict[str, int] = {}
        with steps.spinner("Starting …"):
            while waiting:
                watched = self._watched()
                for process in list(waiting.values()):
                    seen = watched.get(process.name)
                    if seen is None and is_joining and watched:
                        raise StackError(
                            f"A stack without {process.name} is running: it was started with --only.",
                            "Run `clouddesk down` first.",
                        )
                    if seen is None:
                        continue
                    started_at = first_started.setdefault(process.name, seen.started_at)
                    if seen.has_died or (started_at and seen.started_at != started_at):
                        raise failures.died(process, self.home, seen, log_starts[process.name])
                    if not started_at:
                        del first_started[process.name]
                    seconds = time.monotonic() - began
                    if seen.is_alive and process.set_up is not None:
                        process.set_up(plan)
                    if seen.is_alive and process.is_ready(plan):
                        del waiting[process.name]
                        if not is_joining:
                            address = f"127.0.0.1:{plan.ports[next(iter(process.ports))]}"
                            detail = _trouble(process, plan) or address
                            steps.done(process.name, seconds=time.monotonic() - began, detail=detail)
                    elif seen.state == "STOPPED" and not waiting.keys() & set(process.after):
                        self._supervisor.start(process)
                    elif seconds > process.ready_within_seconds:
                        raise failures.silent(process, self.home, log_starts[process.name])
                steps.now(f"Starting {', '.join(waiting)} …")
                time.sleep(_POLL_SECONDS if waiting else 0)
        run_file.note_pids(self.home.run_file, {name: seen.pid for name, seen in watched.items()})

    def _watched(self) -> dict[str, Watched]:
        try:
            return self._supervisor.processes()
        except OSError:
            if self._launched is not None and self._launched.poll() is not None:
                raise StackError(
                    "The supervisor ended while the stack was starting.",
                    f"The reason is in {self.home.logs / 'supervisor.log'}; `clouddesk doctor` checks the usual ones.",
                ) from None
            return {}

    def _stop(self) -> bool:
        """Ask, wait, and then end whatever still carries our mark."""
        was_running = self._supervisor.is_running()
        if was_running:
            with contextlib.suppress(OSError):
                supervisor = psutil.Process(self._supervisor.pid())
                self._supervisor.shutdown()
                self._wait_for_end(supervisor)
        ended = leftovers.end(self.home)
        if self._launched is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._launched.wait(timeout=5)
            self._launched = None
        self.home.run_file.unlink(missing_ok=True)
        if self.home.socket().parent != self.home.root:
            shutil.rmtree(self.home.socket().parent, ignore_errors=True)
        return was_running or ended > 0

    def _wait_for_end(self, supervisor: psutil.Process) -> None:
        until = time.monotonic() + _SHUTDOWN_SECONDS
        while time.monotonic() < until and supervisor.is_running():
            if self._launched is not None:
                self._launched.poll()  # our own child stays a zombie until we ask
            with contextlib.suppress(psutil.Error):
                if supervisor.status() == psutil.STATUS_ZOMBIE:
                    return
            time.sleep(0.1)

    def _status(self, process: Process, seen: Watched | None, noted: dict[str, int], plan: Plan) -> ProcessStatus:
        is_alive = seen is not None and seen.is_alive
        state = self._state(process, seen, plan)
        trouble = _trouble(process, plan) if state == "ready" else ""
        return ProcessStatus(
            name=process.name,
            state="in trouble" if trouble else state,
            trouble=trouble,
            pid=seen.pid if seen is not None else None,
            port=plan.ports.get(next(iter(process.ports))),
            uptime_seconds=_age(seen.started_at) if seen is not None and is_alive else None,
            memory_mb=_memory_mb(seen.pid) if seen is not None and seen.pid else None,
            restarts=max(0, noted.get("starts", 0) - 1),
            log=str(self.home.log(process.name)),
        )

    def _state(self, process: Process, seen: Watched | None, plan: Plan) -> str:
        if seen is None or seen.state in ("STOPPED", "STOPPING"):
            return "stopped"
        if seen.has_died:
            return "restarting"
        if process.is_ready(plan):
            return "ready"
        return "starting" if _age(seen.started_at) < process.ready_within_seconds else "not answering"


def with_needs(names: Iterable[str]) -> list[Process]:
    """The named processes and those that they need, in starting order."""
    by_name = {process.name: process for process in PROCESSES}
    wanted: set[str] = set()
    for name in names:
        if name not in by_name:
            raise StackError(f"There is no process {name!r}.", f"There are: {', '.join(by_name)}.")
        wanted |= {name, *by_name[name].after}
    return [process for process in PROCESSES if process.name in wanted]


def _trouble(process: Process, plan: Plan) -> str:
    return process.trouble(plan) if process.trouble is not None else ""


def _age(started_at: int) -> int:
    return max(0, int(datetime.now(timezone.utc).timestamp()) - started_at)


def _memory_mb(pid: int) -> float | None:
    """Resident memory of a process and its children."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return round(sum(member.memory_info().rss for member in family) / 1024 / 1024, 1)
    except psutil.Error:
        return None
