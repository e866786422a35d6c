"""Configuration by Ansible over SSH."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import structlog

from clouddesk.adapters.ansible_folder import RunFolder, run_folder
from clouddesk.adapters.ansible_words import LAST_LINES, Progress
from clouddesk.adapters.blueprints import LEAVE_PLAYBOOK, PLAYBOOK, ROLES
from clouddesk.model.configuration import (
    TIMED_OUT,
    ConfigurationOrder,
    ConfigurationSecrets,
    Configured,
    ConfigureFailed,
)

log = structlog.get_logger()

FORKS = 20
"""Nodes at a time."""
PROGRESS_SECONDS = 1.0
"""Steps that are over sooner are not told."""
KILL_SECONDS = 20.0
_LONGEST_LINE = 16 * 1024 * 1024
_TIMEOUT = "timeout"
_SECRET = "[secret]"  # noqa: S105 - what stands instead of one


class AnsibleConfiguration:
    """Puts software on nodes with the playbook and roles of folders of blueprints."""

    def __init__(self, folders: Sequence[Path], *, forks: int = FORKS) -> None:
        """``folders``: the project's first; a role of a later one replaces that of an earlier one."""
        self._project = folders[0]
        self._role_folders = [(folder / ROLES).resolve() for folder in reversed(folders)]
        self._forks = forks

    async def configure(
        self,
        order: ConfigurationOrder,
        secrets: ConfigurationSecrets,
        *,
        log_path: Path,
        on_step: Callable[[str], None],
    ) -> Configured:
        """Bring all nodes to what the order says, and check that it works; again is safe, and changes what differs.

        With nodes that leave, these are taken out of the cluster, and nothing else is done.
        ``on_step`` gets the step under way, in people's words. The whole log is added to ``log_path``, without the
        secrets. Cancelling it ends Ansible with all that it has started. Raises ConfigureFailed.
        """
        run = _Run(order, secrets, on_step)
        with run_folder() as folder, _open_log(log_path) as log_file:
            folder.write(order, secrets, self._role_folders)
            status = await self._run(run, folder, secrets.private_key, log_file)
            log.info("configuration.ended", reservation_id=order.reservation_id, status=status)
            if status == "successful":
                return Configured(found=run.progress.found, changes=run.progress.changes, host_keys=folder.host_keys())
            raise run.failure(status)

    async def _run(self, run: _Run, folder: RunFolder, private_key: str, log_file: TextIO) -> str:
        """The outcome: "successful", or why not."""
        settings = {
            "folder": str(folder.path),
            "playbook": str((self._project / (LEAVE_PLAYBOOK if run.order.leaving else PLAYBOOK)).resolve()),
            "inventory": str(folder.inventory),
            "private_key": private_key,
            "forks": self._forks,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "clouddesk.adapters.ansible_process",
            stdin=PIPE,
            stdout=PIPE,
            env=folder.environment(self._role_folders) | {"PYTHONPATH": str(_SOURCE)},
            limit=_LONGEST_LINE,
            # Ctrl-C in a terminal is for the worker, which ends this in order.
            start_new_session=True,
        )
        telling = asyncio.create_task(run.keep_telling())
        try:
            return await asyncio.wait_for(_events(process, settings, run, log_file), run.order.limit_seconds)
        except asyncio.TimeoutError:
            return _TIMEOUT
        finally:
            telling.cancel()
            await _end(process)


def _open_log(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    return path.open("a")


async def _events(process: Process, settings: Mapping[str, Any], run: _Run, log_file: TextIO) -> str:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both were asked for")
    process.stdin.write(json.dumps(settings).encode() + b"\n")
    await process.stdin.drain()
    async for line in process.stdout:
        event = json.loads(line)
        if event["kind"] == "end":
            return str(event["data"]["status"])
        if text := run.take(event):
            log_file.write(text + "\n")
            log_file.flush()
    return "ended"


async def _end(process: Process) -> None:
    """The end of its input tells the process to kill what it started; one that does not end is killed itself."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(asyncio.shield(process.wait()), KILL_SECONDS)
    except asyncio.TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class _Run:
    """What is known of a run under way."""

    def __init__(
        self, order: ConfigurationOrder, secrets: ConfigurationSecrets, on_step: Callable[[str], None]
    ) -> None:
        self.order = order
        self.progress = Progress()
        self._on_step = on_step
        self._told = ""
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        key_lines = [line for line in secrets.private_key.splitlines() if line and not line.startswith("-----")]
        # The longest first: one secret may be the beginning of another.
        self._secrets = sorted({*secrets.values.values(), *key_lines}, key=len, reverse=True)

    def take(self, event: Mapping[str, Any]) -> str:
        """Returns what goes to the log."""
        scrubbed: Mapping[str, Any] = json.loads(self._scrub(json.dumps(event)))
        self.progress.take(str(scrubbed["kind"]), scrubbed["data"])
        text = str(scrubbed["log"]).strip("\r\n")
        self._last_lines.extend(line for line in text.splitlines() if line.strip())
        return text

    async def keep_telling(self) -> None:
        """Tell each step that takes its time, until cancelled."""
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            step = self.progress.step
            if step != self._told:
                self._told = step
                self._on_step(step)

    def failure(self, status: str) -> ConfigureFailed:
        if status == _TIMEOUT:
            return ConfigureFailed(TIMED_OUT, step=self.progress.step, nodes=(), lines=tuple(self._last_lines))
        return self.progress.failure(tuple(self._last_lines))

    def _scrub(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _SECRET)
        return text


_SOURCE = Path(__file__).resolve().parent.parent.parent
"""Where ``clouddesk`` is imported from."""
