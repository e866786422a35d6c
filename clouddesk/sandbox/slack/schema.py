"""What checks are made of: shapes of objects, texts, lists; Slack's words for what is wrong and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

MESSAGE = "message"
MODAL = "modal"
HOME = "home"


@dataclass
class Findings:
    """What is wrong with one payload, and what the checks must know of it."""

    surface: str = MESSAGE
    messages: list[str] = field(default_factory=list)

    def add(self, message: str, pointer: str) -> None:
        self.messages.append(f"{message} [json-pointer:{pointer}]")


Check = Callable[[Findings, Any, str], None]


@dataclass(frozen=True)
class Shape:
    """An object: which keys it may have, which it must have, and what holds among them."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()
    also: Check | None = None

    def __call__(self, findings: Findings, value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            findings.add("must provide an object", pointer)
            return
        for key in self.required:
            if value.get(key) is None:
                findings.add(f"missing required field: {key}", pointer)
        for key, content in value.items():
            check = self.fields.get(key)
            if check is None:
                findings.add(f"invalid additional property: {key}", pointer)
            elif content is not None:
                check(findings, content, f"{pointer}/{key}")
        if self.also is not None:
            self.also(findings, value, pointer)


def string(most: int, least: int = 0) -> Check:
    """A text of so many characters."""

    def check(findings: Findings, value: Any, pointer: str) -> None:
        if not isinstance(value, str):
            findings.add("must provide a string", pointer)
        elif len(value) < least:
            findings.add(f"must be more than {least - 1} characters", pointer)
        elif len(value) > most:
            findings.add(f"must be less than {most + 1} characters", pointer)

    return check


def matching(pattern: str, what: str) -> Check:
    """A text of this form."""
    form = re.compile(pattern)

    def check(findings: Findings, value: Any, pointer: str) -> None:
        if not isinstance(value, str) or not form.fullmatch(value):
            findings.add(f"must be {what}", pointer)

    return check


def boolean(findings: Findings, value: Any, pointer: str) -> None:
    if not isinstance(value, bool):
        findings.add("must provide a boolean", pointer)


def integer(least: int, most: int) -> Check:
    def check(findings: Findings, value: Any, pointer: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            findings.add("must provide an integer", pointer)
        elif not least <= value <= most:
            findings.add(f"must be between {least} and {most}", pointer)

    return check


def one_of(*allowed: str) -> Check:
    def check(findings: Findings, value: Any, pointer: str) -> None:
        if value not in allowed:
            findings.add("must be a valid enum value", pointer)

    return check


def items(each: Check, *, most: int, least: int = 1) -> Check:
    """A list of so many things."""

    def check(findings: Findings, value: Any, pointer: str) -> None:
        if not isinstance(value, list):
            findings.add("must provide an array", pointer)
            return
        if len(value) < least:
            findings.add(f"no fewer than {least} items allowed", pointer)
        if len(value) > most:
            findings.add(f"no more than {most} items allowed", pointer)
        for index, item in enumerate(value):
            each(findings, item, f"{pointer}/{index}")

    return check


def typed(shapes: Mapping[str, Shape], allowed: Collection[str] | None = None) -> Check:
    """An object whose ``type`` says its shape. ``allowed`` None: all of the shapes."""
    names = frozenset(shapes) if allowed is None else frozenset(allowed)

    def check(findings: Findings, value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            findings.add("must provide an object", pointer)
            return
        kind = value.get("type")
        if kind is None:
            findings.add("missing required field: type", pointer)
        elif kind not in names:
            findings.add(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            shapes[kind](findings, value, pointer)

    return check


def anything(findings: Findings, value: Any, pointer: str) -> None:
    """Slack takes whatever stands here."""


def exactly_one(*keys: str) -> Check:
    """One of these keys, and no second one."""

    def check(findings: Findings, value: Any, pointer: str) -> None:
        present = [key for key in keys if value.get(key) is not None]
        if len(present) != 1:
            findings.add(f"must provide exactly one of {', '.join(keys)}", pointer)

    return check


def all_of(*checks: Check) -> Check:
    def check(findings: Findings, value: Any, pointer: str) -> None:
        for one in checks:
            one(findings, value, pointer)

    return check
