"""supervisord, which starts, watches, restarts and stops the processes: its configuration, its start, its answers."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from clouddesk.local.errors import StackError
from clouddesk.local.home import Home, write_atomically
from clouddesk.local.processes import Plan, Process

MARKER = "CLOUDDESK_STACK"
"""Every process of a stack carries its home in this environment variable, so that none is ever lost sight of."""

_STOP_SECONDS = 10
_START_SECONDS = 15
_LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Watched:
    """One process as supervisord sees it."""

    name: str
    state: str
    """supervisord's word: RUNNING, STARTING, BACKOFF, STOPPED, EXITED, FATAL …"""
    pid: int | None
    started_at: int
    description: str

    @property
    def is_alive(self) -> bool:
        return self.state in ("STARTING", "RUNNING")

    @property
    def has_died(self) -> bool:
        return self.state in ("BACKOFF", "EXITED", "FATAL", "UNKNOWN")


class Supervisor:
    """A running (or not running) supervisord of one home, over its unix socket."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def is_running(self) -> bool:
        try:
            return bool(self._call("getState"))
        except OSError:
            return False

    def pid(self) -> int:
        return int(self._call("getPID"))

    def processes(self) -> dict[str, Watched]:
        found: Iterable[Mapping[str, Any]] = self._call("getAllProcessInfo")
        return {
            info["name"]: Watched(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"] or None,
                started_at=info["start"],
                description=info["spawnerr"] or info["description"],
            )
            for info in found
        }

    def start(self, process: Process) -> None:
        """Returns at once; a process that runs already is left alone."""
        try:
            self._call("startProcess", f"{_group(process)}:{process.name}", False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise

    def shutdown(self) -> None:
        """Ask supervisord to stop everything and then itself; returns at once."""
        self._call("shutdown")

    def _call(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._home.socket()}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            try:
                return getattr(proxy.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                if "SHUTDOWN_STATE" in fault.faultString:
                    raise ConnectionRefusedError("the supervisor is shutting down") from fault
                raise
            except (xmlrpc.client.ProtocolError, ValueError) as error:
                raise ConnectionError(str(error)) from error


def launch(home: Home, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """Start supervisord apart from our terminal; returns when it answers."""
    home.socket().unlink(missing_ok=True)
    process = subprocess.Popen(  # noqa: S603 - our own Python
        [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(home.supervisor_config)],
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        # It has its log. A file here would end it on a full disk: it reports what it cannot log on standard error.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        umask=0o077,
    )
    supervisor = Supervisor(home)
    until = time.monotonic() + _START_SECONDS
    while not supervisor.is_running():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            process.wait()
            raise StackError(
                "The supervisor did not start.",
                f"The reason is at the end of {home.logs / 'supervisor.log'}.",
            )
        time.sleep(0.05)
    return process


def environment(home: Home, outer: Mapping[str, str]) -> dict[str, str]:
    """What the processes see: the caller's environment, less what would point them at another stack."""
    addresses = ("REDIS_URL", "VAULT_ADDR", "TEMPORAL_ADDRESS", "RASA_URL", "RASA_URLS", "SANDBOX", "INSTALLATION")
    own = {key: value for key, value in outer.items() if key not in {f"CLOUDDESK_{name}" for name in addresses}}
    loopback = ",".join(filter(None, [own.get("NO_PROXY") or own.get("no_proxy"), "127.0.0.1", "localhost"]))
    own.update(
        {
            "CLOUDDESK_HOME": str(home.root),
            MARKER: str(home.root),
            "NO_PROXY": loopback,
            "no_proxy": loopback,
            "PYTHONUNBUFFERED": "1",
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
    )
    return own


def write_config(plan: Plan, processes: Iterable[Process]) -> None:
    """supervisord's configuration for this start."""
    home = plan.home
    wanted = list(processes)
    sections: dict[str, dict[str, object]] = {
        "supervisord": {
            "logfile": home.logs / "supervisor.log",
            "logfile_maxbytes": _LOG_BYTES,
            "logfile_backups": 1,
            "pidfile": home.root / "supervisord.pid",
            "childlogdir": home.logs,
            "silent": "true",
        },
        "unix_http_server": {"file": home.socket(), "chmod": "0700"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "rpcinterface:clouddesk": {
            "supervisor.rpcinterface_factory": "clouddesk.local.run_file:watcher",
            "run_file": home.run_file,
        },
    }
    # Groups stop one after the other, highest priority first, and all processes of a group at once: what uses the
    # servers ends before the servers do. (The lowest priority starts first, which is right too, but for Rasa:
    # starting takes no time here, and inside each group the order of the list counts.)
    for priority, group in ((1, "servers"), (2, "desk")):
        names = [process.name for process in wanted if _group(process) == group]
        if names:
            sections[f"group:{group}"] = {"programs": ",".join(names), "priority": priority}
    for place, process in enumerate(wanted):
        sections[f"program:{process.name}"] = _program(plan, process, place)
    text = "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {_escaped(value)}\n" for key, value in values.items())
        for name, values in sections.items()
    )
    write_atomically(home.supervisor_config, text)


def _program(plan: Plan, process: Process, place: int) -> dict[str, object]:
    return {
        "command": shlex.join(process.command(plan)),
        "priority": place,
        "autostart": "false" if process.after else "true",
        "autorestart": "true",
        "startsecs": process.settle_seconds,
        # Retries come a second later each time; what a full disk stopped comes back when there is room again.
        "startretries": 1000,
        "stopasgroup": "true",
        "killasgroup": "true",
        "stopwaitsecs": _STOP_SECONDS,
        "redirect_stderr": "true",
        "stdout_logfile": plan.home.log(process.name),
        "stdout_logfile_maxbytes": _LOG_BYTES,
        "stdout_logfile_backups": 2,
    }


def _group(process: Process) -> str:
    return "servers" if process.is_server else "desk"


def _escaped(value: object) -> str:
    return os.fspath(value).replace("%", "%%") if isinstance(value, (str, Path)) else str(value)
