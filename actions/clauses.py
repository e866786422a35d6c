"""Two tasks in one sentence: one is done, and the other is not passed over in silence."""

from __future__ import annotations

import re

_AND = re.compile(r"\s*(?:[,;.]|\b(?:and|then|also|afterwards|but)\b)\s*")
_POLITE = r"(?:(?:please|pls|can you|could you|first|now|just|go|i want you to|let's)\s+)*"
_VERBS = {
    "extend_reservation": "extend|prolong|lengthen",
    "stop_resource": "stop|pause|halt|shut down|power off|turn off",
    "archive_resource": "archive|snapshot",
    "start_resource": "start|power on|turn on|resume|unarchive",
    "reboot_resource": "reboot|restart",
    "terminate_resource": "terminate|kill|release|delete|destroy|give back",
    "create_vm": "spin up|create|launch|get me|give me|i need|gimme",
}
_BEGINS = {topic: re.compile(rf"{_POLITE}(?:{verbs})\b") for topic, verbs in _VERBS.items()}
_SAME = {"create_cluster": "create_vm"}
_PART_OF = {"archive_resource": ("terminate_resource", "stop_resource")}
"""Tasks that are done with another: "archive it and give the machines back"."""


def left_undone(text: str, topic: str) -> str | None:
    """The part of the text that asks for another task than the one that was done; None when there is none."""
    done = _SAME.get(topic, topic)
    if done not in _VERBS or text.startswith("/"):
        return None
    tasks = _tasks(text)
    if done not in [task for task, _ in tasks]:
        return None
    return next((part for task, part in tasks if task != done and task not in _PART_OF.get(done, ())), None)


def tasks_in(text: str) -> list[str]:
    """The tasks whose verbs the parts of the text begin with."""
    return [task for task, _ in _tasks(text)]


def task_in(part: str) -> str | None:
    """The task whose verb the text begins with."""
    return _task(part.lower().strip(" .!?"))


def part_of(text: str, topic: str) -> str:
    """What of the text (in lower case) belongs to this task, when it asks for several: "stop bob, *reboot sue*"."""
    parts = _tasks(text)
    own = [part for task, part in parts if task == _SAME.get(topic, topic)]
    return " and ".join(own) if own and len({task for task, _ in parts}) > 1 else text.lower()


def _tasks(text: str) -> list[tuple[str, str]]:
    """Each task with its words: what has no verb of its own belongs to the one before it."""
    plain, at = text.lower().strip(" .!?"), 0
    found: list[tuple[str, int, int]] = []
    for gap in [*_AND.finditer(plain), None]:
        end = gap.start() if gap else len(plain)
        if task := _task(plain[at:end]):
            found.append((task, at, end))
        elif found and end > at:
            found[-1] = (*found[-1][:2], end)
        at = gap.end() if gap else end
    return [(task, plain[start:end]) for task, start, end in found]


def _task(part: str) -> str | None:
    return next((topic for topic, pattern in _BEGINS.items() if pattern.match(part)), None)
