"""Reads one blueprint's data; whatever is wrong is told with its file, its key and what should stand there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, NoReturn, TypeVar

from clouddesk.model.blueprint import (
    GROW,
    LEAST_SECRET_CHARACTERS,
    ON_CLUSTERS,
    ON_MACHINES,
    SHRINK,
    Blueprint,
    Client,
    Download,
    HealthCheck,
    IdleRule,
    Link,
    Machine,
    PortRange,
    RolePlan,
    Software,
)
from clouddesk.model.errors import Invalid

_T = TypeVar("_T")
_REQUIRED: Any = object()
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PORTS = re.compile(r"(\d+)(?:-(\d+))?")
_CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LAST_PORT = 65535
DEFAULT_CHECK_SECONDS = 180
MOST_IDLE_PERCENT = 50


def read_blueprint(path: Path, data: Any) -> Blueprint:
    """The blueprint of a file's content. Raises Invalid."""
    top = _Part(path, "", data)
    machine = _machine(top.part("machine"))
    plans = [_role(part) for part in top.parts("roles")]
    default_nodes, least_nodes = top.count("default_nodes"), top.count("least_nodes")
    roles = _filled(top, plans, default_nodes=default_nodes, least_nodes=least_nodes)
    machines = [
        machine,
        *(_machine(part.part("machine"), machine) for part in top.parts("roles") if part.has("machine")),
    ]
    blueprint = Blueprint(
        name=path.stem,
        title=top.text("title"),
        aliases=tuple(alias.lower() for alias in top.texts("aliases")),
        roles=roles,
        default_nodes=default_nodes,
        least_nodes=least_nodes,
        # A reservation's machines are of one size: that of the role that needs most.
        vcpus=max(item.vcpus for item in machines),
        memory_gb=max(item.memory_gb for item in machines),
        storage_gb=max(item.storage_gb for item in machines),
        os=top.text("os"),
        software=_software(top.part("software"), roles) if top.has("software") else None,
        runs_on=top.some_of("runs_on", (ON_CLUSTERS, ON_MACHINES), (ON_CLUSTERS,)),
        brings=top.texts("brings"),
        needs_own_kernel=top.flag("needs_own_kernel"),
        scales=_scales(top),
        idle=_idle(top.part("idle", {})),
    )
    top.finish()
    return blueprint


def _scales(top: _Part) -> tuple[str, ...]:
    """What software can do is said; bare machines come and leave as they like."""
    said: tuple[str, ...] = top.texts("scales")
    if set(said) - {GROW, SHRINK}:
        top.fail("scales", f"must hold {GROW}, {SHRINK}, both or neither, not {', '.join(said)}")
    return said if top.has("software") or top.has("scales") else (GROW, SHRINK)


def _idle(part: _Part) -> IdleRule:
    hours = part.number("ask_hours", None)
    percent = part.number("cpu_percent", None)
    if percent is not None and percent > MOST_IDLE_PERCENT:
        part.fail("cpu_percent", f"must be {MOST_IDLE_PERCENT} or less: what does more is at work")
    rule = IdleRule(percent, None if hours is None else round(hours * 3600), part.flag("only_ask"))
    part.finish()
    return rule


def _machine(part: _Part, default: Machine | None = None) -> Machine:
    machine = Machine(
        vcpus=part.count("vcpus", default.vcpus if default else _REQUIRED),
        memory_gb=part.number("memory_gb", default.memory_gb if default else _REQUIRED),
        storage_gb=part.number("storage_gb", default.storage_gb if default else _REQUIRED),
    )
    part.finish()
    return machine


def _role(part: _Part) -> tuple[_Part, str, int | None, int | None]:
    return part, part.name("name"), part.count("count", None), part.count("least", None, least=0)


def _filled(
    top: _Part, plans: list[tuple[_Part, str, int | None, int | None]], *, default_nodes: int, least_nodes: int
) -> tuple[RolePlan, ...]:
    """The roles with their counts: those with a ``count`` have it, the one without takes the rest."""
    if [count for _, _, count, _ in plans].count(None) != 1:
        top.fail("roles", "exactly one role must be without a count; it takes the rest")
    if len({name for _, name, _, _ in plans}) != len(plans):
        top.fail("roles", "two roles have the same name")
    fixed = sum(count for _, _, count, _ in plans if count is not None)
    if default_nodes < least_nodes:
        top.fail("default_nodes", f"must be at least least_nodes, {least_nodes}")
    if default_nodes < fixed:
        top.fail("default_nodes", f"must be at least {fixed}, the machines of the roles with a count")
    roles = []
    for part, name, count, least in plans:
        ports = part.part("ports", {})
        if count is not None and least not in (None, count):
            part.fail("least", f"must be left out or {count}: the role has a fixed count")
        role = RolePlan(
            name=name,
            count=count,
            least=count if count is not None else max(0, least_nodes - fixed),
            default=count if count is not None else default_nodes - fixed,
            inside=ports.ports("inside"),
            outside=ports.ports("outside"),
        )
        if count is None and least not in (None, role.least):
            part.fail("least", f"must be {role.least}: least_nodes is {least_nodes} and the other roles take {fixed}")
        if part.count("default", role.default, least=0) != role.default:
            part.fail("default", f"must be {role.default}: default_nodes is {default_nodes}, other roles take {fixed}")
        part.part("machine", {})
        ports.finish()
        part.finish()
        roles.append(role)
    return tuple(roles)


def _software(part: _Part, roles: tuple[RolePlan, ...]) -> Software:
    versions = part.map("versions", lambda item, key: item.text(key))
    secrets = part.map("secrets", _characters)
    names = {role.name for role in roles}
    for secret in secrets.keys() & names:
        part.fail(f"secrets.{secret}", "is also the name of a role; call it something else")
    links = tuple(_link(item, roles, set(secrets)) for item in part.parts("links", []))
    clients = tuple(_client(item, names | set(secrets)) for item in part.parts("clients", []))
    check = part.part("check")
    downloads = part.part("downloads", {})
    software = Software(
        ansible_roles=part.texts("ansible_roles"),
        check=HealthCheck(check.text("title"), check.count("seconds", DEFAULT_CHECK_SECONDS)),
        links=links,
        secrets=secrets,
        clients=clients,
        versions=versions,
        downloads={key: _download(downloads.part(key), key, versions) for key in downloads.names()},
        variables=part.map("variables", lambda item, key: item.take(key)),
    )
    check.finish()
    downloads.finish()
    part.finish()
    return software


def _characters(secrets: _Part, name: str) -> int:
    part = secrets.part(name)
    characters: int = part.count("characters", least=LEAST_SECRET_CHARACTERS)
    part.finish()
    return characters


def _link(part: _Part, roles: tuple[RolePlan, ...], secrets: set[str]) -> Link:
    role = part.one_of("role", tuple(role.name for role in roles))
    port = part.count("port")
    declared = [ports for item in roles if item.name == role for ports in (*item.inside, *item.outside)]
    if not any(ports.first <= port <= ports.last for ports in declared):
        part.fail("port", f"must be among the ports of the role {role}")
    link = Link(
        part.text("title"), role, port, part.text("path", "/"), part.one_of("scheme", ("http", "https"), "http")
    )
    part.placeholders("path", link.path, secrets)
    part.finish()
    return link


def _client(part: _Part, known: set[str]) -> Client:
    client = Client(part.text("title"), part.text("text").rstrip())
    part.placeholders("text", client.text, known)
    part.finish()
    return client


def _download(part: _Part, name: str, versions: Mapping[str, str]) -> Download:
    url, checksum = part.text("url"), part.text("checksum")
    part.placeholders("url", url, {"version"})
    if "{version}" in url and name not in versions:
        part.fail("url", f"names {{version}}, so versions.{name} must be given")
    if not _CHECKSUM.fullmatch(checksum):
        part.fail("checksum", "must be sha256: or sha512: and the digits")
    part.finish()
    return Download(url.replace("{version}", versions.get(name, "")), checksum)


class _Part:
    """A mapping inside a file that remembers where it stands and which of its keys were asked for."""

    def __init__(self, path: Path, where: str, data: Any) -> None:
        self._path, self._where = path, where
        if not isinstance(data, Mapping):
            self._fail(where or "the file", "must hold keys and values")
        self._data: Mapping[Any, Any] = data
        self._asked: set[str] = set()

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raises Invalid."""
        self._fail(self._at(key), problem)

    def has(self, key: str) -> bool:
        return key in self._data

    def names(self) -> tuple[str, ...]:
        for key in self._data:
            if not isinstance(key, str) or not _NAME.fullmatch(key):
                self.fail(str(key), "must be small letters, digits and _, beginning with a letter")
        return tuple(self._data)

    def take(self, key: str, default: Any = _REQUIRED) -> Any:
        self._asked.add(key)
        value = self._data.get(key, default)
        if value is _REQUIRED:
            self.fail(key, "is missing")
        return value

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        value = self.take(key, default)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"must be a text, not {value!r}; a version goes in quotes")
        return value

    def name(self, key: str) -> str:
        value = self.text(key)
        if not _NAME.fullmatch(value):
            self.fail(key, f"must be small letters, digits and _, beginning with a letter, not {value!r}")
        return value

    def one_of(self, key: str, known: tuple[str, ...], default: Any = _REQUIRED) -> str:
        value = self.take(key, default)
        if value not in known:
            self.fail(key, f"must be one of {', '.join(known)}, not {value!r}")
        return str(value)

    def some_of(self, key: str, known: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        value = self.take(key, list(default))
        if not isinstance(value, list) or not value or not {*map(str, value)} <= {*known}:
            self.fail(key, f"must be a list with one or more of {', '.join(known)}, not {value!r}")
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.take(key, False)
        if not isinstance(value, bool):
            self.fail(key, f"must be true or false, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(key, "must be a list of texts")
        return tuple(value)

    def count(self, key: str, default: Any = _REQUIRED, *, least: int = 1) -> Any:
        value = self.take(key, default)
        if value is not default and (type(value) is not int or value < least):
            self.fail(key, f"must be a whole number of at least {least}, not {value!r}")
        return value

    def number(self, key: str, default: Any = _REQUIRED) -> Any:
        value = self.take(key, default)
        if value is None and default is None:
            return None
        if type(value) not in (int, float) or value <= 0:
            self.fail(key, f"must be a number above 0, not {value!r}")
        return float(value)

    def ports(self, key: str) -> tuple[PortRange, ...]:
        value = self.take(key, [])
        if not isinstance(value, list):
            self.fail(key, "must be a list of ports and ranges such as 7077 and 7000-7100")
        return tuple(self._port(key, item) for item in value)

    def part(self, key: str, default: Any = _REQUIRED) -> _Part:
        return _Part(self._path, self._at(key), self.take(key, default))

    def parts(self, key: str, default: Any = _REQUIRED) -> list[_Part]:
        value = self.take(key, default)
        if not isinstance(value, list) or (not value and default is _REQUIRED):
            self.fail(key, "must be a list with at least one entry" if default is _REQUIRED else "must be a list")
        return [_Part(self._path, f"{self._at(key)}[{number}]", item) for number, item in enumerate(value, 1)]

    def map(self, key: str, read: Callable[[_Part, str], _T]) -> dict[str, _T]:
        part = self.part(key, {})
        return {name: read(part, name) for name in part.names()}

    def placeholders(self, key: str, text: str, known: set[str]) -> None:
        """Every {word} of the text is one of ``known``."""
        try:
            words = [word for _, word, _, _ in Formatter().parse(text) if word is not None]
        except ValueError:
            self.fail(key, "has a brace without its other half; a brace itself is written twice")
        for word in words:
            if word not in known:
                self.fail(key, f"names {{{word}}}; there are: {', '.join(sorted(known)) or 'none'}")

    def finish(self) -> None:
        """Nothing stands here that nobody asked for."""
        for key in self._data:
            if key not in self._asked:
                self.fail(str(key), f"does not exist here. There are: {', '.join(sorted(self._asked))}")

    def _port(self, key: str, value: Any) -> PortRange:
        found = _PORTS.fullmatch(str(value)) if not isinstance(value, bool) else None
        if found is None:
            self.fail(key, f"must hold ports and ranges such as 7077 and 7000-7100, not {value!r}")
        first = int(found[1])
        last = int(found[2] or first)
        if not 1 <= first <= last <= _LAST_PORT:
            self.fail(key, f"{value} is no range of ports")
        return PortRange(first, last)

    def _at(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def _fail(self, where: str, problem: str) -> NoReturn:
        raise Invalid(f"{self._path.name}: {where} {problem}. docs/add-a-blueprint.md has the fields.")
