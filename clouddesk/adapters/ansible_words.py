"""What Ansible reports, as what a person reads: the step under way, and why it failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clouddesk.model.configuration import (
    DISK_FULL,
    MIRROR_DOWN,
    NO_SUCH_VERSION,
    STEP_FAILED,
    UNREACHABLE,
    UNSUPPORTED_OS,
    WRONG_CHECKSUM,
    ConfigureFailed,
)

LAST_LINES = 12

# The first word of a task's name; and whether the count of nodes says more about it.
_VERBS: Mapping[str, tuple[str, bool]] = {
    "Apply": ("applying", True),
    "Check": ("checking", False),
    "Copy": ("copying", True),
    "Create": ("creating", False),
    "Find": ("finding", True),
    "Format": ("formatting", True),
    "Install": ("installing", True),
    "Join": ("joining", True),
    "Link": ("linking", True),
    "Look": ("looking", False),
    "Make": ("making", False),
    "Read": ("reading", False),
    "Refresh": ("refreshing", True),
    "Set": ("setting", True),
    "Start": ("starting", False),
    "Stop": ("stopping", True),
    "Unpack": ("unpacking", True),
    "Wait": ("waiting", False),
}
_UNTOLD = "Tell"
"""Such a task passes on what was found, which is no step of its own."""
VERBS = frozenset({*_VERBS, _UNTOLD})
"""A task's name begins with one of these."""

# In this order: a mirror that is down looks to pip as if it had no such version.
_CAUSES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (cause, re.compile(pattern, re.IGNORECASE))
    for cause, pattern in (
        (UNSUPPORTED_OS, r"is not supported: take"),
        (DISK_FULL, r"no space left on device|not enough free space|enough free space in|disk quota exceeded"),
        (WRONG_CHECKSUM, r"do not match the hashes|checksum .*did not match|hash sum mismatch|checksum mismatch"),
        (
            MIRROR_DOWN,
            r"temporary failure (?:in name resolution|resolving)|name or service not known|connection refused"
            r"|failed to establish a new connection|could not connect|connection timed out|read timed out"
            r"|max retries exceeded|no route to host|network is unreachable|failed to download metadata"
            r"|failed to update apt cache|urlopen error|connection (?:reset|broken)"
            r"|50[0234] (?:bad|service|gateway|server)",
        ),
        (
            NO_SUCH_VERSION,
            r"could not find a version|no matching distribution|no package matching|unable to locate package"
            r"|no package .* available|has no installation candidate|version .* was not found|404:? not found",
        ),
    )
)
_REACHING = frozenset({"wait_for_connection", "ansible.builtin.wait_for_connection"})


class Progress:
    """The step under way, from the events of a run in their order."""

    def __init__(self) -> None:
        self.changes = 0
        self.found: tuple[str, ...] = ()
        self._task = ""
        self._nodes: set[str] = set()
        self._failures: list[tuple[str, str, Mapping[str, Any]]] = []
        self._unreachable: list[tuple[str, Mapping[str, Any]]] = []

    def take(self, kind: str, data: Mapping[str, Any]) -> None:
        """One event."""
        node = str(data.get("host", ""))
        if kind == "playbook_on_task_start":
            task = str(data.get("task", ""))
            if not task.startswith(f"{_UNTOLD} "):
                self._task, self._nodes = task, set()
        elif kind == "runner_on_start":
            self._nodes.add(node)
        elif kind == "runner_on_skipped":
            self._nodes.discard(node)
        elif kind == "runner_on_ok":
            self.changes += bool(_result(data).get("changed"))
        elif kind == "runner_on_unreachable" or (kind == "runner_on_failed" and data.get("task_action") in _REACHING):
            self._unreachable.append((node, _result(data)))
        elif kind == "runner_on_failed" and not data.get("ignore_errors"):
            self._failures.append((node, str(data.get("task", self._task)), _result(data)))
        elif kind == "playbook_on_stats":
            found = data.get("artifact_data", {}).get("clouddesk_found", ())
            self.found = tuple(str(item) for item in found)

    @property
    def step(self) -> str:
        """ "installing Java on 3 nodes"; "" before anything has begun."""
        first, _, rest = self._task.partition(" ")
        if first not in _VERBS:
            return self._task[:1].lower() + self._task[1:]
        doing, is_counted = _VERBS[first]
        count = len(self._nodes)
        where = f" on {count} {'node' if count == 1 else 'nodes'}" if is_counted and count else ""
        return f"{doing} {rest}{where}"

    def failure(self, last_lines: tuple[str, ...] = ()) -> ConfigureFailed:
        """Why it ended badly; ``last_lines`` of the log where Ansible itself gave up."""
        if self._unreachable:
            lines = [line for _, result in self._unreachable for line in _lines(result)]
            nodes = sorted({node for node, _ in self._unreachable})
            return ConfigureFailed(UNREACHABLE, step=self.step, nodes=nodes, lines=lines[-LAST_LINES:])
        if not self._failures:
            return ConfigureFailed(STEP_FAILED, step=self.step, nodes=(), lines=last_lines[-LAST_LINES:])
        _, task, result = self._failures[0]
        nodes = sorted({node for node, failed, _ in self._failures if failed == task})
        lines = list(_lines(result))
        return ConfigureFailed(cause_of("\n".join(lines)), step=self.step, nodes=nodes, lines=lines[-LAST_LINES:])


def cause_of(text: str) -> str:
    """Which of the known causes a step's output tells of."""
    return next((cause for cause, pattern in _CAUSES if pattern.search(text)), STEP_FAILED)


def _result(data: Mapping[str, Any]) -> Mapping[str, Any]:
    found = data.get("res")
    return found if isinstance(found, Mapping) else {}


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    """What a task said, the most telling last."""
    for item in result.get("results", ()):
        if isinstance(item, Mapping) and (item.get("failed") or item.get("unreachable")):
            yield from _lines(item)
    for key in ("stdout", "stderr", "msg"):
        for line in str(result.get(key) or "").splitlines():
            if line.strip() and line.strip() not in ("non-zero return code", "One or more items failed"):
                yield line.rstrip()
